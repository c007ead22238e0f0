# SPDX-License-Identifier: GPL-2.0-or-later
#
# make bench         all that can be compared, in one table and one page: build/bench/report.html
# make bench-store   what each engine of the store takes and gives, beside the machine's limits
# make bench-sim     pagers on a simulated host, beside the machine's limits and Linux's own swap
# make bench-picture docs/bench.png, of the report that was made last
#
# BENCH_PARTS has those that make bench runs, BENCH_PAGES the size of store's and sim's guests.

BENCH := tests/bench
BENCH_B := $(B)/bench
BENCH_PARTS ?= lab sim store
BENCH_PAGES ?= 16384
BENCH_SHARED := $(addprefix $(B)/$(BENCH)/,figures.o limits.o mixes.o)
BENCH_SIM_OBJECTS := $(patsubst %.c,$(B)/%.o,$(wildcard $(BENCH)/sim/*.c))
BENCH_LIBS = -lm $(shell pkg-config --libs liburing)

$(B)/$(BENCH)/%.o: $(BENCH)/%.c | $(B)/packages.stamp
	@$(LAB)/deps bench
	@mkdir -p $(@D)
	$(call say,CC $<)
	$(Q)$(CC) $(ALL_CFLAGS) -iquote tools/xenpaging2 -iquote $(BENCH) $(SIM_INCLUDES) -MMD -MP -c -o $@ $<

$(BENCH_B)/store: $(B)/$(BENCH)/store.o $(BENCH_SHARED) $(filter-out %/main.o,$(OBJECTS))
	@mkdir -p $(@D)
	$(call say,LINK $@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(ALL_LIBS) $(BENCH_LIBS)

$(BENCH_B)/sim: $(BENCH_SIM_OBJECTS) $(BENCH_SHARED) $(filter-out %/main.o,$(SIM_HOST_OBJECTS)) \
                $(B)/tools/xenpaging2/compressor.o
	@mkdir -p $(@D)
	$(call say,LINK $@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(ALL_LIBS) $(BENCH_LIBS)

-include $(wildcard $(B)/$(BENCH)/*.d $(B)/$(BENCH)/sim/*.d)

.PHONY: bench-needs-lab bench-needs-sim bench-needs-store
bench-needs-lab: lab-deps
bench-needs-sim: sim $(BENCH_B)/sim
	@$(LAB)/deps old-pager
bench-needs-store: $(BENCH_B)/store

.PHONY: bench bench-lab bench-sim bench-store
bench: all $(BENCH_PARTS:%=bench-needs-%)
	@$(BENCH)/run $(BENCH_B) "$(BENCH_PARTS)" $(BENCH_PAGES) $(SOURCES)

bench-lab bench-sim bench-store: bench-%:
	@$(MAKE) --no-print-directory bench BENCH_PARTS=$*

.PHONY: bench-picture
bench-picture:
	@$(LAB)/deps browser
	@chromium --headless --no-sandbox --host-resolver-rules='MAP * ~NOTFOUND' --hide-scrollbars \
	    --window-size=1240,1390 --screenshot=docs/bench.png file://$(abspath $(BENCH_B))/report.html
