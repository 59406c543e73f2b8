/* From calls in flight to records: arguments at entry, what the kernel wrote and the result at the end. */
#ifndef SCT_DECODE_H
#define SCT_DECODE_H

#include "pending.h"
#include "value.h"

struct sct_decode {
	struct sct_view view;
	uint64_t next_id;
};

/* Where and by whom a call was entered. */
struct sct_entry {
	unsigned cpu;
	enum sct_insn_kind insn;
	uint64_t pc; /* of the instruction without its prefixes; the moment's is with them */
	struct sct_moment moment;
	struct sct_mem mem;
};

/* Decodes what is to be known at entry into open->record and gives it its id. */
void sct_decode_enter(struct sct_decode *d, struct sct_open *open, const struct sct_entry *entry);
/* Completes the record of a call that has ended at that moment; mem is what the returning thread sees, NULL when
 * nothing returned. The record is ready for the sinks. */
void sct_decode_end(struct sct_decode *d, const struct sct_ending *ending, const struct sct_moment *moment,
                    const struct sct_mem *mem);

#endif
