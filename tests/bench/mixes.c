/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages as guests have them. */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench_store.h"
#include "page.h"

/* Bytes to cut pages from. */
struct source {
    char *data;
    size_t size;
};

static void append(struct source *source, const void *data, size_t size)
{
    source->data = realloc(source->data, source->size + size);
    if (!source->data)
        err(1, "realloc");
    memcpy(source->data + source->size, data, size);
    source->size += size;
}

static void append_file(struct source *source, const char *path)
{
    char data[PAGE_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t nr;

    if (fd < 0)
        err(1, "%s", path);
    while ((nr = read(fd, data, sizeof(data))) > 0)
        append(source, data, (size_t)nr);
    close(fd);
}

/* What this process has mapped of files: code, constants, tables. */
static void append_image(struct source *source)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512], right;
    unsigned long from, to;

    if (!maps)
        err(1, "/proc/self/maps");
    while (fgets(line, sizeof(line), maps))
        if (sscanf(line, "%lx-%lx %c", &from, &to, &right) == 3 && right == 'r' &&
            strchr(line, '/'))
            append(source, (const void *)from, to - from); /* NOLINT */
    fclose(maps);
}

static char *new_pages(unsigned int nr)
{
    char *data = mmap(NULL, (size_t)nr * PAGE_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

    if (data == MAP_FAILED)
        err(1, "mmap");
    return data;
}

/* No two pages are the same, as long as the source is. */
static char *cut_pages(const struct source *source, unsigned int nr)
{
    char *data = new_pages(nr);

    for (unsigned int i = 0; i < nr; i++)
        memcpy(data + (size_t)i * PAGE_BYTES,
               source->data + (size_t)i * (PAGE_BYTES + 64) % (source->size - PAGE_BYTES),
               PAGE_BYTES);
    return data;
}

static char *random_pages(unsigned int nr)
{
    char *data = new_pages(nr);
    uint64_t state = 88172645463325252U, *words = (uint64_t *)(void *)data;

    for (size_t i = 0; i < (size_t)nr * PAGE_BYTES / sizeof(*words); i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        words[i] = state;
    }
    return data;
}

void mix_pages(struct pages mixes[NR_MIXES], unsigned int nr, char **text_files)
{
    static const char *const names[NR_MIXES] = {"zero", "text", "image", "random", "mixed"};
    struct source text = {0}, image = {0};

    while (*text_files)
        append_file(&text, *text_files++);
    append_image(&image);
    mixes[0].data = new_pages(nr);
    mixes[1].data = cut_pages(&text, nr);
    mixes[2].data = cut_pages(&image, nr);
    mixes[3].data = random_pages(nr);
    mixes[4].data = new_pages(nr);
    for (unsigned int i = 0; i < nr; i++)
        memcpy(mixes[4].data + (size_t)i * PAGE_BYTES, mixes[i % 4].data + (size_t)i * PAGE_BYTES,
               PAGE_BYTES);
    for (int i = 0; i < NR_MIXES; i++) {
        mixes[i].name = names[i];
        mixes[i].nr = nr;
    }
    free(text.data);
    free(image.data);
}
