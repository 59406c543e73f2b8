/* Linux's own data: the running task and its process.
 * In:  the kernel's memory, a layout of its structs
 * Out: who runs on a CPU
 *
 * Which of a task's times: `start_time`, which PANDA logs too, ns of the monotonic clock. /proc/PID/stat tells
 * `start_boottime` in ticks, which counts the time that the guest slept besides; both are taken one behind the other
 * when the thread is made (kernel/fork.c, copy_process).
 */
#include "os_linux_look.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"

enum {
	NS_PER_S = 1000000000,
	COMM_MAX = 64,
	PID_MAX = 4 * 1024 * 1024, /* PID_MAX_LIMIT of include/linux/threads.h, of 64 bits */
};

/* What is added to addresses of per-CPU variables to get this CPU's. */
static bool per_cpu(const struct sct_linux_look *look, uint64_t *offset)
{
	const struct sct_word *offsets = &look->layout->at[SCT_LX_PER_CPU_OFFSET];
	const struct sct_word *first = &look->layout->at[SCT_LX_PER_CPU_0];
	unsigned ptr = look->layout->ptr;

	if (offsets->known)
		return sct_linux_word(look, offsets->value + look->slide + (uint64_t)look->cpu * ptr, ptr, offset);
	*offset = first->value;
	return first->known && !look->cpu;
}

/* Per-CPU variables of x86_64 are linked from 0 on, others where the kernel's image is and so move with it. */
static bool moves(const struct sct_linux_look *look, uint64_t addr)
{
	return look->layout->ptr == 4 || addr >> 63;
}

bool sct_linux_current(const struct sct_linux_look *look, uint64_t *task)
{
	const struct sct_word *current = &look->layout->at[SCT_LX_CURRENT];
	uint64_t offset, addr;

	if (!current->known || !per_cpu(look, &offset))
		return false;
	addr = current->value + offset + (moves(look, current->value) ? look->slide : 0);
	return sct_linux_word(look, addr, look->layout->ptr, task) && *task;
}

static struct sct_word word(const struct sct_linux_look *look, uint64_t base, enum sct_linux_field field)
{
	struct sct_word w = { false, 0 };

	w.known = sct_linux_number(look, base, field, 4, &w.value);
	return w;
}

static struct sct_word start_time(const struct sct_linux_look *look, uint64_t task)
{
	const struct sct_word *timespec = &look->layout->at[SCT_LX_TASK_START_IS_TIMESPEC];
	unsigned ptr = look->layout->ptr;
	uint64_t addr, s, ns;
	struct sct_word w = { false, 0 };

	if (!timespec->known || !sct_linux_at(look, task, SCT_LX_TASK_START, &addr))
		return w;
	if (!timespec->value) {
		w.known = sct_linux_word(look, addr, 8, &w.value);
	} else if (sct_linux_word(look, addr, ptr, &s) && sct_linux_word(look, addr + ptr, ptr, &ns)) {
		w = (struct sct_word){ true, s * NS_PER_S + ns };
	}
	return w;
}

static const char *comm(const struct sct_linux_look *look, uint64_t task)
{
	const struct sct_word *size = &look->layout->at[SCT_LX_TASK_COMM_SIZE];
	uint64_t addr;

	if (!size->known || !size->value || size->value > COMM_MAX || !sct_linux_at(look, task, SCT_LX_TASK_COMM, &addr))
		return NULL;
	return sct_linux_string(look, addr, size->value - 1);
}

static void fill(const struct sct_linux_look *look, uint64_t task, struct sct_who *who)
{
	uint64_t at;

	who->tid = word(look, task, SCT_LX_TASK_PID);
	who->pid = word(look, task, SCT_LX_TASK_TGID);
	if (sct_linux_pointer(look, task, SCT_LX_TASK_REAL_PARENT, &at))
		who->ppid = word(look, at, SCT_LX_TASK_TGID);
	who->start_time_ns = start_time(look, task);
	if (sct_linux_pointer(look, task, SCT_LX_TASK_CRED, &at))
		who->uid = word(look, at, SCT_LX_CRED_UID);
	who->comm = comm(look, task);
	if (sct_linux_pointer(look, task, SCT_LX_TASK_MM, &at) && sct_linux_pointer(look, at, SCT_LX_MM_EXE_FILE, &at))
		who->exe = sct_linux_file(look, at);
}

/* Whether a task may run a program, by its numbers. */
static bool is_program(const struct sct_linux_look *look, uint64_t task)
{
	struct sct_word tid = word(look, task, SCT_LX_TASK_PID), pid = word(look, task, SCT_LX_TASK_TGID);

	return (!tid.known || (tid.value && tid.value <= PID_MAX)) &&
	       (!pid.known || (pid.value && pid.value <= PID_MAX));
}

/* Whether the view's running task can be looked at. What cannot run a program is no task: the kernel's structs are
 * others, or not what memory has now. */
