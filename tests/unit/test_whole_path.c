/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stories of the whole way out and in (story.h). Each seed is one story, always the same, on a
 * stock hypervisor and on a patched one. A seed that fails is named; give it as the argument.
 */
#include "story.h"

#include "rig.h"
#include "store.h"

#include <stdlib.h>

#define NR_SEEDS 80
#define NR_STEPS 500

static uint64_t state_of_chance;

static uint32_t draw(uint32_t below)
{
    state_of_chance = state_of_chance * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(state_of_chance >> 33) % below;
}

/* What is between the store and its last engine makes no difference, nor how much it takes. */
static const struct store_options stores[] = {
    {.where = "/nowhere"},
    {.where = "/nowhere", .max_pages = STORY_GFNS / 2},
    {.where = "/nowhere", .encryption = STORE_ENCRYPT_YES},
    {.where = "memory:1M,/nowhere"},
};

static void tell_story(uint64_t seed, bool patched)
{
    state_of_chance = seed * 7919;
    rig_use_store(&stores[seed / 2 % (sizeof(stores) / sizeof(stores[0]))]);
    fake_xen_patch(patched);
    story_tell(draw, seed % 2 ? "clock" : "random", NR_STEPS);
    fake_xen_patch(false);
    rig_use_store(NULL);
}

static uint64_t first_seed = 1, last_seed = NR_SEEDS;

static void tell_stories(bool patched)
{
    for (uint64_t seed = first_seed; seed <= last_seed; seed++) {
        print_message("seed %u\n", (unsigned int)seed);
        tell_story(seed, patched);
    }
}

static void all_is_at_peace_in_the_end_on_stock(void **state)
{
    (void)state;
    tell_stories(false);
}

static void all_is_at_peace_in_the_end_and_no_write_lost_on_patched(void **state)
{
    (void)state;
    tell_stories(true);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_at_peace_in_the_end_on_stock),
        cmocka_unit_test(all_is_at_peace_in_the_end_and_no_write_lost_on_patched),
    };

    if (argc > 1)
        first_seed = last_seed = strtoull(argv[1], NULL, 10);
    return cmocka_run_group_tests_name("whole_path", tests, NULL, NULL);
}
