/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file: a page with the header, the entries of up to 2^32 gfns, the seals and the set of as
 * many slots, which parts there are, and the records of slots. Each table has its place whatever
 * the size of the others; between them the file has holes. The records are last, so that its size
 * tells how many there are.
 */
#include "index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "locked_memory.h"
#include "page.h"

#define MAGIC "xenpaging2 index\n"
#define LIVE_OFFSET 1024
#define GFNS_OFFSET ((off_t)PAGE_BYTES)
#define MAX_ENTRIES (UINT32_MAX + INT64_C(1)) /* of each table */
#define SEALS_OFFSET (GFNS_OFFSET + (off_t)sizeof(uint32_t) * MAX_ENTRIES)
#define SET_OFFSET (SEALS_OFFSET + (off_t)sizeof(struct index_seal) * MAX_ENTRIES)
#define PARTS_OFFSET (SET_OFFSET + MAX_ENTRIES / 8)
#define SLOTS_OFFSET (PARTS_OFFSET + MAX_ENTRIES / PART_GFNS)

/* Never changed once it is written. */
struct header {
    char magic[24];
    uint32_t version;
    uint32_t page_bytes;
    struct index_owner owner;
    uint8_t checksum_key[INDEX_KEY_BYTES];
    uint64_t checksum; /* of all before it */
};

struct index {
    int fd;
    bool created;      /* the file is ours to delete */
    uint32_t nr_slots; /* records in the file that was opened */
    char *page;        /* header and struct index_live */
    char path[];
};

struct error_text {
    const char *path;
    char *message;
    size_t size;
};

_Static_assert(sizeof(struct header) <= LIVE_OFFSET, "header and live part are apart");
_Static_assert(LIVE_OFFSET + sizeof(struct index_live) <= PAGE_BYTES, "they fit in a page");

static int refuse(const struct error_text *text, int rc, const char *why)
{
    snprintf(text->message, text->size, "index: '%s': %s", text->path, why);
    return rc;
}

static int refuse_errno(const struct error_text *text, const char *what)
{
    int rc = -errno;

    snprintf(text->message, text->size, "index: '%s': %s: %s", text->path, what, strerror(-rc));
    return rc;
}

static uint64_t checksum(const struct header *header)
{
    return XXH3_64bits(header, offsetof(struct header, checksum));
}

static struct index *new_index(const char *path)
{
    struct index *index = calloc(1, sizeof(*index) + strlen(path) + 1);

    if (index) {
        index->fd = -1;
        strcpy(index->path, path);
    }
    return index;
}

void index_close(struct index *index)
{
    if (!index)
        return;
    locked_free(index->page, PAGE_BYTES);
    if (index->fd >= 0) {
        flock(index->fd, LOCK_UN); /* which tables that are still mapped would hold */
        close(index->fd);
    }
    free(index);
}

void index_remove(struct index *index)
{
    if (index)
        unlink(index->path);
}

struct index_live *index_live(struct index *index)
{
    return (struct index_live *)(void *)(index->page + LIVE_OFFSET);
}

const void *index_checksum_key(const struct index *index)
{
    return ((const struct header *)(const void *)index->page)->checksum_key;
}

uint32_t index_nr_slots(const struct index *index)
{
    return index->nr_slots;
}

static int open_file(struct index *index, bool create, const struct error_text *text)
{
    const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    struct stat st;

    if (create)
        index->fd = open(index->path, flags | O_CREAT | O_EXCL, 0600);
    index->created = index->fd >= 0;
    if (index->fd < 0 && (!create || errno == EEXIST))
        index->fd = open(index->path, flags);
    if (index->fd < 0 && errno == ELOOP)
        return refuse(text, -ELOOP, "is a symbolic link, which is not followed");
    if (index->fd < 0)
        return refuse_errno(text, "cannot be opened");
    if (fstat(index->fd, &st))
        return refuse_errno(text, "cannot be examined");
    if (!S_ISREG(st.st_mode))
        return refuse(text, -EINVAL, "is not a file");
    if (!flock(index->fd, LOCK_EX | LOCK_NB))
        return 0;
    if (errno != EWOULDBLOCK)
        return refuse_errno(text, "cannot be locked");
    index->created = false;
    return refuse(text, -EBUSY, "is in use by another pager");
}

static int map_page(struct index *index, const struct error_text *text)
{
    index->page = locked_map(index->fd, 0, PAGE_BYTES);
    return index->page ? 0 : refuse(text, -ENOMEM, "cannot be mapped: out of memory");
}

