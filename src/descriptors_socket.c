/* What calls do to pipes and sockets.
 * In:  calls at their entry and their end
 * Out: descriptors, addresses of sockets
 */
#include "descriptors_calls.h"
#include "descriptors_text.h"

#include <stdlib.h>
#include <string.h>

static const char *protocol_of(const struct sct_fd_act *a)
{
	int family, type, protocol;

	if (!sct_fd_number(a, 0, &family) || !sct_fd_number(a, 1, &type) || !sct_fd_number(a, 2, &protocol))
		return "socket";
	return sct_fd_protocol((unsigned)family, (unsigned)type, (unsigned)protocol, a->open->call.abi->failed);
}

static struct sct_fd_file *new_socket(const struct sct_fd_act *a)
{
	const char *name = protocol_of(a);

	return sct_fd_file_new(SCT_FD_SOCKET, name ? name : "socket");
}

void sct_fd_end_socket(struct sct_fd_act *a)
{
	if (a->good)
		sct_fd_give(a, a->result, new_socket(a), sct_fd_new_exec(a));
}

/* pipe, pipe2, socketpair: both numbers stand in the array that `path` names. */
void sct_fd_end_pair(struct sct_fd_act *a)
{
	const struct sct_value *v = sct_fd_arg(a, a->call->path);

	if (!a->good || !v || v->meaning != SCT_M_ARRAY || v->nelems != 2)
		return;
	for (unsigned i = 0; i < 2; i++)
		if (v->elems[i].known)
			sct_fd_give(a, (int)(uint32_t)v->elems[i].raw,
			     a->call->text ? sct_fd_file_new(SCT_FD_NAMED, a->call->text) : new_socket(a), sct_fd_new_exec(a));
}

/* The address that parameter 1 points at, of as many bytes as len says. */
static size_t read_address(const struct sct_fd_act *a, uint64_t len, uint8_t *addr)
{
	uint64_t at;

	if (!sct_fd_word(a, 1, &at) || !at || !a->mem)
		return 0;
	len = len < SCT_FD_ADDR_MAX ? len : SCT_FD_ADDR_MAX;
	return a->mem->read(a->mem->ctx, at, addr, (size_t)len) == len ? (size_t)len : 0;
}

void sct_fd_note_address(struct sct_fd_act *a)
{
	struct sct_fd_note *note = sct_fd_note(a);
	uint64_t len;

	if (note && sct_fd_word(a, 2, &len))
		note->addr_len = read_address(a, (uint32_t)len, note->addr);
}

static char *noted_address(const struct sct_fd_act *a)
{
	return a->note ? sct_fd_address(a->note->addr, a->note->addr_len) : NULL;
}

/* What the kernel wrote: as much as there was room for, if that was all of it. */
static char *written_address(const struct sct_fd_act *a)
{
	const struct sct_value *v = sct_fd_arg(a, 2), *after = v && v->out ? v->out : v;
	uint8_t addr[SCT_FD_ADDR_MAX];

	if (!v || v->meaning != SCT_M_PTR || after->meaning != SCT_M_PTR || !v->elems[0].known || !after->elems[0].known ||
	    after->elems[0].raw > v->elems[0].raw)
		return NULL;
	return sct_fd_address(addr, read_address(a, after->elems[0].raw, addr));
}

static void replace(char **to, char *with)
{
	free(*to);
	*to = with;
}

void sct_fd_end_bind(struct sct_fd_act *a)
{
	struct sct_fd_file *f = sct_fd_arg_file(a, 0);

	if (f && (a->good || !a->known))
		replace(&f->local, a->known ? noted_address(a) : NULL);
}

/* A socket that is bound to any address has one when it is connected, also where the connection is only begun
 * (EINPROGRESS); one that is disconnected (AF_UNSPEC) may lose its own: getsockname tells. */
void sct_fd_end_connect(struct sct_fd_act *a)
{
	struct sct_fd_file *f = sct_fd_arg_file(a, 0);

	if (!f)
		return;
	if (!a->known || a->good)
		replace(&f->peer, a->known ? noted_address(a) : NULL);
	if (f->local && (!f->peer || sct_fd_address_any(f->local)))
		replace(&f->local, NULL);
}

void sct_fd_end_getsockname(struct sct_fd_act *a)
{
	struct sct_fd_file *f = sct_fd_arg_file(a, 0);

	if (f && a->good)
		replace(&f->local, written_address(a));
}

void sct_fd_end_getpeername(struct sct_fd_act *a)
{
	struct sct_fd_file *f = sct_fd_arg_file(a, 0);

	if (f && a->good)
		replace(&f->peer, written_address(a));
}

void sct_fd_end_accept(struct sct_fd_act *a)
{
	const struct sct_fd_file *from = sct_fd_arg_file(a, 0);
	struct sct_fd_file *f;

	if (!a->good)
		return;
	f = sct_fd_file_new(SCT_FD_SOCKET, from && from->kind == SCT_FD_SOCKET ? from->name : "socket");
	if (f)
		f->peer = written_address(a);
	if (f && from && from->local && !sct_fd_address_any(from->local))
		f->local = strdup(from->local);
	sct_fd_give(a, a->result, f, sct_fd_new_exec(a));
}