static bool look_at(struct sct_linux *l, const struct sct_os_view *view, struct sct_linux_look *look, uint64_t *task)
{
	if (!sct_linux_find(l, view))
		return false;
	look->layout = l->is;
	look->mem = &view->mem;
	look->slide = l->report.slide;
	look->cpu = view->cpu;
	if (!sct_linux_current(look, task))
		return false;
	if (is_program(look, *task))
		return true;
	if (l->report.unnamed)
		sct_linux_refuse(l, &view->mem);
	return false;
}

static void linux_who(void *state, const struct sct_os_view *view, struct sct_who *who, struct sct_arena *arena)
{
	struct sct_linux_look look = { .arena = arena };
	uint64_t task;

	if (look_at(state, view, &look, &task))
		fill(&look, task, who);
}

static const char *directory(const struct sct_linux_look *look, uint64_t task)
{
	uint64_t fs;

	return sct_linux_pointer(look, task, SCT_LX_TASK_FS, &fs) ? sct_linux_directory(look, fs) : NULL;
}

static const char *open_file(const struct sct_linux_look *look, uint64_t task, unsigned fd)
{
	uint64_t files, table, array, max, file;

	if (!sct_linux_pointer(look, task, SCT_LX_TASK_FILES, &files) ||
	    !sct_linux_pointer(look, files, SCT_LX_FILES_FDT, &table) ||
	    !sct_linux_number(look, table, SCT_LX_FDT_MAX, 4, &max))
		return NULL;
	if (fd >= max)
		return "";
	if (!sct_linux_pointer(look, table, SCT_LX_FDT_FD, &array) || !array ||
	    !sct_linux_word(look, array + (uint64_t)fd * look->layout->ptr, look->layout->ptr, &file))
		return NULL;
	return file ? sct_linux_file(look, file) : "";
}

static const char *linux_descriptor(void *state, const struct sct_os_view *view, int fd, struct sct_arena *arena)
{
	struct sct_linux_look look = { .arena = arena };
	uint64_t task;

	if ((fd < 0 && fd != SCT_AT_FDCWD) || !look_at(state, view, &look, &task))
		return NULL;
	return fd < 0 ? directory(&look, task) : open_file(&look, task, (unsigned)fd);
}

static bool linux_is_other(void *state, const struct sct_os_view *view)
{
	struct sct_linux *l = state;

	return sct_linux_find(l, view) ? l->report.mixed : l->report.state == SCT_LINUX_OTHER_KERNEL;
}

/* Slides are multiples of pages, layouts few. */
static uint64_t linux_found(void *state)
{
	const struct sct_linux *l = state;

	return l->report.state == SCT_LINUX_FOUND ? l->report.slide + (uint64_t)(l->is - l->layouts) + 1 : 0;
}

static void linux_free(void *state)
{
	struct sct_linux *l = state;

	if (l)
		free(l->layouts);
	free(l);
}

/* Whether the layout says where to look for the kernel and for what runs. */
static bool has_addresses(const struct sct_linux_layout *layout)
{
	return layout->at[SCT_LX_CURRENT].known &&
	       (layout->at[SCT_LX_PER_CPU_OFFSET].known || layout->at[SCT_LX_PER_CPU_0].known) &&
	       (layout->at[SCT_LX_BANNER].known || layout->at[SCT_LX_INIT_TASK].known);
}

/* Copies the layouts that lead anywhere; or else those that say at least which kernel the types are of. */
static void take_layouts(struct sct_linux *l, const struct sct_linux_layout *layouts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (has_addresses(&layouts[i]))
			l->layouts[l->count++] = layouts[i];
		if (!layouts[i].of_types)
			continue;
		l->has_types = true;
		l->types = layouts[i].kernel;
	}
	l->placeless = !l->count;
	for (size_t i = 0; i < count && l->placeless; i++) {
		if (l->has_types && !layouts[i].of_types)
			continue;
		l->layouts[l->count] = layouts[i];
		l->layouts[l->count++].at[SCT_LX_BANNER].known = false; /* without the others it is looked for everywhere */
	}
}

int sct_linux_os(struct sct_os *os, const struct sct_linux_layout *layouts, size_t count, bool beside,
                 struct sct_err *err)
{
	struct sct_linux *l = calloc(1, sizeof *l);

	if (!l || !(l->layouts = calloc(count ? count : 1, sizeof *layouts))) {
		free(l);
		return sct_fail(err, SCT_E_NOMEM, SCT_NO_OFFSET, "out of memory");
	}
	take_layouts(l, layouts, count);
	l->beside = beside;
	l->report.state = l->placeless ? SCT_LINUX_NO_ADDRESSES : SCT_LINUX_SOUGHT;
	*os = (struct sct_os){ "linux", linux_who, linux_descriptor, linux_is_other, linux_found, linux_free, l };
	return SCT_OK;
}

const struct sct_linux_report *sct_linux_report(const struct sct_os *os)
{
	const struct sct_linux *l = os->state;

	return &l->report;
}
