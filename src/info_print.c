/* What the parts of sctrace-info print with: facts as lines of text, or as members of a JSON object.
 * In:  a name and a value
 * Out: standard output, standard error, a JSON writer
 */
#include "info.h"

#include <stdio.h>

void sct_info_say(const char *name, const struct sct_err *err)
{
	fprintf(stderr, "sctrace-info: %s: ", name);
	if (err->offset != SCT_NO_OFFSET)
		fprintf(stderr, "byte %llu: ", (unsigned long long)err->offset);
	fprintf(stderr, "%s\n", err->text);
}

/* ---- text ----------------------------------------------------------------------------------------------------- */

void sct_info_line(const char *name, const char *text)
{
	if (text)
		printf("  %-13s %s\n", name, text);
}

void sct_info_number(const char *name, uint64_t n)
{
	printf("  %-13s %llu\n", name, (unsigned long long)n);
}

void sct_info_damage(const struct sct_err *err)
{
	if (err->offset != SCT_NO_OFFSET)
		printf("  %-13s byte %llu: %s\n", "first damage", (unsigned long long)err->offset, err->text);
	else
		sct_info_line("first damage", err->text);
}

/* ---- JSON ----------------------------------------------------------------------------------------------------- */

void sct_info_key(struct sct_json *j, const char *name)
{
	SCT_JSON(j, ",");
	sct_json_name(j, name);
	SCT_JSON(j, ":");
}

void sct_info_put_text(struct sct_json *j, const char *name, const char *text)
{
	sct_info_key(j, name);
	sct_json_name(j, text);
}

void sct_info_put_number(struct sct_json *j, const char *name, uint64_t n)
{
	sct_info_key(j, name);
	sct_json_number(j, n);
}

void sct_info_put_bool(struct sct_json *j, const char *name, bool b)
{
	sct_info_key(j, name);
	if (b)
		SCT_JSON(j, "true");
	else
		SCT_JSON(j, "false");
}

void sct_info_put_err(struct sct_json *j, const char *name, const struct sct_err *err)
{
	sct_info_key(j, name);
	if (!err->status) {
		SCT_JSON(j, "null");
		return;
	}
	SCT_JSON(j, "{\"offset\":");
	if (err->offset == SCT_NO_OFFSET)
		SCT_JSON(j, "null");
	else
		sct_json_number(j, err->offset);
	sct_info_put_text(j, "cause", err->text);
	SCT_JSON(j, "}");
}

void sct_info_put_count(struct sct_json *j, const struct sct_count *count)
{
	char name[64];
	size_t i;

	for (i = 0; count->name[i] && i < sizeof name - 1; i++)
		name[i] = count->name[i] == ' ' || count->name[i] == '-' ? '_' : count->name[i];
	name[i] = '\0';
	sct_json_name(j, name);
	SCT_JSON(j, ":");
	sct_json_number(j, count->count);
}
