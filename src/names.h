/* The names that system calls have in the tables of all profiles. */
#ifndef SCT_NAMES_H
#define SCT_NAMES_H

/* The tables' own string for the call of that name, also of those behind a multiplexer; NULL: no table has it. */
const char *sct_call_name(const char *name);

#endif
