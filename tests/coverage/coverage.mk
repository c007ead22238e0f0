# SPDX-License-Identifier: GPL-2.0-or-later
#
# make coverage    which lines and branches of the pager the unit tests reach, COVERAGE_SEEDS stories on the
#                  simulated Xen, and pagers there that die
#
# $(B)/coverage/lines has all files with their counts. clang's way to count, as it knows the two sides
# of each condition.

COVERAGE := tests/coverage
COVERAGE_B := $(B)/coverage
# Counters are in the file at once: a process that is killed or executes another program counts, too.
COVERAGE_FLAGS := -O0 -g -fprofile-instr-generate -fcoverage-mapping -mllvm -runtime-counter-relocation \
                  -Wno-unused-command-line-argument
COVERAGE_SEEDS ?= 20
COVERAGE_OBJECTS := $(SOURCES:%.c=$(COVERAGE_B)/%.o)

$(COVERAGE_B)/%: CC := clang
.PRECIOUS: $(COVERAGE_B)/tools/%.o

$(COVERAGE_B)/tools/%.o: tools/%.c | $(B)/packages.stamp
	@mkdir -p $(@D)
	$(call say,CC $< coverage)
	$(Q)$(CC) $(ALL_CFLAGS) $(COVERAGE_FLAGS) -MMD -MP -c -o $@ $<

$(eval $(call unit_variant,-coverage,$(COVERAGE_B),$(COVERAGE_FLAGS),$(UNIT_TESTS)))

$(COVERAGE_B)/xenpaging2: $(COVERAGE_OBJECTS)
	$(call say,LINK $@)
	$(Q)$(CC) $(CFLAGS) $(COVERAGE_FLAGS) -o $@ $^ $(ALL_LIBS)

-include $(COVERAGE_OBJECTS:.o=.d)

coverage: export LLVM_PROFILE_FILE = $(abspath $(COVERAGE_B))/profiles/%c%p.profraw
.PHONY: coverage coverage-deps
coverage-deps:
	@$(LAB)/deps build test coverage

coverage: coverage-deps $(COVERAGE_B)/xenpaging2 sim
	@rm -rf $(COVERAGE_B)/profiles
	@$(MAKE) --no-print-directory check-unit-coverage
	@SIM_PAGER=$(abspath $(COVERAGE_B))/xenpaging2 $(SIM)/run $$(seq $(COVERAGE_SEEDS))
	@SIM_PAGER=$(abspath $(COVERAGE_B))/xenpaging2 $(SIM)/supervised
	@$(COVERAGE)/report $(COVERAGE_B)
