# sctrace: build, test, measure, install. `make help` lists the targets; V=1 shows each command.

VERSION := 0.1.0
SOVERSION := 0

# ---- what a caller may set ------------------------------------------------------------------------------------

ifeq ($(origin CC),default)
CC := gcc
endif
HOSTCC  ?= cc
FUZZCC  ?= clang
CFLAGS  ?= -O2 -g
PYTHON  ?= /usr/bin/python3
BUILD   ?= build
DEPS    ?= yes

DESTDIR ?=
PREFIX  ?= /usr/local
BINDIR  ?= $(PREFIX)/bin
LIBDIR  ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
SHAREDIR ?= $(PREFIX)/share
PLUGINDIR := $(LIBDIR)/sctrace

# ---- flags ----------------------------------------------------------------------------------------------------

ifdef SAN
# the same, under AddressSanitizer and UndefinedBehaviorSanitizer, built beside the ordinary build
override BUILD := $(BUILD:%-san=%)-san
override CFLAGS := -O1 -g
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
endif

PKGS    := capstone libprotobuf-c libzstd zlib liblzma libelf jansson libarchive lzo2 snappy liblz4
WARN    := -Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes -Wshadow -Wpointer-arith -Wvla -Werror \
	-Wno-missing-field-initializers
DEFINES := -D_GNU_SOURCE -DSCT_VERSION='"$(VERSION)"' -DSCT_PLUGIN_DIR='"$(PLUGINDIR)"'
BASE    := -std=c11 -fPIC -fvisibility=hidden -pthread $(DEFINES) -Isrc -I$(BUILD)/gen $(WARN) \
	$(shell pkg-config --cflags $(PKGS) 2>/dev/null)
Q       := $(if $(V),,@)
SAY      = $(if $(V),@:,@printf '  %-7s %s\n')
COMPILE  = $(CC) $(BASE) $(CPPFLAGS) $(CFLAGS) $(SANITIZE) -MMD -MP
LINK     = $(CC) $(CFLAGS) $(SANITIZE) -pthread -Wl,--as-needed $(LDFLAGS)
LDLIBS  := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -ldwarf -lbz2

# ---- what there is --------------------------------------------------------------------------------------------