/* --- A new one. --- */

struct first_page {
    struct header header;
    char padding[LIVE_OFFSET - sizeof(struct header)];
    struct index_live live;
};

static bool is_same_domain(const struct header *header, const struct index_owner *owner)
{
    return header->owner.domid == owner->domid &&
           !memcmp(header->owner.uuid, owner->uuid, sizeof(owner->uuid));
}

/* What is not ours is not emptied. A domain that was paused when its pager died still is. */
static int read_old_page(struct index *index, const struct index_owner *owner, uint32_t *nr_pauses,
                         const struct error_text *text)
{
    struct first_page old = {0};
    ssize_t length = pread(index->fd, &old, sizeof(old), 0);

    *nr_pauses = 0;
    if (length < 0)
        return refuse_errno(text, "cannot be read");
    if (length && memcmp(old.header.magic, MAGIC, sizeof(MAGIC)))
        return refuse(text, -EEXIST, "exists and is not an index of this program");
    if (old.header.version == INDEX_VERSION && old.header.checksum == checksum(&old.header) &&
        is_same_domain(&old.header, owner))
        *nr_pauses = old.live.nr_pauses;
    return 0;
}

/* In one piece: whoever is killed leaves a file that is empty, or an index. */
static int write_first_page(int fd, const struct index_owner *owner, uint32_t nr_pauses)
{
    struct first_page page = {
        .header = {.magic = MAGIC,
                   .version = INDEX_VERSION,
                   .page_bytes = PAGE_BYTES,
                   .owner = *owner},
        .live = {.nr_pauses = nr_pauses},
    };

    bool has_key = getrandom(page.header.checksum_key, INDEX_KEY_BYTES, 0) == INDEX_KEY_BYTES;

    page.header.checksum = checksum(&page.header);
    if (has_key && pwrite(fd, &page, sizeof(page), 0) == sizeof(page))
        return 0;
    errno = errno ? errno : ENOSPC;
    return -1;
}

static int make_file(struct index *index, const struct index_owner *owner,
                     const struct error_text *text)
{
    uint32_t nr_pauses;
    int rc = read_old_page(index, owner, &nr_pauses, text);

    if (rc)
        return rc;
    index->created = true;
    errno = 0;
    if (write_first_page(index->fd, owner, nr_pauses) ||
        ftruncate(index->fd, sizeof(struct first_page)) || ftruncate(index->fd, SLOTS_OFFSET))
        return refuse_errno(text, "cannot be written");
    return map_page(index, text);
}

int index_create(const char *path, const struct index_owner *owner, struct index **out,
                 char *message, size_t size)
{
    const struct error_text text = {path, message, size};
    struct index *index = new_index(path);
    int rc;

    if (!index)
        return refuse(&text, -ENOMEM, "out of memory");
    rc = open_file(index, true, &text);
    if (!rc)
        rc = make_file(index, owner, &text);
    if (rc) {
        if (index->created)
            index_remove(index);
        index_close(index);
        return rc;
    }
    *out = index;
    return 0;
}

/* --- An earlier pager's. --- */

static int check_size(struct index *index, const struct error_text *text)
{
    struct stat st;
    off_t nr_slots;

    if (fstat(index->fd, &st))
        return refuse_errno(text, "cannot be examined");
    if (st.st_size < SLOTS_OFFSET)
        return refuse(text, -EBADMSG, "is truncated");
    nr_slots = (st.st_size - SLOTS_OFFSET) / (off_t)sizeof(struct index_slot);
    if (nr_slots > INDEX_MAX_SLOTS)
        return refuse(text, -EBADMSG, "is damaged: it is too long");
    index->nr_slots = (uint32_t)nr_slots;
    return 0;
}

static int check_header(const struct header *header, const struct index_owner *owner,
                        const struct error_text *text)
{
    if (memcmp(header->magic, MAGIC, sizeof(MAGIC)))
        return refuse(text, -EBADMSG, "is not an index of this program, or damaged");
    if (header->version != INDEX_VERSION)
        return refuse(text, -EBADMSG, "is of another version of this program");
    if (header->checksum != checksum(header) || header->page_bytes != PAGE_BYTES)
        return refuse(text, -EBADMSG, "is damaged: the checksum of its header is wrong");
    if (!is_same_domain(header, owner))
        return refuse(text, -ESTALE, "is the index of another domain");
    return 0;
}

