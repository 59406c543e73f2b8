/* Tests of the reader of QEMU's text logs: what it tells of which blocks, and what it does not.
 *
 * In:  logs made by hand, line by line as QEMU's sources have them
 * Out: a report; exit status 0 when all passed
 */
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

static void put(const char *line)
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

static void put_rest(const struct cpu *c)
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

static void put_dump(const struct cpu *c)
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

static void put_trace(const struct cpu *c)
{
	len += (size_t)sprintf(text + len, "Trace %u: 0x%" PRIx64 " [00000000/%016" PRIx64 "/104000b3/%08x] symbol\n",
	                       c->vcpu, c->host ? c->host : 0x7f0000000000 + c->pc, c->pc, 0x200 | c->count);
}

static void put_block(const struct cpu *c)
{
	put_trace(c);
	put_dump(c);
}

/* A listing: instructions as hex bytes, the mnemonics do not matter. */
static void put_listing(uint64_t pc, const char *const *insns)
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

static void note(const struct sct_event *e)
{
	size_t at = strlen(told);
	char *to = told + at;
	size_t room = sizeof told - at;

	if (e->kind == SCT_EV_REG && !e->vcpu)
		reg[e->reg] = e->value;
	if (e->kind == SCT_EV_INSN && e->data)
		snprintf(to, room, "%u:insn %" PRIx64 "+%" PRIu64 "/%u @%" PRIu64 "; ", e->vcpu, e->addr, e->value, e->len, e->seq);
	else if (e->kind == SCT_EV_INSN)
		snprintf(to, room, "%u:insn %" PRIx64 " unlisted @%" PRIu64 "; ", e->vcpu, e->addr, e->seq);
	else if (e->kind == SCT_EV_USER)
		snprintf(to, room, "%u:user %" PRIx64 " @%" PRIu64 "; ", e->vcpu, e->addr, e->seq);
	else if (e->kind == SCT_EV_GAP)
		snprintf(to, room, "gap; ");
	else if (e->kind == SCT_EV_THREAD)
		snprintf(to, room, "%u:thread %" PRIu64 "; ", e->vcpu, e->value);
}

static int read_log(void)
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

static void begin(void)
{
	len = 0;
	damage = (struct sct_damage){ 0 };
}

static unsigned slot(const char *name)
{
	return sct_arch_reg(&sct_arch_x86_64, name)->index;
}

#define PROGRAM { .wide = true, .big = true, .rsp = 0x7ffe0000, .rax = 1 }

static struct cpu at(struct cpu c, uint64_t pc)
{
	c.pc = pc;
	return c;
}

static void block(struct cpu c, uint64_t pc)
{
	c = at(c, pc);
	put_block(&c);
}

static void sound(void)
{
	ck_assert_msg(!damage.places, "%s", damage.first.text);
	ck_assert(!damage.truncated);
}

/* ---- programs ----------------------------------------------------------------------------------------------- */

START_TEST(single_instructions)
{
	struct cpu c = PROGRAM;

	LIST(0x401000, "31 ed");
	block(c, 0x401000);
	LIST(0x401002, "0f 05");
	c.rax = 39;
	c.rdi = 77;
	block(c, 0x401002);
	LIST(0x401004, "90");
	c.rax = 1234;
	block(c, 0x401004);
	TELLS("0:thread 0; 0:insn 401002+0/2 @1; 0:insn 401004+0/1 @2; ");
	sound();
	ck_assert(info.user_mode && info.every_insn && info.arch == &sct_arch_x86_64);
	ck_assert_int_eq(info.shown, SCT_SHOWN_NONE);
	ck_assert_uint_eq(reg[slot("rax")], 1234);
	ck_assert_uint_eq(reg[slot("rdi")], 77);
	ck_assert_uint_eq(reg[slot("cs")], 0x33);
	ck_assert_uint_eq(reg[slot("gs_base")], 0x5000);
	ck_assert_uint_eq(reg[slot("cr0")], 0x80050033);
	ck_assert_uint_eq(reg[slot("efer")], 0x500);
	ck_assert_uint_eq(reg[slot("eflags")], 0x202);
}
END_TEST

START_TEST(a_block)
{
	struct cpu c = PROGRAM;

	LIST(0x401000, "48 8b 07", "48 8b 84 24 00 01 00 00", "b8 27 00 00 00", "0f 05");
	block(c, 0x401000);
	block(c, 0x401012);
	TELLS("0:thread 0; 0:insn 401000+16/18 @0; 0:insn 401012 unlisted @1; ");
	sound();
}
END_TEST

