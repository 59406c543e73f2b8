/* Structs of which more is known than what C says: which member of a union counts, how long an array is, what numbers
 * in network order mean.
 *
 * In:  members that have been read
 * Out: choices among the members behind them; texts
 *
 * Sources: kernel/signal.c (siginfo_layout), include/uapi/asm-generic/siginfo.h, fs/fhandle.c,
 * include/uapi/linux/{socket,in,in6,un}.h, man sigevent(3).
 */
#include "value_walk.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

const struct sct_value *sct_walk_member(const struct sct_value *members, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (members[i].name && !strcmp(members[i].name, name))
			return members[i].known ? &members[i] : NULL;
	return NULL;
}

static bool is_named(const struct sct_field *f, const char *name)
{
	return f->name && !strcmp(f->name, name);
}

/* ---- signals -------------------------------------------------------------------------------------------------- */

enum { SI_USER = 0, SI_KERNEL = 0x80, SI_TIMER = -2, SI_SIGIO = -5, CODES_OF_POLL = 6 };

/* The codes that a signal has of its own, 1 to limit, and what comes with them. */
struct own_codes {
	uint8_t signal, limit;
	const char *member;
};

static const struct own_codes generic_codes[] = {
	{ 4, 11, "_sigfault" }, { 5, 6, "_sigfault" }, { 7, 5, "_sigfault" }, { 8, 15, "_sigfault" },
	{ 11, 9, "_sigfault" }, { 17, 6, "_sigchld" }, { 29, 6, "_sigpoll" }, { 31, 2, "_sigsys" }, { 0 },
};

/* arch/mips/include/uapi/asm/signal.h */
static const struct own_codes mips_codes[] = {
	{ 4, 11, "_sigfault" }, { 5, 6, "_sigfault" }, { 7, 1, "_sigfault" }, { 8, 15, "_sigfault" },
	{ 10, 5, "_sigfault" }, { 11, 9, "_sigfault" }, { 18, 6, "_sigchld" }, { 22, 6, "_sigpoll" },
	{ 12, 2, "_sigsys" }, { 0 },
};

/* The member of _sifields that counts. */
static const char *siginfo_member(const struct sct_walk *w, int64_t signal, int64_t code)
{
	const struct own_codes *c = w->call->abi->errors == &sct_labels_errno_mips ? mips_codes : generic_codes;

	if (code > SI_USER && code < SI_KERNEL) {
		while (c->signal && c->signal != signal)
			c++;
		if (c->signal && code <= c->limit)
			return c->member;
		return code <= CODES_OF_POLL ? "_sigpoll" : "_kill";
	}
	return code == SI_TIMER ? "_timer" : code == SI_SIGIO ? "_sigpoll" : code < 0 ? "_rt" : "_kill";
}

static bool choose_siginfo(const struct sct_walk *w, const struct sct_field *f, const struct sct_value *before,
                           size_t n, struct sct_choice *choice)
{
	const struct sct_value *signal = sct_walk_member(before, n, "si_signo");
	const struct sct_value *code = sct_walk_member(before, n, "si_code");

	if (is_named(f, "_si_pad"))
		return false;
	if (is_named(f, "_sifields") && signal && code)
		choice->only = siginfo_member(w, (int64_t)signal->num, (int64_t)code->num);
	return true;
}

static bool choose_sigevent(const struct sct_field *f, const struct sct_value *before, size_t n,
                            struct sct_choice *choice)
{
	enum { SIGEV_THREAD = 2, SIGEV_THREAD_ID = 4 };
	const struct sct_value *notify = sct_walk_member(before, n, "sigev_notify");

	if (!is_named(f, "_sigev_un") || !notify)
		return true;
	choice->only = notify->num == SIGEV_THREAD ? "_sigev_thread" : notify->num == SIGEV_THREAD_ID ? "_tid" : NULL;
	return choice->only;
}

/* ---- arrays --------------------------------------------------------------------------------------------------- */

/* Of the handle that name_to_handle_at is given, and of the one that it leaves when there was no room for all bytes,
 * only the numbers count. */
static bool choose_handle(const struct sct_walk *w, const struct sct_field *f, const struct sct_value *before, size_t n,
                          struct sct_choice *choice)
{
	enum { MAX_HANDLE_SZ = 128 }; /* include/linux/exportfs.h: the kernel refuses more */
	const struct sct_value *bytes = sct_walk_member(before, n, "handle_bytes");
	unsigned error;

