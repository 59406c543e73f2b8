/* Names of what descriptors are: paths, protocols, addresses. All strings are the caller's to free, NULL: not known. */
#ifndef SCT_DESCRIPTORS_TEXT_H
#define SCT_DESCRIPTORS_TEXT_H

#include "descriptors_table.h"

/* The absolute path of `path`, of len bytes, seen from directory base (NULL: not known). Only what changes no meaning
 * is left out: doubled slashes, ".", a slash at the end. */
char *sct_fd_path_join(const char *base, const uint8_t *path, size_t len);
/* How strace -yy calls a socket's protocol: "TCP", "UNIX-STREAM"; NULL: none of those known here. mips: SOCK_STREAM and
 * SOCK_DGRAM have each other's number (arch/mips/include/asm/socket.h). */
const char *sct_fd_protocol(unsigned family, unsigned type, unsigned protocol, bool mips);
/* "127.0.0.1:80", "[::1]:80", "\"/run/socket\""; a port that the kernel is still to choose gives NULL. */
char *sct_fd_address(const uint8_t *addr, size_t len);
/* Whether that address leaves the host's own to the kernel. */
bool sct_fd_address_any(const char *text);
/* What the file is called: "/etc/passwd", "pipe", "TCP:[127.0.0.1:80->127.0.0.1:4242]". */
char *sct_fd_text(const struct sct_fd_file *file, struct sct_arena *arena);

#endif
