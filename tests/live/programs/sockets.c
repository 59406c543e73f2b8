/* Sockets: pairs, names in the file system, loopback; messages with vectors and control data.
 *
 * In:  nothing
 * Out: every call of the socket family, which i386 may hide behind socketcall
 */
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void pair(int type)
{
	char a[4], b[100], control[64];
	int p[2];
	struct iovec out[] = { { "hello ", 6 }, { "\0\1\2 world", 9 } }, in[] = { { a, 4 }, { b, 100 } };
	struct msghdr m = { .msg_iov = out, .msg_iovlen = 2 };
	struct mmsghdr mm[2] = { { .msg_hdr = m }, { .msg_hdr = m } };
	struct cmsghdr *c = (void *)control;

	socketpair(AF_UNIX, type, 0, p);
	sendmsg(p[0], &m, 0);
	m.msg_iov = in;
	recvmsg(p[1], &m, 0);
	recvmsg(p[1], &m, MSG_DONTWAIT);
	sendmmsg(p[0], mm, 2, 0);
	mm[0].msg_hdr.msg_iov = mm[1].msg_hdr.msg_iov = in;
	recvmmsg(p[1], mm, 2, MSG_DONTWAIT, NULL);
	*c = (struct cmsghdr){ CMSG_LEN(4), SOL_SOCKET, SCM_RIGHTS };
	memcpy(CMSG_DATA(c), &p[0], 4);
	m = (struct msghdr){ .msg_iov = out, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_LEN(4) };
	sendmsg(p[0], &m, 0);
	m.msg_iov = in;
	recvmsg(p[1], &m, MSG_CMSG_CLOEXEC);
	sendmsg(p[0], (void *)8, 0);
	send(p[0], "abc", 3, 0);
	recv(p[1], b, sizeof(b), 0);
	recv(p[1], b, sizeof(b), MSG_DONTWAIT);
	close(p[0]);
	close(p[1]);
}

static void named(void)
{
	struct sockaddr_un a = { AF_UNIX, "/tmp/socket" }, peer;
	socklen_t len = sizeof(peer);
	int s = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), d;

	connect(c, (void *)&a, sizeof(a));
	bind(s, (void *)&a, sizeof(a));
	listen(s, 3);
	connect(c, (void *)&a, offsetof(struct sockaddr_un, sun_path) + 12);
	d = accept4(s, (void *)&peer, &len, SOCK_NONBLOCK);
	len = sizeof(peer);
	getsockname(s, (void *)&peer, &len);
	len = 5;
	getpeername(c, (void *)&peer, &len);
	write(c, "through a socket", 16);
	read(d, &peer, sizeof(peer));
	shutdown(c, SHUT_WR);
	read(d, &peer, sizeof(peer));
	close(c);
	close(d);
	close(s);
	unlink("/tmp/socket");
}

static void loopback(void)
{
	struct sockaddr_in a = { AF_INET, htons(4711), { htonl(INADDR_LOOPBACK) } };
	int s = socket(AF_INET, SOCK_DGRAM, 0), one = 1;
	socklen_t len = sizeof(a), four = 4;
	char b[32];

	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	getsockopt(s, SOL_SOCKET, SO_TYPE, &one, &four);
	bind(s, (void *)&a, sizeof(a));
	sendto(s, "datagram", 8, 0, (void *)&a, sizeof(a));
	recvfrom(s, b, sizeof(b), 0, (void *)&a, &len);
	recvfrom(s, b, sizeof(b), MSG_DONTWAIT, NULL, NULL);
	sendto(s, "x", 1, 0, NULL, 0);
	getsockopt(s, SOL_SOCKET, 9999, b, &four);
	close(s);
	socket(77, 1, 0);
}

static void waiting(void)
{
	int e = eventfd(1, 0), ep = epoll_create1(0);
	struct epoll_event ev = { EPOLLIN, { .u64 = 5 } };
	struct pollfd p = { e, POLLIN, 0 };
	struct timeval t = { 0, 1000 };
	fd_set set;

	epoll_ctl(ep, EPOLL_CTL_ADD, e, &ev);
	epoll_wait(ep, &ev, 1, 10);
	poll(&p, 1, 10);
	FD_ZERO(&set);
	FD_SET(e, &set);
	select(e + 1, &set, NULL, NULL, &t);
	close(e);
	close(ep);
}

int main(void)
{
	pair(SOCK_STREAM);
	pair(SOCK_DGRAM);
	named();
	loopback();
	waiting();
	return 0;
}
