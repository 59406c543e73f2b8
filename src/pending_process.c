/* Processes: what threads of one share and children's parents are known by.
 * In:  references of threads and of children
 * Out: processes that go with the last of them
 */
#include "pending.h"

#include <stdlib.h>

struct sct_process *sct_process_new(struct sct_process *parent)
{
	struct sct_process *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	p->refs = 1;
	p->parent = sct_process_ref(parent);
	return p;
}

struct sct_process *sct_process_ref(struct sct_process *p)
{
	if (p)
		p->refs++;
	return p;
}

void sct_process_put(struct sct_process *p)
{
	while (p && !--p->refs) {
		struct sct_process *parent = p->parent;

		free(p);
		p = parent;
	}
}

void sct_self_join(struct sct_self *self, struct sct_process *process)
{
	if (process && !process->pid.known)
		process->pid = self->pid;
	sct_process_ref(process);
	sct_process_put(self->process);
	self->process = process;
}
