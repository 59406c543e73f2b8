# sctrace: build, test, measure, install. `make help` lists the targets.

CC      ?= gcc
OPT     ?= -O2 -g
PREFIX  ?= /usr/local
DESTDIR ?=
BUILD   ?= build
VERSION := 0.1.0

PKGS    := capstone libelf libdwarf libprotobuf-c libzstd zlib liblzma
WARN    := -Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes -Wshadow -Wpointer-arith -Wvla -Werror
ifdef SAN
# the same tests under AddressSanitizer and UndefinedBehaviorSanitizer, built beside the ordinary ones
BUILD   := $(BUILD)-san
OPT     := -O1 -g -fno-omit-frame-pointer
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
endif
CPPFLAGS += -D_GNU_SOURCE -DSCT_VERSION='"$(VERSION)"' -Isrc -I$(BUILD)/gen
CFLAGS  := -std=c11 -fPIC -fvisibility=hidden -pthread $(OPT) $(WARN) $(SANITIZE) $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
LDLIBS  := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -pthread

MAINS   := $(wildcard src/main_*.c)
LIB_SRC := $(filter-out $(MAINS),$(wildcard src/*.c)) $(wildcard formats/*.c) $(wildcard dwarf/*.c)
GEN_SRC := $(BUILD)/gen/tables.c $(BUILD)/gen/pandalog.pb-c.c
LIB_OBJ := $(LIB_SRC:%.c=$(BUILD)/%.o) $(GEN_SRC:.c=.o)
LIB     := $(BUILD)/libsctrace.a
PROGRAMS := $(MAINS:src/main_%.c=$(BUILD)/sctrace-%)

.PHONY: all
all: $(PROGRAMS)

$(PROGRAMS): $(BUILD)/sctrace-%: $(BUILD)/src/main_%.o $(LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(LIB): $(LIB_OBJ)
	rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/%.o: %.c Makefile | generated
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/gen/%.o: $(BUILD)/gen/%.c Makefile
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

.PHONY: generated
generated: $(GEN_SRC)

# the system call tables: text in prototypes/, made by scan_linux from a kernel source tree (make prototypes TREE=...)
HOSTCC  ?= cc
TABLES  := prototypes/linux_x64.txt prototypes/linux_x32.txt prototypes/linux_x86.txt prototypes/labels/errno.txt

$(BUILD)/gen_tables: prototypes/gen_tables.c prototypes/row.c prototypes/text.c prototypes/row.h prototypes/text.h
$(BUILD)/scan_linux: prototypes/scan_linux.c prototypes/ksource.c prototypes/cond.c prototypes/marks.c \
	prototypes/text.c $(wildcard prototypes/*.h)
$(BUILD)/gen_tables $(BUILD)/scan_linux:
	@mkdir -p $(@D)
	$(HOSTCC) -std=c11 -D_GNU_SOURCE -O1 -g $(WARN) -o $@ $(filter %.c,$^)

$(BUILD)/gen/tables.c: $(BUILD)/gen_tables $(TABLES)
	@mkdir -p $(@D)
	$(BUILD)/gen_tables $(TABLES) >$@.new && mv $@.new $@

# PANDA's log messages as C; protoc-c writes header and source at once
$(BUILD)/gen/pandalog.pb-c.c: formats/pandalog.proto
	@mkdir -p $(@D)
	protoc-c --proto_path=$(<D) --c_out=$(@D) $<

.PHONY: prototypes
prototypes: $(BUILD)/scan_linux
	$(BUILD)/scan_linux $(TREE) prototypes

.PHONY: clean
clean:
	rm -rf build build-san

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
