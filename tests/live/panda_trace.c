/* A QEMU plugin that writes what PANDA's plugin `trace` writes of a whole x86 machine, to test the reader of it
 * where no recording of PANDA's is at hand.
 *
 * In:  arguments of -plugin: out=FD, control=FD (a socket), hidden=FD, limit=N (instructions)
 * Out: the trace on out; on the socket an answer to each command; on hidden the stores to programs' memory that PANDA
 *      does not show: number of the instruction, address in hex, bytes
 *
 * Layout: a line for each instruction, told before it runs, with what the one before it did: accesses, then general
 * registers that have other values now, in the CPU's own order (PANDA, panda/plugins/trace/trace.cpp). PANDA shows the
 * accesses of generated code only, not those of QEMU's helpers (its softmmu_template.h has callbacks in the functions
 * that generated code calls).
 *
 * Commands, a byte each: 'i' instruments the guest, 't' begins the trace, both answered by the same byte when it is
 * done; the trace's end is told by 'e'. One vCPU; repeated string instructions are told turn by turn, as PANDA does,
 * where QEMU counts instructions (-icount).
 */
#include "../../src/record/qemu_api.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	NREGS = 16, CS = NREGS, CR3, RIP, NHANDLES,
	NREGS_32 = 8,          /* QEMU shows the others as zero in 32-bit code, which cannot change them */
	USER32_CS = 0x23,      /* arch/x86/include/asm/segment.h */
	MEM_BUF_SIZE = 8 << 10, /* trace.cpp */
	OUT_SIZE = 1 << 16,
};

extern QEMU_VISIBLE const int qemu_plugin_version;
const int qemu_plugin_version = QEMU_API_VERSION;

QEMU_VISIBLE int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv);

/* Where an instruction and its block were when they were translated. */
struct place {
	uint64_t insn, tb;
};

static struct {
	uint64_t id;
	FILE *out, *hidden;
	int control;
	unsigned long limit, told;
	struct qemu_u64 wanted;     /* not 0: instrument */
	atomic_bool instrumented, tracing;
	struct qemu_plugin_register *handle[NHANDLES];
	GByteArray *buf;
	uint64_t last[NREGS];
	char mem[MEM_BUF_SIZE + 128];
	size_t nmem;
} self;

static void answer(char byte)
{
	if (write(self.control, &byte, 1) != 1)
		fputs("panda_trace: nobody listens\n", stderr);
}

/* ---- lines -------------------------------------------------------------------------------------------------- */

static uint64_t value_of(unsigned i)
{
	uint64_t value = 0;
	int n;

	g_byte_array_set_size(self.buf, 0);
	n = qemu_plugin_read_register(self.handle[i], self.buf);
	if (n > 0)
		memcpy(&value, self.buf->data, n < 8 ? (size_t)n : 8);
	return value;
}

static void end_trace(void)
{
	if (!atomic_exchange(&self.tracing, false))
		return;
	fclose(self.out);
	fclose(self.hidden);
	answer('e');
}

/* Puts the registers that have changed behind the line. */
static void put_registers(unsigned cs)
{
	static const char *const names[NREGS] = {
		"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
	};
	unsigned n = cs == USER32_CS ? NREGS_32 : NREGS;

	for (unsigned i = 0; i < n; i++) {
		uint64_t value = value_of(i);

		if (value != self.last[i])
			fprintf(self.out, ",%s=0x%llx", names[i], (unsigned long long)value);
		self.last[i] = value;
	}
}

/* Where the instruction is that was translated at place: QEMU uses a translation for all virtual addresses at which its
 * physical page lies (CF_PCREL). */
static uint64_t pc_of(const struct place *place)
{
	return place->insn + ((value_of(RIP) - place->tb) & ~UINT64_C(0xfff));
}

