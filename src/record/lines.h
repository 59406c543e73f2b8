/* Captures guest memory in lines of 64 bytes: each is stored once until it changes within a segment.
 *
 * A capture is what one event sees. It is filled by reads and then encoded.
 */
#ifndef SCT_RECORD_LINES_H
#define SCT_RECORD_LINES_H

#include <stdbool.h>

#include "../abi.h"
#include "bytes.h"

struct sct_lines;

/* Reads the page at addr (4096 bytes, aligned) as the running vCPU sees it; false: not mapped. */
typedef bool (*sct_read_page)(void *ctx, uint64_t addr, uint8_t *page);

/* Reads the line at addr (SCT_LINE bytes, aligned) as the kernel would see it if it ran; false: not mapped. */
typedef bool (*sct_read_line)(void *ctx, uint64_t addr, uint8_t *line);

/* limit: lines of one event, the kernel's not counted. NULL: no memory. */
struct sct_lines *sct_lines_new(size_t limit, sct_read_page read_page, void *ctx);
void sct_lines_free(struct sct_lines *l);

/* How the kernel's memory is read; without it there is none. */
void sct_lines_set_kernel(struct sct_lines *l, sct_read_line read_line, void *ctx);

/* Begins the capture of an event. address_mask: what addresses wrap at. */
void sct_lines_begin(struct sct_lines *l, uint64_t address_mask);
/* Memory that notes what is read through it; reads end where the guest's memory or the limit does. */
struct sct_mem sct_lines_mem(struct sct_lines *l);
/* The kernel's memory, likewise; addresses do not wrap. What cannot be read is not noted. To be read when all of the
 * program's has been: a line that the program asked for in vain stays one that cannot be read. */
struct sct_mem sct_lines_kernel_mem(struct sct_lines *l);
/* Notes size bytes at addr; stops at the first line that cannot be read. */
void sct_lines_touch(struct sct_lines *l, uint64_t addr, size_t size);
/* The numbers (address / 64) of all lines noted so far, and how many. */
const uint64_t *sct_lines_numbers(const struct sct_lines *l, size_t *count);
/* Whether one of the lines noted so far could not be read. */
bool sct_lines_gaps(const struct sct_lines *l);
/* Whether a line was left out at the limit. */
bool sct_lines_cut(const struct sct_lines *l);
/* Writes the memory part of an event. Lines that were last stored with these bytes in this segment, in that address
 * space, are only named. */
void sct_lines_encode(struct sct_lines *l, uint32_t segment, uint64_t space, struct sct_bytes *out);

#endif
