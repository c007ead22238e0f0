/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store: where the contents of paged-out pages are.
 *
 * It hands out slots of one page each, keeps the checksum of what is in each slot outside of the
 * slot, bound to the gfn and to the time of writing, and recognises pages of zeros, which take no
 * slot. The bytes themselves go through an engine (store_engine.h). It knows nothing of Xen.
 *
 * Every operation is asynchronous: it is started with a store_io that the caller owns and keeps
 * until its done() is called from the event loop, never from within the call that started it.
 */
#ifndef XENPAGING2_STORE_H
#define XENPAGING2_STORE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct event_base;
struct index;
struct store;
struct store_secret;

#define STORE_SLOT_NONE UINT32_MAX
#define STORE_SLOT_ZERO (UINT32_MAX - 1) /* a page of zeros, stored nowhere */

/* What overtakes what on the way to the store: the smaller the sooner. */
enum store_urgency {
    STORE_FAULT,
    STORE_FETCH,
    STORE_PAGE_OUT,
    STORE_HOLE, /* an engine's own: slots that were given back are emptied */
    NR_STORE_URGENCIES
};

/* One operation. page, gfn, slot and done are the caller's to set. */
struct store_io {
    void *page; /* PAGE_BYTES bytes, page-aligned */
    uint32_t gfn;
    uint32_t slot; /* a page-out sets it anew; STORE_SLOT_NONE if it failed */
    int error;     /* 0, or a negative errno: -EBADMSG for a wrong checksum, -ENOSPC, -EIO, ... */
    bool is_clean; /* a page-out sets it: the page was in its slot already */
    void (*done)(struct store_io *io);

    /* The store's own. */
    void (*engine_done)(struct store_io *io);
    struct store *store;
    uint32_t generation;        /* of what is in the slot, or is to be */
    enum store_urgency urgency; /* STORE_FAULT, STORE_FETCH: a read; STORE_PAGE_OUT: a write */
    STAILQ_ENTRY(store_io) link;
};

/* Of what leaves our memory. By default that which leaves the machine is. */
enum store_encryption { STORE_ENCRYPT_BY_DEFAULT, STORE_ENCRYPT_NO, STORE_ENCRYPT_YES };

struct store_options {
    const char *where;        /* of a form that store_form_is_known() knows */
    uint64_t max_pages;       /* no more pages than this in the store; 0: no limit */
    const char *compression;  /* in memory: a name of compressor.h; NULL: the default */
    unsigned int connections; /* to an NBD server; 0: the default */
    enum store_encryption encryption;
    const struct store_secret *secret; /* store_seal.h; NULL: one that is made here */
    uint64_t id;     /* what is in it stays, and has this store_id(); 0: it is emptied */
    uint64_t key_id; /* then, also this store_key_id() */
};

#define STORE_MAX_CONNECTIONS 16u
#define STORE_DEFAULT_CONNECTIONS 4u

/* Whether a store can be named like this; it need not be there. store_forms() says what can. */
bool store_form_is_known(const char *where);
const char *store_forms(void);

/* Whether the contents of such a store outlive the process, at least if others have its key. */
bool store_form_outlives_us(const char *where);

/* The file or device that is all of it, or its last tier; NULL if there is none. Part of where. */
const char *store_form_path(const char *where);

/*
 * Opens and locks the store. Returns 0, or a negative errno after writing one line for the user
 * to message (of size bytes). Nothing is left behind if it fails.
 */
int store_open(struct event_base *base, const struct store_options *options, struct store **store,
               char *message, size_t size);

/* Tells what is in it from what was there before, or elsewhere; 0 if it ends with the process. */
uint64_t store_id(const struct store *store);

/* Tells by which key its pages are encrypted; 0: they are not. */
uint64_t store_key_id(const struct store *store);

/*
 * Keeps the records of the slots in an index, which outlives the store. To be called before any
 * page goes out. Those of an earlier pager stay, all of their slots taken until store_adopt(): that
 * frees those of which is_named(arg, slot, gfn) says false. Return 0, -ENOMEM, or -ENOSPC if the
 * store is smaller than it was.
 */
int store_use_index(struct store *store, struct index *index);
void store_adopt(struct store *store, bool (*is_named)(void *arg, uint32_t slot, uint32_t gfn),
                 void *arg);

/* Whether a page of this gfn was written to the slot. */
bool store_has(const struct store *store, uint32_t slot, uint32_t gfn);

/* Waits for operations under way, whose done() is not called any more. Takes NULL. */
void store_close(struct store *store);

/* Deletes the file behind the store, if it is a file. The store goes on working until closed. */
void store_remove(struct store *store);

/*
 * Writes io->page to a new slot and sets io->slot. Before that, io->slot is STORE_SLOT_NONE, or one
 * that io->gfn has kept: if the page is in it already, which its checksum tells, nothing is
 * written, else it is given back. The page must not change until done() is called. After a failure
 * no slot is held.
 */
void store_page_out(struct store *store, struct store_io *io);

/*
 * Reads slot io->slot, written for io->gfn, into io->page and checks it. The slot is kept.
 * urgency is STORE_FAULT if somebody waits for the page, else STORE_FETCH.
 */
void store_page_in(struct store *store, struct store_io *io, enum store_urgency urgency);

/* Gives a slot back. The contents are gone. */
void store_free(struct store *store, uint32_t slot);

/*
 * Whether a page that is in memory may keep its slot for the next time that it goes out: only where
 * that takes no memory, and while the store has room.
 */
bool store_may_keep(const struct store *store, uint32_t slot);

/* Whether a page-out failed for want of space, which slots that are given back make. */
static inline bool store_was_full(int error)
{
    return error == -ENOSPC || error == -EDQUOT;
}

/* Bytes of the slots in use. Pages of zeros count nothing. */
uint64_t store_bytes(const struct store *store);

#endif
