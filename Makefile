# gridshim. The two commands a newcomer needs: make demo, make test.
# Packagers: make install DESTDIR= PREFIX=. V=1 shows the commands.
# B= is the build folder, SAN=address,undefined builds with sanitizers there.

PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
UNITDIR    ?= $(PREFIX)/lib/systemd/system
MAPDIR     ?= $(PREFIX)/share/gridshim/maps
CC         ?= cc
VERSION    ?= 0.1.0
B          ?= build$(if $(SAN),-san)$(if $(findstring clang,$(CC)),-clang)
Q          := $(if $(V),,@)

DIRS  := gateway proxy policy storage web
SRCS  := $(wildcard $(DIRS:=/*.c))
CORE  := $(filter-out gateway/main.c,$(SRCS))
UNITS := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
BENCHES := $(patsubst tests/bench/%.c,%,$(wildcard tests/bench/*.c))
PKGS  := libmodbus libcurl libmicrohttpd sqlite3 jansson libcyaml libsodium

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
	-Wfloat-conversion -Wdouble-promotion -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wcast-qual \
	-Wcast-align -Wwrite-strings -Wundef -Wvla -Wformat=2 -Wswitch-enum \
	-Wnull-dereference -Wimplicit-fallthrough
ifeq ($(findstring clang,$(CC)),)
WARN += -Wlogical-op -Wduplicated-cond -Wduplicated-branches
endif

OPT      ?= -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong
# Found when a compile needs them, so that deps can install them first.
PKG_CFLAGS = $(shell pkg-config --cflags $(PKGS))
PKG_LIBS   = $(shell pkg-config --libs $(PKGS)) -lyaml -lev -lpthread -lm
CFLAGS_ALL = -std=c11 -D_GNU_SOURCE $(WARN) -Werror $(OPT) $(CFLAGS) \
	$(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -U_FORTIFY_SOURCE) \
	-I. -MMD -MP -DGRIDSHIM_VERSION='"$(VERSION)"' \
	-DGRIDSHIM_MAPDIR='"$(MAPDIR)"' -DGRIDSHIM_CONFIG='"$(SYSCONFDIR)/gridshim/gridshim.yaml"'
LDFLAGS_ALL = $(LDFLAGS) $(if $(SAN),-fsanitize=$(SAN))

all: deps-build
	$(Q)$(MAKE) --no-print-directory $B/gridshim

$B/gridshim: $B/obj/gateway/main.o $B/libcore.a
	@echo "  link  $@"
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(PKG_LIBS)

$B/libcore.a: $(CORE:%.c=$B/obj/%.o) $B/obj/assets.o $B/obj/schema.o
	$(Q)rm -f $@ && ar rcs $@ $^

# Other flags, other objects: make and make install PREFIX=/usr agree.
FLAGS := $(CC) $(CFLAGS_ALL)
# (make expands a whole recipe before its first line runs: hence the folder's
# own rule.)
$B/flags: FORCE | $B
	$(file >$@.new,$(FLAGS))
	@cmp -s $@ $@.new && rm $@.new || mv $@.new $@
$B:
	@mkdir -p $@
FORCE:

$B/obj/%.o: %.c $B/flags
	@mkdir -p $(@D)
	@echo "  cc    $<"
	$(Q)$(CC) $(CFLAGS_ALL) $(PKG_CFLAGS) -c -o $@ $<

# Files that travel inside the binary: the page, and the database's schema.
include web/assets.mk storage/schema.mk

$B/obj/tests/%.o: WARN += -Wno-missing-prototypes -Wno-unused-parameter
$(UNITS:%=$B/%): $B/%: $B/obj/tests/unit/%.o $B/libcore.a
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(PKG_LIBS) -lcmocka $(WRAP_$*)

$(BENCHES:%=$B/%): $B/%: $B/obj/tests/bench/%.o
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(PKG_LIBS)

HOUSE := $(patsubst %.c,$B/obj/%.o,$(wildcard tests/house/*.c))
$B/house: $(HOUSE)
	@echo "  link  $@"
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(PKG_LIBS)

include tests/targets.mk

-include $(shell find $B/obj -name '*.d' 2>/dev/null)
clean:
	rm -rf build build-san build-clang
.PHONY: all clean FORCE
