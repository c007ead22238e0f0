# SPDX-License-Identifier: GPL-2.0-or-later
#
# make bench-store   what each engine of the store takes and gives, beside the machine's limits

BENCH := tests/bench
BENCH_B := $(B)/bench
BENCH_OBJECTS := $(patsubst %.c,$(B)/%.o,$(wildcard $(BENCH)/*.c))
BENCH_PAGES ?= 16384

$(B)/$(BENCH)/%.o: $(BENCH)/%.c | $(B)/packages.stamp
	@$(LAB)/deps bench
	@mkdir -p $(@D)
	$(call say,CC $<)
	$(Q)$(CC) $(ALL_CFLAGS) -iquote tools/xenpaging2 -MMD -MP -c -o $@ $<

$(BENCH_B)/store: $(BENCH_OBJECTS) $(filter-out %/main.o,$(OBJECTS))
	@mkdir -p $(@D)
	$(call say,LINK $@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(ALL_LIBS) $(shell pkg-config --libs liburing)

-include $(BENCH_OBJECTS:.o=.d)

.PHONY: bench-store
bench-store: $(BENCH_B)/store
	@$(BENCH)/bench-store $(BENCH_B) $(BENCH_PAGES) $(SOURCES)
