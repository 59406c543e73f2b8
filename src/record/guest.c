/* Registers of vCPUs.
 *
 * In:  QEMU's register list and values, by name (target/i386/gdbstub.c)
 * Out: a dictionary and values
 */
#include "guest.h"

#include <string.h>

#include "../abi.h"

/* What is recorded, in the dictionary's order. The flags are left out: QEMU keeps the arithmetic ones elsewhere while
 * it executes. So is the program counter: each event tells its own. */
static const char *const names_x86_64[] = {
	"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
	"cs", "ss", "ds", "es", "fs", "gs", "fs_base", "gs_base", "k_gs_base", "cr0", "cr3", "cr4", "efer", NULL,
};
static const char *const names_i386[] = {
	"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi",
	"cs", "ss", "ds", "es", "fs", "gs", "fs_base", "gs_base", "k_gs_base", "cr0", "cr3", "cr4", "efer", NULL,
};

#define CR0_PE 1u                  /* protected mode, Intel SDM 3A 2.5 */
#define EFER_LMA (1u << 10)        /* long mode is active, Intel SDM 3A 2.2.1 */
/* what 32-bit kernels leave to programs at most: arch/x86/Kconfig, VMSPLIT */
#define TASK_SIZE_MAX_32 UINT64_C(0xc0000000)

static bool wide(const struct sct_dict *dict)
{
	return dict->arch->word == 8;
}

static struct qemu_plugin_register *find(const GArray *all, const char *name)
{
	for (guint i = 0; i < all->len; i++) {
		const struct qemu_reg_desc *d = &g_array_index(all, struct qemu_reg_desc, i);

		if (!strcmp(d->name, name))
			return d->handle;
	}
	return NULL;
}

static int position(const struct sct_dict *dict, const char *name)
{
	for (unsigned i = 0; i < dict->count; i++)
		if (!strcmp(dict->regs[i].name, name))
			return (int)i;
	return -1;
}

static void fill_roles(struct sct_dict *dict)
{
	const char *const *general = wide(dict) ? names_x86_64 : names_i386;

	dict->role[SCT_ROLE_SP] = position(dict, wide(dict) ? "rsp" : "esp");
	dict->role[SCT_ROLE_CS] = position(dict, "cs");
	dict->role[SCT_ROLE_CR0] = position(dict, "cr0");
	dict->role[SCT_ROLE_CR3] = position(dict, "cr3");
	dict->role[SCT_ROLE_EFER] = position(dict, "efer");
	dict->role[SCT_ROLE_CR4] = position(dict, "cr4");
	/* the names begin with the general registers in the order of their numbers */
	for (int i = 0; i < 16; i++)
		dict->general[i] = i < (wide(dict) ? 16 : 8) ? position(dict, general[i]) : -1;
}

bool sct_vcpu_reg(struct sct_vcpu *v, struct qemu_plugin_register *handle, uint64_t *value)
{
	int n;

	g_byte_array_set_size(v->buf, 0);
	n = qemu_plugin_read_register(handle, v->buf);
	if (n <= 0)
		return false;
	*value = 0;
	memcpy(value, v->buf->data, n < 8 ? (size_t)n : 8);
	return true;
}

/* The names of the dictionary that this vCPU has; their sizes from their values. */
static bool fill_dict(struct sct_vcpu *v, const GArray *all, struct sct_dict *dict)
{
	uint64_t value;

	for (const char *const *name = wide(dict) ? names_x86_64 : names_i386; *name; name++) {
		struct qemu_plugin_register *handle = find(all, *name);

		if (!handle || !sct_vcpu_reg(v, handle, &value) || v->buf->len > 8)
			continue;
		dict->regs[dict->count].name = *name;
		dict->regs[dict->count].reg = sct_arch_reg(dict->arch, *name);
		dict->regs[dict->count++].size = (uint8_t)v->buf->len;
	}
	fill_roles(dict);
	for (int r = SCT_ROLE_SP; r <= SCT_ROLE_CR3; r++)
		if (dict->role[r] < 0)
			return false;
	return true;
}

static bool find_handles(struct sct_vcpu *v, const GArray *all, struct sct_dict *dict)
{
	if (!dict->count && !fill_dict(v, all, dict))
		return false;
	for (unsigned i = 0; i < dict->count; i++) {
		v->handles[i] = find(all, dict->regs[i].name);
		if (!v->handles[i])
			return false;
	}
	v->pc = find(all, wide(dict) ? "rip" : "eip");
	return v->pc;
}

struct sct_vcpu *sct_vcpu_new(unsigned index, struct sct_dict *dict)
{
	struct sct_vcpu *v = calloc(1, sizeof *v);
	GArray *all = qemu_plugin_get_registers();

	if (v) {
		v->index = index;
		v->segment = UINT32_MAX;
		v->buf = g_byte_array_new();
		if (!find_handles(v, all, dict)) {
			g_byte_array_free(v->buf, TRUE);
			free(v);
			v = NULL;
		}
	}
	g_array_free(all, TRUE);
	return v;
}

void sct_vcpu_read(struct sct_vcpu *v, const struct sct_dict *dict)
{
	for (unsigned i = 0; i < dict->count; i++)
		if (!sct_vcpu_reg(v, v->handles[i], &v->values[i]))
			v->values[i] = 0;
}

uint64_t sct_vcpu_pc(struct sct_vcpu *v)
{
	uint64_t pc = 0;

	sct_vcpu_reg(v, v->pc, &pc);
	return pc;
}

int sct_vcpu_cpl(struct sct_vcpu *v, const struct sct_dict *dict)
{
	uint64_t cs, cr0;

	if (!sct_vcpu_reg(v, v->handles[dict->role[SCT_ROLE_CS]], &cs) ||
	    !sct_vcpu_reg(v, v->handles[dict->role[SCT_ROLE_CR0]], &cr0) || !(cr0 & CR0_PE))
		return -1;
	return cs & 3;
}

uint64_t sct_vcpu_role(const struct sct_vcpu *v, const struct sct_dict *dict, enum sct_role role)
{
	return dict->role[role] < 0 ? 0 : v->values[dict->role[role]];
}

bool sct_vcpu_may_be_user(const struct sct_vcpu *v, const struct sct_dict *dict, uint64_t addr)
{
	if (sct_vcpu_role(v, dict, SCT_ROLE_EFER) & EFER_LMA)
		return !(addr >> 63);
	return addr < TASK_SIZE_MAX_32;
}

void sct_vcpu_regs(const struct sct_vcpu *v, const struct sct_dict *dict, struct sct_regs *regs)
{
	*regs = (struct sct_regs){ .known = 0 };
	for (unsigned i = 0; i < dict->count; i++)
		if (dict->regs[i].reg)
			sct_regs_set(regs, dict->regs[i].reg->index, v->values[i]);
}
