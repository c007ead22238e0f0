# SPDX-License-Identifier: GPL-2.0-or-later
#
# make check           all of these:
#   check-fast         without an emulator: units with sanitizers, 200 seeds, documents, the other compiler
#   check-unit, check-valgrind  units as they are, and where memory is watched that was never set
#   check-fuzz         hostile input: each target of tests/fuzz for FUZZ_SECONDS
#   check-sim          2000 seeded stories on a simulated Xen; is it like Xen at all
#   check-model        the model of the p2m protocol, in all its states
#   check-toolstack    configurations and commands of xl, without a Xen
#   check-save         how the patched toolstack saves and builds what is paged, without a Xen
#   check-selftest     that the lab's checks can fail
#   check-lab          the scenarios on a real Xen under emulation; SCENARIOS= names some of them
#   lint               static analysis, format and shell script checks
#
# Apart, as they take long:
#   make check-ept     EPT_SCENARIOS (some) on Intel's extended page tables, which is slow
#   make check-long    LONG_SCENARIOS: what check-lab has in short; an hour and more
#   make soak-lab      a guest that thrashes for SOAK_MINUTES, with targets that move, pagers that die, saves
#   make kill-storm-lab           270 pagers die in 6 boots: KILL_BOOTS of a patched Xen, as many of a stock one
#   make soak, make kill-storm    on the simulated Xen: tests/sim/sim.mk
#   make fuzz TIME=3600           tests/fuzz/fuzz.mk
#   make patches-check build and boot Xen with each further patch of hypervisor-patches/: an hour
#   make coverage      which lines and branches of the pager tests reach
#   make bench, make bench-p2m    pagers side by side, and what the patches cost: tests/bench/bench.mk
#
# make demo, make format, make compile_commands.json

