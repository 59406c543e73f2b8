/* Records as PANDALOG entries, in the encoding of PANDA's syscalls_logger
 * (panda-re/panda, panda/plugins/syscalls_logger/syscalls_logger.cpp, log_argument and handle_syscall).
 *
 * In:  records
 * Out: protobuf messages
 *
 * As PANDA has it: numbers by width and sign, text as str, buffers as bytes_val, structs as struct_type and
 * struct_data, everything else behind a pointer as ptr; what the kernel wrote is shown as it was at return. On top of
 * it, arrays and numbers behind pointers have struct_data beside their ptr, and members have their whole values, of
 * which PANDA keeps the lowest byte. PANDA's placeholders ("n/a", "[unknown filename]") have no equal here: what is
 * unknown is not set.
 */
#include "plog_entry.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/event.h"
#include "../src/proto.h"
#include "json.h"

static Panda__NamedData *new_data(struct sct_plog *p, const char *name)
{
	Panda__NamedData *d = sct_arena_alloc(&p->arena, sizeof *d);

	*d = (Panda__NamedData)PANDA__NAMED_DATA__INIT;
	d->arg_name = (char *)(name ? name : "");
	return d;
}

static void set_signed(Panda__NamedData *d, unsigned width, uint64_t value)
{
	if (width > 4) {
		d->has_i64 = 1;
		d->i64 = (int64_t)value;
	} else if (width > 2) {
		d->has_i32 = 1;
		d->i32 = (int32_t)value;
	} else {
		d->has_i16 = 1;
		d->i16 = (int32_t)value;
	}
}

static void set_unsigned(Panda__NamedData *d, unsigned width, uint64_t value)
{
	if (width > 4) {
		d->has_u64 = 1;
		d->u64 = value;
	} else if (width > 2) {
		d->has_u32 = 1;
		d->u32 = (uint32_t)value;
	} else {
		d->has_u16 = 1;
		d->u16 = (uint32_t)value;
	}
}

static bool is_descriptor(const struct sct_value *v)
{
	return v->cls == SCT_C_FD || v->cls == SCT_C_DIRFD;
}

/* A number goes where its C type says: a descriptor is signed for us, but most calls declare it unsigned int. */
static void set_number(Panda__NamedData *d, const struct sct_value *v)
{
	bool is_unsigned = v->meaning != SCT_M_INT ||
	                   (is_descriptor(v) && v->type && !strncmp(v->type, "unsigned", 8));

	if (is_unsigned)
		set_unsigned(d, v->width, v->meaning == SCT_M_INT ? v->raw : v->num);
	else
		set_signed(d, v->width, v->num);
}

static void set_ptr(Panda__NamedData *d, const struct sct_value *v)
{
	d->has_ptr = 1;
	d->ptr = v->raw;
}

static void set_bytes(Panda__NamedData *d, const void *data, size_t len)
{
	d->has_bytes_val = 1;
	d->bytes_val.data = (uint8_t *)data;
	d->bytes_val.len = len;
}

/* A protobuf string is UTF-8, and ends with its NUL in this library: other text goes as bytes. */
static void set_text(struct sct_plog *p, Panda__NamedData *d, const void *text, size_t len)
{
	if (!len)
		d->str = (char *)"";
	else if (sct_utf8_valid(text, len) && !memchr(text, 0, len))
		d->str = sct_arena_copy(&p->arena, text, len);
	else
		set_bytes(d, text, len);
}

/* "pollfd" of "const struct pollfd *", as PANDA names struct types. */
static char *struct_tag(struct sct_plog *p, const char *type)
{
	static const char *const words[] = { "const ", "struct ", "union " };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!strncmp(type, words[i], strlen(words[i])))
			type += strlen(words[i]);
	return sct_arena_copy(&p->arena, type, strcspn(type, " *"));
}

/* PANDA knows ArrayOfPrimitive; the other two are named after it. */
static const char *array_name(const struct sct_value *v)
{
	if (v->nelems && v->elems[0].meaning == SCT_M_STRUCT)
		return "ArrayOfStruct";
	return v->nelems && v->elems[0].pointer ? "ArrayOfString" : "ArrayOfPrimitive";
}

static Panda__NamedData *value_data(struct sct_plog *p, const struct sct_value *v);

