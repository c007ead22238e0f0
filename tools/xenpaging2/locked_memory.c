/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "locked_memory.h"

#include <errno.h>
#include <sys/mman.h>

#include "page.h"

static size_t round_up(size_t size)
{
    return (size + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

/* Failure to lock is left to main(), which locks the whole process and says so if it cannot. */
static void *present(void *memory, size_t size)
{
    if (memory == MAP_FAILED) {
        errno = ENOMEM;
        return NULL;
    }
    madvise(memory, size, MADV_DONTDUMP);
    if (mlock(memory, size))
        madvise(memory, size, MADV_POPULATE_WRITE);
    return memory;
}

void *locked_alloc(size_t size)
{
    size_t length = round_up(size);

    return present(mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                   length);
}

void *locked_map(int fd, off_t offset, size_t size)
{
    size_t length = round_up(size);

    return present(mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset), length);
}

void *locked_grow(void *memory, size_t size, size_t new_size)
{
    size_t old_length = round_up(size), length = round_up(new_size);

    if (!memory)
        return locked_alloc(new_size);
    if (length == old_length)
        return memory;
    return present(mremap(memory, old_length, length, MREMAP_MAYMOVE), length);
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
