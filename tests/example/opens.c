/* Which files were opened, by whom, and which system calls no table knows: libsctrace in one sitting.
 * In:  a recording, snapshots of the memory at its start
 * Out: one line for each open, openat and creat that ended; a count of everything else
 *
 * usage: opens RECORDING [SNAPSHOT]...
 * build: cc opens.c $(pkg-config --cflags --libs libsctrace)
 */
#include <inttypes.h>
#include <stdio.h>

#include <sctrace.h>

struct counts {
	uint64_t entered, ended, unknown;
};

static int count(void *ctx, const struct sct_record *call)
{
	uint64_t *n = ctx;

	(void)call;
	++*n;
	return 0;
}

static void print_name(const struct sct_value *filename)
{
	size_t size;
	const char *name = filename ? sct_value_data(filename, &size) : NULL;

	if (name)
		printf("\"%.*s\"", (int)size, name);
	else
		printf("(%s)", filename && sct_value_unknown(filename) ? sct_value_unknown(filename) : "no name");
}

static int opened(void *ctx, const struct sct_record *call)
{
	const struct sct_value *result = sct_record_result(call);
	uint64_t id = sct_record_id(call), pid;
	int64_t fd;

	(void)ctx;
	printf("%" PRIu64 " ", id);
	if (sct_record_pid(call, &pid))
		printf("pid %" PRIu64 " ", pid);
	printf("%s ", sct_record_name(call));
	print_name(sct_record_arg_named(call, "filename") ? sct_record_arg_named(call, "filename")
	                                                  : sct_record_arg_named(call, "pathname"));
	if (sct_record_error(call))
		printf(" = %s\n", sct_record_error(call));
	else if (sct_value_int(result, &fd))
		printf(" = %" PRId64 "\n", fd);
	else
		printf(" = ? (%s)\n", sct_record_end(call));
	return 0;
}

static int unknown(void *ctx, const struct sct_record *call)
{
	uint64_t nr;

	if (sct_record_nr(call, &nr))
		printf("%" PRIu64 " number %" PRIu64 " is in no table of %s\n", sct_record_id(call), nr, sct_record_abi(call));
	return count(ctx, call);
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "open", "openat", "creat" };
	struct counts n = { 0 };
	char message[SCT_MESSAGE_SIZE];
	struct sct_recording *recording;
	int status = SCT_COMPLETE;

	if (argc < 2) {
		fprintf(stderr, "usage: opens RECORDING [SNAPSHOT]...\n");
		return 1;
	}
	recording = sct_recording_open(argv[1], message);
	if (!recording) {
		fprintf(stderr, "opens: %s\n", message);
		return 1;
	}
	for (int i = 2; i < argc && !status; i++)
		status = sct_recording_add_snapshot(recording, argv[i]);
	for (size_t i = 0; i < sizeof names / sizeof *names && !status; i++)
		status = sct_recording_on(recording, SCT_RETURN, names[i], opened, NULL);
	status = status ? status : sct_recording_on_all(recording, SCT_ENTRY, count, &n.entered);
	status = status ? status : sct_recording_on_all(recording, SCT_RETURN, count, &n.ended);
	status = status ? status : sct_recording_on_unknown(recording, SCT_ENTRY, unknown, &n.unknown);
	status = status ? status : sct_recording_run(recording);
	printf("%" PRIu64 " calls entered, %" PRIu64 " ended, %" PRIu64 " in no table\n", n.entered, n.ended, n.unknown);
	if (status)
		fprintf(stderr, "opens: %s\n", sct_recording_message(recording));
	sct_recording_close(recording);
	return status == SCT_COMPLETE ? 0 : status == SCT_DAMAGED ? 2 : 1;
}
