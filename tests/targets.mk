# SPDX-License-Identifier: MIT
# What make does besides building: run, check, measure, install.

FUZZ_S ?= 60
FUZZES := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
RUN    := B=$B V=$(V) tests/run.sh
WRAP_test_relay := -Wl,--wrap=ask_carry,--wrap=ask_forget,--wrap=ask_is_up

deps-build:
	@sh etc/deps.sh build
deps-test:
	@sh etc/deps.sh test
deps-lint:
	@sh etc/deps.sh lint

# The simulated house with the gateway in it, and the page. DIR=, PORT=.
demo: deps-build
	$(Q)$(MAKE) --no-print-directory $B/gridshim $B/house
	@B=$B DIR='$(DIR)' PORT='$(PORT)' sh tests/demo.sh

# The house reads maps, but has its own mind of what stands in registers.
$B/house: $B/libcore.a
$B/test_value_twice: $B/obj/tests/house/witness.o

everything: $B/gridshim $B/house $(UNITS:%=$B/%) $(BENCHES:%=$B/%) $B/count.so

# Preloaded into the gateway by tests/fault/test_never_waits.py; not under the
# sanitizers, which have an allocator of their own.
$B/count.so: tests/fault/count.c $B/flags
	@echo "  link  $@"
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE -fPIC -shared -O1 $(WARN) -Werror \
		-Wno-missing-prototypes -o $@ $<

# check: the quick tests. test: all of them, under six minutes. soak: the long
# ones. Each says at the end how many passed and how many failed.
check: deps-test
	$(Q)$(MAKE) --no-print-directory everything
	$(Q)$(RUN) unit lint
test: deps-test
	$(Q)$(MAKE) --no-print-directory everything
	$(Q)$(RUN) unit lint sanitize clang pty fault browser
soak: deps-test
	$(Q)$(MAKE) --no-print-directory everything
	$(Q)$(RUN) soak
lint: deps-lint
	$(Q)$(MAKE) --no-print-directory everything
	$(Q)$(RUN) lint tidy

bench: deps-test
	$(Q)$(MAKE) --no-print-directory everything
	@B=$B python3 tests/bench/bench.py

fuzz: deps-test $(FUZZES:%=build-fuzz/%)
	$(Q)for f in $(FUZZES); do mkdir -p build-fuzz/corpus/$$f; \
		build-fuzz/$$f -max_total_time=$(FUZZ_S) -print_final_stats=1 \
		-use_value_profile=1 \
		-artifact_prefix=build-fuzz/ build-fuzz/corpus/$$f \
		$$(ls tests/fuzz/$$f.dict 2>/dev/null | sed 's/^/-dict=/') \
		$(wildcard etc/maps tests/house/maps tests/config/*/) \
		>build-fuzz/$$f.log 2>&1 || \
		{ tail -40 build-fuzz/$$f.log; exit 1; }; \
		echo "  fuzz  $$f: $$(sed -n 's/^stat::number_of_executed_units: *//p' \
		build-fuzz/$$f.log) runs, nothing found"; done
build-fuzz/%: tests/fuzz/%.c $(CORE) $(wildcard */*.h tests/fuzz/*.h)
	$(Q)$(MAKE) --no-print-directory B=build-fuzz CC=clang \
		SAN=address,undefined CFLAGS=-fsanitize=fuzzer-no-link build-fuzz/libcore.a
	$(Q)clang -std=c11 -D_GNU_SOURCE -g -O1 -I. -fsanitize=fuzzer,address,undefined \
		$(PKG_CFLAGS) -o $@ $< build-fuzz/libcore.a $(PKG_LIBS)

install: $B/gridshim
	install -D -m 755 $B/gridshim $(DESTDIR)$(PREFIX)/bin/gridshim
	install -d $(DESTDIR)$(MAPDIR) $(DESTDIR)$(SYSCONFDIR)/gridshim
	install -m 644 etc/maps/*.yaml $(DESTDIR)$(MAPDIR)
	test -e $(DESTDIR)$(SYSCONFDIR)/gridshim/gridshim.yaml || \
		install -m 644 etc/gridshim.yaml $(DESTDIR)$(SYSCONFDIR)/gridshim/gridshim.yaml
	install -d $(DESTDIR)$(UNITDIR)
	sed 's|@PREFIX@|$(PREFIX)|' etc/gridshim.service > $(DESTDIR)$(UNITDIR)/gridshim.service
	install -D -m 644 etc/60-gridshim.rules $(DESTDIR)$(PREFIX)/lib/udev/rules.d/60-gridshim.rules
	install -D -m 644 etc/gridshim.8 $(DESTDIR)$(PREFIX)/share/man/man8/gridshim.8
	install -D -m 644 etc/gridshim.yaml.5 $(DESTDIR)$(PREFIX)/share/man/man5/gridshim.yaml.5

.PHONY: deps-build deps-test deps-lint demo everything check test soak lint bench fuzz install