	if (!is_named(f, "f_handle"))
		return true;
	if ((w->dir & SCT_OUT) && (!w->leaving || sct_call_failed(w->call, w->result, &error)))
		return false;
	choice->counted = bytes != NULL;
	choice->count = bytes && bytes->num <= MAX_HANDLE_SZ ? bytes->num : 0;
	return true;
}

/* What msgrcv wrote is behind a pointer that it read: the type, and as many bytes as it says (ipc/syscall.c). */
static void bound_message(const struct sct_walk *w, const struct sct_field *f, struct sct_choice *choice)
{
	unsigned error;

	if (!is_named(f, "msgp"))
		return;
	choice->bounded = true;
	if (!w->leaving || !w->result_known || sct_call_failed(w->call, w->result, &error))
		return;
	choice->was = sct_walk_member(w->was->elems, w->was->nelems, f->name);
	choice->behind = choice->was ? w->call->abi->word + w->result : 0;
}

/* Of an address as such (not of one inside another struct) all bytes count, as many as there are. From Linux 6.2 on,
 * sa_data is a flexible array beside another name for its first 14 bytes. */
static bool choose_sockaddr(const struct sct_cut *c, const struct sct_field *f, struct sct_choice *choice)
{
	uint64_t at = f->bit_offset / 8;

	choice->bytes = true;
	if (c->path->at != c->at || c->end == UINT64_MAX || is_named(f, "sa_family"))
		return true;
	choice->counted = is_named(f, "sa_data") && at < c->end;
	choice->count = c->end - at;
	return choice->counted;
}

bool sct_walk_chosen(const struct sct_cut *c, const struct sct_layout *l, const struct sct_field *f,
                     const struct sct_value *before, size_t n, struct sct_choice *choice)
{
	switch (l->tag) {
	case SCT_TAG_SIGINFO:
		return choose_siginfo(c->walk, f, before, n, choice);
	case SCT_TAG_SIGEVENT:
		return choose_sigevent(f, before, n, choice);
	case SCT_TAG_IPV6:
		choice->only = "u6_addr8";
		return true;
	case SCT_TAG_HANDLE:
		return choose_handle(c->walk, f, before, n, choice);
	case SCT_TAG_MESSAGE:
		choice->bytes = true;
		return true;
	case SCT_TAG_KLUDGE:
		bound_message(c->walk, f, choice);
		return true;
	case SCT_TAG_SOCKADDR:
		return choose_sockaddr(c, f, choice);
	default:
		return true;
	}
}

/* ---- socket addresses ----------------------------------------------------------------------------------------- */

/* include/linux/socket.h; with a struct where the family alone says which one it is (Bluetooth's and PPPoX's have
 * several). */
static const struct sct_family families[] = {
	{ 1, "AF_UNIX", "struct sockaddr_un *" }, { 2, "AF_INET", "struct sockaddr_in *" },
	{ 3, "AF_AX25", "struct sockaddr_ax25 *" }, { 9, "AF_X25", "struct sockaddr_x25 *" },
	{ 10, "AF_INET6", "struct sockaddr_in6 *" }, { 16, "AF_NETLINK", "struct sockaddr_nl *" },
	{ 17, "AF_PACKET", "struct sockaddr_ll *" }, { 29, "AF_CAN", "struct sockaddr_can *" },
	{ 30, "AF_TIPC", "struct sockaddr_tipc *" }, { 35, "AF_PHONET", "struct sockaddr_pn *" },
	{ 38, "AF_ALG", "struct sockaddr_alg *" }, { 40, "AF_VSOCK", "struct sockaddr_vm *" },
	{ 42, "AF_QIPCRTR", "struct sockaddr_qrtr *" }, { 44, "AF_XDP", "struct sockaddr_xdp *" },
	{ 0, "AF_UNSPEC" }, { 4, "AF_IPX" }, { 5, "AF_APPLETALK" }, { 6, "AF_NETROM" }, { 7, "AF_BRIDGE" },
	{ 8, "AF_ATMPVC" }, { 11, "AF_ROSE" }, { 12, "AF_DECnet" }, { 13, "AF_NETBEUI" }, { 14, "AF_SECURITY" },
	{ 15, "AF_KEY" }, { 18, "AF_ASH" }, { 19, "AF_ECONET" }, { 20, "AF_ATMSVC" }, { 21, "AF_RDS" },
	{ 22, "AF_SNA" }, { 23, "AF_IRDA" }, { 24, "AF_PPPOX" }, { 25, "AF_WANPIPE" }, { 26, "AF_LLC" },
	{ 27, "AF_IB" }, { 28, "AF_MPLS" }, { 31, "AF_BLUETOOTH" }, { 32, "AF_IUCV" }, { 33, "AF_RXRPC" },
	{ 34, "AF_ISDN" }, { 36, "AF_IEEE802154" }, { 37, "AF_CAIF" }, { 39, "AF_NFC" }, { 41, "AF_KCM" },
	{ 43, "AF_SMC" }, { 45, "AF_MCTP" },
};

