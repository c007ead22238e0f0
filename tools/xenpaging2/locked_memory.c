/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "locked_memory.h"

#include <errno.h>
#include <sys/mman.h>

#include "page.h"

static size_t round_up(size_t size)
{
    return (size + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

/*
 * Failure to lock is left to main(), which locks the whole process and says so if it cannot. Only
 * addresses are locked here, and pages are with them as soon as they are present.
 */
static void *lock(void *memory, size_t size)
{
    if (memory == MAP_FAILED) {
        errno = ENOMEM;
        return NULL;
    }
    madvise(memory, size, MADV_DONTDUMP);
    mlock2(memory, size, MLOCK_ONFAULT);
    return memory;
}

/* By writing, which has a file's pages ready to be written to. Linux before 5.14 can only lock. */
static void *present(void *memory, size_t from, size_t end)
{
    char *at = (char *)memory + from;

    if (memory && from < end && madvise(at, end - from, MADV_POPULATE_WRITE))
        mlock(at, end - from);
    return memory;
}

void *locked_reserve(size_t size)
{
    size_t length = round_up(size);

    return lock(mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                length);
}

void *locked_reserve_map(int fd, off_t offset, size_t size)
{
    size_t length = round_up(size);

    return lock(mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset), length);
}

void *locked_reserve_more(void *memory, size_t size, size_t new_size)
{
    size_t old_length = round_up(size), length = round_up(new_size);

    if (!memory)
        return locked_reserve(new_size);
    if (length == old_length)
        return memory;
    return lock(mremap(memory, old_length, length, MREMAP_MAYMOVE), length);
}

/* Where it cannot be asked for (EINVAL), it comes with the first use. */
int locked_present(void *memory, size_t offset, size_t size)
{
    int rc = madvise((char *)memory + offset, round_up(size), MADV_POPULATE_WRITE);

    return rc && errno != EINVAL ? -ENOMEM : 0;
}

void *locked_alloc(size_t size)
{
    return present(locked_reserve(size), 0, round_up(size));
}

void *locked_map(int fd, off_t offset, size_t size)
{
    return present(locked_reserve_map(fd, offset, size), 0, round_up(size));
}

void *locked_grow(void *memory, size_t size, size_t new_size)
{
    return present(locked_reserve_more(memory, size, new_size), round_up(size), round_up(new_size));
}

void *locked_shrink(void *memory, size_t size, size_t new_size)
{
    size_t old_length = round_up(size), length = round_up(new_size);

    if (length < old_length)
        munmap((char *)memory + length, old_length - length);
    return length ? memory : NULL;
}

void locked_free(void *memory, size_t size)
{
    if (memory)
        munmap(memory, round_up(size));
}