static void set_members(struct sct_plog *p, Panda__NamedData *d, const char *type, const struct sct_value *elems,
                        size_t n)
{
	Panda__StructData *s = sct_arena_alloc(&p->arena, sizeof *s);

	*s = (Panda__StructData)PANDA__STRUCT_DATA__INIT;
	s->n_members = n;
	s->members = sct_arena_alloc(&p->arena, n * sizeof *s->members + 1);
	for (size_t i = 0; i < n; i++)
		s->members[i] = value_data(p, &elems[i]);
	d->struct_type = (char *)type;
	d->struct_data = s;
}

/* A raw word that has no meaning here. */
static void set_raw(Panda__NamedData *d, const struct sct_value *v)
{
	if (!v->known || !v->width)
		return;
	if (v->pointer || v->cls >= SCT_C_PTR)
		set_ptr(d, v);
	else
		set_unsigned(d, v->width, v->raw);
}

/* What has parts: a struct, or what a pointer in a struct points at, as PANDA has it, by its type and members alone;
 * what PANDA does not have, beside its address. */
static void set_parts(struct sct_plog *p, Panda__NamedData *d, const struct sct_value *v, const struct sct_value *now)
{
	bool is_ptr = now->meaning == SCT_M_PTR;

	if (is_ptr && now->elems->meaning == SCT_M_STRUCT)
		now = now->elems;
	if (now->meaning == SCT_M_STRUCT) {
		set_members(p, d, struct_tag(p, now->type ? now->type : ""), now->elems, now->nelems);
		return;
	}
	set_raw(d, v);
	set_members(p, d, is_ptr ? "ArrayOfPrimitive" : array_name(now), now->elems, now->nelems);
}

static Panda__NamedData *value_data(struct sct_plog *p, const struct sct_value *v)
{
	Panda__NamedData *d = new_data(p, v->name);
	const struct sct_value *now = v->out ? v->out : v;

	switch (now->meaning) {
	case SCT_M_INT:
	case SCT_M_UINT:
		set_number(d, now);
		break;
	case SCT_M_STR:
		set_text(p, d, now->data, now->len);
		break;
	case SCT_M_BYTES:
		set_bytes(d, now->data, now->len);
		break;
	case SCT_M_NONE:
		set_raw(d, v);
		break;
	default:
		set_parts(p, d, v, now);
	}
	return d;
}

/* The argument of that name, or NULL. */
static const struct sct_value *find_arg(const struct sct_record *r, const char *name)
{
	for (size_t i = 0; i < r->nargs; i++)
		if (r->args[i].name && !strcmp(r->args[i].name, name))
			return &r->args[i];
	return NULL;
}

/* The port of an IPv4 or IPv6 address, whose text is the port as people know it. */
static bool port_of(const struct sct_value *v, uint64_t *port)
{
	for (size_t i = 0; v->meaning == SCT_M_STRUCT && i < v->nelems; i++) {
		const struct sct_value *m = &v->elems[i];

		if (m->text && (!strcmp(m->name, "sin_port") || !strcmp(m->name, "sin6_port"))) {
			*port = strtoul(m->text, NULL, 10);
			return true;
		}
	}
	return false;
}

/* PANDA's extra argument of bind. */
static Panda__NamedData *bound_port(struct sct_plog *p, const struct sct_record *r)
{
	const struct sct_value *v = r->nargs > 1 ? &r->args[1] : NULL;
	Panda__NamedData *d;
	uint64_t port;

	if (!r->entry || strcmp(r->entry, "sys_bind") || !v || !port_of(v, &port))
		return NULL;
	d = new_data(p, "port");
	set_unsigned(d, 2, port);
	return d;
}

/* PANDA's extra argument of calls with an argument "fd": the path of the file, where the record knows it. */
static Panda__NamedData *file_name(struct sct_plog *p, const struct sct_record *r)
{
	const struct sct_value *v = find_arg(r, "fd");
	Panda__NamedData *d;

	if (!v || !is_descriptor(v) || (int64_t)v->num < 0 || !v->text)
		return NULL;
	d = new_data(p, "filename(from fd)");
	set_bytes(d, v->text, strlen(v->text));
	return d;
}