START_TEST(long_instruction)
{
	struct cpu c = PROGRAM;

	put("----------------");
	put("IN: symbol");
	put("0x00401000:  48 c7 84 24 a0 01 00 00  movq     $0x12345678, 0x1a0(%rsp)");
	put("0x00401008:  78 56 34 12");
	put("0x0040100c:  0f 05                    syscall  ");
	put("");
	block(c, 0x401000);
	block(c, 0x40100e);
	TELLS("0:thread 0; 0:insn 401000+12/14 @0; 0:insn 40100e unlisted @1; ");
}
END_TEST

START_TEST(i386)
{
	struct cpu c = { .rsp = 0x40800000, .rax = 4, .rbp = 0xffffffff };

	LIST(0x8049000, "cd 80");
	block(c, 0x8049000);
	c.rax = 5;
	block(c, 0x8049002);
	TELLS("0:thread 0; 0:insn 8049000+0/2 @0; 0:insn 8049002 unlisted @1; ");
	ck_assert(info.user_mode && info.arch == &sct_arch_i386);
	ck_assert_uint_eq(reg[slot("rbp")], 0xffffffff);
	ck_assert_uint_eq(reg[slot("rax")], 5);
}
END_TEST

/* The instruction before the last one faults: the call is not made. */
START_TEST(left_early)
{
	struct cpu c = PROGRAM;

	LIST(0x401000, "c6 00 01", "b8 27 00 00 00", "0f 05");
	LIST(0x402000, "c3");
	block(c, 0x401000);
	block(c, 0x402000);
	LIST(0x401003, "b8 27 00 00 00", "0f 05");
	block(c, 0x401003);
	block(c, 0x40100a);
	TELLS("0:thread 0; 0:insn 401003+5/7 @2; 0:insn 40100a unlisted @3; ");
}
END_TEST

/* A handler comes next, but nothing in the block can fault. */
START_TEST(handler)
{
	struct cpu c = PROGRAM;

	LIST(0x401000, "89 f7", "b8 27 00 00 00", "0f 05");
	LIST(0x402000, "c3");
	block(c, 0x401000);
	block(c, 0x402000);
	TELLS("0:thread 0; 0:insn 401000+7/9 @0; 0:insn 402000+0/1 @1; ");
}
END_TEST

START_TEST(stopped)
{
	struct cpu c = PROGRAM;

	LIST(0x401000, "0f 05");
	block(c, 0x401000);
	put("Stopped execution of TB chain before 0x7f0000401000 [0000000000401000] symbol");
	LIST(0x402000, "c3");
	block(c, 0x402000);
	TELLS("");
	sound();
}
END_TEST

/* -strace writes a line's beginning, and another thread goes on behind it. */
START_TEST(other_text)
{
	struct cpu c = PROGRAM;

	put("4711 brk(NULL) = 0x00000000004b0000");
	LIST(0x401000, "0f 05");
	put("4711 read(4,\"Trace 0: nothing\",1)");
	len--;
	block(c, 0x401000);
	put("--- SIGALRM {si_signo=SIGALRM, si_code=SI_KERNEL, si_pid=0, si_uid=0} ---");
	c.pc = 0x401002;
	put_trace(&c);
	len += (size_t)sprintf(text + len, "4712 futex(0x1,2");
	put_dump(&c);
	put(" = 0");
	TELLS("0:thread 0; 0:insn 401000+0/2 @0; 0:insn 401002 unlisted @1; ");
	sound();
}
END_TEST

/* Two vCPUs' lines run into each other: the instruction pointer tells whose registers are whose. */
START_TEST(two_threads)
{
	struct cpu c = PROGRAM, d = PROGRAM;

	LIST(0x401000, "0f 05");
	LIST(0x402000, "0f 05");
	c.pc = 0x401000;
	d.pc = 0x402000;
	d.vcpu = 1;
	put_block(&c);
	c.pc = 0x401002;
	put_trace(&c);
	put_trace(&d);
	put_dump(&d);
	put_dump(&c);
	TELLS("0:thread 0; 0:insn 401000+0/2 @0; 0:insn 401002 unlisted @1; 1:thread 1; 1:insn 402000+0/2 @2; ");
	sound();
}
END_TEST

