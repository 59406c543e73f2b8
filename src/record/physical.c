/* Looks up the functions that read the guest's physical memory.
 *
 * In:  the symbols of the QEMU that this plugin runs in
 * Out: functions, or none
 */
#include "physical.h"

#include <dlfcn.h>

bool sct_physical_find(struct sct_physical *p)
{
	/* the detour by memory is POSIX's own advice for function pointers: dlsym(3p), application usage */
	*(void **)&p->rw = dlsym(RTLD_DEFAULT, "cpu_physical_memory_rw");
	*(void **)&p->is_io = dlsym(RTLD_DEFAULT, "cpu_physical_memory_is_io");
	if (p->rw && p->is_io)
		return true;
	*p = (struct sct_physical){ 0 };
	return false;
}
