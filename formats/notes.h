/* Notes of dumps: registers of CPUs and threads, and what was dumped. For snapshot readers. */
#ifndef SCT_NOTES_H
#define SCT_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "formats.h"

/* What notes are evidence of. */
enum sct_origin {
	SCT_ORIGIN_QEMU = 1,    /* a note of QEMU's: dump-guest-memory */
	SCT_ORIGIN_KERNEL = 2,  /* a Linux kernel about itself: /proc/vmcore, /proc/kcore */
	SCT_ORIGIN_PROCESS = 4, /* a Linux kernel or gdb about a process */
};

/* Zero-initialise. */
struct sct_notes {
	bool big;                    /* numbers are big-endian */
	const struct sct_arch *arch; /* whose registers to take; NULL: none */
	struct sct_regs *cpus;       /* of CPUs or threads, in the order of the notes */
	size_t ncpus, room;
	size_t nstatus, nqemu; /* notes of each kind that told of one */
	unsigned origin;       /* enum sct_origin, or'ed */
	struct sct_err damage; /* the first that is wrong with one; status 0: none */
};

/* Takes in size bytes of notes that lie at offset of the file. align: what their names and contents are aligned to,
 * 4 or 8. SCT_E_NOMEM. */
int sct_notes_take(struct sct_notes *n, const uint8_t *data, size_t size, unsigned align, uint64_t offset,
                   struct sct_err *err);
/* Forgets the segment bases that NT_PRSTATUS tells where a kernel wrote it about itself: they are those of the program
 * that ran, not the CPU's (Linux arch/x86/include/asm/elf.h, ELF_CORE_COPY_KERNEL_REGS). QEMU's are the CPU's. */
void sct_notes_of_kernel(struct sct_notes *n);
/* The architecture that notes with one of QEMU's are of, which it writes for i386 and x86_64 alone; NULL: there is no
 * such note. */
const struct sct_arch *sct_notes_qemu_arch(const uint8_t *data, size_t size);
void sct_notes_free(struct sct_notes *n);

#endif
