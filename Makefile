# SPDX-License-Identifier: GPL-2.0-or-later
#
# make              build the pager: build/xenpaging2
# make demo         show it at work on a real Xen, under emulation
# make sim-demo     the same on a simulated Xen: in seconds, without root
# make check        run all tests; make check-fast the quick ones
# make lint         static analysis, format and shell script checks
# make format       bring the sources into the project's format
# make install      install into $(DESTDIR)$(PREFIX); make uninstall
# make clean        remove what was built here (not the cache of downloads and Xen builds)
#
# V=1 shows the commands. CC=clang is as good as gcc.

VERSION := 0.1.0
PREFIX ?= /usr/local
B := build

CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes
PACKAGES := xencontrol xencall xendevicemodel xenevtchn xenforeignmemory xenstore xentoollog \
            libevent libxxhash libseccomp libcap-ng liblz4 libzstd libnbd libcrypto
# Xen's public headers need the GNU dialect and, for the toolstack's part, __XEN_TOOLS__.
DIALECT := -std=gnu11 -D_GNU_SOURCE -D__XEN_TOOLS__ -DVERSION='"$(VERSION)"' -pthread
ALL_CFLAGS = $(DIALECT) $(WARNINGS) $(CFLAGS) $(shell pkg-config --cflags $(PACKAGES))
ALL_LIBS = $(shell pkg-config --libs $(PACKAGES)) -pthread

SOURCES := $(wildcard tools/xenpaging2/*.c)
OBJECTS := $(SOURCES:%.c=$(B)/%.o)

ifeq ($(V),)
Q := @
say = @echo "  $(1)"
else
say = @:
endif

.PHONY: all
all: $(B)/xenpaging2

# The packages are looked for once, before anything is compiled.
$(B)/packages.stamp: $(wildcard tests/lab/deps)
	@mkdir -p $(B)
	$(Q)tests/lab/deps build
	$(Q)touch $@

$(B)/%.o: %.c | $(B)/packages.stamp
	@mkdir -p $(@D)
	$(call say,CC $<)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/xenpaging2: $(OBJECTS)
	$(call say,LINK $@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(ALL_LIBS)

-include $(OBJECTS:.o=.d)

-include tests/unit/unit.mk
-include tests/fuzz/fuzz.mk
-include tests/sim/sim.mk
-include tests/coverage/coverage.mk
-include tests/tests.mk
-include tests/bench/bench.mk
-include docs/docs.mk
-include tools/toolstack/toolstack.mk

.PHONY: install
install: $(B)/xenpaging2 man
	install -D -m 0755 $(B)/xenpaging2 $(DESTDIR)$(PREFIX)/sbin/xenpaging2
	install -D -m 0644 $(B)/man/xenpaging2.8 $(DESTDIR)$(PREFIX)/share/man/man8/xenpaging2.8
	install -d -m 0700 $(DESTDIR)/var/lib/xen/xenpaging

# The directory may hold the pages of guests that run.
.PHONY: uninstall
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/sbin/xenpaging2 $(DESTDIR)$(PREFIX)/share/man/man8/xenpaging2.8
	[ ! -d $(DESTDIR)/var/lib/xen/xenpaging ] || \
	    rmdir --ignore-fail-on-non-empty $(DESTDIR)/var/lib/xen/xenpaging

.PHONY: clean
clean:
	rm -rf $(B)
