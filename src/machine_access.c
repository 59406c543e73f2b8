/* Accesses at virtual addresses, as recordings of every instruction tell them, carried out on the replayed memory.
 * In:  stores and reads by virtual address, the control registers of their vCPU
 * Out: guest-physical memory up to date; where trace and memory disagree
 *
 * Translations are kept until a store goes to one of the tables that they came from: recordings do not show when the
 * guest invalidates a TLB, and a table's new content is what every later access is meant to see.
 */
#include <string.h>

#include "machine_access.h"

static bool is_table(const struct sct_machine *m, uint64_t page)
{
	return sct_map_get(&m->tables, page) != NULL;
}

/* Remembers which pages hold the tables of a walk; translations that were kept do not know of new ones. */
static void note_tables(struct sct_machine *m, const struct sct_mapping *mapping)
{
	for (unsigned i = 0; i < mapping->ntables; i++)
		if (!sct_map_put(&m->tables, mapping->tables[i], &m->tables))
			m->ram.generation++;
}

static enum sct_walk_status fill(struct sct_machine *m, const struct sct_paging *p, uint64_t vpage, struct sct_tlb *t)
{
	struct sct_mapping mapping;
	enum sct_walk_status status = sct_page_walk_x86(p, &m->ram, vpage << SCT_PAGE_SHIFT, &mapping);
	uint64_t page;

	if (status != SCT_WALK_OK)
		return status;
	note_tables(m, &mapping);
	page = mapping.paddr >> SCT_PAGE_SHIFT;
	t->data = sct_memory_page(&m->ram, page); /* may change the generation */
	t->part = !t->data && sct_memory_has(&m->ram, page);
	t->table = is_table(m, page);
	t->page = page;
	t->vpage = vpage;
	t->root = p->root;
	t->generation = m->ram.generation;
	return status;
}

/* Where the page at that virtual address is. *t is NULL but for SCT_WALK_OK. */
static enum sct_walk_status find(struct sct_machine *m, const struct sct_paging *p, uint64_t vpage, struct sct_tlb **t)
{
	struct sct_tlb *e = &m->tlb[(vpage ^ vpage >> 10 ^ p->root >> SCT_PAGE_SHIFT) & (SCT_TLB_SIZE - 1)];
	enum sct_walk_status status = SCT_WALK_OK;

	if (e->vpage != vpage || e->root != p->root || e->generation != m->ram.generation)
		status = fill(m, p, vpage, e);
	*t = status == SCT_WALK_OK ? e : NULL;
	return status;
}

static void copy(uint8_t *to, const uint8_t *from, size_t len)
{
	if (len == 4) /* the usual sizes first, as moves */
		memcpy(to, from, 4);
	else if (len == 8)
		memcpy(to, from, 8);
	else if (len == 1)
		*to = *from;
	else
		memcpy(to, from, len);
}

void sct_agreement_note(struct sct_agreement *a, uint64_t seq, uint64_t addr, const uint8_t *trace,
                        const uint8_t *memory, size_t len)
{
	a->compared++;
	if (!memcmp(trace, memory, len))
		return;
	if (a->different++)
		return;
	a->seq = seq;
	a->addr = addr;
	a->len = (uint8_t)(len < sizeof a->trace ? len : sizeof a->trace);
	memcpy(a->trace, trace, a->len);
	memcpy(a->memory, memory, a->len);
}

/* One access within a page of which some bytes are not known: RAM that a snapshot has not to the page's end. */
static void access_part(struct sct_machine *m, const struct sct_tlb *t, uint64_t addr, const uint8_t *data, size_t len,
                        bool read)
{
	sct_memory_store(&m->ram, t->page << SCT_PAGE_SHIFT | (addr & (SCT_PAGE_SIZE - 1)), data, len);
	if (t->table && !read)
		m->ram.generation++;
}

/* One access within a page that the tables map. Pages without bytes (devices, ROM that no snapshot has) keep none. */
static void access_page(struct sct_machine *m, struct sct_tlb *t, struct sct_agreement *agreement, uint64_t seq,
                        uint64_t addr, const uint8_t *data, size_t len, bool read)
{
	uint8_t *held;

	if (!t->data) {
		if (t->part)
			access_part(m, t, addr, data, len, read);
		return;
	}
	held = t->data + (addr & (SCT_PAGE_SIZE - 1));
	if (read)
		sct_agreement_note(agreement, seq, addr, data, held, len);
	copy(held, data, len);
	if (t->table && !read)
		m->ram.generation++;
}

/* What no table that is known maps is kept by its virtual address, for the address space at hand only. */
static void keep_virtual(struct sct_machine *m, const struct sct_vcpu *v, uint64_t addr, const uint8_t *data,
                         size_t len)
{
	sct_machine_enter_space(m, v);
	if (m->space.known)
		sct_memory_store(&m->local, addr, data, len);
}

static void access_mapped(struct sct_vcpu *v, const struct sct_paging *p, struct sct_agreement *agreement, uint64_t seq,
                          const struct sct_store *s)
{
	struct sct_machine *m = v->machine;
	size_t done = 0;

	while (done < s->len) {
		uint64_t addr = s->addr + done;
		size_t n = SCT_PAGE_SIZE - (addr & (SCT_PAGE_SIZE - 1));
		struct sct_tlb *t;
		enum sct_walk_status status = find(m, p, addr >> SCT_PAGE_SHIFT, &t);

		n = n < s->len - done ? n : s->len - done;
		if (t)
			access_page(m, t, agreement, seq, addr, s->data + done, n, s->read);
		else if (status == SCT_WALK_UNMAPPED)
			m->unmapped++;
		else
			keep_virtual(m, v, addr, s->data + done, n);
		done += n;
	}
}

/* One program's memory, where addresses are what they are. */
static void access_flat(struct sct_machine *m, uint64_t seq, const struct sct_store *s)
{
	uint8_t held[64];

	if (s->read && s->len <= sizeof held && sct_memory_read(&m->ram, s->addr, held, s->len) == s->len)
		sct_agreement_note(&m->reads, seq, s->addr, s->data, held, s->len);
	sct_memory_store(&m->ram, s->addr, s->data, s->len);
}

void sct_machine_access(struct sct_vcpu *v, const struct sct_event *e)
{
	struct sct_machine *m = v->machine;
	struct sct_paging p;
	struct sct_agreement *agreement = e->reg ? &m->kernel_reads : &m->reads;
	bool paged = !m->program && sct_vcpu_paging(v, &p);

	for (uint32_t i = 0; i < e->len; i++) {
		const struct sct_store *s = &e->stores[i];

		if (m->program)
			access_flat(m, e->seq + s->step, s);
		else if (paged)
			access_mapped(v, &p, agreement, e->seq + s->step, s);
		else
			keep_virtual(m, v, s->addr, s->data, s->len);
	}
}

void sct_machine_unknow(struct sct_vcpu *v, uint64_t addr, size_t len)
{
	struct sct_machine *m = v->machine;
	struct sct_mapping mapping;
	struct sct_paging p;

	if (m->program) {
		sct_memory_unknow(&m->ram, addr, len);
		return;
	}
	sct_memory_unknow(&m->local, addr, len);
	for (size_t i = 0; i < len && sct_vcpu_paging(v, &p); i++)
		if (sct_page_walk_x86(&p, &m->ram, addr + i, &mapping) == SCT_WALK_OK)
			sct_memory_unknow(&m->ram, mapping.paddr, 1);
}