static void on_insn(unsigned vcpu, void *place)
{
	unsigned cs;

	(void)vcpu;
	if (!atomic_load_explicit(&self.tracing, memory_order_relaxed))
		return;
	if (self.told++ == self.limit) {
		end_trace();
		return;
	}
	cs = (unsigned)value_of(CS) & 0xffff;
	fprintf(self.out, "asid=0x%016llx,kernel=%d,rip=0x%llx", (unsigned long long)value_of(CR3), !(cs & 3),
	        (unsigned long long)pc_of(place));
	if (self.nmem) {
		fputc(',', self.out);
		fwrite(self.mem, 1, self.nmem - 1, self.out); /* without its last comma */
	}
	self.nmem = 0;
	put_registers(cs);
	fputc('\n', self.out);
}

static void on_access(uint32_t info, uint64_t addr, bool write)
{
	struct qemu_mem_value value = qemu_plugin_mem_get_value(info);
	const uint8_t *bytes = (const uint8_t *)&value.data;

	if (!atomic_load_explicit(&self.tracing, memory_order_relaxed))
		return;
	self.nmem += (size_t)sprintf(self.mem + self.nmem, "m%c=%llx:", write ? 'w' : 'r', (unsigned long long)addr);
	for (unsigned i = 0; i < 1u << value.type; i++)
		self.nmem += (size_t)sprintf(self.mem + self.nmem, "%02x", bytes[i]);
	self.mem[self.nmem++] = ',';
	if (self.nmem < MEM_BUF_SIZE)
		return;
	fwrite(self.mem, 1, self.nmem, self.out); /* before the line that it belongs to, as PANDA does */
	self.nmem = 0;
}

static void on_hidden(unsigned vcpu, uint32_t info, uint64_t addr, void *data)
{
	(void)vcpu;
	(void)data;
	if (atomic_load_explicit(&self.tracing, memory_order_relaxed) && !(addr >> 63))
		fprintf(self.hidden, "%lu %llx %u\n", self.told, (unsigned long long)addr,
		        1u << qemu_plugin_mem_size_shift(info));
}

static void on_read(unsigned vcpu, uint32_t info, uint64_t addr, void *data)
{
	(void)vcpu;
	(void)data;
	on_access(info, addr, false);
}

static void on_write(unsigned vcpu, uint32_t info, uint64_t addr, void *data)
{
	(void)vcpu;
	(void)data;
	on_access(info, addr, true);
}

/* ---- instrumentation ---------------------------------------------------------------------------------------- */

/* Bits by the middle of the byte behind the opcode: 80-bit numbers, and the x87's whole state. */
static uint8_t by_x87_helper(uint8_t opcode)
{
	static const uint8_t extensions[8] = { [1] = 1 << 4 | 1 << 6, [3] = 1 << 5 | 1 << 7, [5] = 1 << 4 | 1 << 6,
	                                       [7] = 1 << 4 | 1 << 6 };

	return (opcode & 0xf8) == 0xd8 ? extensions[opcode & 7] : 0;
}

/* Whether QEMU's helpers make the instruction's accesses: far returns and jumps, interrupts, loads of segments,
 * extended state, 80-bit numbers, exchanges of two words. */
static bool by_helper(const struct qemu_plugin_insn *insn)
{
	static const uint8_t prefixes[] = { 0x66, 0x67, 0xf2, 0xf3, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65, 0xf0 };
	static const uint8_t opcodes[] = { 0xca, 0xcb, 0xcc, 0xcd, 0xcf, 0x8e, 0xea };
	static const uint8_t behind_0f[] = { 0x00, 0xae, 0xc7, 0xa1, 0xa9 };
	uint8_t p[16];
	size_t n = qemu_plugin_insn_data(insn, p, sizeof p), i = 0;

	while (i + 1 < n && (memchr(prefixes, p[i], sizeof prefixes) || (p[i] & 0xf0) == 0x40)) /* REX, or inc and dec */
		i++;
	if (i + 1 < n && p[i] == 0x0f)
		return memchr(behind_0f, p[i + 1], sizeof behind_0f);
	if (i + 1 < n && by_x87_helper(p[i]) >> (p[i + 1] >> 3 & 7) & 1)
		return true;
	return memchr(opcodes, p[i], sizeof opcodes);
}