const struct sct_family *sct_walk_family(struct sct_walk *w, bool big_endian, uint64_t at, uint64_t n)
{
	static const struct sct_family other;
	uint8_t b[2];
	unsigned number;

	if (n < sizeof b || w->mem->read(w->mem->ctx, at, b, sizeof b) < sizeof b)
		return NULL;
	number = b[!big_endian] << 8 | b[big_endian];
	for (size_t i = 0; i < sizeof families / sizeof *families; i++)
		if (families[i].number == number)
			return &families[i];
	return &other;
}

/* The number's bytes as they lie in memory. */
static void in_memory(const struct sct_value *v, bool big_endian, uint8_t *b)
{
	for (unsigned i = 0; i < v->width; i++)
		b[i] = (uint8_t)(v->raw >> 8 * (big_endian ? v->width - 1u - i : i));
}

static void set_text(struct sct_walk *w, const struct sct_value *v, const char *text)
{
	/* members are the arena's, writable */
	((struct sct_value *)v)->text = sct_arena_copy(w->arena, text, strlen(text));
}

static void describe_port(struct sct_walk *w, const struct sct_layout *l, const struct sct_value *v, const char *name)
{
	const struct sct_value *port = sct_walk_member(v->elems, v->nelems, name);
	uint8_t b[8];
	char text[8];

	if (!port || port->width != 2)
		return;
	in_memory(port, l->big_endian, b);
	snprintf(text, sizeof text, "%u", b[0] << 8 | b[1]);
	set_text(w, port, text);
}

static void describe_ipv4(struct sct_walk *w, const struct sct_layout *l, const struct sct_value *v)
{
	const struct sct_value *addr = sct_walk_member(v->elems, v->nelems, "s_addr");
	char text[INET_ADDRSTRLEN];
	uint8_t b[8];

	if (!addr || addr->width != 4)
		return;
	in_memory(addr, l->big_endian, b);
	set_text(w, addr, inet_ntop(AF_INET, b, text, sizeof text));
}

/* The address is the bytes of in6_u.u6_addr8. */
static void describe_ipv6(struct sct_walk *w, const struct sct_value *v)
{
	char text[INET6_ADDRSTRLEN];

	while (v->nelems == 1 && v->meaning == SCT_M_STRUCT)
		v = v->elems;
	if (v->meaning == SCT_M_BYTES && v->len == 16)
		set_text(w, v, inet_ntop(AF_INET6, v->data, text, sizeof text));
}

/* A name that begins with NUL is no path: all of its bytes count (unix(7)). Its text is as ss(8) has it, with an @ for
 * each NUL. */
static void describe_unix(const struct sct_cut *c, const struct sct_value *v)
{
	struct sct_value *path = v->nelems > 1 ? (struct sct_value *)&v->elems[1] : NULL;
	uint64_t n = c->end - 2;
	char *text;

	if (!path || path->meaning != SCT_M_STR || path->len || c->end == UINT64_MAX || c->end <= 2 || c->got < c->end)
		return;
	path->meaning = SCT_M_BYTES;
	path->len = (size_t)n;
	text = sct_arena_copy(c->walk->arena, path->data, (size_t)n);
	for (uint64_t i = 0; i < n; i++) {
		if (!text[i])
			text[i] = '@';
		if (text[i] < ' ' || text[i] > '~')
			return; /* bytes that are not text */
	}
	path->text = text;
}

void sct_walk_describe(const struct sct_cut *c, const struct sct_layout *l, struct sct_value *v)
{
	switch (l->tag) {
	case SCT_TAG_INET:
		describe_port(c->walk, l, v, "sin_port");
		break;
	case SCT_TAG_INET6:
		describe_port(c->walk, l, v, "sin6_port");
		break;
	case SCT_TAG_IPV4:
		describe_ipv4(c->walk, l, v);
		break;
	case SCT_TAG_IPV6:
		describe_ipv6(c->walk, v);
		break;
	case SCT_TAG_UNIX:
		describe_unix(c, v);
		break;
	}
}
