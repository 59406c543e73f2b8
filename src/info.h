/* The parts of sctrace-info: each describes one kind of file, as text on standard output or as a JSON object. */
#ifndef SCT_INFO_H
#define SCT_INFO_H

#include "../formats/formats.h"
#include "../formats/json.h"

enum { SCT_INFO_DAMAGED = 2 }; /* exit status of sctrace-info(1) */

struct sct_info {
	struct sct_json *json; /* NULL: as text */
	bool verbose;          /* all ranges and registers, not the first ones */
	const struct sct_arch *arch; /* of traces that do not say it themselves, or NULL */
};

/* One file that is described. */
struct sct_info_file {
	const char *path;  /* what is opened: of a snapshot FILE or FILE@ADDR */
	const char *name;  /* what the user calls it */
	uint64_t ram_size; /* of the machine, if another part of the recording tells; else 0 */
};

/* Each describes the file and returns its exit status: EXIT_SUCCESS, EXIT_FAILURE when nothing could be told of it,
 * SCT_INFO_DAMAGED. What is wrong goes to standard error. */
int sct_info_trace(const struct sct_info *info, const struct sct_info_file *file);
int sct_info_snapshot(const struct sct_info *info, const struct sct_info_file *file);
int sct_info_nondet(const struct sct_info *info, const struct sct_info_file *file);

/* Memory that sctrace-info --read asks for. */
struct sct_info_read {
	uint64_t addr, size;
	bool zero_fill; /* what the snapshots do not have is zero; else it ends with SCT_INFO_DAMAGED before it */
};

/* addr and size from ADDR+LEN. SCT_E_USAGE: it is not that, or goes beyond the end of addresses. */
int sct_info_read_parse(struct sct_info_read *read, const char *text, struct sct_err *err);
/* Writes that memory to standard output: of the snapshots, a later one lies on top of those before it. Returns an exit
 * status. */
int sct_info_read(const struct sct_info_read *read, char **snapshots);

/* ---- for its parts -------------------------------------------------------------------------------------------- */

void sct_info_say(const char *name, const struct sct_err *err);
/* One fact as a line of text; nothing when text is NULL. */
void sct_info_line(const char *name, const char *text);
void sct_info_number(const char *name, uint64_t n);
/* The address of damage and its cause. */
void sct_info_damage(const struct sct_err *err);

/* The same as a member of an object that has one before it. */
void sct_info_key(struct sct_json *j, const char *name);
void sct_info_put_text(struct sct_json *j, const char *name, const char *text);
void sct_info_put_number(struct sct_json *j, const char *name, uint64_t n);
void sct_info_put_bool(struct sct_json *j, const char *name, bool b);
/* {"offset":..,"cause":..}, null when there is none. */
void sct_info_put_err(struct sct_json *j, const char *name, const struct sct_err *err);
/* A format's count as a member of its own, without the comma: its name's words are joined by underscores. */
void sct_info_put_count(struct sct_json *j, const struct sct_count *count);

#endif
