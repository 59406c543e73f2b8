/* A small Linux kernel's memory, made by hand: structs with places of their own, where a test puts what it needs.
 * In:  fields and their values
 * Out: the guest's own data as src/os_linux.h reads them
 */
#ifndef SCT_TEST_LINUX_IMAGE_H
#define SCT_TEST_LINUX_IMAGE_H

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "../../src/err.h"
#include "../../src/os_linux.h"

#define IMAGE UINT64_C(0xffffffff81000000) /* where the kernel is linked */
#define HEAP UINT64_C(0xffff888000000000)

/* Places in the kernel's image. */
enum { BANNER_AT = 0, INIT_AT = 0x400, NOTES_AT = 0x600, OFFSETS_AT = 0x800, IMAGE_SIZE = 0x1000, HEAP_SIZE = 0x40000 };

enum { CURRENT_AT = 0x40, PER_CPU_SIZE = 0x100 }; /* per-CPU data, linked from 0 on */

static struct {
	uint8_t image[IMAGE_SIZE], heap[HEAP_SIZE];
	uint64_t slide;
	uint64_t used;                /* of the heap */
	uint64_t hole, hole_end;      /* addresses that are not known */
	unsigned ptr, reads;          /* of the kernel's addresses, as registers show; how often memory was read */
	struct sct_linux_layout layout;
	struct sct_arena arena;
	struct sct_os os;
} g;

static uint8_t *byte_at(uint64_t addr)
{
	if (addr - g.hole < g.hole_end - g.hole)
		return NULL;
	if (addr - (IMAGE + g.slide) < IMAGE_SIZE)
		return g.image + (addr - (IMAGE + g.slide));
	return addr - HEAP < HEAP_SIZE ? g.heap + (addr - HEAP) : NULL;
}

static size_t image_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
	size_t n = 0;

	(void)ctx;
	g.reads++;
	for (uint8_t *p; n < len && (p = byte_at(addr + n)); n++)
		((uint8_t *)buf)[n] = *p;
	return n;
}

static const char *image_why(void *ctx, uint64_t addr)
{
	(void)ctx;
	(void)addr;
	return "unmapped";
}

/* Room for a struct; its address. Before it lies as much again, for what is counted backwards. */
static uint64_t room(uint64_t size)
{
	uint64_t addr = HEAP + g.used + size;

	g.used += 2 * size;
	ck_assert_uint_le(g.used, HEAP_SIZE);
	return addr;
}

static void put(uint64_t addr, uint64_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		*byte_at(addr + i) = (uint8_t)(value >> (8 * i));
}

static void put_text(uint64_t addr, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		*byte_at(addr + i) = (uint8_t)text[i];
}

/* Sets a field of what lies at base. */
static void set(uint64_t base, enum sct_linux_field field, uint64_t value, unsigned size)
{
	ck_assert(g.layout.at[field].known);
	put(base + g.layout.at[field].value, value, size);
}

static void set_text(uint64_t base, enum sct_linux_field field, const char *s)
{
	put_text(base + g.layout.at[field].value, s, strlen(s) + 1);
}

static void say_at(enum sct_linux_field field, uint64_t value)
{
	g.layout.at[field] = (struct sct_word){ true, value };
}

/* Members eight bytes apart, in the order of their names. */
static void say_members(enum sct_linux_field first, enum sct_linux_field last)
{
	for (unsigned f = first; f <= last; f++)
		say_at(f, 8 + 8 * (f - first));
}

