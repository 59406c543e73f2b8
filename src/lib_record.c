/* libsctrace's view of records and values: accessors, so that the structs behind them stay free to change.
 * In:  a record or a value of the pipeline
 * Out: one field of it, or that it is unknown
 */
#include "sctrace.h"

#include <assert.h>
#include <string.h>

#include "event.h"
#include "record.h"

static_assert((int)SCT_KIND_NONE == (int)SCT_M_NONE && (int)SCT_KIND_INT == (int)SCT_M_INT &&
              (int)SCT_KIND_UINT == (int)SCT_M_UINT && (int)SCT_KIND_STRING == (int)SCT_M_STR &&
              (int)SCT_KIND_BYTES == (int)SCT_M_BYTES && (int)SCT_KIND_ARRAY == (int)SCT_M_ARRAY &&
              (int)SCT_KIND_STRUCT == (int)SCT_M_STRUCT && (int)SCT_KIND_POINTER == (int)SCT_M_PTR,
              "public kinds are the record's meanings");

static bool give(bool known, uint64_t have, uint64_t *value)
{
	if (known)
		*value = have;
	return known;
}

static bool give_word(const struct sct_word *word, uint64_t *value)
{
	return give(word->known, word->value, value);
}

/* ---- records ---------------------------------------------------------------------------------------------- */

uint64_t sct_record_id(const struct sct_record *r)
{
	return r->id;
}

unsigned sct_record_cpu(const struct sct_record *r)
{
	return r->cpu;
}

bool sct_record_asid(const struct sct_record *r, uint64_t *value)
{
	return give_word(&r->asid, value);
}

bool sct_record_pid(const struct sct_record *r, uint64_t *value)
{
	return give_word(&r->pid, value);
}

bool sct_record_tid(const struct sct_record *r, uint64_t *value)
{
	return give_word(&r->tid, value);
}

bool sct_record_ppid(const struct sct_record *r, uint64_t *value)
{
	return give_word(&r->ppid, value);
}

const char *sct_record_comm(const struct sct_record *r)
{
	return r->comm;
}

bool sct_record_start_time_ns(const struct sct_record *r, uint64_t *value)
{
	return give_word(&r->start_time_ns, value);
}

bool sct_record_uid(const struct sct_record *r, uint64_t *value)
{
	return give_word(&r->uid, value);
}

const char *sct_record_exe(const struct sct_record *r)
{
	return r->exe;
}

static const struct sct_moment *moment(const struct sct_record *r, enum sct_side side)
{
	return side == SCT_ENTRY ? &r->enter : &r->ret;
}

bool sct_record_seq(const struct sct_record *r, enum sct_side side, uint64_t *value)
{
	return give(moment(r, side)->known, moment(r, side)->seq, value);
}

bool sct_record_pc(const struct sct_record *r, enum sct_side side, uint64_t *value)
{
	return give(moment(r, side)->known, moment(r, side)->pc, value);
}

bool sct_record_time_ns(const struct sct_record *r, enum sct_side side, uint64_t *value)
{
	const struct sct_moment *m = moment(r, side);

	return give(m->known && m->time_ns != SCT_TIME_UNKNOWN, m->time_ns, value);
}

const char *sct_record_insn(const struct sct_record *r)
{
	return r->insn;
}

const char *sct_record_abi(const struct sct_record *r)
{
	return r->abi;
}

bool sct_record_nr(const struct sct_record *r, uint64_t *value)
{
	return give_word(&r->nr, value);
}

const char *sct_record_name(const struct sct_record *r)
{
	return r->name;
}

const char *sct_record_entry(const struct sct_record *r)
{
	return r->entry;
}

size_t sct_record_arg_count(const struct sct_record *r)
{
	return r->nargs;
}

const struct sct_value *sct_record_arg(const struct sct_record *r, size_t i)
{
	return i < r->nargs ? &r->args[i] : NULL;
}

const struct sct_value *sct_record_arg_named(const struct sct_record *r, const char *name)
{
	for (size_t i = 0; i < r->nargs; i++)
		if (r->args[i].name && !strcmp(r->args[i].name, name))
			return &r->args[i];
	return NULL;
}

/* A record has a result, known or not, from its end on; at entry it is still blank, without a width. */
static bool ended(const struct sct_record *r)
{
	return r->result.width != 0;
}

const char *sct_record_end(const struct sct_record *r)
{
	return ended(r) ? sct_end_names[r->end] : NULL;
}

unsigned sct_record_restarts(const struct sct_record *r)
{
	return r->restarts;
}

const struct sct_value *sct_record_result(const struct sct_record *r)
{
	return ended(r) ? &r->result : NULL;
}

const char *sct_record_error(const struct sct_record *r)
{
	return r->error;
}

/* ---- values ----------------------------------------------------------------------------------------------- */

const char *sct_value_name(const struct sct_value *v)
{
	return v->name;
}

const char *sct_value_type(const struct sct_value *v)
{
	return v->type;
}

enum sct_kind sct_value_kind(const struct sct_value *v)
{
	return (enum sct_kind)v->meaning;
}

bool sct_value_raw(const struct sct_value *v, uint64_t *raw)
{
	return give(v->width && v->known, v->raw, raw);
}

unsigned sct_value_width(const struct sct_value *v)
{
	return v->width;
}

bool sct_value_int(const struct sct_value *v, int64_t *number)
{
	if (v->meaning != SCT_M_INT && (v->meaning != SCT_M_UINT || v->num > INT64_MAX))
		return false;
	*number = (int64_t)v->num;
	return true;
}

bool sct_value_uint(const struct sct_value *v, uint64_t *number)
{
	return give(v->meaning == SCT_M_UINT || (v->meaning == SCT_M_INT && v->num <= INT64_MAX), v->num, number);
}

const char *sct_value_data(const struct sct_value *v, size_t *size)
{
	if (v->meaning != SCT_M_STR && v->meaning != SCT_M_BYTES)
		return NULL;
	if (size)
		*size = v->len;
	return v->len ? (const char *)v->data : "";
}

size_t sct_value_count(const struct sct_value *v)
{
	return v->nelems;
}

const struct sct_value *sct_value_elem(const struct sct_value *v, size_t i)
{
	return i < v->nelems ? &v->elems[i] : NULL;
}

const char *sct_value_text(const struct sct_value *v)
{
	return v->text;
}

bool sct_value_partial(const struct sct_value *v, uint64_t *size)
{
	if (v->partial && size)
		*size = v->size;
	return v->partial;
}

const char *sct_value_unknown(const struct sct_value *v)
{
	return v->unknown;
}

const struct sct_value *sct_value_out(const struct sct_value *v)
{
	return v->out;
}
