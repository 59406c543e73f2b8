/* Numbers that name no call, results that look like errors, and System V IPC.
 *
 * In:  nothing
 * Out: calls that are not in the table, next to shared memory, semaphores and queues
 */
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

static void ipc(void)
{
	int shm = shmget(IPC_PRIVATE, 4096, 0600), sem = semget(IPC_PRIVATE, 1, 0600), q = msgget(IPC_PRIVATE, 0600);
	struct sembuf up = { 0, 1, 0 };
	struct { long type; char text[8]; } m = { 3, "message" };
	struct shmid_ds ds;
	void *p = shmat(shm, NULL, 0);

	shmdt(p);
	shmdt((void *)4096);
	shmctl(shm, IPC_STAT, &ds);
	shmctl(shm, IPC_RMID, NULL);
	semop(sem, &up, 1);
	semctl(sem, 0, IPC_RMID);
	msgsnd(q, &m, 8, 0);
	msgrcv(q, &m, 8, 0, IPC_NOWAIT);
	msgrcv(q, &m, 8, 0, IPC_NOWAIT);
	msgctl(q, IPC_RMID, NULL);
}

int main(void)
{
	static const int numbers[] = { 9999, 600, 511, 470, -1, -2, 223, 180, 0x7fffffff };

	for (unsigned i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		syscall(numbers[i], 1, 2, 3, 4, 5, 6);
	syscall(SYS_getpid, 1, 2, 3, 4, 5, 6);
	ipc();
	return 0;
}