static void say_layout(void)
{
	memset(&g.layout, 0, sizeof g.layout);
	g.layout.ptr = 8;
	say_at(SCT_LX_BANNER, IMAGE + BANNER_AT);
	say_at(SCT_LX_INIT_TASK, IMAGE + INIT_AT);
	say_at(SCT_LX_NOTES, IMAGE + NOTES_AT);
	say_at(SCT_LX_PER_CPU_OFFSET, IMAGE + OFFSETS_AT);
	say_at(SCT_LX_CURRENT, CURRENT_AT);
	say_members(SCT_LX_TASK_PID, SCT_LX_TASK_FS);
	say_at(SCT_LX_TASK_COMM, 0x80);
	say_at(SCT_LX_TASK_COMM_SIZE, 16);
	say_at(SCT_LX_TASK_START, 0x90);
	say_at(SCT_LX_TASK_START_IS_TIMESPEC, 0);
	for (unsigned f = SCT_LX_CRED_UID; f <= SCT_LX_FDT_FD; f++)
		say_at(f, 8 + 8 * (f % 3));
	say_members(SCT_LX_FILE_DENTRY, SCT_LX_FILE_MNT);
	say_members(SCT_LX_DENTRY_PARENT, SCT_LX_DENTRY_SB);
	say_at(SCT_LX_OP_DNAME, 16);
	say_at(SCT_LX_MNT_ROOT, 0);
	say_at(SCT_LX_MNT_PARENT, (uint64_t)-16);
	say_at(SCT_LX_MNT_POINT, (uint64_t)-8);
	say_at(SCT_LX_MOUNT_MNT, 32);
	say_members(SCT_LX_INODE_INO, SCT_LX_FSTYPE_NAME);
	say_at(SCT_LX_INODE_SK, (uint64_t)-24);
	say_at(SCT_LX_SOCKET_INODE, 64);
	say_members(SCT_LX_SK_SOCKET, SCT_LX_SK_PROT);
	say_at(SCT_LX_PROT_NAME, 4);
	say_at(SCT_LX_SK_PROTOCOL, 0x30);
	say_at(SCT_LX_SK_SADDR, 0x38);
	say_at(SCT_LX_SK_DADDR, 0x3c);
	say_at(SCT_LX_SK_SADDR6, 0x40);
	say_at(SCT_LX_SK_DADDR6, 0x50);
	say_at(SCT_LX_SK_SPORT, 0x60);
	say_at(SCT_LX_SK_DPORT, 0x62);
	say_at(SCT_LX_UNIX_ADDR, 0x68);
	say_at(SCT_LX_UNIX_PEER, 0x70);
	say_at(SCT_LX_UNIX_ADDR_LEN, 4);
	say_at(SCT_LX_UNIX_ADDR_NAME, 8);
	say_at(SCT_LX_NETLINK_PORTID, 0x78);
}

static const char banner[] = "Linux version 6.1.0-1-amd64 (a@b) (gcc) #1 SMP Debian 6.1.4-1 (2023-01-07)\n";

/* The kernel's image at that slide, with the running task of each of two CPUs. */
static void begin_image(uint64_t slide)
{
	memset(&g, 0, sizeof g);
	g.slide = slide;
	say_layout();
	put_text(IMAGE + slide + BANNER_AT, banner, sizeof banner);
	set_text(IMAGE + slide + INIT_AT, SCT_LX_TASK_COMM, "swapper/0");
	set(IMAGE + slide + INIT_AT, SCT_LX_TASK_REAL_PARENT, IMAGE + slide + INIT_AT, 8);
	for (unsigned cpu = 0; cpu < 2; cpu++) {
		uint64_t data = room(PER_CPU_SIZE), task = room(0x100);

		put(IMAGE + slide + OFFSETS_AT + 8 * cpu, data, 8);
		put(data + CURRENT_AT, task, 8);
		set(task, SCT_LX_TASK_PID, 100 + cpu, 4);
		set(task, SCT_LX_TASK_TGID, 100, 4);
		set_text(task, SCT_LX_TASK_COMM, cpu ? "second" : "first");
	}
}

static void use(void)
{
	struct sct_err err;

	if (g.os.free)
		g.os.free(g.os.state);
	ck_assert_int_eq(sct_linux_os(&g.os, &g.layout, 1, false, &err), SCT_OK);
}

static void end_image(void)
{
	if (g.os.free)
		g.os.free(g.os.state);
	sct_arena_fini(&g.arena);
}

static struct sct_os_view view_of(unsigned cpu)
{
	return (struct sct_os_view){ .mem = { image_read, image_why, NULL }, .cpu = cpu, .ptr = g.ptr };
}

static struct sct_who who_on(unsigned cpu)
{
	struct sct_os_view view = view_of(cpu);
	struct sct_who who = { 0 };

	g.os.who(g.os.state, &view, &who, &g.arena);
	return who;
}

/* The running task of a CPU. */
static uint64_t task_on(unsigned cpu)
{
	uint64_t data, task;

	image_read(NULL, IMAGE + g.slide + OFFSETS_AT + 8 * cpu, &data, 8);
	image_read(NULL, data + CURRENT_AT, &task, 8);
	return task;
}

#endif
