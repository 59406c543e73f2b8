/* Annotations: who made a call and what its descriptors are, as the guest's operating system has it, or else as the
 * recording's calls have shown it. */
#ifndef SCT_ANNOTATE_H
#define SCT_ANNOTATE_H

#include "descriptors.h"
#include "lineage.h"
#include "os.h"

/* Zero-initialise before use. */
struct sct_annotate {
	struct sct_os *os; /* NULL: no data of the operating system are known */
	struct sct_descriptors shown;
};

/* Memory at one moment, as the calling program sees it and as the kernel does. */
struct sct_views {
	struct sct_mem program;
	struct sct_os_view kernel;
};

void sct_annotate_fini(struct sct_annotate *a);
/* The call has been entered, its record is decoded. */
void sct_annotate_enter(struct sct_annotate *a, struct sct_open *open, const struct sct_views *views);
/* The call has ended, its record is complete. views: of its return, NULL where nothing is to be seen of it. */
void sct_annotate_end(struct sct_annotate *a, const struct sct_ending *ending, const struct sct_views *views);
/* A thread that has never run before takes its first step. */
void sct_annotate_child(struct sct_annotate *a, const struct sct_thread *child, const struct sct_origin *origin);
/* A call was made that could not be read; NULL: calls may have been, whoever made them. */
void sct_annotate_missed(struct sct_annotate *a, const struct sct_word *space);

#endif
