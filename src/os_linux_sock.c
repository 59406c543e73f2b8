/* Names of sockets, as strace -yy has them.
 * In:  the kernel's memory, a layout of its structs
 * Out: "TCP:[1.2.3.4:80->5.6.7.8:4242]", "UNIX-STREAM:[12->13,\"/path\"]", "NETLINK:[ROUTE:7]", "UDP:[12]"
 *
 * strace asks the kernel's socket diagnostics (its socketutils.c); what these leave out is known by its protocol and
 * inode alone. Sources: net/ipv4/{inet_diag,tcp_diag,udp_diag,raw_diag}.c, net/unix/diag.c, net/netlink/diag.c.
 */
#include "os_linux_look.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	FAMILY_UNIX = 1, FAMILY_INET = 2, FAMILY_INET6 = 10, FAMILY_NETLINK = 16, /* include/linux/socket.h */
	TCP_CLOSE = 7,       /* include/net/tcp_states.h */
	PROTO_MAX = 31,      /* struct proto's name */
	UNIX_PATH = 108,     /* UNIX_PATH_MAX of include/uapi/linux/un.h */
	QUOTED_MAX = 4 * UNIX_PATH + 8,
	TEXT_MAX = 128,
};

/* One socket. */
struct subject {
	const struct sct_linux_look *look;
	uint64_t sk;
	uint64_t inode;    /* its number */
	bool six;          /* it is of IPv6 */
};

/* Writes what is between the brackets. False: the diagnostics do not tell of it, or not all is known (*unknown). */
typedef bool describe_fn(const struct subject *s, char *text, size_t size, bool *unknown);

static bool number(const struct subject *s, enum sct_linux_field field, unsigned size, uint64_t *value, bool *unknown)
{
	bool known = sct_linux_number(s->look, s->sk, field, size, value);

	*unknown |= !known;
	return known;
}

/* ---- internet ------------------------------------------------------------------------------------------------- */

/* A port as it lies in memory, in the order of the network. */
static unsigned port(uint64_t value)
{
	return (unsigned)((value & 0xff) << 8 | value >> 8);
}

/* Writes "1.2.3.4:80" or "[::1]:80"; *any: address and port are zero. */
static bool endpoint(const struct subject *s, enum sct_linux_field addr, uint64_t port_word, char *text,
                     bool *any, bool *unknown)
{
	static const uint8_t zero[16];
	uint8_t bytes[16];
	char name[INET6_ADDRSTRLEN];
	size_t size = s->six ? 16 : 4;
	uint64_t at;

	if (!sct_linux_at(s->look, s->sk, addr, &at) || sct_linux_read(s->look, at, bytes, size) != size) {
		*unknown = true;
		return false;
	}
	*any = !port_word && !memcmp(bytes, zero, size);
	inet_ntop(s->six ? AF_INET6 : AF_INET, bytes, name, sizeof name);
	snprintf(text, TEXT_MAX, s->six ? "[%s]:%u" : "%s:%u", name, port(port_word));
	return true;
}

static bool internet(const struct subject *s, char *text, size_t size, bool *unknown)
{
	char from[TEXT_MAX], to[TEXT_MAX];
	uint64_t sport, dport;
	bool nobody, any;

	if (!number(s, SCT_LX_SK_SPORT, 2, &sport, unknown) || !number(s, SCT_LX_SK_DPORT, 2, &dport, unknown) ||
	    !endpoint(s, s->six ? SCT_LX_SK_SADDR6 : SCT_LX_SK_SADDR, sport, from, &any, unknown) ||
	    !endpoint(s, s->six ? SCT_LX_SK_DADDR6 : SCT_LX_SK_DADDR, dport, to, &nobody, unknown))
		return false;
	snprintf(text, size, nobody ? "%s" : "%s->%s", from, to);
	return true;
}