START_TEST(same_place)
{
	struct cpu c = PROGRAM, d = PROGRAM;

	LIST(0x401000, "0f 05");
	c.pc = d.pc = 0x401000;
	d.vcpu = 1;
	put_trace(&c);
	put_trace(&d);
	put_dump(&c);
	put_dump(&d);
	LIST(0x403000, "0f 05");
	block(c, 0x403000);
	block(c, 0x403002);
	ck_assert_int_eq(read_log(), SCT_E_FORMAT); /* before anything is known of the machine */
	begin();
	block(c, 0x400000);
	put_trace(&c);
	put_trace(&d);
	put_dump(&c);
	put_dump(&d);
	LIST(0x403000, "0f 05");
	block(c, 0x403000);
	LIST(0x403002, "90");
	block(c, 0x403002);
	TELLS("gap; 0:thread 0; 0:insn 403000+0/2 @3; 0:insn 403002+0/1 @4; ");
	ck_assert_uint_eq(damage.places, 1);
}
END_TEST

/* fork returns twice: with the parent's number the call has ended, and from then on nobody knows who calls. */
START_TEST(fork_parent)
{
	struct cpu c = PROGRAM;

	LIST(0x401000, "b8 39 00 00 00", "0f 05");
	block(c, 0x401000);
	LIST(0x401007, "90");
	c.rax = 4711;
	block(c, 0x401007);
	LIST(0x402000, "0f 05");
	block(c, 0x402000);
	LIST(0x402002, "90");
	block(c, 0x402002);
	TELLS("0:thread 0; 0:insn 401000+5/7 @0; 0:insn 401007+0/1 @1; gap; 0:thread 0; 0:insn 402000+0/2 @2; gap; ");
	ck_assert_int_eq(damage.first.status, SCT_E_UNSUPPORTED);
}
END_TEST

START_TEST(fork_child)
{
	struct cpu c = PROGRAM;

	LIST(0x401000, "b8 39 00 00 00", "0f 05");
	block(c, 0x401000);
	LIST(0x401007, "90");
	c.rax = 0;
	block(c, 0x401007);
	TELLS("0:thread 0; 0:insn 401000+5/7 @0; gap; ");
}
END_TEST

START_TEST(fork_fails)
{
	struct cpu c = PROGRAM;

	LIST(0x401000, "b8 39 00 00 00", "0f 05");
	block(c, 0x401000);
	LIST(0x401007, "90");
	c.rax = (uint64_t)-11;
	block(c, 0x401007);
	TELLS("0:thread 0; 0:insn 401000+5/7 @0; 0:insn 401007+0/1 @1; ");
	sound();
}
END_TEST

/* clone with CLONE_VM makes a thread; an exit leaves the vCPU's number to another one. */
START_TEST(clone_thread)
{
	struct cpu c = PROGRAM;

	c.rdi = 0x3d0f00;
	LIST(0x401000, "b8 38 00 00 00", "0f 05");
	block(c, 0x401000);
	LIST(0x401007, "b8 3c 00 00 00", "0f 05");
	c.rax = 4711;
	block(c, 0x401007);
	LIST(0x402000, "0f 05");
	block(c, 0x402000);
	TELLS("0:thread 0; 0:insn 401000+5/7 @0; 0:insn 401007+5/7 @1; 0:thread 1; 0:insn 402000+0/2 @2; ");
	sound();
}
END_TEST

/* QEMU gives it x86_64's numbers, as no Linux does. */
START_TEST(int80_in_64_bit_program)
{
	struct cpu c = PROGRAM;

	LIST(0x401000, "cd 80");
	block(c, 0x401000);
	block(c, 0x401002);
	TELLS("0:thread 0; 0:insn 401002 unlisted @1; ");
}
END_TEST

START_TEST(other_code_at_the_place)
{
	struct cpu c = PROGRAM;

	LIST(0x401000, "0f 05");
	block(c, 0x401000);
	LIST(0x401002, "eb fc");
	block(c, 0x401002);
	LIST(0x401000, "90"); /* the same host address, used again */
	block(c, 0x401000);
	block(c, 0x401002);
	TELLS("0:thread 0; 0:insn 401000+0/2 @0; 0:insn 401002+0/2 @1; ");
}
END_TEST

START_TEST(no_capstone)
{
	struct cpu c = PROGRAM;

	put("IN: ");
	put("0x00401000:  ");
	put("OBJD-T: 0f05");
	put("");
	put("IN: ");
	put("0x00401002:  ");
	put("OBJD-T: b8270000000f05");
	put("");
	c.count = 1;
	block(c, 0x401000);
	c.count = 0;
	block(c, 0x401002); /* where its last instruction begins is not known */
	TELLS("0:thread 0; 0:insn 401000+0/2 @0; 0:insn 401002 unlisted @1; ");
}
END_TEST