static void on_restart(uint64_t id);

/* Translations so far are made anew. */
static void on_wanted(unsigned vcpu, void *data)
{
	(void)data;
	qemu_plugin_u64_set(self.wanted, vcpu, 0);
	qemu_plugin_reset(self.id, on_restart);
}

/* Lives as long as the translation may, which is to the end. */
static struct place *place_of(const struct qemu_plugin_tb *tb, const struct qemu_plugin_insn *insn)
{
	struct place *place = g_new(struct place, 1);

	*place = (struct place){ qemu_plugin_insn_vaddr(insn), qemu_plugin_tb_vaddr(tb) };
	return place;
}

static void on_translate(uint64_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	if (!atomic_load(&self.instrumented)) {
		qemu_plugin_register_vcpu_tb_exec_cond_cb(tb, on_wanted, QEMU_NO_REGS, QEMU_COND_NE, self.wanted, 0, NULL);
		return;
	}
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_insn, QEMU_R_REGS, place_of(tb, insn));
		if (by_helper(insn)) {
			qemu_plugin_register_vcpu_mem_cb(insn, on_hidden, QEMU_NO_REGS, QEMU_MEM_W, NULL);
			continue;
		}
		qemu_plugin_register_vcpu_mem_cb(insn, on_read, QEMU_NO_REGS, QEMU_MEM_R, NULL);
		qemu_plugin_register_vcpu_mem_cb(insn, on_write, QEMU_NO_REGS, QEMU_MEM_W, NULL);
	}
}

static void on_exit_qemu(uint64_t id, void *data)
{
	(void)id;
	(void)data;
	end_trace();
}

static void on_restart(uint64_t id)
{
	atomic_store(&self.instrumented, true);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	qemu_plugin_register_atexit_cb(id, on_exit_qemu, NULL);
	answer('i');
}

/* Commands come while the guest runs ('i') or stands still ('t'). */
static void *obey(void *data)
{
	char command;

	while (read(self.control, &command, 1) == 1) {
		if (command == 'i')
			qemu_plugin_u64_set(self.wanted, 0, 1);
		if (command == 't') {
			atomic_store(&self.tracing, true);
			answer('t');
		}
	}
	return data;
}

/* ---- loading ------------------------------------------------------------------------------------------------ */

static void on_vcpu(uint64_t id, unsigned index)
{
	static const char *const names[NHANDLES] = {
		"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
		"cs", "cr3", "rip",
	};
	GArray *all = qemu_plugin_get_registers();

	(void)id;
	(void)index;
	for (unsigned i = 0; i < all->len; i++) {
		const struct qemu_reg_desc *r = &g_array_index(all, struct qemu_reg_desc, i);

		for (unsigned k = 0; k < NHANDLES; k++)
			if (!strcmp(names[k], r->name))
				self.handle[k] = r->handle;
	}
	g_array_free(all, true);
}

int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv)
{
	pthread_t thread;
	int out = -1, hidden = -1;

	if (strcmp(info->target_name, "x86_64") || !info->system_emulation || info->smp_vcpus != 1)
		return 1;
	self.id = id;
	self.control = -1;
	for (int i = 0; i < argc; i++)
		if (sscanf(argv[i], "out=%d", &out) + sscanf(argv[i], "control=%d", &self.control) +
		    sscanf(argv[i], "hidden=%d", &hidden) + sscanf(argv[i], "limit=%lu", &self.limit) != 1)
			return 1;
	self.out = fdopen(out, "w");
	self.hidden = fdopen(hidden, "w");
	if (!self.out || !self.hidden || self.control < 0 || setvbuf(self.out, NULL, _IOFBF, OUT_SIZE))
		return 1;
	self.buf = g_byte_array_new();
	self.wanted = (struct qemu_u64){ qemu_plugin_scoreboard_new(sizeof(uint64_t)), 0 };
	qemu_plugin_register_vcpu_init_cb(id, on_vcpu);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	return pthread_create(&thread, NULL, obey, NULL);
}