/* Connected and listening ones are told. */
static bool tcp(const struct subject *s, char *text, size_t size, bool *unknown)
{
	uint64_t state;

	return number(s, SCT_LX_SK_STATE, 1, &state, unknown) && state != TCP_CLOSE && internet(s, text, size, unknown);
}

/* Those with a port are told. */
static bool udp(const struct subject *s, char *text, size_t size, bool *unknown)
{
	uint64_t sport;

	return number(s, SCT_LX_SK_SPORT, 2, &sport, unknown) && sport && internet(s, text, size, unknown);
}

/* There are no diagnostics of these. */
static bool alone(const struct subject *s, char *text, size_t size, bool *unknown)
{
	(void)s;
	(void)text;
	(void)size;
	(void)unknown;
	return false;
}

/* ---- others --------------------------------------------------------------------------------------------------- */

/* The inode's number of the socket that a struct sock is of; 0: it has none any more. */
static bool inode_of(const struct subject *s, uint64_t sk, uint64_t *inode)
{
	const struct sct_linux_look *look = s->look;
	uint64_t socket, at;

	*inode = 0;
	if (!sct_linux_pointer(look, sk, SCT_LX_SK_SOCKET, &socket))
		return false;
	return !socket || (sct_linux_at(look, socket, SCT_LX_SOCKET_INODE, &at) &&
	                   sct_linux_number(look, at, SCT_LX_INODE_INO, look->layout->ptr, inode));
}

/* Appends ,"PATH" with what does not print escaped as strace does. */
static void quote(const uint8_t *path, size_t size, char *out)
{
	static const char names[] = "tnvfr"; /* of the characters from 9 on */
	char *o = out;

	*o++ = ',';
	if (!*path) { /* abstract */
		*o++ = '@';
		path++;
		size--;
	}
	if (size && !path[size - 1])
		size--;
	*o++ = '"';
	for (size_t i = 0; i < size; i++) {
		uint8_t c = path[i];
		bool digit = i + 1 < size && path[i + 1] >= '0' && path[i + 1] <= '9';

		if (c == '"' || c == '\\' || (c >= 9 && c <= 13))
			o += sprintf(o, "\\%c", c >= 9 && c <= 13 ? names[c - 9] : c);
		else if (c >= ' ' && c < 0x7f)
			*o++ = (char)c;
		else
			o += sprintf(o, digit ? "\\%03o" : "\\%o", c);
	}
	strcpy(o, "\"");
}

/* The quoted path that a UNIX socket is bound to, "" where it is to none. */
static bool unix_path(const struct subject *s, char *out)
{
	const struct sct_linux_look *look = s->look;
	uint8_t path[UNIX_PATH];
	uint64_t address, size, at;

	*out = 0;
	if (!sct_linux_pointer(look, s->sk, SCT_LX_UNIX_ADDR, &address))
		return false;
	if (!address)
		return true;
	if (!sct_linux_number(look, address, SCT_LX_UNIX_ADDR_LEN, 4, &size) ||
	    !sct_linux_at(look, address, SCT_LX_UNIX_ADDR_NAME, &at) || size < 2 || size - 2 > UNIX_PATH + 1)
		return false;
	size = size - 2 < UNIX_PATH ? size - 2 : UNIX_PATH; /* sun_family lies before it */
	if (sct_linux_read(look, at + 2, path, size) != size)
		return false;
	if (size)
		quote(path, size, out);
	return true;
}

/* With a peer or a path it is told. */
static bool local(const struct subject *s, char *text, size_t size, bool *unknown)
{
	char path[QUOTED_MAX];
	uint64_t peer_sk, peer = 0;

	if (!sct_linux_pointer(s->look, s->sk, SCT_LX_UNIX_PEER, &peer_sk) || !unix_path(s, path) ||
	    (peer_sk && !inode_of(s, peer_sk, &peer))) {
		*unknown = true;
		return false;
	}
	if (peer)
		snprintf(text, size, "%" PRIu64 "->%" PRIu64 "%s", s->inode, peer, path);
	else
		snprintf(text, size, "%" PRIu64 "%s", s->inode, path);
	return true;
}

