/* A tree of processes: fork, vfork, clone, posix_spawn, exec that succeeds and fails, scripts.
 *
 * In:  /bin/true, /bin/echo, /bin/sh of the guest
 * Out: calls that return twice, in another image, or in another process first
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void wait_all(void)
{
	struct rusage usage;
	int status;

	while (wait4(-1, &status, 0, &usage) > 0)
		;
}

static void tree(int depth)
{
	for (int i = 0; i < 2 && depth; i++) {
		pid_t child = fork();

		if (!child) {
			tree(depth - 1);
			wait_all();
			_exit(depth);
		}
	}
}

static void spawn(char *path, char *const argv[])
{
	pid_t child;
	posix_spawn_file_actions_t actions;
	int error;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	error = posix_spawn(&child, path, &actions, NULL, argv, environ);
	if (error)
		dprintf(2, "%s: %s\n", path, strerror(error));
	wait_all();
}

static void by_vfork(char *path)
{
	char *argv[] = { path, "-e", "argument with \\ and \" and \n", "", NULL };
	char *env[] = { "A=1", "LONG=0123456789012345678901234567890123456789", NULL };

	if (!vfork()) {
		execve(path, argv, env);
		_exit(3);
	}
	wait_all();
}

static int cloned(void *arg)
{
	getppid();
	return 5;
}

static void by_clone(void)
{
	static char stack[16384] __attribute__((aligned(16)));
	pid_t child = clone(cloned, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);

	waitpid(child, NULL, 0);
	syscall(SYS_clone, 0x80000000u | CLONE_THREAD, NULL, NULL, NULL, NULL);
}

static void script(void)
{
	int fd = open("/tmp/script", O_WRONLY | O_CREAT, 0755);

	write(fd, "#!/bin/sh\necho from $0 $1\n(exit 3)\ntrue | cat\n", 46);
	close(fd);
	by_vfork("/tmp/script");
	unlink("/tmp/script");
}

int main(void)
{
	char *argv[] = { "echo", "spawned", NULL };

	tree(2);
	wait_all();
	spawn("/bin/echo", argv);
	spawn("/bin/none", argv);
	by_vfork("/bin/true");
	by_vfork("/data/file0");
	by_vfork("/bin/none");
	by_clone();
	script();
	system("exit 4");
	if (!fork())
		abort();
	wait_all();
	return 0;
}