int index_open(const char *path, struct index_owner *owner, struct index **out, char *message,
               size_t size)
{
    const struct error_text text = {path, message, size};
    struct index *index = new_index(path);
    const struct header *header;
    int rc;

    if (!index)
        return refuse(&text, -ENOMEM, "out of memory");
    rc = open_file(index, false, &text);
    if (!rc)
        rc = check_size(index, &text);
    if (!rc)
        rc = map_page(index, &text);
    header = (const struct header *)(void *)index->page;
    if (!rc)
        rc = check_header(header, owner, &text);
    if (rc) {
        index_close(index);
        return rc;
    }
    *owner = header->owner;
    *out = index;
    return 0;
}

static bool is_of_matter(uint32_t entry)
{
    return entry != INDEX_NONE && !index_is_kept(entry);
}

/* What cannot be read may be of matter. */
static bool part_matters(const struct index *index, uint32_t part)
{
    uint32_t entries[PART_GFNS];
    off_t offset = GFNS_OFFSET + (off_t)sizeof(entries) * part;
    bool matters = pread(index->fd, entries, sizeof(entries), offset) != sizeof(entries);

    for (uint32_t i = 0; !matters && i < PART_GFNS; i++)
        matters = is_of_matter(entries[i]);
    return matters;
}

bool index_has_entries(const struct index *index)
{
    uint8_t parts[16384];
    bool has = false;

    for (uint32_t part = 0; !has && part < MAX_ENTRIES / PART_GFNS; part++) {
        const size_t i = part % sizeof(parts);

        if (!i && pread(index->fd, parts, sizeof(parts), PARTS_OFFSET + part) != sizeof(parts))
            return true;
        has = parts[i] && part_matters(index, part);
    }
    return has;
}

/* --- The tables. --- */

static int make_room(int fd, off_t offset, size_t bytes)
{
    int rc;

    do
        rc = posix_fallocate(fd, offset, (off_t)bytes);
    while (rc == EINTR);
    return rc;
}

/*
 * The file gets its blocks first: a write to a mapped hole of a full file system is a SIGBUS. What
 * it has already is left as it is.
 */
static void *grow(struct index *index, off_t offset, void *table, size_t size, size_t new_size)
{
    size_t had = table ? size / PAGE_BYTES * PAGE_BYTES : 0;

    if (!index)
        return locked_grow(table, size, new_size);
    errno = make_room(index->fd, offset + (off_t)had, new_size - had);
    if (errno)
        return NULL;
    return table ? locked_grow(table, size, new_size) : locked_map(index->fd, offset, new_size);
}

uint32_t *index_grow_gfns(struct index *index, uint32_t *gfns, size_t old_nr, size_t nr)
{
    if (index && !gfns)
        return locked_reserve_map(index->fd, GFNS_OFFSET, nr * sizeof(*gfns));
    return locked_reserve_more(gfns, old_nr * sizeof(*gfns), nr * sizeof(*gfns));
}

int index_use_gfns(struct index *index, uint32_t *gfns, size_t first, size_t nr)
{
    off_t offset = (off_t)(first * sizeof(*gfns));
    int error = index ? make_room(index->fd, GFNS_OFFSET + offset, nr * sizeof(*gfns)) : 0;

    return error ? -error : locked_present(gfns, (size_t)offset, nr * sizeof(*gfns));
}

struct index_slot *index_grow_slots(struct index *index, struct index_slot *slots, uint32_t old_nr,
                                    uint32_t nr)
{
    return grow(index, SLOTS_OFFSET, slots, old_nr * sizeof(*slots), nr * sizeof(*slots));
}

struct index_seal *index_grow_seals(struct index *index, struct index_seal *seals, uint32_t old_nr,
                                    uint32_t nr)
{
    return grow(index, SEALS_OFFSET, seals, old_nr * sizeof(*seals), nr * sizeof(*seals));
}

uint64_t *index_grow_set(struct index *index, uint64_t *words, uint32_t old_nr, uint32_t nr)
{
    return grow(index, SET_OFFSET, words, old_nr * sizeof(*words), nr * sizeof(*words));
}

uint8_t *index_grow_parts(struct index *index, uint8_t *parts, uint32_t old_nr, uint32_t nr)
{
    return grow(index, PARTS_OFFSET, parts, old_nr, nr);
}
