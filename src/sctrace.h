/* libsctrace: the system calls of a recorded machine, one callback at each entry and each end. libsctrace(3).
 *
 * Everything here stays: later versions add functions and never take any away or change what one does.
 *
 * A recording is used by one thread at a time; different recordings by different threads at once. The library writes
 * to no file (but a cache, where it is told to) and no terminal, ends no process (but for want of memory) and changes
 * no signal handler.
 */
#ifndef SCTRACE_H
#define SCTRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SCT_API __attribute__((visibility("default")))

/* The library's version, "0.1.0". */
SCT_API const char *sct_version(void);

/* ---- recordings ------------------------------------------------------------------------------------------- */

struct sct_recording; /* an opened recording */
struct sct_record;    /* one system call; valid until the callback that it was given to returns */
struct sct_value;     /* an argument, a result, or a part of one; as long as its record */

enum { SCT_MESSAGE_SIZE = 1024 }; /* bytes of a buffer for a message, NUL included; longer messages are cut */

/* Opens the recording in the file path, "-" for standard input; plain or compressed by zstd, gzip or xz; or a PANDA
 * recording by its base name or .rr2, with its snapshot and non-determinism log. NULL: it cannot be opened or is no
 * recording; message (may be NULL) then has one line with file, byte offset and cause. */
SCT_API struct sct_recording *sct_recording_open(const char *path, char message[SCT_MESSAGE_SIZE]);
/* The same with the profile that sct_recording_set_profile would choose: some traces do not say of which
 * architecture they are, and are opened only with it. NULL also: there is no such profile. */
SCT_API struct sct_recording *sct_recording_open_as(const char *path, const char *profile,
                                                    char message[SCT_MESSAGE_SIZE]);
/* Frees everything. NULL is allowed. */
SCT_API void sct_recording_close(struct sct_recording *recording);
/* What went wrong in the last function that failed on this recording, or what damage was met: one line; "" if nothing
 * did. Valid until the next call with this recording. */
SCT_API const char *sct_recording_message(const struct sct_recording *recording);

/* What the recording says of itself; NULL or 0 where it does not. Strings last until sct_recording_close. */
SCT_API const char *sct_recording_format(const struct sct_recording *recording);   /* "sctrace" */
SCT_API const char *sct_recording_recorder(const struct sct_recording *recording); /* program and version */
SCT_API const char *sct_recording_emulator(const struct sct_recording *recording); /* QEMU and its version */
SCT_API const char *sct_recording_arch(const struct sct_recording *recording);     /* "i386", "x86_64" */
SCT_API unsigned sct_recording_vcpus(const struct sct_recording *recording);

/* Results of functions on a recording. */
enum sct_outcome {
	SCT_COMPLETE = 0, /* done; of a run: to the recording's end, undamaged */
	SCT_DAMAGED = 1,  /* run: the recording is damaged or cut short, disagrees with its snapshots, is of another kernel
	                     than its types, or holds calls of which no instruction, convention, thread or CPU mode is
	                     known; all that can be read was handed out */
	SCT_STOPPED = 2,  /* run: a callback asked for the end */
	SCT_FAILED = -1,  /* the function did not do what it should, sct_recording_message tells why */
};

/* Which tables and conventions to use, "linux_x64" or another of `sctrace-decode --list-profiles`; without this the
 * recording's own. SCT_FAILED: there is no such profile. */
SCT_API int sct_recording_set_profile(struct sct_recording *recording, const char *profile);

/* Memory at the start of the trace: FILE, or FILE@ADDR for an image without a header; on top of the snapshots that
 * there are. SCT_FAILED: it cannot be opened, is no snapshot, or the run has begun. */
SCT_API int sct_recording_add_snapshot(struct sct_recording *recording, const char *snapshot);

/* Types and symbols of the recorded kernel: a file as sctrace-decode --types takes it; several are taken together. What
 * is read from DWARF, which is slow, is kept in files of the folder cache for later runs; NULL: it is not kept, and
 * nothing is written. SCT_FAILED: it cannot be read, has no types or symbols, is of another machine than those before
 * or than the recording, or the run has begun; then no types are left. */
SCT_API int sct_recording_add_types(struct sct_recording *recording, const char *types, const char *cache);

/* ---- callbacks -------------------------------------------------------------------------------------------- */

enum sct_side {
	SCT_ENTRY, /* the call enters the kernel: arguments that the kernel reads are known */
	SCT_RETURN, /* the call has ended, with a return or otherwise: sct_record_end tells how */
};

/* Called during sct_recording_run; ctx is what was given with the callback. 0: go on; anything else ends the run. */
typedef int (*sct_callback)(void *ctx, const struct sct_record *record);

/* Each adds one callback; several for one call are called in the order in which they were added. Records come in the
 * order of entry on the SCT_ENTRY side, of ending on the other; a call whose entry is not in the recording has neither.
 * SCT_FAILED: memory was refused, the run has begun, or (sct_recording_on) no table has a call of that name. */
SCT_API int sct_recording_on(struct sct_recording *recording, enum sct_side side, const char *name,
                             sct_callback callback, void *ctx);
SCT_API int sct_recording_on_all(struct sct_recording *recording, enum sct_side side, sct_callback callback, void *ctx);
/* For calls whose number is unknown or in no table. */
SCT_API int sct_recording_on_unknown(struct sct_recording *recording, enum sct_side side, sct_callback callback,
                                     void *ctx);

/* Decodes the recording from its beginning and calls the callbacks. Once for each opened recording. */
SCT_API int sct_recording_run(struct sct_recording *recording);

