/* What recordings show of the kernel's memory, call after call: whether it is what an earlier call showed.
 * In:  the kernel's runs that a vCPU sees at one moment
 * Out: a number that stands for them
 *
 * Programs call the kernel far more often than anything changes of who they are and what they have open. A number that
 * comes again says so for the price of one comparison, of all bytes.
 */
#include "machine_shown.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = SCT_SHOWN_SLOTS, RUNS_MAX = 256, BYTES_MAX = 16384 };

/* What was shown at a moment, the last of those whose addresses have this slot. */
struct sct_kernel_shown {
	uint64_t number; /* 0: none */
	const struct sct_vcpu *vcpu;
	size_t nruns, nbytes;
	struct sct_seen *runs;
	uint8_t *bytes;
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
		k->hash = (k->hash ^ k->at[i].addr ^ k->at[i].len) * UINT64_C(0x9e3779b97f4a7c15);
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

static bool same(const struct sct_kernel_shown *s, const struct sct_vcpu *v, const struct kernel_runs *k)
{
	if (!s->number || s->vcpu != v || s->nruns != k->count || s->nbytes != k->nbytes)
		return false;
	for (size_t i = 0; i < k->count; i++)
		if (s->runs[i].addr != k->at[i].addr || s->runs[i].len != k->at[i].len ||
		    s->runs[i].readable != k->at[i].readable)
			return false;
	return !memcmp(s->bytes, k->bytes, k->nbytes);
}

/* False: no memory for it. */
static bool remember(struct sct_kernel_shown *s, const struct sct_vcpu *v, const struct kernel_runs *k)
{
	struct sct_seen *runs = realloc(s->runs, k->count * sizeof *runs);
	uint8_t *bytes = realloc(s->bytes, k->nbytes);

	s->number = 0;
	s->runs = runs ? runs : s->runs;
	s->bytes = bytes ? bytes : s->bytes;
	if (!runs || !bytes)
		return false;
	memcpy(s->runs, k->at, k->count * sizeof *k->at);
	memcpy(s->bytes, k->bytes, k->nbytes);
	s->vcpu = v;
	s->nruns = k->count;
	s->nbytes = k->nbytes;
	return true;
}

uint64_t sct_machine_kernel_shown(struct sct_vcpu *v)
{
	struct sct_machine *m = v->machine;
	struct kernel_runs k;
	struct sct_kernel_shown *s;
	size_t slot;

	if (v->unsorted || sct_memory_bytes(&m->ram) || m->ram.backing.read || m->space.known || !take(v, &k))
		return 0; /* the kernel's memory holds more than the runs */
	if (!m->shown && !(m->shown = calloc(SLOTS, sizeof *m->shown)))
		return 0;
	slot = (size_t)(k.hash >> 32) % SLOTS;
	s = &m->shown[slot];
	if (!same(s, v, &k) && remember(s, v, &k))
		s->number = ++m->nshown * SLOTS + slot;
	v->shown = s;
	return s->number;
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
	}
	free(m->shown);
	m->shown = NULL;
}
