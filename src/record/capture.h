/* Which memory an event carries: all that a decoder can want of the call that enters or returns.
 *
 * In:  registers and memory of the running vCPU, the tables of system calls, the operating system's data
 * Out: lines noted in a capture; what is open is kept for the return
 */
#ifndef SCT_RECORD_CAPTURE_H
#define SCT_RECORD_CAPTURE_H

#include "../os.h"
#include "../value.h"
#include "guest.h"
#include "lines.h"

/* A call that has entered the kernel, as far as its return needs it. Zero-initialised: none is open. */
struct sct_open_call {
	bool open, known;      /* known: call and args are filled */
	bool gaps;             /* some memory could not be read at entry: its page was not there yet */
	struct sct_call call;
	struct sct_value *args;
	size_t nargs;
	struct sct_arena arena;
	uint64_t pc, space;    /* of the entering instruction */
	uint64_t *lines;       /* numbers of the lines noted at entry */
	size_t nlines, room;
};

struct sct_capture {
	struct sct_lines *lines;
	const struct sct_dict *dict;
	struct sct_profile profile; /* of dict's architecture */
	struct sct_view view;
	struct sct_os *os;          /* what it tells of who calls is noted too; NULL: nothing */
};

/* Ready for guests of dict's architecture, but for the lines, which are the caller's; no buffer of a call gives
 * more than buffer_limit bytes. False: the architecture has no profile. */
bool sct_capture_init(struct sct_capture *c, const struct sct_dict *dict, size_t buffer_limit);

/* Notes what the call that kind, the instruction at pc, makes will be decoded from, and opens *open. */
void sct_capture_enter(struct sct_capture *c, const struct sct_vcpu *v, enum sct_insn_kind kind, uint64_t pc,
                       struct sct_open_call *open);
/* Notes what may have changed since, and closes *open. */
void sct_capture_return(struct sct_capture *c, const struct sct_vcpu *v, uint64_t pc, struct sct_open_call *open);
/* Gives back what *open holds. */
void sct_open_call_fini(struct sct_open_call *open);

#endif
