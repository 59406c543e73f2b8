/* Makes QEMU's text logs line by line, as QEMU's sources have them, and notes what the reader tells of them.
 * In:  what a CPU is like at the start of blocks
 * Out: events as text
 */
#ifndef SCT_TEST_QEMU_TEXT_H
#define SCT_TEST_QEMU_TEXT_H

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../formats/formats.h"

/* ---- making a log ------------------------------------------------------------------------------------------- */

static char text[1 << 20];
static size_t len;

static inline void put(const char *line)
{
	len += (size_t)snprintf(text + len, sizeof text - len, "%s\n", line);
	ck_assert_uint_lt(len, sizeof text);
}

/* What a CPU is like at the start of a block. */
struct cpu {
	unsigned vcpu;
	bool wide, big, kernel, machine; /* 64-bit code, 64-bit CPU, CPL 0, not qemu-user */
	uint64_t pc, rax, rdi, rsp, rcx, rbp, host;
	unsigned count; /* of instructions in the block; 0: as many as there are */
};

static inline void put_rest(const struct cpu *c)
{
	static const char *const segments[] = { "ES ", "CS ", "SS ", "DS ", "FS ", "GS " };
	int digits = c->wide ? 16 : 8;

	for (unsigned i = 0; i < 6; i++)
		len += (size_t)sprintf(text + len, "%s=%04x %0*x ffffffff 00cffb00 DPL=3 CS32 [-RA]\n", segments[i],
		                       i == 1 ? (c->kernel ? 0x10 : c->wide ? 0x33 : 0x23) : 0x2b, digits, i == 5 ? 0x5000 : 0);
	put("LDT=0000 00000000 0000ffff 00008200 DPL=0 LDT");
	put("TR =0000 00000000 0000ffff 00008b00 DPL=0 TSS64-busy");
	put("GDT=     00000000 0000007f");
	put("IDT=     00000000 000001ff");
	len += (size_t)sprintf(text + len, "CR0=80050033 CR2=%0*x CR3=%0*x CR4=00050220\n", digits, 0, digits,
	                       c->machine ? 0x2000 : 0);
	put(c->big ? "DR0=0000000000000000 DR1=0000000000000000 DR2=0000000000000000 DR3=0000000000000000 "
	           : "DR0=00000000 DR1=00000000 DR2=00000000 DR3=00000000 ");
	put("DR6=ffff0ff0 DR7=00000400");
	put("CCS=00000000 CCD=00000000 CCO=EFLAGS");
	put("EFER=0000000000000500");
}

static inline void put_dump(const struct cpu *c)
{
	const char *flags = "[-------]";
	unsigned cpl = c->kernel ? 0 : 3;

	if (c->wide)
		len += (size_t)sprintf(text + len, "RAX=%016" PRIx64 " RBX=%016x RCX=%016" PRIx64 " RDX=%016x\n"
		                       "RSI=%016x RDI=%016" PRIx64 " RBP=%016" PRIx64 " RSP=%016" PRIx64 "\n"
		                       "R8 =%016x R9 =%016x R10=%016x R11=%016x\nR12=%016x R13=%016x R14=%016x R15=%016x\n"
		                       "RIP=%016" PRIx64 " RFL=00000202 %s CPL=%u II=0 A20=1 SMM=0 HLT=0\n",
		                       c->rax, 0xb, c->rcx, 0xd, 0x51, c->rdi, c->rbp, c->rsp, 8, 9, 10, 11, 12, 13, 14, 15,
		                       c->pc, flags, cpl);
	else
		len += (size_t)sprintf(text + len, "EAX=%08x EBX=0000000b ECX=%08x EDX=0000000d\n"
		                       "ESI=00000051 EDI=%08x EBP=%08x ESP=%08x\n"
		                       "EIP=%08x EFL=00000202 %s CPL=%u II=0 A20=1 SMM=0 HLT=0\n",
		                       (uint32_t)c->rax, (uint32_t)c->rcx, (uint32_t)c->rdi, (uint32_t)c->rbp,
		                       (uint32_t)c->rsp, (uint32_t)c->pc, flags, cpl);
	put_rest(c);
}

