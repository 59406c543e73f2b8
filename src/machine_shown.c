/* What recordings show of the kernel's memory, call after call: whether it is what an earlier call showed.
 * In:  the kernel's runs that a vCPU sees at one moment, or replayed memory and what was read of it
 * Out: a number that stands for them
 *
 * Programs call the kernel far more often than anything changes of who they are and what they have open. A number that
 * comes again says so for the price of one comparison, of all bytes that were read at moments of this number: those of
 * runs, or, of replayed memory, those at physical addresses, page tables included. What lies beside them (counters of
 * context switches, references) changes all the time.
 */
#include "machine_shown.h"

#include <stdlib.h>
#include <string.h>

#define MIX UINT64_C(0x9e3779b97f4a7c15) /* 2^64 by the golden ratio */

enum { SLOTS = SCT_SHOWN_SLOTS, RUNS_MAX = 256, BYTES_MAX = 16384 };

/* What was shown at a moment, the last of those that have this slot: by the addresses of their runs, or by address
 * space and thread. */
struct sct_kernel_shown {
	uint64_t number; /* 0: none */
	const struct sct_vcpu *vcpu;
	size_t nruns, nbytes; /* no runs: replayed memory */
	uint32_t base; /* of the bytes in the vCPU's copy, now */
	struct sct_seen *runs;
	uint8_t *bytes, *read; /* 0xff: that byte was read */
	struct sct_paging paging;
	bool knows_halves;
	struct sct_memory_notes *notes; /* what was read of it */
};

/* The kernel's runs of one moment: the last ones, whose copied bytes lie one behind the other. */
struct kernel_runs {
	const struct sct_seen *at;
	size_t count;
	const uint8_t *bytes;
	size_t nbytes;
	uint64_t hash; /* of the addresses */
};

static bool take(const struct sct_vcpu *v, struct kernel_runs *k)
{
	size_t first = v->nseen;
	uint32_t next;

	while (first && v->seen[first - 1].kernel)
		first--;
	*k = (struct kernel_runs){ .at = v->seen + first, .count = v->nseen - first };
	if (!k->count || k->count > RUNS_MAX)
		return false;
	next = k->at->at;
	for (size_t i = 0; i < k->count; i++) {
		k->hash = (k->hash ^ k->at[i].addr ^ k->at[i].len) * MIX;
		if (k->at[i].at != next)
			return false;
		next += k->at[i].readable ? k->at[i].len : 0;
	}
	for (size_t i = 0; i < first; i++)
		if (v->seen[i].kernel)
			return false;
	k->bytes = v->bytes + k->at->at;
	k->nbytes = next - k->at->at;
	return k->nbytes && k->nbytes <= BYTES_MAX;
}

static uint64_t word_at(const uint8_t *bytes, size_t len)
{
	uint64_t word = 0;

	memcpy(&word, bytes, len);
	return word;
}

/* Whether all bytes are the same, or at least those that were read. */
static bool same_bytes(const struct sct_kernel_shown *s, const uint8_t *bytes)
{
	uint64_t differ = 0;
	size_t i = 0;

	if (!memcmp(s->bytes, bytes, s->nbytes))
		return true;
	for (; i + 8 <= s->nbytes; i += 8)
		differ |= (word_at(s->bytes + i, 8) ^ word_at(bytes + i, 8)) & word_at(s->read + i, 8);
	differ |= (word_at(s->bytes + i, s->nbytes - i) ^ word_at(bytes + i, s->nbytes - i)) &
	          word_at(s->read + i, s->nbytes - i);
	if (!differ)
		memcpy(s->bytes, bytes, s->nbytes); /* what has not been read yet is read at moments to come */
	return !differ;
}

static bool same(const struct sct_kernel_shown *s, const struct sct_vcpu *v, const struct kernel_runs *k)
{
	if (!s->number || s->vcpu != v || s->nruns != k->count || s->nbytes != k->nbytes)
		return false;
	for (size_t i = 0; i < k->count; i++)
		if (s->runs[i].addr != k->at[i].addr || s->runs[i].len != k->at[i].len ||
		    s->runs[i].readable != k->at[i].readable)
			return false;
	return same_bytes(s, k->bytes);
}

