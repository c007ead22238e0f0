# SPDX-License-Identifier: GPL-2.0-or-later
#
# make fuzz         each target for TIME seconds
# make check-fuzz   the same for FUZZ_SECONDS, as part of make check
# make fuzz-selftest   a mistake is put into the pager for each target, which has to find it
# make fuzz-corpus  keeps in corpus/ as few inputs as reach what all those found so far reach
#
# Each tests/fuzz/fuzz_X.c is a target, linked with all of the project but main.c and with the fakes
# of the unit tests. Where it starts is in corpus/X; what it finds beyond that goes to
# $(B)/fuzz/corpus/X, and an input that fails to $(B)/fuzz/found.

FUZZ := tests/fuzz
FUZZ_B := $(B)/fuzz
FUZZ_TARGETS ?= ring story settings xenstore options index
FUZZ_CC := clang
FUZZ_FLAGS := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FUZZ_COMPILE = $(FUZZ_CC) $(ALL_CFLAGS) $(UNIT_INCLUDES) -iquote $(UNIT) $(FUZZ_FLAGS)
FUZZ_WRAP := ld -r $(UNIT_WRAPPED:%=--wrap=%)
FUZZ_LINK := $(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer
FUZZ_SECONDS ?= 60
TIME ?= 60

FUZZ_OBJECTS := $(UNIT_PARTS:%.c=$(FUZZ_B)/%.o)
FUZZ_HELPER := $(FUZZ_B)/$(FUZZ)/fuzz.o

.PRECIOUS: $(FUZZ_B)/%.o $(FUZZ_B)/fuzz_%

# New ways through the fakes are no news to libFuzzer.
$(FUZZ_B)/%.o: %.c | $(B)/packages.stamp
	@mkdir -p $(@D)
	$(call say,CC $< fuzz)
	$(Q)$(FUZZ_COMPILE) $(if $(filter tests/%,$<),,-fsanitize=fuzzer-no-link) -MMD -MP -c -o $@ $<

# What the unit tests wrap is wrapped for these objects, and not for libFuzzer.
$(FUZZ_B)/wrapped.o: $(FUZZ_OBJECTS)
	$(call say,LINK $@)
	$(Q)$(FUZZ_WRAP) -o $@ $^

$(FUZZ_B)/fuzz_%: $(FUZZ_B)/$(FUZZ)/fuzz_%.o $(FUZZ_HELPER) $(FUZZ_B)/wrapped.o
	$(call say,LINK $@)
	$(Q)$(FUZZ_LINK) -o $@ $^ $(UNIT_LIBS)

-include $(FUZZ_OBJECTS:.o=.d) $(FUZZ_HELPER:.o=.d) $(FUZZ_TARGETS:%=$(FUZZ_B)/$(FUZZ)/fuzz_%.d)

.PHONY: fuzz check-fuzz fuzz-deps
fuzz-deps:
	@$(LAB)/deps build test

fuzz: fuzz-deps $(FUZZ_TARGETS:%=$(FUZZ_B)/fuzz_%)
	@$(FUZZ)/run $(FUZZ_B) $(TIME) $(FUZZ_TARGETS)

check-fuzz: fuzz-deps $(FUZZ_TARGETS:%=$(FUZZ_B)/fuzz_%)
	@$(FUZZ)/run $(FUZZ_B) $(FUZZ_SECONDS) $(FUZZ_TARGETS)

.PHONY: fuzz-selftest fuzz-corpus
fuzz-selftest: $(FUZZ_TARGETS:%=$(FUZZ_B)/fuzz_%)
	@COMPILE='$(FUZZ_COMPILE)' WRAP='$(FUZZ_WRAP)' LINK='$(FUZZ_LINK)' LIBS='$(UNIT_LIBS)' \
	    $(FUZZ)/selftest $(FUZZ_B) $(FUZZ_SECONDS)

fuzz-corpus: $(FUZZ_TARGETS:%=$(FUZZ_B)/fuzz_%)
	@$(FUZZ)/keep $(FUZZ_B) $(FUZZ_TARGETS)
