/* The threads that stack switches tell of.
 *
 * In:  registers and kernel memory at each switch
 * Out: which thread runs on a vCPU, and whether it is new
 */
#include "threads.h"

#include <string.h>

enum { GUESSES_MAX = 4096 };

const struct sct_switch *sct_threads_site(struct sct_threads *t, const struct sct_switch *site)
{
	unsigned i = 0;

	while (i < t->sites && t->site[i].pc != site->pc)
		i++;
	if (i == SCT_SWITCH_SITES)
		return NULL;
	if (i == t->sites)
		t->sites++;
	t->site[i] = *site;
	return &t->site[i];
}

/* ---- following it -------------------------------------------------------------------------------------- */

static void free_thread(struct sct_thread *thread)
{
	if (thread)
		sct_open_call_fini(&thread->call);
	free(thread);
}

static bool read_word(struct sct_vcpu *v, unsigned word, uint64_t addr, uint64_t *value)
{
	if (word == 4)
		addr = (uint32_t)addr;
	if (!qemu_plugin_read_memory_vaddr(addr, v->buf, word))
		return false;
	*value = 0;
	memcpy(value, v->buf->data, word);
	return true;
}

static struct sct_thread *new_thread(uint64_t task)
{
	struct sct_thread *thread = calloc(1, sizeof *thread);

	if (!thread)
		abort();
	thread->task = task;
	return thread;
}

static struct sct_thread *put_thread(struct sct_map *map, uint64_t key)
{
	struct sct_thread *thread = new_thread(key);

	sct_map_put(map, key, thread);
	return thread;
}

static struct sct_thread *get_thread(struct sct_threads *t, uint64_t task, bool born)
{
	struct sct_thread *thread = sct_map_get(&t->by_task, task);

	if (thread && !born)
		return thread;
	if (!thread)
		thread = put_thread(&t->by_task, task);
	else
		sct_open_call_fini(&thread->call); /* the task_struct is used again: its old thread is gone */
	thread->serial = ++t->serials;
	thread->unseen = born;
	return thread;
}

static bool is_known_return(const struct sct_threads *t, uint64_t addr)
{
	for (unsigned i = 0; i < t->returns; i++)
		if (t->known_return[i] == addr)
			return true;
	return false;
}

/* Where the thread that is being left will go on is where all go on that have run before. */
static bool learn_return(struct sct_threads *t, uint64_t addr)
{
	if (is_known_return(t, addr))
		return true;
	if (t->returns == SCT_SWITCH_RETURNS)
		return false;
	t->known_return[t->returns++] = addr;
	return true;
}

/* ---- threads to be known later ------------------------------------------------------------------------- */

bool sct_threads_assumed(const struct sct_vcpu *v)
{
	return v->thread && !v->thread->task;
}

void sct_threads_assume(struct sct_threads *t, struct sct_vcpu *v)
{
	if (sct_threads_assumed(v))
		return;
	v->thread = new_thread(0);
	v->thread->serial = ++t->serials;
}

void sct_threads_dismiss(struct sct_vcpu *v)
{
	if (!sct_threads_assumed(v))
		return;
	free_thread(v->thread);
	v->thread = NULL;
}

/* The thread that is being left on v is the one of this task. */
static void leave(struct sct_threads *t, struct sct_vcpu *v, uint64_t task)
{
	if (sct_threads_assumed(v)) {
		v->thread->task = task;
		free_thread(sct_map_put(&t->by_task, task, v->thread));
	} else if (v->thread && v->thread->task != task) {
		t->strays++;
	}
	get_thread(t, task, false);
}

/* ---- switches ------------------------------------------------------------------------------------------ */

