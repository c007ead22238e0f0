/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon dies at a moment of a story, and another one takes over and goes on. Which moments,
 * and what becomes of the writes to the store that are under way, is counted through: all of them
 * with KILL_EVERY=1 in the environment, else one in so many. Each time in a process of its own,
 * because the dead one's memory is not given back.
 */
#include "test.h"

#include <limits.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kill_points.h"
#include "rig.h"
#include "store_seal.h"
#include "story.h"

#define NR_STEPS 250
#define NR_STEPS_AFTER 40
#define KILL_EVERY 97 /* prime, so that every kind of moment has its turn */
#define SECOND_MOMENTS 300
#define SECONDS 300

static char directory[32], path[64];
static jmp_buf after_death;
static uint64_t state_of_chance;

static uint32_t draw(uint32_t below)
{
    state_of_chance = state_of_chance * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(state_of_chance >> 33) % below;
}

static void die(void)
{
    kill_points.die = NULL;
    longjmp(after_death, 1);
}

static void die_at(unsigned long n)
{
    kill_points = (struct kill_points){.die = n ? die : NULL, .at = n};
}

/* The hypervisor has to be in a state in which a pager can start at all. */
static struct rig *take_over(enum fake_engine_death death)
{
    story_goes_well();
    rig_bury(death);
    return rig_take_over(STORY_GFNS, "clock", path);
}

/* The case that a process tells: the daemons die at these moments of their lives; 0: they do not.
 */
static struct {
    bool patched, encrypted;
    unsigned long moments[3];
    enum fake_engine_death death;
    unsigned int life;
    struct rig *rig;
} c;

/* Each has an epoch of its own. */
static void use_key(void)
{
    static struct store_secret secret = {.key = "thirty-two bytes that are no one", .id = 1};
    static const struct store_options encrypted = {
        .where = "/nowhere", .encryption = STORE_ENCRYPT_YES, .secret = &secret};

    secret.epoch++;
    rig_use_store(&encrypted);
}

static void live(void)
{
    if (c.encrypted)
        use_key();
    die_at(c.moments[c.life]);
    c.rig = c.life ? take_over(c.death) : rig_create_with_index(STORY_GFNS, "clock", path);
    story_begin(c.rig, draw);
    story_go_on(c.rig, c.life ? NR_STEPS_AFTER : NR_STEPS);
}

static void tell(void **state)
{
    (void)state;
    fake_xen_patch(c.patched);
    while (setjmp(after_death))
        c.life++;
    live();
    kill_points.die = NULL;
    story_end(c.rig);
}

/* --- Each case in a process. --- */

static unsigned long *nr_moments; /* of the first life, if nobody dies; shared */

static void count_moments(void **state)
{
    c.moments[0] = ULONG_MAX;
    tell(state);
    *nr_moments = kill_points.nr;
}

/* Silently: what went wrong says the same case alone, see tell_one(). */
_Noreturn static void be_told(void (*test)(void **state))
{
    const struct CMUnitTest tests[] = {{.name = "case", .test_func = test}};

    if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
        _exit(1);
    alarm(SECONDS);
    _exit(cmocka_run_group_tests_name("killed", tests, NULL, NULL));
}

static void run(void (*test)(void **state))
{
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (!pid)
        be_told(test);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (status)
        fail_msg("status %#x; again with: test_killed %s %lu %lu %d %d", status,
                 c.patched ? "patched" : "stock", c.moments[0], c.moments[1], c.death, c.encrypted);
}

static unsigned long stride(void)
{
    const char *every = getenv("KILL_EVERY");

    return every ? strtoul(every, NULL, 10) : KILL_EVERY;
}

/* The second one dies soon after its start, in every other case; two in four are encrypted. */
static void die_at_all_moments(bool patched)
{
    c.patched = patched;
    c.encrypted = false;
    run(count_moments);
    for (unsigned long n = 1; n <= *nr_moments; n += stride()) {
        c.encrypted = n / 2 % 2;
        for (int death = 0; death < NR_ENGINE_DEATHS; death++) {
            c.moments[0] = n;
            c.moments[1] = n % 2 ? 1 + (n / 2 + (unsigned long)death) % SECOND_MOMENTS : 0;
            c.death = (enum fake_engine_death)death;
            run(tell);
        }
    }
    print_message("%s: %lu moments, one in %lu\n", patched ? "patched" : "stock", *nr_moments,
                  stride());
}

static void nothing_is_lost_whenever_a_pager_dies_on_stock(void **state)
{
    (void)state;
    die_at_all_moments(false);
}

static void nothing_is_lost_whenever_a_pager_dies_on_patched(void **state)
{
    (void)state;
    die_at_all_moments(true);
}

static int setup(void **state)
{
    *state = NULL;
    strcpy(directory, "/tmp/test_killed_XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof(path), "%s/index", directory);
    state_of_chance = 1;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory);
}

/* "stock|patched FIRST SECOND WRITES ENCRYPTED": this case, in this process. */
static int tell_one(char **args)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(tell, setup, teardown)};

    c.patched = !strcmp(args[0], "patched");
    c.moments[0] = strtoul(args[1], NULL, 10);
    c.moments[1] = strtoul(args[2], NULL, 10);
    c.death = (enum fake_engine_death)strtoul(args[3], NULL, 10);
    c.encrypted = strtoul(args[4], NULL, 10);
    return cmocka_run_group_tests_name("killed", tests, NULL, NULL);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_lost_whenever_a_pager_dies_on_stock, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(nothing_is_lost_whenever_a_pager_dies_on_patched, setup,
                                        teardown),
    };

    if (argc == 6)
        return tell_one(argv + 1);
    nr_moments =
        mmap(NULL, sizeof(*nr_moments), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return cmocka_run_group_tests_name("killed", tests, NULL, NULL);
}