START_TEST(listing_that_is_no_code)
{
	struct cpu c = PROGRAM;

	put("IN: ");
	put("0x00401000:  62                       .byte    0x62");
	put("0x00401001:  0f 05                    syscall  ");
	put("");
	block(c, 0x401000);
	put("IN: ");
	put("0x00402000:  90                       nop      ");
	put("0x00402008:  0f 05                    syscall  ");
	put("");
	block(c, 0x402000);
	TELLS("0:thread 0; 0:insn 401000 unlisted @0; 0:insn 402000 unlisted @1; ");
}
END_TEST

/* ---- machines ----------------------------------------------------------------------------------------------- */

#define USER64 { .wide = true, .big = true, .machine = true, .rsp = 0x7ffe0000, .rax = 1 }
#define KERNEL 0xffffffff81000000

static struct cpu in_kernel(struct cpu c)
{
	c.kernel = true;
	c.rsp = 0xffffc90000000000;
	return c;
}

START_TEST(machine_syscall)
{
	struct cpu c = USER64, k;

	LIST(0x401000, "48 8b 07", "0f 05");
	block(c, 0x401000);
	k = in_kernel(c);
	k.rsp = c.rsp;
	k.rcx = 0x401005;
	block(k, KERNEL);
	block(in_kernel(c), KERNEL + 64);
	LIST(0x401005, "90");
	block(c, 0x401005);
	block(c, 0x401006);
	TELLS("0:insn 401000+3/5 @0; 0:user 401005 @3; 0:insn 401006 unlisted @4; ");
	sound();
	ck_assert(!info.user_mode && !info.every_insn);
	ck_assert_uint_eq(reg[slot("cr3")], 0x2000);
}
END_TEST

/* A page fault in the same block: the kernel's stack, rcx by chance that of the call before. */
START_TEST(machine_fault)
{
	struct cpu c = USER64, k;

	c.rcx = 0x401005;
	LIST(0x401000, "48 8b 07", "0f 05");
	block(c, 0x401000);
	k = in_kernel(c);
	block(k, KERNEL);
	block(c, 0x401000);
	k.rsp = c.rsp;
	block(k, KERNEL + 0x800);
	TELLS("0:user 401000 @2; 0:insn 401000+3/5 @2; ");
}
END_TEST

/* The vDSO's: ebp shows that the last instruction was reached. */
START_TEST(machine_sysenter)
{
	struct cpu c = { .big = false, .machine = true, .rsp = 0xbf000010, .rbp = 0x55, .rax = 4 }, k;

	LIST(0xb7f00000, "51", "52", "55", "89 e5", "0f 34");
	block(c, 0xb7f00000);
	k = in_kernel(c);
	block(k, 0xc1000000);
	block(c, 0xb7f00000);
	k.rbp = 0xbf000004;
	block(k, 0xc1000800);
	block(c, 0xb7f00009);
	TELLS("0:user b7f00000 @2; 0:insn b7f00000+5/7 @2; 0:user b7f00009 @4; 0:insn b7f00009 unlisted @4; ");
}
END_TEST

/* A block of which the registers show nothing counts once it is known where that instruction leads. */
START_TEST(machine_known_entry)
{
	struct cpu c = { .big = false, .machine = true, .rsp = 0xbf000010, .rax = 4 };

	LIST(0x8049000, "8b 07", "cd 80");
	block(c, 0x8049000);
	block(in_kernel(c), 0xc1000000);
	LIST(0x8049100, "cd 80");
	block(c, 0x8049100);
	block(in_kernel(c), 0xc1000800);
	block(c, 0x8049000);
	block(in_kernel(c), 0xc1000800);
	block(c, 0x8049000);
	block(in_kernel(c), 0xc1000000);
	TELLS("0:user 8049100 @2; 0:insn 8049100+0/2 @2; 0:user 8049000 @4; 0:insn 8049000+2/4 @4; 0:user 8049000 @6; ");
}
END_TEST

/* -d int: dumps that are of no block. */
START_TEST(exceptions)
{
	struct cpu c = USER64, k;

	LIST(0x401000, "90");
	block(c, 0x401000);
	put("check_exception old: 0xffffffff new 0xe");
	put("     0: v=0e e=0004 i=0 cpl=3 IP=0033:0000000000401001 pc=0000000000401001 SP=002b:000000007ffe0000 CR2=0");
	c.pc = 0x401001;
	put_dump(&c);
	put("SMM: enter");
	k = at(in_kernel(c), 5);
	k.wide = false;
	put_dump(&k);
	block(in_kernel(c), KERNEL);
	LIST(0x401001, "90");
	block(c, 0x401001);
	TELLS("0:user 401001 @2; ");
	sound();
}
END_TEST