static inline void put_trace(const struct cpu *c)
{
	len += (size_t)sprintf(text + len, "Trace %u: 0x%" PRIx64 " [00000000/%016" PRIx64 "/104000b3/%08x] symbol\n",
	                       c->vcpu, c->host ? c->host : 0x7f0000000000 + c->pc, c->pc, 0x200 | c->count);
}

static inline void put_block(const struct cpu *c)
{
	put_trace(c);
	put_dump(c);
}

/* A listing: instructions as hex bytes, the mnemonics do not matter. */
static inline void put_listing(uint64_t pc, const char *const *insns)
{
	put("----------------");
	put("IN: symbol");
	for (; *insns; insns++) {
		len += (size_t)sprintf(text + len, "0x%08" PRIx64 ":  %-24s mnemonic operands\n", pc, *insns);
		pc += (strlen(*insns) + 1) / 3;
	}
	put("");
}

#define LIST(pc, ...) put_listing(pc, (const char *const[]){ __VA_ARGS__, NULL })

/* ---- reading it --------------------------------------------------------------------------------------------- */

static char told[1 << 16]; /* events as text, registers left out */
static uint64_t reg[SCT_REGS_MAX]; /* of vCPU 0 at the last INSN or USER */
static struct sct_trace_info info;
static struct sct_damage damage;
static struct sct_err err;

static inline void note(const struct sct_event *e)
{
	size_t at = strlen(told);
	char *to = told + at;
	size_t room = sizeof told - at;

	if (e->kind == SCT_EV_REG && !e->vcpu)
		reg[e->reg] = e->value;
	if (e->kind == SCT_EV_INSN && e->data)
		snprintf(to, room, "%u:insn %" PRIx64 "+%" PRIu64 "/%u @%" PRIu64 "; ", e->vcpu, e->addr, e->value, e->len,
		         e->seq);
	else if (e->kind == SCT_EV_INSN)
		snprintf(to, room, "%u:insn %" PRIx64 " unlisted @%" PRIu64 "; ", e->vcpu, e->addr, e->seq);
	else if (e->kind == SCT_EV_USER)
		snprintf(to, room, "%u:user %" PRIx64 " @%" PRIu64 "; ", e->vcpu, e->addr, e->seq);
	else if (e->kind == SCT_EV_GAP)
		snprintf(to, room, "gap; ");
	else if (e->kind == SCT_EV_THREAD)
		snprintf(to, room, "%u:thread %" PRIu64 "; ", e->vcpu, e->value);
}

static inline int read_log(void)
{
	const struct sct_trace_options options = { .format = "qemu-log", .threads = 1 };
	struct sct_event events[SCT_BATCH_MIN];
	struct sct_trace t;
	char path[64];
	int n, fd = memfd_create("log", 0);

	ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	told[0] = 0;
	if (sct_trace_open(&t, path, &options, &err) == SCT_OK) {
		while ((n = t.ops->next(t.state, events, SCT_BATCH_MIN, &err)) > 0)
			for (int i = 0; i < n; i++)
				note(&events[i]);
		ck_assert_int_eq(n, 0);
		info = *t.ops->info(t.state);
		damage = *t.ops->damage(t.state);
		err.status = SCT_OK;
		sct_trace_close(&t);
	}
	close(fd);
	return err.status;
}

#define TELLS(what)                                                                                 \
	do {                                                                                            \
		ck_assert_int_eq(read_log(), SCT_OK);                                                       \
		ck_assert_str_eq(told, what);                                                               \
	} while (0)

static inline void begin(void)
{
	len = 0;
	damage = (struct sct_damage){ 0 };
}

static inline unsigned slot(const char *name)
{
	return sct_arch_reg(&sct_arch_x86_64, name)->index;
}

#define PROGRAM { .wide = true, .big = true, .rsp = 0x7ffe0000, .rax = 1 }

static inline struct cpu at(struct cpu c, uint64_t pc)
{
	c.pc = pc;
	return c;
}

static inline void block(struct cpu c, uint64_t pc)
{
	c = at(c, pc);
	put_block(&c);
}

static inline void sound(void)
{
	ck_assert_msg(!damage.places, "%s", damage.first.text);
	ck_assert(!damage.truncated);
}

#endif