/* The two tasks and the return addresses on their stacks. */
static bool read_switch(struct sct_vcpu *v, const struct sct_dict *dict, const struct sct_switch *site,
                        uint64_t task[2], uint64_t ret[2])
{
	uint64_t sp[2], behind = (uint64_t)site->words * site->word;

	return sct_vcpu_reg(v, v->handles[dict->general[site->from]], &task[0]) &&
	       sct_vcpu_reg(v, v->handles[dict->general[site->to]], &task[1]) &&
	       sct_vcpu_reg(v, v->handles[dict->role[SCT_ROLE_SP]], &sp[0]) &&
	       read_word(v, site->word, task[1] + (uint64_t)(int64_t)site->disp, &sp[1]) &&
	       read_word(v, site->word, sp[0] + behind, &ret[0]) && read_word(v, site->word, sp[1] + behind, &ret[1]);
}

bool sct_threads_switch(struct sct_threads *t, struct sct_vcpu *v, const struct sct_dict *dict,
                        const struct sct_switch *site, bool *born)
{
	uint64_t task[2], ret[2];

	if (sct_vcpu_cpl(v, dict) != 0)
		return false;
	if (!read_switch(v, dict, site, task, ret) || !learn_return(t, ret[0])) {
		t->broken = true;
		return false;
	}
	leave(t, v, task[0]);
	*born = !is_known_return(t, ret[1]);
	v->thread = get_thread(t, task[1], *born);
	t->found = true;
	return true;
}

/* A register of a kernel with that word. */
static bool read_reg(struct sct_vcpu *v, const struct sct_kernel *k, int index, uint64_t *value)
{
	if (!sct_vcpu_reg(v, v->handles[index], value))
		return false;
	if (k->word == 4)
		*value = (uint32_t)*value;
	return true;
}

/* The arguments of __switch_to, by the kernel's calling convention (x86-64 psABI 3.2.3; i386: -mregparm=3), and where
 * it returns to. */
static bool read_arguments(struct sct_vcpu *v, const struct sct_dict *dict, const struct sct_kernel *k,
                           uint64_t task[2], uint64_t *ret)
{
	enum { EAX = 0, EDX = 2, RSI = 6, RDI = 7 };
	uint64_t sp;

	return read_reg(v, k, dict->general[k->word == 8 ? RDI : EAX], &task[0]) &&
	       read_reg(v, k, dict->general[k->word == 8 ? RSI : EDX], &task[1]) &&
	       read_reg(v, k, dict->role[SCT_ROLE_SP], &sp) && read_word(v, k->word, sp, ret);
}

bool sct_threads_switch_to(struct sct_threads *t, struct sct_vcpu *v, const struct sct_dict *dict,
                           const struct sct_kernel *kernel, bool *born)
{
	uint64_t task[2], ret;

	if (sct_vcpu_cpl(v, dict) != 0)
		return false;
	if (!read_arguments(v, dict, kernel, task, &ret)) {
		t->broken = true;
		return false;
	}
	/* its instructions were hooked, and have told of this switch already */
	if (v->thread && v->thread->task == task[1])
		return false;
	leave(t, v, task[0]);
	*born = ret == sct_kernel_at(kernel, SCT_SYM_FORK);
	v->thread = get_thread(t, task[1], *born);
	return true;
}

bool sct_threads_exact(const struct sct_threads *t)
{
	return t->found && !t->broken;
}

const char *sct_threads_source(const struct sct_threads *t)
{
	if (!sct_threads_exact(t))
		return "";
	return t->symbols ? "symbols" : "stack switch";
}

static void forget(struct sct_map *threads)
{
	for (size_t i = 0; i < threads->size; i++)
		free_thread(threads->slots[i].value);
	sct_map_fini(threads);
	*threads = (struct sct_map){ 0 };
}

void sct_threads_by_symbols(struct sct_threads *t)
{
	if (t->broken)
		forget(&t->by_task);
	t->found = t->symbols = true;
	t->broken = false;
}

struct sct_thread *sct_threads_guess(struct sct_threads *t, uint64_t key)
{
	struct sct_thread *thread = sct_map_get(&t->guesses, key);

	if (!thread && t->guesses.used >= GUESSES_MAX)
		forget(&t->guesses); /* keys that nobody comes back to would pile up */
	return thread ? thread : put_thread(&t->guesses, key);
}
