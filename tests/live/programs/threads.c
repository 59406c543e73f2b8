/* Threads that wait in one and the same stub of libc, side by side, and ways in which they end.
 *
 * In:  nothing
 * Out: futex, nanosleep, read and wait calls of several threads that overlap; exec by a thread that is not the
 *      leader; threads that die inside a call
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 6 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t bell = PTHREAD_COND_INITIALIZER;
static int rung, pipes[2], ready = -1;

static void *sleeper(void *arg)
{
	struct timespec t = { 0, 3000000 * (1 + (long)arg % 3) };

	for (int i = 0; i < 3; i++)
		nanosleep(&t, NULL);
	return NULL;
}

static void *waiter(void *arg)
{
	pthread_mutex_lock(&lock);
	while (!rung)
		pthread_cond_wait(&bell, &lock);
	pthread_mutex_unlock(&lock);
	return NULL;
}

static void *reader(void *arg)
{
	char buf[8];

	for (int i = 0; i < 3; i++)
		read(pipes[0], buf, 1 + (long)arg % 4);
	return NULL;
}

static void *stuck(void *arg)
{
	write(ready, "p", 1);
	pause();
	return NULL;
}

static void *stuck_reader(void *arg)
{
	char c;

	write(ready, "r", 1);
	return (void *)read(pipes[0], &c, 1);
}

static void run(void *(*body)(void *), void (*middle)(void))
{
	pthread_t threads[THREADS];

	for (long i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, body, (void *)i);
	middle();
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void nothing(void)
{
}

static void ring(void)
{
	usleep(10000);
	pthread_mutex_lock(&lock);
	rung = 1;
	pthread_cond_broadcast(&bell);
	pthread_mutex_unlock(&lock);
}

static void feed(void)
{
	usleep(5000);
	for (int i = 0; i < 40; i++)
		write(pipes[1], "abcdefgh", 1 + i % 8);
	usleep(5000);
	close(pipes[1]);
}

/* Threads that wait for what never comes. Each tells on fd that it is about to. */
static void wait_in_vain(int fd)
{
	pthread_t t;

	pipe(pipes);
	ready = fd;
	for (int i = 0; i < 3; i++)
		pthread_create(&t, NULL, i % 2 ? stuck : stuck_reader, NULL);
}

/* A child whose threads wait when the process is killed, or leaves by exit_group. A thread that is killed while strace
 * looks at it leaves nonsense in strace's log, so all of them are given time to settle. */
static void die(int killed)
{
	int p[2];
	char c;
	pid_t child;

	pipe(p);
	child = fork();
	if (!child) {
		wait_in_vain(p[1]);
		if (killed)
			pause();
	}
	for (int i = 0; i < 3 && (killed || !child); i++)
		read(p[0], &c, 1);
	if (killed || !child)
		usleep(200000);
	if (!child)
		_exit(7);
	if (killed)
		kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(p[0]);
	close(p[1]);
}

static void *execer(void *arg)
{
	char *argv[] = { "echo", "from a thread", NULL };

	usleep(5000);
	execve("/bin/nothing", argv, NULL);
	execve("/bin/echo", argv, NULL);
	return NULL;
}

int main(void)
{
	pthread_t t;

	run(sleeper, nothing);
	run(waiter, ring);
	pipe(pipes);
	run(reader, feed);
	die(1);
	die(0);
	pthread_create(&t, NULL, stuck, NULL);
	pthread_create(&t, NULL, execer, NULL);
	pthread_join(t, NULL);
	return 1;
}
