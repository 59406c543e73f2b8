/* Levels blocks and full: code, executed blocks, stores.
 *
 * In:  blocks under translation; callbacks at each block and each store
 * Out: CODE at once; EXEC and STORE chunks, collected for each vCPU and taken in before its next event
 */
#include "recorder.h"

#include <sched.h>
#include <string.h>

enum {
	CHUNK_MAX = 48 * 1024, /* bytes collected before they are taken in */
	PAGES = 1024,          /* translations that a STORE chunk's writer keeps in mind */
	PAGE_SHIFT = 12,
	BLOCK_MAX = 4096 + 15, /* QEMU ends a block at the end of its page */
};

struct sct_translation {
	uint64_t vpage, ppage;
	uint32_t round; /* of the chunk */
};

bool sct_vcpu_collects(struct sct_vcpu *v)
{
	v->pages = calloc(PAGES, sizeof *v->pages);
	v->pages_round = 1;
	return v->pages;
}

/* ---- code ---------------------------------------------------------------------------------------------- */

/* The bytes of all instructions, behind each other. */
static size_t code_bytes(struct qemu_plugin_tb *tb, uint8_t *bytes)
{
	size_t size = 0;

	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		const struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		size_t n = qemu_plugin_insn_size(insn);

		if (size + n > BLOCK_MAX)
			break;
		size += qemu_plugin_insn_data(insn, bytes + size, n);
	}
	return size;
}

/* FNV-1a (Fowler, Noll, Vo), 64 bits. */
static uint64_t hash_code(uint64_t pc, uint8_t mode, const uint8_t *bytes, size_t size)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325) ^ pc ^ (uint64_t)mode << 60;

	for (size_t i = 0; i < size; i++)
		h = (h ^ bytes[i]) * UINT64_C(0x100000001b3);
	return h;
}

static bool same_code(const struct sct_block *a, const struct sct_block *b)
{
	return a->pc == b->pc && a->mode == b->mode && a->user == b->user && a->insns == b->insns && a->size == b->size &&
	       !memcmp(a->bytes, b->bytes, a->size);
}

static void put_code(struct sct_recorder *r, const struct sct_block *b)
{
	struct sct_bytes *out = &r->scratch;

	sct_stream_room(r->stream);
	out->len = 0;
	sct_put_varint(out, b->id);
	sct_put_varint(out, b->pc);
	sct_put_u8(out, b->mode);
	sct_put_varint(out, b->insns);
	sct_put_varint(out, b->size);
	sct_put(out, b->bytes, b->size);
	sct_stream_chunk(r->stream, SCT_CHUNK_CODE, 0, out->data, out->len);
}

/* The block under its own hash or, should another have it, the next free one. */
static const struct sct_block *intern(struct sct_recorder *r, const struct sct_block *block, size_t size)
{
	uint64_t h = hash_code(block->pc, block->mode, block->bytes, block->size);
	struct sct_block *known;

	while ((known = sct_map_get(&r->blocks, h)) && !same_code(known, block))
		h++;
	if (known)
		return known;
	known = malloc(size);
	if (!known)
		abort();
	memcpy(known, block, size);
	known->id = ++r->block_ids;
	sct_map_put(&r->blocks, h, known);
	put_code(r, known);
	return known;
}

const struct sct_block *sct_block_get(struct qemu_plugin_tb *tb, uint8_t mode, bool user)
{
	struct sct_recorder *r = &sct_recorder;
	union {
		struct sct_block block;
		uint8_t room[sizeof(struct sct_block) + BLOCK_MAX];
	} u;
	const struct sct_block *b;

	u.block = (struct sct_block){ .pc = qemu_plugin_tb_vaddr(tb), .mode = mode, .user = user,
	                              .insns = (uint16_t)qemu_plugin_tb_n_insns(tb) };
	u.block.size = (uint32_t)code_bytes(tb, u.block.bytes);
	sct_stream_lock(r->stream);
	b = intern(r, &u.block, sizeof u.block + u.block.size);
	sct_stream_unlock(r->stream);
	return b;
}

/* ---- what is collected for each vCPU ------------------------------------------------------------------- */

/* Holds v's collection still, for moments: where there are several vCPUs, others take it in too. The stream's lock
 * comes before this one. */
static void hold(struct sct_recorder *r, struct sct_vcpu *v)
{
	while (r->vcpus_max > 1 && atomic_flag_test_and_set_explicit(&v->held, memory_order_acquire))
		sched_yield();
}

static void release(struct sct_recorder *r, struct sct_vcpu *v)
{
	if (r->vcpus_max > 1)
		atomic_flag_clear_explicit(&v->held, memory_order_release);
}

static void take_in(struct sct_recorder *r, struct sct_vcpu *v, uint8_t kind, struct sct_bytes *chunk)
{
	if (!chunk->len)
		return;
	sct_stream_room(r->stream);
	sct_stream_chunk(r->stream, kind, v->index, chunk->data, chunk->len);
	chunk->len = 0;
}

static void flush(struct sct_recorder *r, struct sct_vcpu *v)
{
	hold(r, v);
	take_in(r, v, SCT_CHUNK_EXEC, &v->blocks);
	take_in(r, v, SCT_CHUNK_STORE, &v->stores);
	v->last_block = v->last_store = 0;
	v->pages_round++;
	v->tick = sct_stream_tick(r->stream);
	release(r, v);
}

