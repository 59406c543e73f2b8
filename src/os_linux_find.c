/* Finding Linux in memory: which of the layouts is the recorded kernel's, and where KASLR put it.
 * In:  the kernel's memory, layouts with addresses as linked
 * Out: the layout and the slide; or which other kernel it is
 *
 * Sources: arch/x86/boot/compressed/kaslr.c (slides are multiples of CONFIG_PHYSICAL_ALIGN, which is a multiple of 2
 * MiB on x86_64 and 16 MiB by default on i386, and stay below KERNEL_IMAGE_SIZE); init/version.c (linux_banner);
 * include/asm-generic/vmlinux.lds.h (notes); init/init_task.c (its name).
 */
#include "os_linux_look.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cursor.h"

#define SLIDE_STEP (UINT64_C(2) << 20)
#define SLIDES_END (UINT64_C(1) << 30)
#define SLIDES (SLIDES_END / SLIDE_STEP)
/* Where a kernel's image may begin, by its bits. */
#define IMAGE_32 UINT64_C(0xc0000000)
#define IMAGE_64 UINT64_C(0xffffffff80000000)

enum {
	OTHER_WAIT = 64,    /* times the questions so far: another kernel is soon replaced by no other, and where all there
	                       is to look for is the banner, it shows at once or much later */
	WAIT_MAX = 1 << 16, /* questions from one search to the next, at most */
	SCANS = 3,          /* how often all of the kernel's image is looked through in vain */
	NOTES_MAX = 4096,   /* bytes of ELF notes that are looked at */
};

static const char banner_start[] = "Linux version ";

/* What an address of a layout shows of the kernel. */
enum seen { UNREADABLE, DIFFERENT, SAME };

static enum seen compare_bytes(const struct sct_mem *mem, uint64_t addr, const void *bytes, size_t size)
{
	char buf[32];
	size_t n = mem->read(mem->ctx, addr, buf, size);

	return memcmp(buf, bytes, n) ? DIFFERENT : n == size ? SAME : UNREADABLE;
}

static enum seen compare(const struct sct_mem *mem, const struct sct_linux_layout *layout, uint64_t addr,
                         const char *text)
{
	return compare_bytes(mem, sct_linux_wrap(layout, addr), text, strlen(text));
}

static bool is_number(const struct sct_mem *mem, const struct sct_linux_layout *layout, uint64_t task,
                      enum sct_linux_field field, uint64_t value, unsigned size)
{
	const struct sct_word *at = &layout->at[field];
	uint8_t bytes[8];

	for (unsigned i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
	return !at->known ||
	       compare_bytes(mem, sct_linux_wrap(layout, task + at->value), bytes, size) != DIFFERENT;
}

/* Whether init_task lies there, with members where the layout says: its name is "swapper", its numbers are 0, and it is
 * its own parent (init/init_task.c). */
static enum seen init_task(const struct sct_mem *mem, const struct sct_linux_layout *layout, uint64_t slide)
{
	const struct sct_word *at = layout->at;
	uint64_t task = at[SCT_LX_INIT_TASK].value + slide;