LAB := tests/lab
SCENARIOS ?= $(filter-out demo,$(notdir $(basename $(wildcard $(LAB)/scenarios/*.sh))))
# What is shown on a patched Xen unless its file says otherwise, and once more on a stock one.
STOCK_SCENARIOS ?= squeeze-verify-drain@stock thrash@stock conformance@stock host-out-of-memory@stock
EPT_SCENARIOS ?= boot guest squeeze-verify-drain balloon terminated-while-thrashing \
                 destroyed-while-evicting \
                 $(sort $(wildcard $(LAB)/ept/*.sh))
LONG_SCENARIOS ?= $(filter-out soak,$(notdir $(basename $(wildcard $(LAB)/long/*.sh))))
SOAK_MINUTES ?= 30
C_FILES := $(wildcard tools/xenpaging2/*.[ch] tests/unit/*.[ch] tests/rules/*.[ch] $(FUZZ)/*.[ch] $(SIM)/*/*.[ch] $(LAB)/guest/*.[ch] \
                      $(LAB)/progs/*.c $(LAB)/progs/p2m/*.[ch] tests/toolstack/*.[ch] tests/bench/*.[ch] tests/bench/sim/*.[ch])
SHELL_FILES := $(LAB)/build $(LAB)/run $(LAB)/deps $(LAB)/demo $(LAB)/patches-check \
               $(LAB)/selftest/run \
               $(LAB)/selftest/judge $(LAB)/old-pager/build $(LAB)/guest/check.sh \
               $(wildcard $(LAB)/lib/*.sh $(LAB)/parts/*.sh $(LAB)/dom0/helpers/*.sh $(addprefix $(LAB)/dom0/,block vif vif-paged) \
               $(LAB)/scenarios/*.sh $(LAB)/ept/*.sh $(LAB)/long/*.sh $(LAB)/selftest/*.sh) \
               $(wildcard tests/bench/*.sh) tests/bench/p2m tests/bench/run $(wildcard tests/bench/part-*) \
               $(addprefix $(SIM)/,sim.sh demo run fidelity p2m selftest supervised store-faults clean-pages) \
               $(addprefix $(FUZZ)/,run keep selftest) $(COVERAGE)/report \
               tests/unit/run-test docs/check-man tools/toolstack/install $(addprefix tests/toolstack/,run installed commands foreignmemory libxenguest stand-in lib.sh) tests/model/run

.PHONY: demo
demo: lab-deps all
	@$(LAB)/demo

.PHONY: lab-deps
lab-deps:
	@$(LAB)/deps lab xen-build build

# For demo, the second emulator is not worth its packages.
.PHONY: ept-deps
ept-deps: lab-deps
	@$(LAB)/deps ept

.PHONY: check
check:
	@$(LAB)/deps build lab ept xen-build toolstack test valgrind sim model lint
	@$(MAKE) --no-print-directory check-fast
	@$(MAKE) --no-print-directory -j2 -Otarget lint check-unit check-valgrind check-model check-toolstack check-save
	@$(MAKE) --no-print-directory check-fuzz
	@$(MAKE) --no-print-directory check-sim
	@$(MAKE) --no-print-directory check-selftest
	@$(MAKE) --no-print-directory check-lab

# After a change of one file this takes half a minute on two processors: what waits goes side by side, and the
# units run with sanitizers only.
FAST_SEEDS ?= 200
FAST_JOBS ?= $(shell expr 4 \* $$(nproc))

.PHONY: check-fast
check-fast: all sim
	@$(LAB)/deps build test
	@$(MAKE) --no-print-directory -j$(FAST_JOBS) -Otarget check-clang check-unit-asan check-unit-tsan \
	    check-guest check-docs
	@$(SIM)/run 1-$(FAST_SEEDS)

.PHONY: check-clang
check-clang:
	@$(MAKE) --no-print-directory B=$(B)/clang CC=clang all

.PHONY: check-guest
check-guest:
	@$(MAKE) --no-print-directory -C $(LAB)/guest check

.PHONY: check-save
check-save:
	@$(LAB)/deps build test lab toolstack
	@tests/toolstack/foreignmemory
	@tests/toolstack/libxenguest "$$($(LAB)/build toolstack)"

.PHONY: check-model
check-model:
	@$(LAB)/deps model
	@tests/model/run

# The lab's own checks: what must fail there does fail.
.PHONY: check-selftest
check-selftest: ept-deps all
	@$(LAB)/selftest/run

.PHONY: check-lab
check-lab: ept-deps all
	@$(LAB)/run --jobs 2 $(SCENARIOS) $(STOCK_SCENARIOS)

.PHONY: check-long
check-long: lab-deps all
	@$(LAB)/run $(LONG_SCENARIOS:%=$(LAB)/long/%.sh)

.PHONY: soak-lab
soak-lab: lab-deps all
	@$(LAB)/run --set minutes=$(SOAK_MINUTES) \
	    --timeout $$(($(SOAK_MINUTES) * 120 + 2400)) $(LAB)/long/soak.sh

# How long the guest waited is in a line of each boot for workers, and in one for pagers as a whole.
KILL_BOOTS ?= 3
KILLED := killed-while-thrashing killed-while-thrashing-stock

.PHONY: kill-storm-lab
kill-storm-lab: lab-deps all
	@for boot in $$(seq $(KILL_BOOTS)); do \
	    $(LAB)/run --jobs 2 $(KILLED:%=$(LAB)/long/%.sh) || exit 1; \
	    grep -h 'from death to first page-in' $(KILLED:%=$(B)/lab/runs/%-latest/scenario.log); \
	done

.PHONY: check-ept
check-ept: ept-deps all
	@$(LAB)/run --ept --jobs 2 $(EPT_SCENARIOS)

.PHONY: patches-check
patches-check:
	@$(LAB)/patches-check

.PHONY: bench-p2m
bench-p2m: lab-deps all
	@tests/bench/p2m

# cppcheck does not see that STAILQ_CONCAT() in xenstore.c sets anything.
.PHONY: lint
lint:
	@$(LAB)/deps build lint
	$(Q)clang-format --dry-run -Werror $(C_FILES)
	$(Q)shellcheck -x -P SCRIPTDIR -e SC1091 $(SHELL_FILES)
	$(Q)cppcheck --quiet --error-exitcode=1 --enable=warning,portability --inline-suppr \
	    --suppress=missingIncludeSystem --suppress=uninitvar:tools/xenpaging2/xenstore.c -D__XEN_TOOLS__ -D__x86_64__ tools/xenpaging2
	$(Q)clang-tidy --quiet --warnings-as-errors='*' $(wildcard tools/xenpaging2/*.c) -- \
	    $(filter-out -Werror,$(ALL_CFLAGS)) 2>/dev/null

.PHONY: format
format:
	@$(LAB)/deps lint
	clang-format -i $(C_FILES)

compile_commands.json: FORCE
	$(Q)python3 -c 'import json, os, sys; print(json.dumps([{"directory": os.getcwd(), "file": f, \
	    "arguments": sys.argv[1].split() + ["-c", f]} for f in sys.argv[2:]], indent=1))' \
	    '$(CC) $(ALL_CFLAGS)' $(SOURCES) > $@
