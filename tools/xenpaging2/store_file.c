/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store engine for a file or a block device.
 *
 * The first page is a header that marks the file as ours, so that a mistyped path never costs a
 * user a file, and has the id that is made anew whenever the store begins empty. A regular file
 * grows as slots are used. Slot n is at page n + 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "done_later.h"
#include "holes.h"
#include "index.h"
#include "io_threads.h"
#include "page.h"
#include "store_engine.h"

#define NR_THREADS 4
#define HEADER "xenpaging2 store\n"
#define ID_OFFSET 64 /* in the header's page */

struct file_engine {
    struct store_engine engine;
    struct io_threads *threads;
    struct done_later later;
    struct holes *holes;
    int fd;
    bool created;
    bool is_file;
    bool in_memory;     /* as it is on a tmpfs */
    bool never_at_once; /* the file system does not do it */
    uint32_t max_slots;
    uint64_t id;
    uint32_t nr_slots; /* that were ever written */
    char path[];
};

struct error_text {
    const char *path;
    char *message;
    size_t size;
};

static int refuse(const struct error_text *text, int rc, const char *why)
{
    snprintf(text->message, text->size, "store: '%s': %s", text->path, why);
    return rc;
}

static int refuse_errno(const struct error_text *text, const char *what)
{
    int rc = -errno;

    snprintf(text->message, text->size, "store: '%s': %s: %s", text->path, what, strerror(-rc));
    return rc;
}

static off_t offset_of(uint32_t slot)
{
    return ((off_t)slot + 1) * PAGE_BYTES;
}

static int transfer(int fd, void *page, off_t offset, bool write)
{
    size_t done = 0;

    while (done < PAGE_BYTES) {
        char *at = (char *)page + done;
        ssize_t n = write ? pwrite(fd, at, PAGE_BYTES - done, offset + (off_t)done)
                          : pread(fd, at, PAGE_BYTES - done, offset + (off_t)done);

        if (n < 0 && errno != EINTR)
            return -errno;
        if (n == 0)
            return -EIO; /* the page is not there, or there is no room for it */
        if (n > 0)
            done += (size_t)n;
    }
    return 0;
}

static int by_slot(const void *a, const void *b)
{
    const struct store_io *const *x = a, *const *y = b;

    return ((*x)->slot > (*y)->slot) - ((*x)->slot < (*y)->slot);
}

/* Transfers the first pages at once, if their slots are neighbours. Returns how many that were. */
static unsigned int transfer_neighbours(int fd, struct store_io **ios, unsigned int nr, bool write)
{
    const off_t offset = offset_of(ios[0]->slot);
    struct iovec pages[IO_THREADS_TOGETHER];
    unsigned int n = 0;
    ssize_t done;

    do
        pages[n] = (struct iovec){ios[n]->page, PAGE_BYTES};
    while (++n < nr && ios[n]->slot == ios[n - 1]->slot + 1);
    if (n < 2)
        return 0;
    done = write ? pwritev(fd, pages, (int)n, offset) : preadv(fd, pages, (int)n, offset);
    if (done != (ssize_t)n * PAGE_BYTES)
        return 0;
    for (unsigned int i = 0; i < n; i++)
        ios[i]->error = 0;
    return n;
}

/* What cannot be done together is done alone, to know which of them has the error. */
static void transfer_pages(int fd, struct store_io **ios, unsigned int nr, bool write)
{
    qsort(ios, nr, sizeof(void *), by_slot);
    for (unsigned int i = 0, n; i < nr; i += n) {
        n = transfer_neighbours(fd, ios + i, nr - i, write);
        if (n)
            continue;
        ios[i]->error = transfer(fd, ios[i]->page, offset_of(ios[i]->slot), write);
        n = 1;
    }
}

/*
 * A hole in a file, or blocks that a device forgets; where it cannot, zeros. They take no room, or
 * at least are nobody's page.
 */
static int make_hole(const struct file_engine *file, uint32_t slot, uint32_t nr)
{
    const off_t offset = offset_of(slot), size = (off_t)nr * PAGE_BYTES;
    int rc = fallocate(file->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, size);

    if (rc && errno == EOPNOTSUPP)
        rc = fallocate(file->fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, offset, size);
    return rc ? -errno : 0;
}

static void do_io(void *arg, struct store_io **ios, unsigned int nr)
{
    const struct file_engine *file = arg;

    if (ios[0]->urgency == STORE_HOLE)
        ios[0]->error = make_hole(file, ios[0]->slot, ((struct hole *)ios[0])->nr);
    else
        transfer_pages(file->fd, ios, nr, ios[0]->urgency == STORE_PAGE_OUT);
}

