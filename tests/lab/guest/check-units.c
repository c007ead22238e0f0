/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The workload's promises that its output does not show: contents, orders, buckets. */
#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "histogram.h"
#include "order.h"
#include "pattern.h"

#define MANY 2000

static bool all_zero(const uint64_t *words)
{
    for (unsigned int i = 0; i < PAGE_WORDS; i++)
        if (words[i])
            return false;
    return true;
}

static void zeroable_pages_are_zero_in_even_versions_only(void)
{
    uint64_t words[PAGE_WORDS];
    unsigned int zero = 0;

    for (uint64_t page = 0; page < MANY; page++) {
        pattern_fill(words, (struct page_id){page, 4}, 30);
        assert(all_zero(words) == pattern_is_zero((struct page_id){page, 4}, 30));
        zero += all_zero(words);
        pattern_fill(words, (struct page_id){page, 5}, 30);
        assert(!all_zero(words));
    }
    assert(zero > MANY * 25 / 100 && zero < MANY * 35 / 100);
    assert(pattern_is_zero((struct page_id){7, 0}, 100));
    assert(!pattern_is_zero((struct page_id){7, 0}, 0));
}

/* No word of a page is the same in another page, version or place. */
static void every_word_depends_on_page_version_and_index(void)
{
    uint64_t a[PAGE_WORDS], version[PAGE_WORDS], page[PAGE_WORDS];

    pattern_fill(a, (struct page_id){12, 1}, 0);
    pattern_fill(version, (struct page_id){12, 2}, 0);
    pattern_fill(page, (struct page_id){13, 1}, 0);
    for (unsigned int i = 0; i < PAGE_WORDS; i++) {
        assert(a[i] != version[i] && a[i] != page[i]);
        for (unsigned int j = 0; j < i; j++)
            assert(a[i] != a[j]);
    }
}

static void a_new_version_always_changes_the_page(void)
{
    uint64_t before[PAGE_WORDS], after[PAGE_WORDS];

    for (uint64_t page = 0; page < 50; page++)
        for (uint32_t v = 0; v < 6; v++) {
            pattern_fill(before, (struct page_id){page, v}, 50);
            pattern_fill(after, (struct page_id){page, v + 1}, 50);
            assert(memcmp(before, after, sizeof(before)) != 0);
        }
}

static void the_check_finds_any_damaged_byte(void)
{
    uint64_t words[PAGE_WORDS];
    struct mismatch wrong;
    struct page_id id = {99, 3};

    pattern_fill(words, id, 0);
    assert(pattern_check(words, id, 0, &wrong));
    for (unsigned int byte = 0; byte < PAGE_BYTES; byte++) {
        ((unsigned char *)words)[byte] ^= 1;
        assert(!pattern_check(words, id, 0, &wrong));
        assert(wrong.word == byte / 8 && wrong.found == words[byte / 8]);
        ((unsigned char *)words)[byte] ^= 1;
        assert(wrong.expected == words[byte / 8]);
    }
}

static void a_verification_visits_each_page_once(void)
{
    for (int pattern = PATTERN_RANDOM; pattern <= PATTERN_ZIPF; pattern++)
        for (uint64_t n = 1; n < 300; n++) {
            struct order o = {.pattern = (enum pattern)pattern, .pages = n, .hot = n};
            bool seen[300] = {false};

            for (uint64_t i = 0; i < n; i++) {
                uint64_t page = order_verify(&o, i, n);

                assert(page < n && !seen[page]);
                seen[page] = true;
            }
        }
}

/* How many different pages `tries` rewrites meet; *hits[page] counts them. */
static unsigned int rewrite(struct order *o, unsigned int tries, unsigned int *hits)
{
    unsigned int different = 0;

    memset(hits, 0, o->pages * sizeof(*hits));
    for (unsigned int i = 0; i < tries; i++) {
        uint64_t page = order_rewrite(o);

        assert(page < o->pages);
        different += hits[page]++ == 0;
    }
    return different;
}

static void rewrites_stay_in_the_working_set(void)
{
    static unsigned int hits[MANY];

    for (int pattern = PATTERN_RANDOM; pattern <= PATTERN_ZIPF; pattern++) {
        struct order o = {.pattern = (enum pattern)pattern, .pages = MANY, .hot = 100};

        assert(rewrite(&o, 20000, hits) == 100);
        o.hot = 1;
        assert(rewrite(&o, 100, hits) == 1);
    }
}

static void zipf_prefers_few_pages_and_random_none(void)
{
    static unsigned int hits[1024];

    for (int pattern = PATTERN_RANDOM; pattern <= PATTERN_ZIPF; pattern += 2) {
        struct order o = {.pattern = (enum pattern)pattern, .pages = 1024, .hot = 1024};
        unsigned int most = 0;

        rewrite(&o, 102400, hits);
        for (unsigned int i = 0; i < 1024; i++)
            most = hits[i] > most ? hits[i] : most;
        assert(pattern == PATTERN_ZIPF ? most > 5000 : most < 200);
    }
}

static void a_sweep_goes_on_where_it_stopped(void)
{
    struct order o = {.pattern = PATTERN_SWEEP, .pages = 10, .hot = 3};

    for (uint64_t i = 0; i < 9; i++)
        assert(order_rewrite(&o) == i % 3);
}

static void buckets_hold_delays_up_to_their_power_of_two(void)
{
    struct histogram h = {{0}}, sum = {{0}};
    char text[1200];

    histogram_format(&h, text, sizeof(text));
    assert(strcmp(text, "1:0") == 0);
    histogram_add(&h, 0);
    histogram_add(&h, 1);
    histogram_add(&h, 3);
    histogram_add(&h, 4);
    histogram_add(&h, 5);
    histogram_merge(&sum, &h);
    histogram_merge(&sum, &h);
    histogram_format(&sum, text, sizeof(text));
    assert(strcmp(text, "1:4,2:0,4:4,8:2") == 0);
    histogram_add(&h, UINT64_MAX);
    assert(h.count[HISTOGRAM_BUCKETS - 1] == 1);
    memset(&h, 0xff, sizeof(h)); /* the longest text there is */
    histogram_format(&h, text, sizeof(text));
    assert(strlen(text) < sizeof(text) - 1);
    histogram_format(&h, text, 10);
    assert(strlen(text) == 9);
}

int main(void)
{
    zeroable_pages_are_zero_in_even_versions_only();
    every_word_depends_on_page_version_and_index();
    a_new_version_always_changes_the_page();
    the_check_finds_any_damaged_byte();
    a_verification_visits_each_page_once();
    rewrites_stay_in_the_working_set();
    zipf_prefers_few_pages_and_random_none();
    a_sweep_goes_on_where_it_stopped();
    buckets_hold_delays_up_to_their_power_of_two();
    puts("units: ok");
}