/* PANDA's extra argument of execve: argv as one line; only where every word of it is known. */
static Panda__NamedData *command_line(struct sct_plog *p, const struct sct_record *r)
{
	const struct sct_value *v = r->nargs > 1 ? &r->args[1] : NULL;
	size_t len = 0;
	char *line;
	Panda__NamedData *d;

	if (!r->entry || strcmp(r->entry, "sys_execve") || !v || v->meaning != SCT_M_ARRAY || v->partial)
		return NULL;
	for (size_t i = 0; i < v->nelems; i++) {
		if (v->elems[i].meaning != SCT_M_STR || v->elems[i].partial)
			return NULL;
		len += v->elems[i].len + 1;
	}
	line = sct_arena_alloc(&p->arena, len + 1);
	len = 0;
	for (size_t i = 0; i < v->nelems; i++) {
		if (i)
			line[len++] = ' ';
		if (v->elems[i].len)
			memcpy(line + len, v->elems[i].data, v->elems[i].len);
		len += v->elems[i].len;
	}
	d = new_data(p, "args");
	set_text(p, d, line, len);
	return d;
}

static void set_args(struct sct_plog *p, Panda__Syscall *call, const struct sct_record *r)
{
	Panda__NamedData *more[3] = { bound_port(p, r), file_name(p, r), command_line(p, r) };

	call->args = sct_arena_alloc(&p->arena, (r->nargs + 3) * sizeof *call->args);
	for (size_t i = 0; i < r->nargs; i++)
		call->args[i] = value_data(p, &r->args[i]);
	call->n_args = r->nargs;
	for (int i = 0; i < 3; i++)
		if (more[i])
			call->args[call->n_args++] = more[i];
}

/* A required number: 0, and counted, where it is unknown. */
static uint64_t required(struct sct_plog *p, struct sct_word w)
{
	p->invented += !w.known;
	return w.known ? w.value : 0;
}

/* The result word with its sign, as PANDA reads it from the register; 0 for calls that have none, as PANDA writes
 * at their entry. */
static int64_t retcode(struct sct_plog *p, const struct sct_record *r)
{
	unsigned shift = r->word < 8 ? 64 - 8 * r->word : 0;

	if (!r->result.known && (r->end == SCT_END_NORETURN || r->end == SCT_END_EXEC))
		return 0;
	return (int64_t)(required(p, (struct sct_word){ r->result.known, r->result.raw }) << shift) >> shift;
}

/* The kernel's entry point. A call that is not in the table still has a name to search for, one that no kernel
 * function has: "sys_unknown_500". */
static char *call_name(struct sct_plog *p, const struct sct_record *r)
{
	char text[40];
	int n;

	if (r->entry)
		return (char *)r->entry;
	if (!r->nr.known)
		return (char *)"sys_unknown";
	n = snprintf(text, sizeof text, "sys_unknown_%" PRIu64, r->nr.value);
	return sct_arena_copy(&p->arena, text, (size_t)n);
}

const Panda__LogEntry *sct_plog_entry(struct sct_plog *p, const struct sct_record *r)
{
	Panda__LogEntry *entry;
	Panda__Syscall *call;

	sct_arena_reset(&p->arena);
	entry = sct_arena_alloc(&p->arena, sizeof *entry);
	call = sct_arena_alloc(&p->arena, sizeof *call);
	*entry = (Panda__LogEntry)PANDA__LOG_ENTRY__INIT;
	*call = (Panda__Syscall)PANDA__SYSCALL__INIT;
	entry->pc = required(p, (struct sct_word){ r->enter.known, r->enter.pc });
	entry->instr = required(p, (struct sct_word){ r->enter.known, r->enter.seq });
	entry->has_asid = r->asid.known;
	entry->asid = r->asid.value;
	entry->syscall = call;
	call->pid = (uint32_t)required(p, r->pid);
	call->ppid = (uint32_t)required(p, r->ppid);
	call->tid = (uint32_t)required(p, r->tid);
	call->create_time = required(p, r->start_time_ns);
	call->retcode = retcode(p, r);
	call->call_name = call_name(p, r);
	set_args(p, call, r);
	return entry;
}

void sct_plog_fini(struct sct_plog *p)
{
	sct_arena_fini(&p->arena);
}
