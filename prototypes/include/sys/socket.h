/* What the kernel's headers for programs ask a C library for (include/linux/socket.h of Linux 6.1). The empty files
 * beside this one are headers of C libraries and of the kernel's build that nothing in structs.c needs. */
#ifndef STRUCTS_SYS_SOCKET_H
#define STRUCTS_SYS_SOCKET_H

typedef unsigned short sa_family_t;

struct sockaddr {
	sa_family_t sa_family;
	char sa_data[14];
};

#endif