/* Those that have nothing but memory cannot be asked whether they would wait. */
static bool is_in_memory(int fd)
{
    struct statfs fs;

    return !fstatfs(fd, &fs) && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

/*
 * A page that the system has in memory is there sooner than a thread would be awake. Some file
 * systems cannot say whether they would wait.
 */
static bool read_at_once(struct file_engine *file, struct store_io *io)
{
    const struct iovec page = {io->page, PAGE_BYTES};
    ssize_t n;

    if (file->never_at_once)
        return false;
    n = preadv2(file->fd, &page, 1, offset_of(io->slot), file->in_memory ? 0 : RWF_NOWAIT);
    file->never_at_once = n < 0 && errno == EOPNOTSUPP;
    return n == PAGE_BYTES;
}

static void begin(void *arg, struct store_io *io)
{
    io_threads_submit(((struct file_engine *)arg)->threads, io);
}

static void write_page(struct file_engine *file, struct store_io *io)
{
    if (file->nr_slots <= io->slot)
        file->nr_slots = io->slot + 1;
    io->error = holes_before_write(file->holes, io->slot);
    if (io->error)
        done_later(&file->later, io);
    else if (!holes_hold(file->holes, io))
        begin(file, io);
}

static void file_submit(struct store_engine *engine, struct store_io *io)
{
    struct file_engine *file = (struct file_engine *)engine;

    if (io->urgency == STORE_PAGE_OUT)
        write_page(file, io);
    else if (read_at_once(file, io))
        done_later(&file->later, io);
    else
        begin(file, io);
}

/* As if they had been written here: what is given back of them is emptied like any other. */
static int file_use_index(struct store_engine *engine, struct index *index)
{
    struct file_engine *file = (struct file_engine *)engine;

    file->nr_slots = index_nr_slots(index);
    if (file->nr_slots > file->max_slots)
        return -ENOSPC;
    return file->nr_slots ? holes_before_write(file->holes, file->nr_slots - 1) : 0;
}

static void file_release(struct store_engine *engine, uint32_t slot)
{
    holes_after_release(((struct file_engine *)engine)->holes, slot);
}

static uint64_t file_id(const struct store_engine *engine)
{
    return ((const struct file_engine *)engine)->id;
}

static bool file_is_outside(const struct store_engine *engine, uint32_t slot)
{
    (void)slot;
    return !((const struct file_engine *)engine)->in_memory;
}

static uint32_t file_max_slots(const struct store_engine *engine)
{
    return ((const struct file_engine *)engine)->max_slots;
}

static void file_remove(struct store_engine *engine)
{
    struct file_engine *file = (struct file_engine *)engine;

    if (file->is_file && file->created)
        unlink(file->path);
    else if (!file->is_file && file->nr_slots)
        make_hole(file, 0, file->nr_slots);
    file->created = false;
}

static void file_close(struct store_engine *engine)
{
    struct file_engine *file = (struct file_engine *)engine;

    io_threads_destroy(file->threads);
    holes_destroy(file->holes);
    done_later_clear(&file->later);
    if (file->fd >= 0)
        close(file->fd);
    free(file);
}

static const struct store_engine_ops file_ops = {
    .submit = file_submit,
    .release = file_release,
    .max_slots = file_max_slots,
    .is_outside = file_is_outside,
    .id = file_id,
    .use_index = file_use_index,
    .remove = file_remove,
    .close = file_close,
};

/* What is in use is not removed even if it was made a moment ago: another one took it since. */
static int lock_file(struct file_engine *file, const struct error_text *text)
{
    if (!flock(file->fd, LOCK_EX | LOCK_NB))
        return 0;
    if (errno != EWOULDBLOCK)
        return refuse_errno(text, "cannot be locked");
    file->created = false;
    return refuse(text, -EBUSY, "is in use by another pager");
}

/* A volume has a name that is a link to its device. Nothing else is reached through one. */
static int open_linked_device(const char *path, int flags)
{
    struct stat st;

    if (!stat(path, &st) && S_ISBLK(st.st_mode))
        return open(path, flags & ~O_NOFOLLOW);
    errno = ELOOP;
    return -1;
}

static int open_path(struct file_engine *file, bool create, const struct error_text *text)
{
    int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;

    if (create)
        file->fd = open(file->path, flags | O_CREAT | O_EXCL, 0600);
    file->is_file = file->created = file->fd >= 0;
    if (file->fd < 0 && (!create || errno == EEXIST))
        file->fd = open(file->path, flags);
    if (file->fd < 0 && errno == ELOOP)
        file->fd = open_linked_device(file->path, flags);
    if (file->fd < 0 && errno == ELOOP)
        return refuse(text, -ELOOP, "is a symbolic link, which is followed only to a block device");
    if (file->fd < 0 && errno == EISDIR)
        return refuse(text, -EISDIR, "is a directory (allowed: a file or a block device)");
    if (file->fd < 0)
        return refuse_errno(text, "cannot be opened");
    return lock_file(file, text);
}

/* A block device is ours to overwrite, as the user said; nobody else may have it open. */
static int check_device(struct file_engine *file, const struct error_text *text)
{
    uint64_t bytes, nr_pages;
    int rc, fd = open(file->path, O_RDWR | O_CLOEXEC | O_EXCL);

    if (fd < 0)
        return refuse_errno(text, "cannot be opened for us alone");
    close(file->fd);
    file->fd = fd;
    rc = lock_file(file, text);
    if (rc)
        return rc;
    if (ioctl(fd, BLKGETSIZE64, &bytes))
        return refuse_errno(text, "has no size");
    nr_pages = bytes / PAGE_BYTES;
    if (nr_pages < 2)
        return refuse(text, -ENOSPC, "is smaller than two pages");
    if (nr_pages - 1 < file->max_slots)
        file->max_slots = (uint32_t)(nr_pages - 1);
    return 0;
}

/* A file that was there before is taken over only if a pager made it, or nothing is in it. */
static int empty_file(struct file_engine *file, const struct error_text *text)
{
    char header[sizeof(HEADER) - 1] = "";
    ssize_t length;

    if (file->created)
        return 0;
    length = pread(file->fd, header, sizeof(header), 0);
    if (length < 0)
        return refuse_errno(text, "cannot be read");
    if (length && (length != sizeof(header) || memcmp(header, HEADER, sizeof(header))))
        return refuse(text, -EEXIST, "exists and is not a store of this program");
    if (ftruncate(file->fd, 0))
        return refuse_errno(text, "cannot be emptied");
    if (fchmod(file->fd, 0600))
        return refuse_errno(text, "cannot be made ours alone");
    file->created = true;
    return 0;
}

static int write_header(struct file_engine *file, const struct error_text *text)
{
    char page[PAGE_BYTES] = HEADER;
    int rc;

    if (getrandom(&file->id, sizeof(file->id), 0) != sizeof(file->id))
        return refuse_errno(text, "cannot get a number for it");
    file->id |= 1; /* it is not 0 */
    memcpy(page + ID_OFFSET, &file->id, sizeof(file->id));
    rc = transfer(file->fd, page, 0, true);
    if (rc) {
        errno = -rc;
        return refuse_errno(text, "cannot be written");
    }
    return 0;
}

/* The contents of an earlier pager stay, if they are those that are looked for. */
static int check_header(struct file_engine *file, uint64_t id, const struct error_text *text)
{
    char page[PAGE_BYTES];
    int rc = transfer(file->fd, page, 0, false);

    if (rc) {
        errno = -rc;
        return refuse_errno(text, "cannot be read");
    }
    memcpy(&file->id, page + ID_OFFSET, sizeof(file->id));
    if (memcmp(page, HEADER, sizeof(HEADER) - 1) || file->id != id)
        return refuse(text, -ESTALE, "is not the store that its index is of");
    file->created = true;
    return 0;
}

/* id as in struct store_options. */
static int open_contents(struct file_engine *file, uint64_t id, const struct error_text *text)
{
    struct stat st;
    int rc;

    if (fstat(file->fd, &st))
        return refuse_errno(text, "cannot be examined");
    if (!S_ISBLK(st.st_mode) && !S_ISREG(st.st_mode))
        return refuse(text, -EINVAL, "is neither a file nor a block device");
    file->is_file = S_ISREG(st.st_mode);
    file->in_memory = file->is_file && is_in_memory(file->fd);
    rc = file->is_file ? 0 : check_device(file, text);
    if (rc)
        return rc;
    if (id)
        return check_header(file, id, text);
    rc = file->is_file ? empty_file(file, text) : 0;
    return rc ? rc : write_header(file, text);
}

int store_file_open(struct event_base *base, const char *path, uint64_t id,
                    struct store_engine **engine, char *message, size_t size)
{
    const struct error_text text = {path, message, size};
    struct file_engine *file = calloc(1, sizeof(*file) + strlen(path) + 1);
    int rc;

    if (!file)
        return refuse(&text, -ENOMEM, "out of memory");
    file->engine.ops = &file_ops;
    file->fd = -1;
    file->max_slots = STORE_SLOT_ZERO;
    strcpy(file->path, path);
    rc = open_path(file, !id, &text);
    if (!rc)
        rc = open_contents(file, id, &text);
    if (!rc && ((rc = done_later_init(&file->later, base)) ||
                (rc = holes_create(base, begin, file, &file->holes))))
        refuse(&text, rc, "out of memory");
    if (!rc && (rc = io_threads_create(base, NR_THREADS, do_io, file, &file->threads)))
        refuse(&text, rc, "cannot start the threads for it");
    if (rc) {
        if (!id)
            file_remove(&file->engine);
        file_close(&file->engine);
        return rc;
    }
    *engine = &file->engine;
    return 0;
}
