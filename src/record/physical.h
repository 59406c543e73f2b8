/* The guest's physical memory, by functions that QEMU's system binaries export though they are no part of the plugin
 * interface (include/exec/cpu-common.h), which has none for it in version 4. */
#ifndef SCT_RECORD_PHYSICAL_H
#define SCT_RECORD_PHYSICAL_H

#include <stdbool.h>
#include <stdint.h>

struct sct_physical {
	void (*rw)(uint64_t addr, void *buf, uint64_t len, bool is_write);
	bool (*is_io)(uint64_t addr); /* whether a device or nothing is at that address: reading it can change the guest */
};

/* False: this QEMU does not export them; *p is then empty. */
bool sct_physical_find(struct sct_physical *p);

#endif