/* include/uapi/linux/netlink.h */
static const char *const netlink_names[] = {
	"ROUTE", "UNUSED", "USERSOCK", "FIREWALL", "SOCK_DIAG", "NFLOG", "XFRM", "SELINUX", "ISCSI", "AUDIT", "FIB_LOOKUP",
	"CONNECTOR", "NETFILTER", "IP6_FW", "DNRTMSG", "KOBJECT_UEVENT", "GENERIC", NULL, "SCSITRANSPORT", "ECRYPTFS",
	"RDMA", "CRYPTO", "SMC",
};

/* Those that are bound are told. */
static bool netlink(const struct subject *s, char *text, size_t size, bool *unknown)
{
	uint64_t protocol, id;

	if (!number(s, SCT_LX_SK_PROTOCOL, 1, &protocol, unknown) ||
	    !number(s, SCT_LX_NETLINK_PORTID, 4, &id, unknown) || !id)
		return false;
	if (protocol < sizeof netlink_names / sizeof *netlink_names && netlink_names[protocol])
		snprintf(text, size, "%s:%" PRIu64, netlink_names[protocol], id);
	else
		snprintf(text, size, "%" PRIu64, protocol);
	return true;
}

/* The protocols that strace names sockets by. */
static const struct protocol {
	const char *name;
	uint8_t family;
	describe_fn *describe;
} protocols[] = {
	{ "TCP", FAMILY_INET, tcp }, { "TCPv6", FAMILY_INET6, tcp },
	{ "UDP", FAMILY_INET, udp }, { "UDPv6", FAMILY_INET6, udp },
	{ "UDPLITE", FAMILY_INET, udp }, { "UDPLITEv6", FAMILY_INET6, udp },
	{ "RAW", FAMILY_INET, internet }, { "RAWv6", FAMILY_INET6, internet },
	{ "DCCP", FAMILY_INET, tcp }, { "DCCPv6", FAMILY_INET6, tcp },
	{ "SCTP", FAMILY_INET, alone }, { "SCTPv6", FAMILY_INET6, alone },
	{ "L2TP/IP", FAMILY_INET, alone }, { "L2TP/IPv6", FAMILY_INET6, alone },
	{ "PING", FAMILY_INET, alone }, { "PINGv6", FAMILY_INET6, alone },
	{ "UNIX", FAMILY_UNIX, local }, { "UNIX-STREAM", FAMILY_UNIX, local },
	{ "NETLINK", FAMILY_NETLINK, netlink },
};

static const char *describe(struct subject *s, const struct protocol *p)
{
	char text[QUOTED_MAX + TEXT_MAX];
	bool unknown = false;
	uint64_t family;

	if (!sct_linux_number(s->look, s->sk, SCT_LX_SK_FAMILY, 2, &family) || family != p->family)
		return NULL;
	s->six = family == FAMILY_INET6;
	if (p->describe(s, text, sizeof text, &unknown))
		return sct_linux_text(s->look, "%s:[%s]", p->name, text);
	return unknown ? NULL : sct_linux_text(s->look, "%s:[%" PRIu64 "]", p->name, s->inode);
}

const char *sct_linux_socket(const struct sct_linux_look *look, uint64_t inode)
{
	struct subject s = { .look = look };
	const char *proto;
	uint64_t at;

	if (!sct_linux_number(look, inode, SCT_LX_INODE_INO, look->layout->ptr, &s.inode) ||
	    !sct_linux_pointer(look, inode, SCT_LX_INODE_SK, &s.sk) || !s.sk ||
	    !sct_linux_pointer(look, s.sk, SCT_LX_SK_PROT, &at) || !sct_linux_at(look, at, SCT_LX_PROT_NAME, &at) ||
	    !(proto = sct_linux_string(look, at, PROTO_MAX)))
		return NULL;
	for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
		if (!strcmp(proto, protocols[i].name))
			return describe(&s, &protocols[i]);
	return NULL;
}
