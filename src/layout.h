/* Layouts: how a type lies in the memory of an ABI's programs, made ready for a walk over its bytes.
 *
 * A parameter's type is looked up as the caller lays it out: among the kernel's own types where they are given (for
 * 32-bit calls on a 64-bit kernel among its compat_ types), else among the built-in structs of the ABI.
 */
#ifndef SCT_LAYOUT_H
#define SCT_LAYOUT_H

#include "abi.h"

struct sct_types;
struct sct_layouts;

enum sct_layout_kind {
	SCT_L_UINT, SCT_L_INT, /* numbers, characters, truth values */
	SCT_L_FLOAT,
	SCT_L_ENUM,
	SCT_L_CHARS,   /* an array of char: text */
	SCT_L_BYTES,   /* an array of unsigned char */
	SCT_L_POINTER,
	SCT_L_STRUCT, SCT_L_UNION,
	SCT_L_ARRAY,
};

/* Structs of which more is known than what C says. */
enum sct_layout_tag {
	SCT_TAG_NONE,
	SCT_TAG_SIGINFO,  /* si_signo and si_code choose among the members of _sifields */
	SCT_TAG_SIGEVENT, /* sigev_notify among those of _sigev_un */
	SCT_TAG_IPV4, SCT_TAG_IPV6, /* addresses in network order */
	SCT_TAG_INET, SCT_TAG_INET6, SCT_TAG_UNIX, /* socket addresses: the port, the path */
	SCT_TAG_MESSAGE,  /* struct msgbuf: mtext is bytes */
	SCT_TAG_KLUDGE,   /* struct ipc_kludge: the result tells how long the message behind msgp is */
	SCT_TAG_SOCKADDR, /* struct sockaddr: sa_data goes on to the address's end */
	SCT_TAG_HANDLE,   /* struct file_handle: handle_bytes tells how long f_handle is, if it is there */
};

/* A member of a struct that is a descriptor: always, or where a bit is set in another member before it. */
struct sct_fd_member {
	const char *type, *name;       /* "struct iocb", "aio_resfd" */
	const char *flags;             /* name of the other member; NULL: always */
	uint64_t bits;
};

struct sct_field {
	const char *name;              /* NULL: anonymous */
	const struct sct_layout *type;
	uint32_t bit_offset;           /* from the struct's first byte; on big-endian machines bits count from the top */
	uint32_t bits;                 /* of a bitfield; 0: it is none */
	const struct sct_fd_member *fd; /* NULL: it is no descriptor */
};

struct sct_layout {
	/* As the record's `type` has it, the same whatever source the types come from: typedefs and qualifiers are gone
	 * ("unsigned int"), of a pointer to a function "void (*)()", of what has no name "struct". */
	const char *type;
	uint8_t kind;                  /* enum sct_layout_kind */
	uint8_t tag;                   /* STRUCT, UNION: enum sct_layout_tag */
	bool big_endian;
	bool is_signed;                /* INT; ENUM whose values can be negative */
	uint32_t size;                 /* bytes */
	uint32_t count;                /* ARRAY, CHARS, BYTES: elements; 0: flexible, goes on to the end of what is there */
	const struct sct_field *fields; /* STRUCT, UNION: in order, nfields of them */
	uint32_t nfields;
	const struct sct_layout *of;   /* ARRAY: of an element */
	const void *source;            /* of the layouts' own */
};

/* kernel: the types of the recorded kernel, kept by the caller for as long as the layouts; NULL: none. */
struct sct_layouts *sct_layouts_new(const struct sct_types *kernel);
void sct_layouts_free(struct sct_layouts *layouts);
/* The layout of what a parameter of that C type ("const struct stat *", "siginfo_t *") points at, in a program of that
 * ABI; NULL: not a pointer, or to nothing that a layout is known of. Lasts as long as the layouts. */
const struct sct_layout *sct_layouts_pointee(struct sct_layouts *layouts, const struct sct_abi *abi, const char *type);
/* The layout of what a POINTER points at, made when it is first asked for; NULL: void, a function, or not known. */
const struct sct_layout *sct_layout_behind(const struct sct_layout *pointer);
/* The name of an enum's value, or NULL. */
const char *sct_layout_enumerator(const struct sct_layout *layout, uint64_t value);

#endif