void sct_flush_all(struct sct_recorder *r)
{
	for (unsigned i = 0; r->level >= SCT_LEVEL_BLOCKS && i < atomic_load(&r->vcpus); i++)
		if (r->vcpu[i])
			flush(r, r->vcpu[i]);
}

static void flush_if_due(struct sct_recorder *r, struct sct_vcpu *v)
{
	if (v->blocks.len + v->stores.len < CHUNK_MAX && v->tick == sct_stream_tick(r->stream))
		return;
	sct_stream_lock(r->stream);
	flush(r, v);
	sct_stream_unlock(r->stream);
}

void sct_on_block(unsigned vcpu, void *data)
{
	struct sct_recorder *r = &sct_recorder;
	struct sct_vcpu *v = r->vcpu[vcpu];
	const struct sct_block *b = data;
	int64_t pages = 0;

	if (!v)
		return;
	flush_if_due(r, v);
	if (b->user)
		pages = (int64_t)(sct_vcpu_pc(v) - b->pc) >> PAGE_SHIFT;
	hold(r, v);
	if (pages) {
		sct_put_zigzag(&v->blocks, -(int64_t)v->last_block);
		sct_put_zigzag(&v->blocks, pages);
	}
	sct_put_zigzag(&v->blocks, (int64_t)(b->id - v->last_block));
	v->last_block = b->id;
	release(r, v);
}

/* ---- stores -------------------------------------------------------------------------------------------- */

/* The physical page of vaddr. False: QEMU does not know it. */
static bool translate(uint32_t info, uint64_t vaddr, uint64_t *ppage, bool *io)
{
	struct qemu_plugin_hwaddr *hw = qemu_plugin_get_hwaddr(info, vaddr);

	if (!hw)
		return false;
	*io |= qemu_plugin_hwaddr_is_io(hw);
	*ppage = qemu_plugin_hwaddr_phys_addr(hw) >> PAGE_SHIFT;
	return true;
}

/* Whether the chunk being filled has told that vaddr lies in this physical page; from now on it has. */
static bool told(struct sct_vcpu *v, uint64_t vaddr, uint64_t ppage)
{
	uint64_t vpage = vaddr >> PAGE_SHIFT;
	struct sct_translation *t = &v->pages[vpage % PAGES];
	bool known = t->round == v->pages_round && t->vpage == vpage && t->ppage == ppage;

	*t = (struct sct_translation){ vpage, ppage, v->pages_round };
	return known;
}

/* The value in memory order; what was stored or, where that is in doubt, what is there now. */
static bool store_value(struct sct_vcpu *v, uint32_t info, uint64_t vaddr, bool doubt, uint8_t value[16])
{
	unsigned size = 1u << qemu_plugin_mem_size_shift(info);
	struct qemu_mem_value x;

	if (doubt) {
		if (!qemu_plugin_read_memory_vaddr(vaddr, v->buf, size))
			return false;
		memcpy(value, v->buf->data, size);
		return true;
	}
	x = qemu_plugin_mem_get_value(info);
	memcpy(value, &x.data, size); /* the host is little-endian, as the guest is */
	return true;
}

static void put_store(struct sct_vcpu *v, uint8_t head, uint64_t vaddr, uint64_t ppage, uint64_t next_page,
                      const uint8_t value[16])
{
	static const uint8_t zero[16];
	unsigned size = 1u << (head & SCT_STORE_SIZE);

	if (!memcmp(value, zero, size))
		head |= SCT_STORE_ZERO;
	sct_put_u8(&v->stores, head);
	sct_put_zigzag(&v->stores, (int64_t)(vaddr - v->last_store));
	if (head & SCT_STORE_PAGE)
		sct_put_varint(&v->stores, ppage);
	if (head & SCT_STORE_NEXT)
		sct_put_varint(&v->stores, next_page);
	if (!(head & SCT_STORE_ZERO))
		sct_put(&v->stores, value, size);
	v->last_store = vaddr + size;
}

void sct_on_store(unsigned vcpu, uint32_t info, uint64_t vaddr, void *data)
{
	struct sct_recorder *r = &sct_recorder;
	struct sct_vcpu *v = r->vcpu[vcpu];
	unsigned shift = qemu_plugin_mem_size_shift(info), size = 1u << shift;
	uint64_t ppage = 0, next_page = 0;
	bool io = false, ok;
	uint8_t value[16], head = (uint8_t)shift;

	if (!v)
		return;
	flush_if_due(r, v);
	ok = store_value(v, info, vaddr, data, value) && translate(info, vaddr, &ppage, &io);
	if (ok && (vaddr & 0xfff) + size > 0x1000) {
		head |= SCT_STORE_NEXT;
		ok = translate(info, vaddr + size - 1, &next_page, &io);
	}
	if (!ok) {
		atomic_fetch_add(&r->counters->lost, 1);
		return;
	}
	hold(r, v);
	head |= (uint8_t)((told(v, vaddr, ppage) ? 0 : SCT_STORE_PAGE) | (io ? SCT_STORE_IO : 0));
	put_store(v, head, vaddr, ppage, next_page, value);
	release(r, v);
}
