/* What the files of the ELF reader share. */
#ifndef SCT_MEM_ELF_H
#define SCT_MEM_ELF_H

#include <gelf.h>

#include "runs.h"

/* What the notes of a core file are evidence of. */
enum sct_elf_origin {
	SCT_ELF_QEMU = 1,   /* a note of QEMU's: dump-guest-memory */
	SCT_ELF_KERNEL = 2, /* of a Linux kernel about itself: /proc/vmcore, /proc/kcore */
	SCT_ELF_PROCESS = 4,/* of a Linux kernel or gdb about a process */
};

struct sct_elf {
	const struct sct_file *file;
	Elf *elf;
	GElf_Ehdr head;
	size_t nsegments;
	struct sct_runs runs;
	struct sct_regs *cpus; /* of CPUs or threads, in the order of the notes */
	size_t ncpus, cpus_room;
	size_t nstatus, nqemu; /* notes of each kind that told of one */
	unsigned origin;       /* enum sct_elf_origin, or'ed */
	struct sct_count counts[4];
	struct sct_snapshot_info info;
};

/* info.arch and info.arch_name, by the file's header. */
void sct_elf_arch(struct sct_elf *e);
/* Takes in the notes of the segment p: cpus, origin; what is wrong with them is told in info.damage. SCT_E_NOMEM. */
int sct_elf_notes(struct sct_elf *e, const GElf_Phdr *p, struct sct_err *err);
/* Tells of damage; the first is kept. */
void sct_elf_damage(struct sct_elf *e, int status, uint64_t offset, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
