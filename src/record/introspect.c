/* The guest's own data, by the layout of its kernel's structs.
 *
 * In:  layouts as the launcher has made them of the files that --types names; kernel memory
 * Out: an operating system that the capture asks; whether it is the guest's. Or a warning: these types are not its
 */
#include "recorder.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../os_linux.h"

/* Reads the layouts, one a line. NULL: there are none, or no memory. */
static struct sct_linux_layout *read_layouts(FILE *file, size_t *count)
{
	struct sct_linux_layout *layouts = NULL, *more;
	char line[SCT_LINUX_TEXT + 1];

	for (*count = 0; fgets(line, sizeof line, file); ++*count) {
		more = realloc(layouts, (*count + 1) * sizeof *layouts);
		line[strcspn(line, "\n")] = 0;
		if (!more || !sct_linux_layout_read(&more[*count], line)) {
			free(more ? more : layouts);
			return NULL;
		}
		layouts = more;
	}
	return layouts;
}

bool sct_introspect_set(struct sct_recorder *r, int fd)
{
	FILE *file = fdopen(fd, "re");
	struct sct_linux_layout *layouts;
	struct sct_err err;
	size_t count;
	bool set;

	if (!file)
		return false;
	rewind(file);
	layouts = read_layouts(file, &count);
	fclose(file);
	set = layouts && sct_linux_os(&r->os, layouts, count, true, &err) == SCT_OK;
	free(layouts);
	return set;
}

/* What QEMU's own walk reaches. */
static bool read_line(void *none, uint64_t addr, uint8_t *line)
{
	struct sct_vcpu *v = sct_self;

	(void)none;
	if (!v || !qemu_plugin_read_memory_vaddr(addr, v->buf, SCT_LINE))
		return false;
	memcpy(line, v->buf->data, SCT_LINE);
	return true;
}

void sct_introspect_start(struct sct_recorder *r)
{
	struct sct_physical physical;

	/* at level full all memory is in the recording anyway */
	if (!r->os.who || r->level == SCT_LEVEL_FULL)
		return;
	sct_physical_find(&physical);
	sct_kernel_memory_init(&r->kernel_memory, &physical, read_line);
	sct_lines_set_kernel(r->capture.lines, sct_kernel_memory_line, &r->kernel_memory);
	r->capture.os = &r->os;
}

void sct_introspect_at(struct sct_recorder *r, struct sct_vcpu *v)
{
	struct sct_controls c;

	if (!r->capture.os)
		return;
	c.cr0 = sct_vcpu_role(v, &r->dict, SCT_ROLE_CR0);
	c.cr3 = sct_vcpu_role(v, &r->dict, SCT_ROLE_CR3);
	c.cr4 = sct_vcpu_role(v, &r->dict, SCT_ROLE_CR4);
	c.efer = sct_vcpu_role(v, &r->dict, SCT_ROLE_EFER);
	sct_kernel_memory_at(&r->kernel_memory, &c, sct_vcpu_pc(v));
}

void sct_introspect_told(struct sct_recorder *r)
{
	const struct sct_linux_report *report;

	if (!r->capture.os || atomic_load(&r->counters->types) != SCT_TYPES_SOUGHT)
		return;
	report = sct_linux_report(&r->os);
	if (report->state == SCT_LINUX_FOUND)
		atomic_store(&r->counters->types, SCT_TYPES_FOUND);
	if (report->state != SCT_LINUX_OTHER_KERNEL)
		return;
	atomic_store(&r->counters->types, SCT_TYPES_REFUSED);
	fprintf(stderr, "sctrace: warning: what --types names is not of the guest's kernel: it is of \"%s\", the guest's "
	        "is \"%s\"; recording goes on without it\n", report->expected, report->found);
}
