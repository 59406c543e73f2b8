/* A machine, and what a recording says of it, event by event.
 * In:  registers, stores, gaps
 * Out: the machine, m
 */
#ifndef TEST_MACHINE_EVENTS_H
#define TEST_MACHINE_EVENTS_H

#include <check.h>
#include <stdlib.h>

#include "../../src/machine.h"

static struct sct_machine *m;

/* program: the recording is one of a program's alone. */
static inline void new_machine(const struct sct_arch *arch, bool program)
{
	m = malloc(sizeof *m);
	ck_assert_ptr_nonnull(m);
	sct_machine_init(m, arch, program);
}

static inline void end(void)
{
	sct_machine_fini(m);
	free(m);
}

static inline void set(unsigned vcpu, const char *name, uint64_t value)
{
	sct_machine_apply(m, &(struct sct_event){ .kind = SCT_EV_REG, .vcpu = (uint16_t)vcpu, .value = value,
	                                          .reg = sct_arch_reg(m->arch, name)->index });
}

/* A store to guest-physical memory. */
static inline void store(uint64_t paddr, const void *data, size_t len)
{
	struct sct_store store = { .addr = paddr, .data = data, .len = (uint16_t)len };

	sct_machine_apply(m, &(struct sct_event){ .kind = SCT_EV_STORES, .len = 1, .value = 1, .stores = &store });
}

/* The same of the lowest bytes of a number. */
static inline void store_word(uint64_t paddr, uint64_t value, unsigned len)
{
	store(paddr, &value, len);
}

static inline void gap(void)
{
	sct_machine_apply(m, &(struct sct_event){ .kind = SCT_EV_GAP });
}

#endif