MAINS   := $(wildcard src/main_*.c)
GEN     := $(BUILD)/gen/tables.c $(BUILD)/gen/structs.c $(BUILD)/gen/pandalog.pb-c.c
LIB_SRC := $(filter-out $(MAINS),$(wildcard src/*.c)) $(wildcard formats/*.c) $(wildcard dwarf/*.c)
LIB_OBJ := $(LIB_SRC:%.c=$(BUILD)/%.o) $(GEN:.c=.o)
LIB     := $(BUILD)/libsctrace.a
SHARED  := $(BUILD)/libsctrace.so.$(VERSION)
PROGRAMS := $(MAINS:src/main_%.c=$(BUILD)/sctrace-%)
LAUNCH  := $(wildcard src/record/launch*.c) src/record/symbols.c
PLUGINS := $(BUILD)/sctrace-plugin-v4.so $(BUILD)/sctrace-plugin-v1.so
UNIT    := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/*.c))
EXAMPLE := $(BUILD)/tests/example/opens
FUZZ    := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))

.PHONY: all
## all         the programs, the plugins and the library, in build/ (default)
all: $(PROGRAMS) $(PLUGINS) $(SHARED) $(LIB)

.SECONDARY:
.DELETE_ON_ERROR:

# ---- programs and library -------------------------------------------------------------------------------------

$(BUILD)/sctrace-record: $(LAUNCH:%.c=$(BUILD)/%.o)
$(BUILD)/sctrace-record $(BUILD)/tests/unit/symbols: LDLIBS += $(shell pkg-config --libs libelf 2>/dev/null)
$(PROGRAMS): $(BUILD)/sctrace-%: $(BUILD)/src/main_%.o $(LIB)
	$(SAY) LINK $@
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(LIB) $(LDLIBS)

$(LIB): $(LIB_OBJ)
	$(SAY) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(SHARED): $(LIB_OBJ)
	$(SAY) LINK $@
	$(Q)$(LINK) -shared -Wl,-soname,libsctrace.so.$(SOVERSION) -Wl,-z,defs -o $@ $^ $(LDLIBS)
	$(Q)ln -sf $(@F) $(BUILD)/libsctrace.so.$(SOVERSION)
	$(Q)ln -sf $(@F) $(BUILD)/libsctrace.so

$(BUILD)/%.o: %.c Makefile | $(GEN)
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(COMPILE) -c -o $@ $<

$(BUILD)/gen/%.o: $(BUILD)/gen/%.c Makefile
	$(SAY) CC $<
	$(Q)$(COMPILE) -c -o $@ $<

# ---- the QEMU plugins: v4 for whole machines, v1 for programs under qemu-user of version 7.2 --------------------
# They live inside somebody else's process: only what they need, never sanitized, QEMU's symbols left open.

PLUGIN_USER := $(wildcard src/record/user*.c)
PLUGIN_BOTH := $(filter-out $(LAUNCH) $(PLUGIN_USER) src/record/plugin.c,$(wildcard src/record/*.c)) \
	$(addprefix src/,abi.c arch.c arch_x86.c arch_arm.c arch_mips.c arena.c err.c map.c memory.c memory_notes.c proto.c) \
	src/walk_x86.c $(wildcard src/value*.c src/layout*.c) $(filter-out %_types.c %_kernelinfo.c,$(wildcard src/os_linux*.c)) \
	dwarf/builtin.c dwarf/types.c
PLUGIN_LIB := $(BUILD)/plugin/plugin.a
PLUGIN_CC   = $(CC) $(BASE) $(shell pkg-config --cflags glib-2.0) $(CPPFLAGS) $(CFLAGS) -MMD -MP

$(BUILD)/sctrace-plugin-v4.so: $(BUILD)/plugin/src/record/plugin.o
$(BUILD)/sctrace-plugin-v1.so: $(PLUGIN_USER:%.c=$(BUILD)/plugin/%.o)
$(PLUGINS): $(PLUGIN_LIB)
	$(SAY) LINK $@
	$(Q)$(CC) $(CFLAGS) -pthread $(LDFLAGS) -shared -Wl,-Bsymbolic -o $@ $(filter %.o,$^) $(PLUGIN_LIB) \
		$(shell pkg-config --libs libzstd glib-2.0)

$(PLUGIN_LIB): $(PLUGIN_BOTH:%.c=$(BUILD)/plugin/%.o) $(BUILD)/plugin/gen/tables.o $(BUILD)/plugin/gen/structs.o
	$(SAY) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/plugin/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(SAY) CC "$< (plugin)"
	$(Q)$(PLUGIN_CC) -c -o $@ $<

$(BUILD)/plugin/gen/%.o: $(BUILD)/gen/%.c Makefile
	@mkdir -p $(@D)
	$(SAY) CC "$< (plugin)"
	$(Q)$(PLUGIN_CC) -c -o $@ $<

# ---- generated sources ----------------------------------------------------------------------------------------

# the system call tables: text in prototypes/, made by scan_linux from a kernel source tree
TABLES := $(patsubst %,prototypes/linux_%.txt,x64 x32 x86 arm arm64 mips_o32) prototypes/labels/errno.txt \
	prototypes/labels/errno_mips.txt

$(BUILD)/gen_tables: prototypes/gen_tables.c prototypes/row.c prototypes/text.c prototypes/row.h prototypes/text.h
$(BUILD)/scan_linux: prototypes/scan_linux.c prototypes/ksource.c prototypes/generic.c prototypes/cond.c prototypes/marks.c \
	prototypes/text.c $(wildcard prototypes/*.h)
$(BUILD)/gen_structs: prototypes/gen_structs.c prototypes/text.c prototypes/text.h dwarf/types.h
$(BUILD)/gen_tables $(BUILD)/gen_structs $(BUILD)/scan_linux:
	@mkdir -p $(@D)
	$(SAY) HOSTCC $@
	$(Q)$(HOSTCC) -std=c11 -D_GNU_SOURCE -O1 -g $(WARN) -o $@ $(filter %.c,$^)

$(BUILD)/gen/tables.c: $(BUILD)/gen_tables $(TABLES)
	@mkdir -p $(@D)
	$(SAY) GEN $@
	$(Q)$(BUILD)/gen_tables $(TABLES) >$@.new && mv $@.new $@

# the structs that programs hand to calls: text in prototypes/, made by write_structs from the kernel's headers
STRUCTS := $(patsubst %,prototypes/structs_linux_%.txt,x64 x32 x86 arm arm64 mips_o32)

$(BUILD)/gen/structs.c: $(BUILD)/gen_structs $(STRUCTS)
	@mkdir -p $(@D)
	$(SAY) GEN $@
	$(Q)$(BUILD)/gen_structs $(STRUCTS) >$@.new && mv $@.new $@

# PANDA's log messages as C
$(BUILD)/gen/pandalog.pb-c.c $(BUILD)/gen/pandalog.pb-c.h &: formats/pandalog.proto
	@mkdir -p $(@D)
	$(SAY) GEN $@
	$(Q)protoc-c --proto_path=$(<D) --c_out=$(@D) $<

# what reads the debugging information of prototypes/structs.c, with our own library
$(BUILD)/write_structs: $(BUILD)/prototypes/write_structs.o $(BUILD)/prototypes/text.o $(LIB)
	$(SAY) LINK $@
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(LIB) $(LDLIBS)

.PHONY: prototypes structs
## prototypes  make the tables in prototypes/ anew from a kernel source tree: make prototypes TREE=linux-source-6.1
prototypes: $(BUILD)/scan_linux
	$(BUILD)/scan_linux $(TREE) prototypes

## structs     the same for the structs of programs, by clang: make structs TREE=linux-source-6.1
structs: $(BUILD)/write_structs
	prototypes/structs.sh $(TREE) prototypes $(BUILD)/write_structs

# ---- tests ----------------------------------------------------------------------------------------------------

$(BUILD)/tests/unit/capture: $(patsubst %,$(BUILD)/src/record/%.o,capture lines)
$(BUILD)/tests/unit/capture.o $(BUILD)/src/record/capture.o: BASE += $(shell pkg-config --cflags glib-2.0 2>/dev/null)
$(BUILD)/tests/unit/record: $(patsubst %,$(BUILD)/src/record/%.o,lines switch stream frames)
$(BUILD)/tests/unit/kernel_memory: $(BUILD)/src/record/kernel_memory.o
$(BUILD)/tests/unit/launch_types: $(BUILD)/src/record/launch_types.o
$(BUILD)/tests/unit/symbols: $(patsubst %,$(BUILD)/src/record/%.o,symbols kernel)
$(UNIT): $(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(LIB)
	$(SAY) LINK $@
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(LIB) $(LDLIBS) $(shell pkg-config --libs check)

# as a user of the library builds it: public header and shared library, nothing else
$(EXAMPLE): tests/example/opens.c src/sctrace.h $(SHARED)
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(LINK) -std=c11 $(WARN) -Isrc -o $@ $< -L$(BUILD) -lsctrace -Wl,-rpath,'$$ORIGIN/../..'

# fuzz targets: the same objects for libFuzzer, which also replays a corpus
FUZZ_FLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all

$(BUILD)/fuzz/%.o: %.c Makefile | $(GEN)
	@mkdir -p $(@D)
	$(SAY) FUZZCC $<
	$(Q)$(FUZZCC) $(BASE) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

$(BUILD)/fuzz/gen/%.o: $(BUILD)/gen/%.c Makefile
	@mkdir -p $(@D)
	$(SAY) FUZZCC $<
	$(Q)$(FUZZCC) $(BASE) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

$(BUILD)/fuzz/libsctrace.a: $(LIB_SRC:%.c=$(BUILD)/fuzz/%.o) $(GEN:$(BUILD)/%.c=$(BUILD)/fuzz/%.o)
	$(SAY) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(FUZZ): $(BUILD)/fuzz/fuzz_%: $(BUILD)/fuzz/tests/fuzz/fuzz_%.o $(BUILD)/fuzz/libsctrace.a
	$(SAY) LINK $@
	$(Q)$(FUZZCC) $(FUZZ_FLAGS) -fsanitize=fuzzer -pthread -o $@ $^ $(LDLIBS)

.PHONY: check check-build golden live bench fuzz demo deps
## check       every test; SAN=1: under sanitizers; installs what is missing for it (DEPS=no: does not)
check:
ifneq ($(DEPS),no)
	tests/deps.sh check
endif
	$(MAKE) check-build
	env -u MAKEFLAGS -u MAKEOVERRIDES -u SAN SANITIZED=$(SAN) BUILD=$(BUILD) CC="$(CC)" PYTHON="$(PYTHON)" tests/check.sh

check-build: all $(UNIT) $(EXAMPLE) $(if $(SAN),,$(FUZZ))

## golden      write the expected logs of the recordings in fixtures/ anew, to be reviewed before they are committed
golden: all
	BUILD=$(BUILD) tests/golden/golden.sh --write

## live        record Debian guests and single programs, hold what was decoded against their own strace, QEMU's logs, and
##             memory against QEMU's; types from DWARF, BTF and ISF (two packages of nearly a gigabyte are fetched for
##             that); with PANDA=FOLDER also PANDA's i386 recording
live: all
	BUILD=$(abspath $(BUILD)) tests/live/run.sh full
	BUILD=$(abspath $(BUILD)) tests/live/types.sh
	BUILD=$(abspath $(BUILD)) tests/live/user.sh
	BUILD=$(abspath $(BUILD)) tests/live/snapshots.sh
	BUILD=$(abspath $(BUILD)) tests/live/panda_trace.sh
	BUILD=$(abspath $(BUILD)) tests/live/system_log.sh
	BUILD=$(abspath $(BUILD)) tests/live/panda.sh

## bench       time recording, decoding and opening, as ratios: RUNS=5; PARTS and PANDA as tests/bench/bench.py has them
bench: all
	BUILD=$(abspath $(BUILD)) tests/bench/bench.sh

## fuzz        every reader on mutated input for FUZZ_TIME seconds each (600)
FUZZ_TIME ?= 600
fuzz: $(FUZZ)
	BUILD=$(BUILD) tests/fuzz.sh $(FUZZ_TIME)

## demo        decode a committed recording of a real Debian guest; installs what the build needs
demo:
ifneq ($(DEPS),no)
	tests/deps.sh build
endif
	$(MAKE) all
	BUILD=$(BUILD) tests/demo.sh

## deps        install what building, testing and recording need and is missing (apt)
deps:
	tests/deps.sh live

# ---- install, clean -------------------------------------------------------------------------------------------

MAN1 := $(wildcard man/*.1)
MAN3 := $(wildcard man/*.3)
MAN5 := $(wildcard man/*.5)
TO    = $(DESTDIR)$(1)

.PHONY: install
## install     into DESTDIR and PREFIX (/usr/local)
install: all
	install -d $(call TO,$(BINDIR)) $(call TO,$(PLUGINDIR)) $(call TO,$(LIBDIR)/pkgconfig) $(call TO,$(INCLUDEDIR))
	install -m 755 $(PROGRAMS) $(call TO,$(BINDIR))
	install -m 755 $(PLUGINS) $(call TO,$(PLUGINDIR))
	install -m 644 $(LIB) $(call TO,$(LIBDIR))
	install -m 755 $(SHARED) $(call TO,$(LIBDIR))
	ln -sf $(notdir $(SHARED)) $(call TO,$(LIBDIR)/libsctrace.so.$(SOVERSION))
	ln -sf $(notdir $(SHARED)) $(call TO,$(LIBDIR)/libsctrace.so)
	install -m 644 src/sctrace.h $(call TO,$(INCLUDEDIR))
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' \
		-e 's|@VERSION@|$(VERSION)|' -e 's|@PKGS@|$(PKGS)|' src/libsctrace.pc.in \
		>$(call TO,$(LIBDIR)/pkgconfig/libsctrace.pc)
	install -d $(call TO,$(SHAREDIR)/man/man1) $(call TO,$(SHAREDIR)/man/man3) $(call TO,$(SHAREDIR)/man/man5)
	install -m 644 $(MAN1) $(call TO,$(SHAREDIR)/man/man1)
	install -m 644 $(MAN3) $(call TO,$(SHAREDIR)/man/man3)
	install -m 644 $(MAN5) $(call TO,$(SHAREDIR)/man/man5)
	install -d $(call TO,$(SHAREDIR)/bash-completion/completions) $(call TO,$(SHAREDIR)/zsh/site-functions)
	for p in $(notdir $(PROGRAMS)); do \
		install -m 644 man/completions/sctrace.bash $(call TO,$(SHAREDIR)/bash-completion/completions)/$$p || exit 1; \
	done
	install -m 644 man/completions/_sctrace $(call TO,$(SHAREDIR)/zsh/site-functions)

.PHONY: clean help
## clean       remove build/ and build-san/
clean:
	rm -rf $(BUILD) $(BUILD)-san

## help        this list
help:
	@sed -n 's/^## /  make /p' Makefile

# what the live tests unpack in $(BUILD)/live has folders that end so too
-include $(shell find $(BUILD) -path $(BUILD)/live -prune -o -type f -name '*.d' -print 2>/dev/null)
