/* Files without a name, for what is unpacked.
 * In:  $TMPDIR
 * Out: a file descriptor
 */
#include "unwrap_unnamed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int sct_unnamed_file(struct sct_err *err)
{
	const char *folder = getenv("TMPDIR");
	char path[4096];
	int fd, n;

	if (!folder || !*folder)
		folder = "/tmp";
	n = snprintf(path, sizeof path, "%s/sctrace-XXXXXX", folder);
	fd = n < (int)sizeof path ? mkostemp(path, O_CLOEXEC) : -1;
	if (fd < 0)
		return sct_fail(err, SCT_E_IO, SCT_NO_OFFSET, "cannot unpack it into %s: %s", folder,
		                strerror(n < (int)sizeof path ? errno : ENAMETOOLONG));
	unlink(path);
	return fd;
}