/* False: no memory for it. */
static bool remember(struct sct_kernel_shown *s, const struct sct_vcpu *v, const struct kernel_runs *k)
{
	struct sct_seen *runs = realloc(s->runs, k->count * sizeof *runs);
	uint8_t *bytes = realloc(s->bytes, k->nbytes), *read = realloc(s->read, k->nbytes);

	s->number = 0;
	s->runs = runs ? runs : s->runs;
	s->bytes = bytes ? bytes : s->bytes;
	s->read = read ? read : s->read;
	if (!runs || !bytes || !read)
		return false;
	memset(s->read, 0, k->nbytes);
	memcpy(s->runs, k->at, k->count * sizeof *k->at);
	memcpy(s->bytes, k->bytes, k->nbytes);
	s->vcpu = v;
	s->nruns = k->count;
	s->nbytes = k->nbytes;
	return true;
}

/* A number that no other moment had; it is found at its slot. */
static uint64_t next_number(struct sct_machine *m, const struct sct_kernel_shown *s)
{
	return ++m->nshown * SLOTS + (uint64_t)(s - m->shown);
}

static struct sct_kernel_shown *slot_of(struct sct_machine *m, uint64_t hash)
{
	return &m->shown[(size_t)(hash >> 32) % SLOTS];
}

static struct sct_kernel_shown *shown_by_runs(struct sct_vcpu *v)
{
	struct kernel_runs k;
	struct sct_kernel_shown *s;

	if (v->unsorted || !take(v, &k))
		return NULL;
	s = slot_of(v->machine, k.hash);
	if (!same(s, v, &k) && remember(s, v, &k))
		s->number = next_number(v->machine, s);
	s->base = k.at->at;
	return s;
}

static bool sees_kernel(const struct sct_vcpu *v)
{
	for (size_t i = 0; i < v->nseen; i++)
		if (v->seen[i].kernel)
			return true;
	return false;
}

static bool same_paging(const struct sct_kernel_shown *s, const struct sct_paging *p, bool knows_halves)
{
	return s->paging.root == p->root && s->paging.levels == p->levels && s->paging.large == p->large &&
	       s->paging.va_bits == p->va_bits && s->knows_halves == knows_halves;
}

/* What was read of replayed memory counts alone; what will be read at this moment is noted too. */
static struct sct_kernel_shown *shown_by_reads(struct sct_vcpu *v)
{
	struct sct_kernel_shown *s;
	struct sct_paging p;
	bool knows_halves;

	if (v->machine->program || sees_kernel(v) || !sct_vcpu_paging(v, &p))
		return NULL;
	knows_halves = sct_vcpu_knows_halves(v, &p);
	s = slot_of(v->machine, (p.root ^ v->thread.value * MIX) * MIX);
	if (!s->notes && !(s->notes = calloc(1, sizeof *s->notes)))
		return NULL;
	if (s->number && s->vcpu == v && !s->nruns && same_paging(s, &p, knows_halves) &&
	    sct_memory_notes_hold(s->notes, &v->machine->ram))
		return s;
	sct_memory_notes_clear(s->notes);
	s->vcpu = v;
	s->nruns = 0;
	s->paging = p;
	s->knows_halves = knows_halves;
	s->number = next_number(v->machine, s);
	return s;
}

uint64_t sct_machine_kernel_shown(struct sct_vcpu *v)
{
	struct sct_machine *m = v->machine;
	bool replayed = sct_memory_bytes(&m->ram) || m->ram.backing.read;

	if (m->space.known || (!m->shown && !(m->shown = calloc(SLOTS, sizeof *m->shown))))
		return 0;
	v->walks.found = 0;
	v->shown = replayed ? shown_by_reads(v) : shown_by_runs(v);
	return v->shown ? v->shown->number : 0;
}

struct sct_memory_notes *sct_machine_notes(const struct sct_vcpu *v)
{
	return v->shown && !v->shown->nruns ? v->shown->notes : NULL;
}

void sct_machine_read_run(struct sct_vcpu *v, uint32_t at, size_t len)
{
	const struct sct_kernel_shown *s = v->shown;

	if (s && s->nruns && s->number)
		memset(s->read + (at - s->base), 0xff, len);
}

void sct_machine_strayed(struct sct_vcpu *v)
{
	if (v->shown)
		v->shown->number = 0;
}

void sct_machine_shown_fini(struct sct_machine *m)
{
	for (size_t i = 0; m->shown && i < SLOTS; i++) {
		free(m->shown[i].runs);
		free(m->shown[i].bytes);
		free(m->shown[i].read);
		free(m->shown[i].notes);
	}
	free(m->shown);
	m->shown = NULL;
}