START_TEST(compat_code)
{
	struct cpu c = USER64;

	LIST(0x401000, "90");
	block(c, 0x401000);
	c.wide = false;
	LIST(0x8049000, "cd 80");
	block(c, 0x8049000);
	block(in_kernel(c), 0x1000);
	TELLS("0:insn 8049000+0/2 @1; ");
	ck_assert(info.arch == &sct_arch_x86_64);
	ck_assert_uint_eq(reg[slot("cs")], 0x23);
}
END_TEST

/* ---- damage ------------------------------------------------------------------------------------------------- */

START_TEST(cut)
{
	struct cpu c = PROGRAM;

	LIST(0x401000, "0f 05");
	block(c, 0x401000);
	c.pc = 0x401002;
	put_block(&c);
	len -= 300;
	TELLS("0:thread 0; 0:insn 401000+0/2 @0; ");
	ck_assert(damage.truncated);
	ck_assert_int_eq(damage.first.status, SCT_E_TRUNCATED);
}
END_TEST

START_TEST(broken_dump)
{
	struct cpu c = PROGRAM;
	char *row;

	LIST(0x401000, "0f 05");
	block(c, 0x401000);
	block(c, 0x401002);
	text[len] = 0;
	row = strstr(strstr(text, "R12=") + 4, "R12=");
	row[6] = 'x';
	LIST(0x403000, "0f 05");
	block(c, 0x403000);
	TELLS("gap; 0:thread 0; 0:insn 403000+0/2 @2; ");
	ck_assert_uint_eq(damage.places, 1);
	ck_assert_uint_eq(damage.first.offset, (uint64_t)(row - text));
}
END_TEST

START_TEST(no_registers)
{
	struct cpu c = PROGRAM;

	c.pc = 0x401000;
	put_trace(&c);
	put_trace(&c);
	ck_assert_int_eq(read_log(), SCT_E_FORMAT);
	ck_assert_ptr_nonnull(strstr(err.text, "-d exec,cpu"));
	len = 0;
	put("IN: ");
	ck_assert_int_eq(read_log(), SCT_E_FORMAT);
}
END_TEST

START_TEST(others)
{
	put("Trace 0: 0x7f1ba2400100 [81009331/0000000000400580/00000001/00000201] ");
	put(" PC=0000000000400580 X00=0000000000000000 X01=0000000000000000");
	ck_assert_int_eq(read_log(), SCT_E_UNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(err.text, "aarch64"));
}
END_TEST

START_TEST(probing)
{
	extern const struct sct_trace_ops sct_trace_qemu;
	struct cpu c = PROGRAM;

	ck_assert_int_eq(sct_trace_qemu.probe((const uint8_t *)"SCTS\1\0\0", 7), 0);
	ck_assert_int_eq(sct_trace_qemu.probe((const uint8_t *)"", 0), 0);
	ck_assert_int_eq(sct_trace_qemu.probe((const uint8_t *)"Trace of something\n", 19), 0);
	put_block(&c);
	ck_assert_int_ge(sct_trace_qemu.probe((const uint8_t *)text, len), 90);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trace_qemu");
	TCase *tc = tcase_create("trace_qemu");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, begin, NULL);
	tcase_add_test(tc, single_instructions);
	tcase_add_test(tc, a_block);
	tcase_add_test(tc, long_instruction);
	tcase_add_test(tc, i386);
	tcase_add_test(tc, left_early);
	tcase_add_test(tc, handler);
	tcase_add_test(tc, stopped);
	tcase_add_test(tc, other_text);
	tcase_add_test(tc, two_threads);
	tcase_add_test(tc, same_place);
	tcase_add_test(tc, fork_parent);
	tcase_add_test(tc, fork_child);
	tcase_add_test(tc, fork_fails);
	tcase_add_test(tc, clone_thread);
	tcase_add_test(tc, int80_in_64_bit_program);
	tcase_add_test(tc, other_code_at_the_place);
	tcase_add_test(tc, no_capstone);
	tcase_add_test(tc, listing_that_is_no_code);
	tcase_add_test(tc, machine_syscall);
	tcase_add_test(tc, machine_fault);
	tcase_add_test(tc, machine_sysenter);
	tcase_add_test(tc, machine_known_entry);
	tcase_add_test(tc, exceptions);
	tcase_add_test(tc, compat_code);
	tcase_add_test(tc, cut);
	tcase_add_test(tc, broken_dump);
	tcase_add_test(tc, no_registers);
	tcase_add_test(tc, others);
	tcase_add_test(tc, probing);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
