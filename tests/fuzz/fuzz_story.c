/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens to the daemon, and when (tests/unit/story.h): each byte decides one thing. When they
 * are used up nothing happens any more, and all must come to peace.
 */
#include "story.h"

#include "fuzz.h"

#define MAX_STEPS 300

static struct fuzz_input input;

/* After the end, what happens least often is left out. */
static uint32_t draw(uint32_t below)
{
    uint32_t drawn = fuzz_byte(&input);

    if (below > 256)
        drawn = drawn << 8 | fuzz_byte(&input);
    return fuzz_is_over(&input) ? below - 1 : drawn % below;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t choice;

    input = (struct fuzz_input){data, size};
    choice = fuzz_byte(&input);
    fake_xen_patch(choice & 1);
    story_tell(draw, choice & 2 ? "clock" : "random",
               MAX_STEPS < size / 8 ? MAX_STEPS : (unsigned int)size / 8);
    return 0;
}
