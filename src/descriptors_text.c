/* Names of what descriptors are.
 * In:  paths, families and types, socket addresses
 * Out: texts
 */
#include "descriptors_text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- paths -------------------------------------------------------------------------------------------------- */

/* Appends the components of a path to the absolute one in to, *at bytes long; false: too long. */
static bool append(char *to, size_t *at, const char *path, size_t len)
{
	for (size_t i = 0, end; i < len; i = end) {
		size_t n;

		for (end = i; end < len && path[end] != '/'; end++)
			;
		n = end - i;
		end += end < len;
		if (!n || (n == 1 && path[i] == '.'))
			continue;
		if (*at + 1 + n >= SCT_FD_PATH_MAX)
			return false;
		to[(*at)++] = '/';
		memcpy(to + *at, path + i, n);
		*at += n;
	}
	return true;
}

char *sct_fd_path_join(const char *base, const uint8_t *path, size_t len)
{
	char text[SCT_FD_PATH_MAX];
	size_t at = 0;

	if (!len || memchr(path, 0, len) || (path[0] != '/' && !base))
		return NULL;
	if (path[0] != '/' && !append(text, &at, base, strlen(base)))
		return NULL;
	if (!append(text, &at, (const char *)path, len))
		return NULL;
	if (!at)
		text[at++] = '/';
	return strndup(text, at);
}

/* ---- sockets ------------------------------------------------------------------------------------------------ */

/* include/linux/socket.h, include/linux/net.h, include/uapi/linux/in.h */
enum { UNIX = 1, INET = 2, INET6 = 10, NETLINK = 16, PACKET = 17 };
enum { STREAM = 1, DGRAM = 2, RAW = 3, TYPE_MASK = 0xf };
enum { ANY = 0xffff };

/* Names of the kernel's protocols (struct proto), by which strace names sockets; the first row that fits. */
static const struct { uint16_t family, type, protocol; const char *name; } protocols[] = {
	{ UNIX, STREAM, ANY, "UNIX-STREAM" }, { UNIX, ANY, ANY, "UNIX" }, /* net/unix/af_unix.c; to 5.14 "UNIX" only */
	{ INET, STREAM, 0, "TCP" }, { INET, STREAM, 6, "TCP" }, { INET, STREAM, 132, "SCTP" },
	{ INET, STREAM, 262, "MPTCP" },
	{ INET, DGRAM, 0, "UDP" }, { INET, DGRAM, 17, "UDP" }, { INET, DGRAM, 136, "UDPLITE" }, { INET, DGRAM, 1, "PING" },
	{ INET, RAW, ANY, "RAW" },
	{ INET6, STREAM, 0, "TCPv6" }, { INET6, STREAM, 6, "TCPv6" }, { INET6, STREAM, 132, "SCTPv6" },
	{ INET6, DGRAM, 0, "UDPv6" }, { INET6, DGRAM, 17, "UDPv6" }, { INET6, DGRAM, 136, "UDPLITEv6" },
	{ INET6, DGRAM, 58, "PINGv6" }, { INET6, RAW, ANY, "RAWv6" },
	{ NETLINK, ANY, ANY, "NETLINK" }, { PACKET, ANY, ANY, "PACKET" },
};

const char *sct_fd_protocol(unsigned family, unsigned type, unsigned protocol, bool mips)
{
	type &= TYPE_MASK;
	if (mips && (type == STREAM || type == DGRAM))
		type = type == STREAM ? DGRAM : STREAM;
	for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
		if (protocols[i].family == family && (protocols[i].type == ANY || protocols[i].type == type) &&
		    (protocols[i].protocol == ANY || protocols[i].protocol == protocol))
			return protocols[i].name;
	return NULL;
}

/* struct sockaddr_un: family 2, path to its NUL or the address's end; abstract names begin with a NUL. */
static char *unix_address(const uint8_t *path, size_t len)
{
	bool abstract = len && !path[0];
	size_t n = abstract ? len : strnlen((const char *)path, len);
	char text[SCT_FD_PATH_MAX];

	if (!n || n > 108 || (abstract && memchr(path + 1, 0, n - 1)))
		return NULL;
	n = (size_t)snprintf(text, sizeof text, "%s\"%.*s\"", abstract ? "@" : "", (int)(n - abstract),
	                     (const char *)path + abstract);
	return strndup(text, n);
}

char *sct_fd_address(const uint8_t *addr, size_t len)
{
	char host[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 16];
	unsigned family = len >= 2 ? (unsigned)(addr[0] | addr[1] << 8) : 0, port;

	if (family == UNIX)
		return unix_address(addr + 2, len - 2);
	/* struct sockaddr_in: port 2, address 4; struct sockaddr_in6: port 2, flow 4, address 8 */
	if ((family != INET || len < 8) && (family != INET6 || len < 24))
		return NULL;
	port = (unsigned)addr[2] << 8 | addr[3];
	if (!port || !inet_ntop((int)(family == INET ? AF_INET : AF_INET6), addr + (family == INET ? 4 : 8), host,
	                        sizeof host))
		return NULL;
	snprintf(text, sizeof text, family == INET ? "%s:%u" : "[%s]:%u", host, port);
	return strdup(text);
}

bool sct_fd_address_any(const char *text)
{
	return !strncmp(text, "0.0.0.0:", 8) || !strncmp(text, "[::]:", 5);
}

char *sct_fd_text(const struct sct_fd_file *f, struct sct_arena *arena)
{
	char text[2 * SCT_FD_PATH_MAX];

	if (f->kind != SCT_FD_SOCKET || (!f->local && !f->peer))
		return sct_arena_copy(arena, f->name, strlen(f->name));
	snprintf(text, sizeof text, "%s:[%s%s%s]", f->name, f->local ? f->local : "", f->peer ? "->" : "",
	         f->peer ? f->peer : "");
	return sct_arena_copy(arena, text, strlen(text));
}
