/* Tests of descriptors by what calls showed: addresses of sockets.
 *
 * In:  recordings by hand (descriptors_steps.h)
 * Out: a report; exit status 0 when all passed
 */
#include "descriptors_steps.h"
#include "suite.h"

enum { LEN = 0x7f3000 }; /* where the length of an address lies */

/* struct sockaddr_in */
static void see_address(struct script *s, const char *host, unsigned port)
{
	uint8_t addr[16] = { 2, 0, (uint8_t)(port >> 8), (uint8_t)port };
	unsigned b[4];

	sscanf(host, "%u.%u.%u.%u", &b[0], &b[1], &b[2], &b[3]);
	for (unsigned i = 0; i < 4; i++)
		addr[4 + i] = (uint8_t)b[i];
	see(s, DATA, addr, sizeof addr);
}

/* A call that the kernel gives an address back from. */
static void address_call(struct script *s, uint32_t nr, int fd, const char *host, unsigned port, uint32_t room,
                         int64_t r)
{
	const uint32_t whole = 16;

	args(s, (uint64_t)fd, DATA, LEN, 0);
	see(s, LEN, &room, 4);
	enter(s, nr, STUB, SP);
	see_address(s, host, port);
	see(s, LEN, &whole, 4);
	leave(s, BEHIND, SP, (uint64_t)r);
}

START_TEST(addresses_of_sockets)
{
	struct script *s = thread_1();

	call(s, SOCKET, 2, 1, 0, 3);
	see_address(s, "0.0.0.0", 80);
	call(s, BIND, 3, DATA, 16, 0);
	ask(s, 3);
	address_call(s, ACCEPT, 3, "10.0.0.1", 4711, 16, 4);
	ask(s, 4);
	address_call(s, GETSOCKNAME, 4, "10.0.0.2", 80, 16, 0);
	ask(s, 4);
	address_call(s, ACCEPT4, 3, "10.0.0.1", 4711, 4, 5); /* no room for it */
	ask(s, 5);
	call(s, SOCKET, 2, 1, 0, 6);
	see_address(s, "10.0.0.3", 443);
	call(s, CONNECT, 6, DATA, 16, -115); /* not yet */
	ask(s, 6);
	call(s, DUP, 6, 0, 0, 7);
	see_address(s, "10.0.0.3", 443);
	call(s, CONNECT, 6, DATA, 16, 0);
	ask(s, 7);
	see(s, DATA, "\1\0/run/x", 9);
	call(s, SOCKET, 1, 1, 0, 8);
	see(s, DATA, "\1\0/run/x", 9);
	call(s, BIND, 8, DATA, 9, 0);
	ask(s, 8);
	tells(s, "3=TCP:[0.0.0.0:80] 4=TCP:[->10.0.0.1:4711] 4=TCP:[10.0.0.2:80->10.0.0.1:4711] 5=TCP 6=TCP "
	         "7=TCP:[->10.0.0.3:443] 8=UNIX-STREAM:[\"/run/x\"] ");
}
END_TEST

/* A connection that has only begun has taken an address; a socket that is disconnected may have lost its own. */
START_TEST(addresses_that_change)
{
	static const uint8_t any[] = { 2, 0, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	static const uint8_t addr[] = { 2, 0, 0, 80, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0 };
	static const uint8_t none[16];
	struct script *s = thread_1();

	call(s, SOCKET, 2, 1, 0, 5);
	see(s, DATA, any, sizeof any);
	call(s, BIND, 5, DATA, sizeof any, 0);
	ask(s, 5);
	see(s, DATA, addr, sizeof addr);
	call(s, CONNECT, 5, DATA, sizeof addr, -115); /* EINPROGRESS */
	ask(s, 5);
	call(s, SOCKET, 2, 2, 0, 6);
	see(s, DATA, addr, sizeof addr);
	call(s, BIND, 6, DATA, sizeof addr, 0);
	see(s, DATA, addr, sizeof addr);
	call(s, CONNECT, 6, DATA, sizeof addr, 0);
	ask(s, 6);
	see(s, DATA, none, sizeof none);
	call(s, CONNECT, 6, DATA, sizeof none, 0);
	ask(s, 6);
	tells(s, "5=TCP:[0.0.0.0:80] 5=TCP 6=UDP:[127.0.0.1:80->127.0.0.1:80] 6=UDP ");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("descriptors_sockets");
	TCase *t = tcase_create("descriptors_sockets");

	tcase_add_test(t, addresses_of_sockets);
	tcase_add_test(t, addresses_that_change);
	suite_add_tcase(s, t);
	return run_tests(s);
}