	if (!at[SCT_LX_INIT_TASK].known || !at[SCT_LX_TASK_COMM].known)
		return UNREADABLE;
	if (!is_number(mem, layout, task, SCT_LX_TASK_PID, 0, 4) ||
	    !is_number(mem, layout, task, SCT_LX_TASK_TGID, 0, 4) ||
	    !is_number(mem, layout, task, SCT_LX_TASK_REAL_PARENT, task, layout->ptr))
		return DIFFERENT;
	return compare(mem, layout, task + at[SCT_LX_TASK_COMM].value, "swapper");
}

/* Whether the layout says which kernel it is of, so that a recording may show that it is another. */
static bool is_named(const struct sct_linux_layout *layout)
{
	return *layout->kernel.head || (layout->kernel.build_id_size && layout->at[SCT_LX_NOTES].known);
}

/* Whether the kernel lies at that slide: nothing that is known contradicts it and something shows it. */
static bool lies_at(const struct sct_mem *mem, const struct sct_linux_layout *layout, uint64_t slide)
{
	const struct sct_word *at = layout->at;
	enum seen banner = UNREADABLE, task;

	if (at[SCT_LX_BANNER].known)
		banner = compare(mem, layout, at[SCT_LX_BANNER].value + slide, banner_start);
	if (banner == DIFFERENT)
		return false;
	task = init_task(mem, layout, slide);
	if (task == DIFFERENT)
		return false;
	/* where types and addresses are of different kernels, the banner's place says nothing of the types */
	return task == SAME || (banner == SAME && is_named(layout));
}

/* Whether the kernel is known to lie elsewhere now: the guest has started another one. */
static bool moved(const struct sct_linux *l, const struct sct_mem *mem)
{
	const struct sct_word *at = l->is->at;

	if (at[SCT_LX_BANNER].known)
		return compare(mem, l->is, at[SCT_LX_BANNER].value + l->report.slide, banner_start) == DIFFERENT;
	return compare(mem, l->is, at[SCT_LX_INIT_TASK].value + at[SCT_LX_TASK_COMM].value + l->report.slide, "swapper") ==
	       DIFFERENT;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The banner at addr without its newline. False: there is none, or not all of it is known. What else begins so goes
 * on otherwise: format strings, copies in messages, the weak one of init/version.c, which lacks the number of the
 * build. */
static bool read_banner(const struct sct_mem *mem, uint64_t addr, char *banner)
{
	size_t n = mem->read(mem->ctx, addr, banner, SCT_LINUX_BANNER_MAX), start = sizeof banner_start - 1;
	char *end = memchr(banner, '\n', n), *build;

	if (!end || end + 1 >= banner + n || end[1] || (size_t)(end - banner) < start)
		return false;
	*end = 0;
	build = strstr(banner, " #");
	return !memcmp(banner, banner_start, start) && is_digit(banner[start]) && build && is_digit(build[2]);
}

/* The address of the first banner among size bytes that lie at addr; 0: there is none. */
static uint64_t banner_among(const struct sct_mem *mem, uint64_t addr, const uint8_t *data, size_t size, char *banner)
{
	const uint8_t *p = data, *end = data + size;

	while ((p = memmem(p, (size_t)(end - p), banner_start, sizeof banner_start - 1))) {
		if (read_banner(mem, addr + (uint64_t)(p - data), banner))
			return addr + (uint64_t)(p - data);
		p++;
	}
	return 0;
}

/* Looks for the banner in the kernel's image by blocks, each up to its first byte that is not known. It lies in
 * read-only data, which begins with a block (x86_64) or in one that is mapped as a whole. Its address; 0: it was not
 * seen. */
static uint64_t scan(const struct sct_mem *mem, uint64_t start, char *banner)
{
	uint8_t *data = malloc(SLIDE_STEP);
	uint64_t found = 0;

	for (uint64_t at = 0; data && !found && at < SLIDES_END; at += SLIDE_STEP)
		found = banner_among(mem, start + at, data, mem->read(mem->ctx, start + at, data, SLIDE_STEP), banner);
	free(data);
	return found;
}

/* Whether a banner is that of the layout's kernel, as far as that is known. */
static bool is_kernels(const struct sct_linux_kernel *k, const char *banner)
{
	size_t size = strlen(banner), head = strlen(k->head), tail = strlen(k->tail);

	return head <= size && tail <= size && !memcmp(banner, k->head, head) &&
	       !memcmp(banner + size - tail, k->tail, tail);
}

/* What is known of the banner at addr, from its first byte on: a recording at level syscalls has what the recorder asked
 * for, and whether the kernel is still there is asked of the first bytes only. */
static void read_beginning(const struct sct_mem *mem, uint64_t addr, char *banner)
{
	size_t n = mem->read(mem->ctx, addr, banner, SCT_LINUX_BANNER_MAX - 1);

	banner[n] = 0;
	banner[strcspn(banner, "\n")] = 0;
}

/* The build id among a kernel's ELF notes at addr; 0: not known. */
static size_t read_build_id(const struct sct_mem *mem, uint64_t addr, uint8_t *id)
{
	uint8_t buf[NOTES_MAX];
	struct sct_cursor c = sct_cursor(buf, mem->read(mem->ctx, addr, buf, sizeof buf));

	while (!c.bad) {
		uint64_t name = sct_take_le(&c, 4), desc = sct_take_le(&c, 4), type = sct_take_le(&c, 4);
		const uint8_t *n = sct_take(&c, (name + 3) & ~UINT64_C(3)), *d = sct_take(&c, (desc + 3) & ~UINT64_C(3));

		if (!d || (!name && !desc && !type))
			return 0;
		if (type == NT_GNU_BUILD_ID && name == 4 && !memcmp(n, "GNU", 4) && desc <= SCT_LINUX_BUILD_ID_MAX) {
			memcpy(id, d, desc);
			return desc;
		}
	}
	return 0;
}

static void write_hex(char *text, size_t room, const uint8_t *bytes, size_t size)
{
	size_t n = (size_t)snprintf(text, room, "build id ");

	for (size_t i = 0; i < size && n + 2 < room; i++)
		n += (size_t)snprintf(text + n, room - n, "%02x", bytes[i]);
}

static void other(struct sct_linux *l, const char *expected, const char *found)
{
	l->report.state = SCT_LINUX_OTHER_KERNEL;
	snprintf(l->report.expected, sizeof l->report.expected, "%s", expected);
	snprintf(l->report.found, sizeof l->report.found, "%s", found);
}

static bool same_build(struct sct_linux *l, const struct sct_mem *mem, const struct sct_linux_layout *layout,
                       uint64_t slide)
{
	const struct sct_linux_kernel *k = &layout->kernel;
	uint8_t id[SCT_LINUX_BUILD_ID_MAX];
	char expected[128], found[128];
	size_t n = 0;

	if (k->build_id_size && layout->at[SCT_LX_NOTES].known)
		n = read_build_id(mem, layout->at[SCT_LX_NOTES].value + slide, id);
	if (!n)
		return true;
	if (n == k->build_id_size && !memcmp(id, k->build_id, n)) {
		l->report.unshown = false;
		return true;
	}
	write_hex(expected, sizeof expected, k->build_id, k->build_id_size);
	write_hex(found, sizeof found, id, n);
	other(l, expected, found);
	return false;
}

/* Whether a banner, or its beginning, is the layout's kernel's; notes in the report what shows that it is not. */
static bool same_banner(struct sct_linux *l, const struct sct_linux_kernel *k, const char *banner, bool whole)
{
	size_t head = strlen(k->head), known = strlen(banner), n = known < head ? known : head;

	if (whole ? is_kernels(k, banner) : !memcmp(banner, k->head, n)) {
		l->report.unshown = n < sizeof banner_start; /* of which every kernel has all but the NUL */
		return true;
	}
	other(l, k->head, banner);
	return false;
}

/* Whether the kernel that lies at that slide is the layout's; notes in the report what shows that it is not. scanned:
 * its banner as looked for without an address, "": not known. */
static bool same_kernel(struct sct_linux *l, const struct sct_mem *mem, const struct sct_linux_layout *layout,
                        uint64_t slide, const char *scanned)
{
	const struct sct_word *at = &layout->at[SCT_LX_BANNER];
	uint64_t addr = sct_linux_wrap(layout, at->value + slide);
	char banner[SCT_LINUX_BANNER_MAX];
	bool whole = true;

	if (!at->known || !read_banner(mem, addr, banner)) {
		snprintf(banner, sizeof banner, "%s", scanned);
		whole = *banner;
	}
	if (!whole && l->report.state == SCT_LINUX_OTHER_KERNEL)
		return false; /* it was seen to be another one, and is not seen now: a recording shows it at some calls only */
	if (!whole && at->known)
		read_beginning(mem, addr, banner);
	return same_banner(l, &layout->kernel, banner, whole) && same_build(l, mem, layout, slide);
}

/* Another layout than the types' has been found to be the recorded kernel's: notes whether they are of another one. */
static void compare_types(struct sct_linux *l, const char *scanned)
{
	const struct sct_linux_kernel *k = &l->is->kernel;

	if (!l->has_types || l->is->of_types)
		return;
	l->report.uncompared = !*l->types.head;
	if (l->report.uncompared)
		return;
	l->report.mixed = *scanned ? !is_kernels(&l->types, scanned) : !is_kernels(k, l->types.head);
	if (!l->report.mixed)
		return;
	snprintf(l->report.expected, sizeof l->report.expected, "%s", l->types.head);
	snprintf(l->report.found, sizeof l->report.found, "%s", *scanned ? scanned : k->head);
}

static bool try_layout(struct sct_linux *l, const struct sct_mem *mem, const struct sct_linux_layout *layout,
                       const char *scanned)
{
	/* addresses from another boot (/proc/kallsyms) may have been moved further there than here: then it is negative */
	for (uint64_t i = 0; i < 2 * SLIDES; i++) {
		uint64_t slide = (i < SLIDES ? i : i - 2 * SLIDES) * SLIDE_STEP;

		if (!lies_at(mem, layout, slide) || !same_kernel(l, mem, layout, slide, scanned))
			continue;
		l->is = layout;
		l->report = (struct sct_linux_report){
			.state = SCT_LINUX_FOUND, .slide = slide, .unnamed = !is_named(layout), .unshown = l->report.unshown,
		};
		compare_types(l, scanned);
		return true;
	}
	return false;
}

/* Whether looking for the banner without an address would tell more. */
static bool is_to_be_scanned(const struct sct_linux *l)
{
	for (size_t i = 0; i < l->count; i++)
		if (!l->layouts[i].at[SCT_LX_BANNER].known && *l->layouts[i].kernel.head)
			return true;
	return false;
}

/* Whether one of the layouts may be that kernel's, and only its place is not known yet. */
static bool may_be_ours(const struct sct_linux *l, const char *banner)
{
	for (size_t i = 0; i < l->count; i++)
		if (!l->layouts[i].at[SCT_LX_BANNER].known && is_kernels(&l->layouts[i].kernel, banner))
			return true;
	return false;
}

/* Looks for the banner of whichever kernel there is, and gives its address; where there is none it is not looked for
 * again and again. */
static uint64_t scan_sometimes(struct sct_linux *l, const struct sct_mem *mem, char *banner)
{
	uint64_t at = 0;

	*banner = 0;
	if (l->beside || l->vain_scans >= SCANS)
		return 0;
	if (l->layouts[0].ptr == 4) /* the machine may run a kernel of 64 bits all the same */
		at = scan(mem, IMAGE_32, banner);
	if (!at)
		at = scan(mem, IMAGE_64, banner);
	if (!at) {
		l->vain_scans++;
		*banner = 0;
	}
	return at;
}

/* No layout fits: which kernel it is instead, where it shows. */
static void tell_other(struct sct_linux *l, const struct sct_mem *mem, char *banner)
{
	const char *head = l->layouts[0].kernel.head;

	if (l->report.state == SCT_LINUX_OTHER_KERNEL || (!*banner && !scan_sometimes(l, mem, banner)))
		return;
	if (!may_be_ours(l, banner))
		other(l, *head ? head : "a kernel whose linux_banner or init_task lies elsewhere", banner);
}

/* Whether a layout may be of a kernel with addresses of that many bytes; 0: nobody knows how many it has. */
static bool fits(const struct sct_linux_layout *layout, unsigned ptr)
{
	return !ptr || !layout->ptr || layout->ptr == ptr;
}

static bool any_fits(const struct sct_linux *l, unsigned ptr)
{
	for (size_t i = 0; i < l->count; i++)
		if (fits(&l->layouts[i], ptr))
			return true;
	return !l->count;
}

/* Registers show a kernel that has addresses of another size than all layouts. */
static void tell_other_bits(struct sct_linux *l, const struct sct_os_view *view)
{
	const char *head = l->layouts[0].kernel.head;
	char banner[SCT_LINUX_BANNER_MAX];

	if (l->report.state == SCT_LINUX_OTHER_KERNEL)
		return;
	scan_sometimes(l, &view->mem, banner);
	other(l, *head ? head : view->ptr == 4 ? "a kernel of 64 bits" : "a kernel of 32 bits",
	      *banner ? banner : view->ptr == 4 ? "a kernel of 32 bits" : "a kernel of 64 bits");
}

static bool search(struct sct_linux *l, const struct sct_os_view *view)
{
	const struct sct_mem *mem = &view->mem;
	char banner[SCT_LINUX_BANNER_MAX] = "";

	if (!any_fits(l, view->ptr)) {
		tell_other_bits(l, view);
		return false;
	}
	if (is_to_be_scanned(l) && !scan_sometimes(l, mem, banner) && l->report.state == SCT_LINUX_OTHER_KERNEL)
		return false;
	for (size_t i = 0; i < l->count; i++)
		if (fits(&l->layouts[i], view->ptr) && try_layout(l, mem, &l->layouts[i], banner))
			return true;
	tell_other(l, mem, banner);
	return false;
}

/* Whether a banner is that of a layout that says which kernel it is of. */
static bool is_ours(const struct sct_linux *l, const char *banner)
{
	for (size_t i = 0; i < l->count; i++)
		if (*l->layouts[i].kernel.head && is_kernels(&l->layouts[i].kernel, banner))
			return true;
	return false;
}

/* The same without addresses: all that can be held against a layout is the banner, wherever it lies. */
static void compare_banner(struct sct_linux *l, const struct sct_os_view *view)
{
	char banner[SCT_LINUX_BANNER_MAX];
	uint64_t at;

	if (!any_fits(l, view->ptr)) {
		tell_other_bits(l, view);
		return;
	}
	at = is_to_be_scanned(l) ? scan_sometimes(l, &view->mem, banner) : 0;
	l->report.same = at && is_ours(l, banner);
	l->banner_at = l->report.same ? at : 0;
	if (at && !may_be_ours(l, banner))
		other(l, l->layouts[0].kernel.head, banner);
}

/* Sets when the search goes on: after so many times the questions so far. */
static void wait_times(struct sct_linux *l, uint64_t times)
{
	uint64_t wait = times * l->asked;

	l->next = l->asked + (wait < WAIT_MAX ? wait : WAIT_MAX);
}

/* What compare_banner saw stays until the guest starts another kernel. Nothing is found, so nothing can be told. */
static void find_banner(struct sct_linux *l, const struct sct_os_view *view)
{
	if (l->report.state == SCT_LINUX_OTHER_KERNEL)
		return;
	if (l->banner_at &&
	    compare_bytes(&view->mem, l->banner_at, banner_start, sizeof banner_start - 1) == DIFFERENT) {
		l->report.same = false;
		l->banner_at = 0;
	}
	if (l->asked++ < l->next || l->banner_at)
		return;
	compare_banner(l, view);
	wait_times(l, OTHER_WAIT);
}

void sct_linux_refuse(struct sct_linux *l, const struct sct_mem *mem)
{
	const struct sct_linux_layout *is = l->is;
	uint64_t at = sct_linux_wrap(is, is->at[SCT_LX_BANNER].value + l->report.slide);
	char banner[SCT_LINUX_BANNER_MAX];

	if (!is->at[SCT_LX_BANNER].known || !read_banner(mem, at, banner))
		snprintf(banner, sizeof banner, "another one");
	other(l, "a kernel whose tasks have their members elsewhere", banner);
	l->layouts[is - l->layouts] = l->layouts[--l->count];
	l->is = NULL;
}

bool sct_linux_find(struct sct_linux *l, const struct sct_os_view *view)
{
	const struct sct_mem *mem = &view->mem;

	if (l->placeless) {
		find_banner(l, view);
		return false;
	}
	if (l->report.state == SCT_LINUX_FOUND) {
		if (!moved(l, mem))
			return true;
		l->report.state = SCT_LINUX_SOUGHT;
		l->next = l->asked;
	}
	if (l->asked++ < l->next)
		return false;
	if (search(l, view))
		return true;
	wait_times(l, l->report.state == SCT_LINUX_OTHER_KERNEL ? OTHER_WAIT : 1);
	return false;
}
