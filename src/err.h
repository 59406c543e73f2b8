/* Status codes and the one error object that every fallible function fills. */
#ifndef SCT_ERR_H
#define SCT_ERR_H

#include <stdint.h>

/* Results of fallible functions: 0 or a positive count is success, negative is one of these. */
enum sct_status {
	SCT_OK = 0,
	SCT_E_IO = -1,          /* the operating system refused: open, read, write, full disk */
	SCT_E_FORMAT = -2,      /* the bytes are not what the format says they must be */
	SCT_E_TRUNCATED = -3,   /* the input ends inside something */
	SCT_E_UNSUPPORTED = -4, /* understood, but not something this build can do */
	SCT_E_NOMEM = -5,       /* memory was refused */
	SCT_E_USAGE = -6,       /* the caller's request makes no sense: unknown name, bad number */
	SCT_E_INTERRUPTED = -7, /* a signal asked the run to end */
};

/* sct_err.offset where no byte of the input is to blame */
#define SCT_NO_OFFSET UINT64_MAX

/* A fault of the input or the system. Owned by the caller; text is complete and has no line break. */
struct sct_err {
	int status;      /* enum sct_status */
	uint64_t offset; /* byte offset in the file as it lies on disk, or SCT_NO_OFFSET */
	char text[400];  /* cause, without file name and offset */
};

/* Fills *err (printf-like text) and returns status, so that a caller can `return sct_fail(...)`. */
int sct_fail(struct sct_err *err, int status, uint64_t offset, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
