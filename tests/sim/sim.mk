# SPDX-License-Identifier: GPL-2.0-or-later
#
# make sim-demo    the demonstration on a simulated Xen: no emulator, no root
# make check-sim   is it like Xen, does it find mistakes; then the stories of 2000 seeds
# make soak        the stories of SEEDS=N; with SECONDS=N each goes on for that long, and no pager may grow
# make kill-storm  a pager is killed at each of its calls, in each way: an hour
#
# $(B)/tests/sim has the simulated host, simxen, and in lib/ the libraries that the pager finds in
# the place of Xen's.

SIM := tests/sim
SIM_B := $(B)/$(SIM)
SIM_LIBRARIES := xenctrl.so.4.17 xencall.so.1 xenevtchn.so.1 xenforeignmemory.so.1 \
                 xendevicemodel.so.1
SIM_LIBRARY_FILES := $(SIM_LIBRARIES:%=$(SIM_B)/lib/lib%)
SIM_HOST := $(wildcard $(SIM)/host/*.c $(SIM)/stories/*.c) \
            $(SIM)/lib/shared_file.c tests/rules/p2m_rules.c tests/lab/guest/pattern.c tests/lab/guest/order.c
SIM_HOST_OBJECTS := $(SIM_HOST:%.c=$(SIM_B)/obj/%.o)
SIM_CLIENT_OBJECTS := $(addprefix $(SIM_B)/obj/$(SIM)/lib/,client.o client_map.o client_shared.o kill_point.o own_time.o shared_file.o)
SIM_INCLUDES := $(addprefix -iquote ,$(SIM)/lib $(SIM)/host $(SIM)/stories tests/rules tests/lab/guest \
                tools/xenpaging2)
# What is in a program can be inlined there.
$(SIM_HOST_OBJECTS): ALL_CFLAGS += -fno-semantic-interposition
SIM_ALL := $(SIM_LIBRARY_FILES) $(SIM_B)/simxen $(SIM_B)/xenstored_shim.so \
           $(SIM_B)/privcmd_shim.so $(SIM_B)/progs/lab-p2m

.PRECIOUS: $(SIM_B)/obj/%.o

$(SIM_B)/obj/%.o: %.c | $(B)/packages.stamp
	@mkdir -p $(@D)
	$(call say,CC $<)
	$(Q)$(CC) $(ALL_CFLAGS) -fPIC $(SIM_INCLUDES) -MMD -MP -c -o $@ $<

# The version of a symbol is part of its name for the loader. It wants to see those of symbols, too,
# that a program could use and never does.
$(SIM_B)/lib/%: SIM_VERSIONS = VERS_1.0 { global: xen*; local: *; }; VERS_1.3 { };
$(SIM_B)/lib/libxenctrl.so.4.17: SIM_VERSIONS = VERS_4.17.0 { global: xc_*; local: *; }; GLIBC_2.2.5 { munmap; pread; pwrite; }; GLIBC_2.3.2 { epoll_wait; }; GLIBC_2.10 { preadv; pwritev; }; GLIBC_2.26 { preadv2; };
$(SIM_B)/lib/libxenctrl.so.4.17: $(SIM_B)/obj/$(SIM)/lib/store_faults.o $(SIM_B)/obj/$(SIM)/lib/own_time_sleep.o $(SIM_B)/obj/tests/lab/guest/pattern.o
$(SIM_B)/lib/libxenevtchn.so.1: SIM_VERSIONS = VERS_1.0 { global: xen*; local: *; }; VERS_1.1 { xenevtchn_restrict; };
$(SIM_B)/lib/libxenforeignmemory.so.1: SIM_VERSIONS = VERS_1.0 { global: xen*; local: *; }; VERS_1.3 { xenforeignmemory_*map_resource; };

# $(call sim_library,NAME.so.VERSION)
define sim_library
$(SIM_B)/lib/lib$(1): $(SIM_B)/obj/$(SIM)/lib/lib_$(firstword $(subst ., ,$(1))).o $(SIM_CLIENT_OBJECTS)
	@mkdir -p $$(@D)
	$$(call say,LINK $$@)
	$$(Q)echo '$$(SIM_VERSIONS)' > $$@.map
	$$(Q)$$(CC) $$(CFLAGS) -shared -Wl,-soname,$$(@F) -Wl,--version-script,$$@.map -o $$@ $$^
endef
$(foreach library,$(SIM_LIBRARIES),$(eval $(call sim_library,$(library))))

$(SIM_B)/xenstored_shim.so: $(SIM_B)/obj/$(SIM)/lib/xenstored_shim.o
	$(call say,LINK $@)
	$(Q)$(CC) $(CFLAGS) -shared -o $@ $^

$(SIM_B)/privcmd_shim.so: $(SIM_B)/obj/$(SIM)/lib/privcmd_shim.o $(SIM_CLIENT_OBJECTS)
	$(call say,LINK $@)
	$(Q)$(CC) $(CFLAGS) -shared -o $@ $^

# Programs of the lab.
$(SIM_B)/progs/lab-p2m: $(wildcard tests/lab/progs/*.c tests/lab/progs/p2m/*)
	@mkdir -p $(@D)
	$(call say,MAKE $(@D))
	$(Q)$(MAKE) --no-print-directory -s -C tests/lab/progs BIN=$(abspath $(@D)) $(abspath $(@D)/lab-mapper $@) >/dev/null

$(SIM_B)/simxen: $(SIM_HOST_OBJECTS)
	$(call say,LINK $@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(shell pkg-config --libs xenstore) -pthread

-include $(wildcard $(SIM_B)/obj/tests/*/*.d $(SIM_B)/obj/tests/*/*/*.d)

.PHONY: sim
sim: all $(SIM_ALL)
	@$(LAB)/deps sim

.PHONY: sim-demo
sim-demo: sim
	@$(SIM)/demo

SEEDS ?= 2000
KILLS_STOCK ?= 9000
KILLS_PATCHED ?= 4500
SOME_KILLS ?= 1-60 1201-1230 2401-2430

SIM_SCRIPTS := $(addprefix check-sim-,fidelity selftest supervised store-faults clean-pages)

# The first of them wait most of their time.
.PHONY: check-sim
check-sim: sim
	@$(LAB)/deps old-pager
	@$(MAKE) --no-print-directory -j3 -Otarget $(SIM_SCRIPTS)
	@$(SIM)/run --kills $(SOME_KILLS)
	@$(SIM)/run 1-$(SEEDS)

.PHONY: $(SIM_SCRIPTS)
$(SIM_SCRIPTS): check-sim-%: sim
	@$(SIM)/$*

# storm KIND,KILLS: and none dies at the next ones, else there are more.
storm = $(SIM)/run --kills --$(1) 1-$(2) && \
        SIM_NONE_DIES=1 $(SIM)/run --kills --$(1) $(shell expr $(2) + 1)-$(shell expr $(2) + 30)

# All there are: each way of each call of a story, and each moment of one in a single process.
.PHONY: kill-storm
kill-storm: sim $(B)/$(UNIT)/test_killed
	@KILL_EVERY=1 $(B)/$(UNIT)/test_killed
	@$(call storm,stock,$(KILLS_STOCK))
	@$(call storm,patched,$(KILLS_PATCHED))

.PHONY: soak
soak: sim
	@SIM_SECONDS=$(SECONDS) $(SIM)/run 1-$(SEEDS)