/* ---- records: the fields of sctrace-decode(1) ----------------------------------------------------------------
 * Functions with an out-parameter return false where the recording does not show it, and leave *value alone; those
 * that return a string return NULL then. */

SCT_API uint64_t sct_record_id(const struct sct_record *record);  /* 0, 1, 2 … in the order of entry */
SCT_API unsigned sct_record_cpu(const struct sct_record *record); /* vCPU of the entry */
SCT_API bool sct_record_asid(const struct sct_record *record, uint64_t *value);
SCT_API bool sct_record_pid(const struct sct_record *record, uint64_t *value);
SCT_API bool sct_record_tid(const struct sct_record *record, uint64_t *value);
SCT_API bool sct_record_ppid(const struct sct_record *record, uint64_t *value);
SCT_API const char *sct_record_comm(const struct sct_record *record); /* name of the thread */
SCT_API const char *sct_record_exe(const struct sct_record *record);  /* path of the program that it runs */
SCT_API bool sct_record_start_time_ns(const struct sct_record *record, uint64_t *value); /* since the guest booted */
SCT_API bool sct_record_uid(const struct sct_record *record, uint64_t *value); /* real user id */

/* Of the entering instruction, and of the first instruction after the return. false also: it did not return (yet). */
SCT_API bool sct_record_seq(const struct sct_record *record, enum sct_side side, uint64_t *value);
SCT_API bool sct_record_pc(const struct sct_record *record, enum sct_side side, uint64_t *value);
SCT_API bool sct_record_time_ns(const struct sct_record *record, enum sct_side side, uint64_t *value);

SCT_API const char *sct_record_insn(const struct sct_record *record);  /* "syscall", "sysenter", "int80" */
SCT_API const char *sct_record_abi(const struct sct_record *record);   /* "linux_x64", "linux_x32", "linux_x86" */
SCT_API bool sct_record_nr(const struct sct_record *record, uint64_t *value);
SCT_API const char *sct_record_name(const struct sct_record *record);  /* "openat"; NULL: not in the table */
SCT_API const char *sct_record_entry(const struct sct_record *record); /* "sys_openat" */

SCT_API size_t sct_record_arg_count(const struct sct_record *record);
/* Argument number i; NULL: there are not so many. */
SCT_API const struct sct_value *sct_record_arg(const struct sct_record *record, size_t i);
/* The argument of that name, or NULL. */
SCT_API const struct sct_value *sct_record_arg_named(const struct sct_record *record, const char *name);

/* How the call ended: "returned", "noreturn", "exec", "signal", "killed", "restarted", "unfinished", "lost". NULL: it
 * has not ended, this is its entry; then there is no result and no error either. */
SCT_API const char *sct_record_end(const struct sct_record *record);
/* How often the kernel made the thread enter this same call again. */
SCT_API unsigned sct_record_restarts(const struct sct_record *record);
SCT_API const struct sct_value *sct_record_result(const struct sct_record *record);
SCT_API const char *sct_record_error(const struct sct_record *record); /* "ENOENT"; NULL: no failure is known */

/* ---- values ----------------------------------------------------------------------------------------------- */

enum sct_kind {
	SCT_KIND_NONE,    /* only the raw word, if that */
	SCT_KIND_INT,     /* sct_value_int */
	SCT_KIND_UINT,    /* sct_value_uint */
	SCT_KIND_STRING,  /* sct_value_data: text up to its NUL */
	SCT_KIND_BYTES,   /* sct_value_data */
	SCT_KIND_ARRAY,   /* elements: sct_value_elem */
	SCT_KIND_STRUCT,  /* members, each with a name: sct_value_elem */
	SCT_KIND_POINTER, /* sct_value_elem(v, 0) is what it points at */
};

SCT_API const char *sct_value_name(const struct sct_value *value); /* NULL: an element of an array */
SCT_API const char *sct_value_type(const struct sct_value *value); /* C type, or NULL */
SCT_API enum sct_kind sct_value_kind(const struct sct_value *value);
/* The raw machine word, and its width in bytes (0: this value is not a word). */
SCT_API bool sct_value_raw(const struct sct_value *value, uint64_t *raw);
SCT_API unsigned sct_value_width(const struct sct_value *value);
/* The number that it means. false: it means none, or one that does not fit. */
SCT_API bool sct_value_int(const struct sct_value *value, int64_t *number);
SCT_API bool sct_value_uint(const struct sct_value *value, uint64_t *number);
/* The bytes of a string or buffer, *size of them (size may be NULL). Behind a string that is not partial stands a NUL
 * that *size does not count. NULL: it has none. Strings may hold any bytes, also invalid UTF-8. */
SCT_API const char *sct_value_data(const struct sct_value *value, size_t *size);
/* Elements and members that are known. */
SCT_API size_t sct_value_count(const struct sct_value *value);
SCT_API const struct sct_value *sct_value_elem(const struct sct_value *value, size_t i);
/* Symbolic form, UTF-8, or NULL. */
SCT_API const char *sct_value_text(const struct sct_value *value);
/* True: only a leading part is known, *size (may be NULL) says how long the whole is, in bytes or elements;
 * UINT64_MAX: not even that is known. */
SCT_API bool sct_value_partial(const struct sct_value *value, uint64_t *size);
/* Why there is no meaning: "unmapped", "not recorded", "overwritten", "too deep", "cycle"; or NULL. */
SCT_API const char *sct_value_unknown(const struct sct_value *value);
/* The meaning at return of what the kernel wrote to, where it differs from the one at entry; or NULL. */
SCT_API const struct sct_value *sct_value_out(const struct sct_value *value);

#ifdef __cplusplus
}
#endif

#endif
