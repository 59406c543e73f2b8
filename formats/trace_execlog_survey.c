/* What the first lines of an execlog tell of the whole: the architecture, one program or a machine, which QEMU.
 * In:  the first bytes of the log, and what the user says of it
 * Out: what the recording says of itself
 */
#include "trace_execlog.h"

#include <string.h>

/* What lines vote for. */
struct survey {
	const struct sct_arch *arch; /* whose registers are told; NULL: none yet */
	char strange[16];            /* a register of no architecture that is known here */
	bool accesses, devices, stale;
	bool above; /* there is code above 4 GiB */
	bool any;
	uint64_t first_pc;
};

static const struct sct_arch *const archs[] = { &sct_arch_i386, &sct_arch_x86_64 };

/* Names that only some architecture has that is not known here: gdb-xml/ of QEMU. */
static const struct {
	const char *reg, *arch;
} strangers[] = {
	{ "cpsr", "arm" },    { "r0", "arm" },      { "r1", "arm" },     { "r2", "arm" },     { "r3", "arm" },
	{ "r4", "arm" },      { "r5", "arm" },      { "r6", "arm" },     { "r7", "arm" },     { "lr", "arm" },
	{ "x0", "aarch64" },  { "x1", "aarch64" },  { "x2", "aarch64" }, { "x3", "aarch64" }, { "x19", "aarch64" },
	{ "x29", "aarch64" }, { "x30", "aarch64" },
};

/* A register votes for the only architecture that has one of that name and size as its own. */
static void vote(struct survey *s, const struct sct_el_field *f)
{
	const struct sct_arch *fits = NULL;
	const struct sct_reg *reg;

	for (size_t i = 0; i < sizeof archs / sizeof *archs; i++)
		if (sct_el_field_reg(f, archs[i], &reg) && reg && reg->size == archs[i]->word)
			fits = fits ? NULL : archs[i];
	if (fits)
		s->arch = s->arch ? s->arch : fits;
	for (size_t i = 0; !*s->strange && i < sizeof strangers / sizeof *strangers; i++)
		if (f->name_len == strlen(strangers[i].reg) && !memcmp(f->name, strangers[i].reg, f->name_len))
			strcpy(s->strange, strangers[i].arch);
}

/* push and pop have one byte: where others follow, they are not the instruction's. */
static bool is_stale(const struct sct_el_head *head)
{
	return (head->bytes[0] & 0xf0) == 0x50 && (head->bytes[1] || head->bytes[2] || head->bytes[3]);
}

static void see_line(struct survey *s, struct sct_el_text line)
{
	struct sct_el_head head;
	struct sct_el_field field;

	if (!sct_el_read_head(&line, &head))
		return;
	if (!s->any)
		s->first_pc = head.pc;
	s->any = true;
	s->above |= head.pc >> 32 != 0;
	s->stale |= is_stale(&head);
	while (sct_el_read_field(&line, &field) > 0) {
		s->accesses |= field.access;
		s->devices |= field.device;
		if (!field.access)
			vote(s, &field);
	}
}

static void see(struct survey *s, const char *data, size_t size)
{
	const char *end = data + size, *nl;

	for (; (nl = memchr(data, '\n', (size_t)(end - data))); data = nl + 1)
		see_line(s, (struct sct_el_text){ data, nl });
}

static int choose_arch(const struct survey *s, const struct sct_trace_hints *hints, const struct sct_arch **arch,
                       struct sct_err *err)
{
	*arch = s->arch;
	if (s->arch)
		return SCT_OK;
	if (*s->strange)
		return sct_fail(err, SCT_E_UNSUPPORTED, SCT_NO_OFFSET, "the log has registers of %s, which is not supported",
		                s->strange);
	if (hints->arch && hints->arch != &sct_arch_i386 && hints->arch != &sct_arch_x86_64)
		return sct_fail(err, SCT_E_UNSUPPORTED, SCT_NO_OFFSET, "execlogs of %s are not supported", hints->arch->name);
	*arch = hints->arch;
	if (!*arch && s->above)
		*arch = &sct_arch_x86_64;
	if (!*arch)
		return sct_fail(err, SCT_E_USAGE, SCT_NO_OFFSET, "the log does not name its architecture: --profile tells it");
	return SCT_OK;
}

int sct_el_survey(struct sct_el_reader *r, const struct sct_trace_hints *hints, struct sct_err *err)
{
	struct survey s = { 0 };
	const struct sct_arch *arch;
	size_t size;
	const uint8_t *data = sct_input_peek(r->feed.in, &size);

	if (data)
		see(&s, (const char *)data, size < SCT_EL_SURVEY_MAX ? size : SCT_EL_SURVEY_MAX);
	if (!s.any)
		return sct_fail(err, SCT_E_FORMAT, 0, "there is no line of the execlog plugin");
	if (choose_arch(&s, hints, &arch, err) < 0)
		return err->status;
	r->stale = s.stale;
	r->slots = (struct sct_el_slots){ sct_arch_reg(arch, "cs")->index, sct_arch_reg(arch, "cr0")->index,
		                              sct_arch_reg(arch, "eflags")->index, sct_arch_reg(arch, "eax")->index };
	r->info = (struct sct_trace_info){
		.format = "execlog",
		.recorder = "execlog",
		.emulator = "QEMU",
		.arch = arch,
		.user_mode = s.accesses && !s.devices,
		.level = SCT_LEVEL_BLOCKS,
		.shown = SCT_SHOWN_NONE,
		.every_insn = s.accesses && !s.devices,
		.first_pc = { true, s.first_pc },
	};
	r->info.exact_threads = r->info.user_mode;
	r->info.thread_source = r->info.user_mode ? "vCPU" : NULL;
	return SCT_OK;
}
