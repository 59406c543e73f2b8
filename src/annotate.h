/* Annotations: who made a call and what its descriptors are, as the guest's operating system has it, or else as the
 * recording's calls have shown it. */
#ifndef SCT_ANNOTATE_H
#define SCT_ANNOTATE_H

#include "os.h"
#include "pending.h"

/* Zero-initialised: nothing is known but what other rooms say. */
struct sct_annotate {
	struct sct_os *os; /* NULL: no data of the operating system are known */
};

/* The call has been entered, its record is decoded. view: memory of that moment. */
void sct_annotate_enter(struct sct_annotate *a, struct sct_open *open, const struct sct_os_view *view);
/* The call has ended, its record is complete. view: memory at its return, NULL where nothing returned. */
void sct_annotate_end(struct sct_annotate *a, const struct sct_ending *ending, const struct sct_os_view *view);

#endif
