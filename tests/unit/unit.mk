# SPDX-License-Identifier: GPL-2.0-or-later
#
# make check-unit        all unit tests
# make check-unit-asan   the same with AddressSanitizer and UndefinedBehaviorSanitizer
# make check-unit-tsan   UNIT_THREADED of them with ThreadSanitizer: those in which there are threads
#
# make check-valgrind    VALGRIND_TESTS of them under valgrind: all but the longest
#
# Each tests/unit/test_X.c is run as a program of its own. They are one, all_tests, which is linked
# with all of the project but main.c and with all the helpers, which do nothing until a test asks
# them to; the programs are links to it, and tell it by their name which one is meant. The libraries
# of Xen are not linked: fake_xen_libs.c and fake_xs.c stand for them. $(B)/run/test_X.log has what a
# test said.

UNIT := tests/unit
UNIT_TESTS := $(sort $(patsubst $(UNIT)/%.c,%,$(wildcard $(UNIT)/test_*.c)))
UNIT_THREADED := $(addprefix test_,daemon io_threads privileges status store_file store_nbd take_over xenstore)
UNIT_HELPERS := $(filter-out $(UNIT)/test_%.c $(UNIT)/all_tests.c,$(wildcard $(UNIT)/*.c))
UNIT_PARTS := $(filter-out %/main.c,$(SOURCES)) $(UNIT_HELPERS) tests/rules/p2m_rules.c
UNIT_INCLUDES := -iquote tools/xenpaging2 -iquote tests/rules

# What the helpers can make fail or put themselves in the place of.
UNIT_WRAPPED := malloc calloc strdup free mmap mremap munmap mlock madvise eventfd pthread_create \
                pthread_join usleep \
                event_new event_add event_free pthread_cond_timedwait write open flock fstat \
                ftruncate posix_fallocate pread pwrite pwritev store_file_open \
                pages_nominate pages_give_up pages_record pages_commit pages_loaded pages_keep \
                pages_drop pages_forget store_page_out store_free
UNIT_LDFLAGS := $(UNIT_WRAPPED:%=-Wl,--wrap=%) '-Wl,--export-dynamic-symbol=test_*'
UNIT_LIBS = $(shell pkg-config --libs libevent libxxhash libseccomp libcap-ng liblz4 libzstd libnbd libcrypto cmocka) -pthread

ASAN_FLAGS := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
TSAN_FLAGS := -O1 -g -fsanitize=thread

# $(call unit_variant,SUFFIX,OBJECT DIRECTORY,SANITIZER FLAGS,TESTS)
define unit_variant
UNIT_OBJECTS$(1) := $$(UNIT_PARTS:%.c=$(2)/%.o) \
                    $$(addprefix $(2)/$(UNIT)/,all_tests.o $$(UNIT_TESTS:=.o))
.PRECIOUS: $(2)/tests/%.o $(2)/$(UNIT)/test_%

$(2)/tests/%.o: tests/%.c | $$(B)/packages.stamp
	@mkdir -p $$(@D)
	$$(call say,CC $$< $(1:-%=%))
	$$(Q)$$(CC) $$(ALL_CFLAGS) $$(UNIT_INCLUDES) $(3) \
	    $$(if $$(filter test_%,$$(*F)),-Dmain=$$(*F) -Wno-missing-prototypes) -MMD -MP -c -o $$@ $$<

$(2)/$(UNIT)/all_tests: $$(UNIT_OBJECTS$(1))
	$$(call say,LINK $$@)
	$$(Q)$$(CC) $$(CFLAGS) $(3) $$(LDFLAGS) $$(UNIT_LDFLAGS) -o $$@ $$^ $$(UNIT_LIBS)

$$(UNIT_TESTS:%=$(2)/$(UNIT)/%): $(2)/$(UNIT)/all_tests
	$$(Q)ln -sf all_tests $$@

$(2)/run/%.log: $(2)/$(UNIT)/% FORCE
	@mkdir -p $$(@D)
	@$$(if $$(filter $$*,$$(UNIT_THREADED)),,WITHOUT_THREADS=1) $(UNIT)/run-test $$< $$@

.PHONY: check-unit$(1)
check-unit$(1): $$(patsubst %,$(2)/run/%.log,$(4))

-include $$(UNIT_OBJECTS$(1):.o=.d)
endef

.PHONY: FORCE
FORCE:

# Memory that was never set is seen here only. valgrind cannot filter system calls.
VALGRIND_TESTS ?= $(filter-out test_privileges test_whole_path test_killed,$(UNIT_TESTS))
VALGRIND := valgrind --quiet --error-exitcode=1 --leak-check=full --errors-for-leak-kinds=definite

$(B)/valgrind/%.log: $(B)/$(UNIT)/% FORCE
	@mkdir -p $(@D)
	@$(UNIT)/run-test $< $@ $(VALGRIND)

.PHONY: check-valgrind valgrind-deps
valgrind-deps:
	@$(LAB)/deps test valgrind

check-valgrind: valgrind-deps $(VALGRIND_TESTS:%=$(B)/valgrind/%.log)

.PRECIOUS: $(B)/asan/tools/%.o $(B)/tsan/tools/%.o

$(B)/asan/tools/%.o: tools/%.c | $(B)/packages.stamp
	@mkdir -p $(@D)
	$(call say,CC $< asan)
	$(Q)$(CC) $(ALL_CFLAGS) $(ASAN_FLAGS) -MMD -MP -c -o $@ $<

$(B)/tsan/tools/%.o: tools/%.c | $(B)/packages.stamp
	@mkdir -p $(@D)
	$(call say,CC $< tsan)
	$(Q)$(CC) $(ALL_CFLAGS) $(TSAN_FLAGS) -MMD -MP -c -o $@ $<

$(eval $(call unit_variant,,$(B),,$(UNIT_TESTS)))
$(eval $(call unit_variant,-asan,$(B)/asan,$(ASAN_FLAGS),$(UNIT_TESTS)))
$(eval $(call unit_variant,-tsan,$(B)/tsan,$(TSAN_FLAGS),$(UNIT_THREADED)))
