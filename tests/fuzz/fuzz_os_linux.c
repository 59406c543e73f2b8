/* Fuzz target: kernelinfo.conf, and a Linux kernel's memory by it.
 * In:  the bytes of the file up to a NUL; behind it memory, as it lies at BASE
 * Out: nothing, or an abort
 *
 * Fields that the file has no key for lie where a byte of the memory says, which is their place in the list.
 */
#include <stdlib.h>
#include <string.h>

#include "../../src/err.h"
#include "../../src/os_linux.h"

#define BASE UINT64_C(0xc1000000)

struct memory {
	const uint8_t *data;
	size_t size;
};

static size_t read_memory(void *ctx, uint64_t addr, void *buf, size_t len)
{
	const struct memory *m = ctx;
	size_t n = addr - BASE < m->size ? m->size - (size_t)(addr - BASE) : 0;

	n = n < len ? n : len;
	if (n)
		memcpy(buf, m->data + (addr - BASE), n);
	return n;
}

static const char *why(void *ctx, uint64_t addr)
{
	(void)ctx;
	(void)addr;
	return "unmapped";
}

static void ask(const struct sct_linux_layout *layouts, size_t count, struct memory *memory)
{
	struct sct_os_view view = { .mem = { read_memory, why, memory } };
	struct sct_arena arena = { 0 };
	struct sct_who who = { 0 };
	struct sct_err err;
	struct sct_os os;

	if (sct_linux_os(&os, layouts, count, false, &err) < 0)
		abort();
	os.who(os.state, &view, &who, &arena);
	for (int fd = 0; fd < 4; fd++)
		os.descriptor(os.state, &view, fd, &arena);
	os.is_other(os.state, &view);
	os.free(os.state);
	sct_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
	size_t text = nul ? (size_t)(nul - data) : size, count;
	struct memory memory = { data + text, size - text };
	struct sct_linux_layout *layouts;
	struct sct_err err = { 0 };

	sct_linux_is_kernelinfo(data, size);
	if (sct_linux_layouts_of_kernelinfo(data, text, &layouts, &count, &err)) {
		if (!err.status || !*err.text || (err.offset > text && err.offset != SCT_NO_OFFSET))
			abort();
		return 0;
	}
	for (size_t i = 0; i < count; i++)
		for (unsigned f = SCT_LX_PER_CPU_0 + 1; f < SCT_LX_FIELDS && f < memory.size; f++)
			if (!layouts[i].at[f].known)
				layouts[i].at[f] = (struct sct_word){ true, memory.data[f] };
	ask(layouts, count, &memory);
	free(layouts);
	return 0;
}
