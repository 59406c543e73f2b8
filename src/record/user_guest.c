/* Registers and memory of a program under qemu-user, where the plugin interface shows neither.
 *
 * In:  what the system call callbacks tell; this process's own memory, in which the guest's lies at an offset
 * Out: a vCPU as the other rooms of the recorder know it, in the place of guest.c
 */
#include "user.h"

#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { USER_CS = 0x33 }; /* code segment of 64-bit code: arch/x86/include/asm/segment.h */

/* Number or result first, then the arguments in their order. */
static const char *const names_x86_64[] = { "rax", "rdi", "rsi", "rdx", "r10", "r8", "r9" };
static const char *const names_i386[] = { "eax", "ebx", "ecx", "edx", "esi", "edi", "ebp" };

enum { REGS = sizeof names_x86_64 / sizeof *names_x86_64 };

static bool wide(const struct sct_dict *dict)
{
	return dict->arch->word == 8;
}

bool sct_user_dict(struct sct_dict *dict, const char *target)
{
	memset(dict, 0, sizeof *dict);
	dict->arch = sct_arch_find(target);
	if (!dict->arch || !dict->arch->machine) /* what else is known has no instructions here that enter the kernel */
		return false;
	dict->count = REGS;
	for (unsigned i = 0; i < REGS; i++) {
		dict->regs[i].name = wide(dict) ? names_x86_64[i] : names_i386[i];
		dict->regs[i].reg = sct_arch_reg(dict->arch, dict->regs[i].name);
		dict->regs[i].size = dict->arch->word;
	}
	for (unsigned i = 0; i < SCT_ROLES; i++)
		dict->role[i] = -1;
	for (int i = 0; i < 16; i++)
		dict->general[i] = i < REGS ? i : -1;
	return true;
}

static uint64_t word(const struct sct_dict *dict, uint64_t value)
{
	return wide(dict) ? value : (uint32_t)value;
}

/* The kernel reads 32 bits of the number (arch/x86/entry/common.c), and the callback shows no more. */
void sct_user_set_call(struct sct_vcpu *v, const struct sct_dict *dict, int64_t nr, const uint64_t args[6])
{
	v->values[0] = (uint32_t)nr;
	for (unsigned i = 1; i < REGS; i++)
		v->values[i] = word(dict, args[i - 1]);
}

void sct_user_set_result(struct sct_vcpu *v, const struct sct_dict *dict, int64_t result)
{
	v->values[0] = word(dict, (uint64_t)result);
}

/* Stands in for guest.c's. The code segment is not recorded, for nothing shows it; but qemu-user runs 64-bit programs
 * in no other mode. */
void sct_vcpu_regs(const struct sct_vcpu *v, const struct sct_dict *dict, struct sct_regs *regs)
{
	*regs = (struct sct_regs){ .known = 0 };
	for (unsigned i = 0; i < dict->count; i++)
		sct_regs_set(regs, dict->regs[i].reg->index, v->values[i]);
	if (wide(dict))
		sct_regs_set(regs, sct_arch_reg(dict->arch, "cs")->index, USER_CS);
}

/* Stands in for guest.c's. */
uint64_t sct_vcpu_role(const struct sct_vcpu *v, const struct sct_dict *dict, enum sct_role role)
{
	return dict->role[role] < 0 ? 0 : v->values[dict->role[role]];
}

/* Of a 64-bit program only `syscall` gets to linux-user's system calls, of a 32-bit one only `int $0x80`
 * (linux-user/i386/cpu_loop.c). Prefixes may stand before it. */
enum sct_insn_kind sct_user_insn(const uint8_t *code, size_t size, bool is_wide)
{
	const uint8_t *last = code + size - 2;

	if (size < 2)
		return SCT_INSN_NONE;
	if (is_wide)
		return last[0] == 0x0f && last[1] == 0x05 ? SCT_INSN_SYSCALL : SCT_INSN_NONE;
	return last[0] == 0xcd && last[1] == 0x80 ? SCT_INSN_INT80 : SCT_INSN_NONE;
}

/* Through the kernel, which answers for addresses that would end this process. */
bool sct_user_read(const struct sct_user *u, uint64_t addr, void *buf, size_t size)
{
	struct iovec to = { buf, size }, from = { (void *)(uintptr_t)(addr + (uint64_t)u->host_offset), size };

	return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == (ssize_t)size;
}
