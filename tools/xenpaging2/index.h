/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The index: which gfn is out and where, for a pager that comes after this one.
 *
 * It is a file beside the store, mapped and written to in place, and outlives its process as the
 * store does. It has a header that says whose it is; of each gfn an entry, and of each part of
 * them a bit if it is used; of each slot of the store a record, a seal if pages are encrypted, and
 * a bit if a server may be late. An entry means "if Xen says that this gfn is out, its contents are
 * there". A kill may come between any two writes, and so these have an order:
 *
 *    out:  part, record, seal, slot, entry, evict       in:  load, no entry, slot is free or kept
 *
 * What is not named by an entry is of no matter. What an entry names that is not out, Xen tells.
 * The end of the host is not provided for: it is the end of the guest, too.
 */
#ifndef XENPAGING2_INDEX_H
#define XENPAGING2_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stats.h"

struct index;

/* Of the format: what one version has left, a pager with another one refuses. */
#define INDEX_VERSION 5u

/* What an entry says, apart from the number of a slot plus 1. Few bits make none of another. */
#define INDEX_NONE 0u               /* the gfn is not out */
#define INDEX_NOMINATED 0xf0f0f0f0u /* it may be nominated, and is not out */
#define INDEX_ZERO UINT32_MAX       /* if it is out, it is a page of zeros */
#define INDEX_KEPT 0x8f0f0f0fu      /* xor such a number: it is not out, and keeps the slot */
#define INDEX_MAX_SLOTS 0x70000000u /* so that no slot looks like one of these */

/* A part whose gfns have entries; 0 is one without. What few bits make of it is not 0. */
#define INDEX_PART 0xffu

static inline bool index_is_kept(uint32_t entry)
{
    return (entry ^ INDEX_KEPT) - 1 < INDEX_MAX_SLOTS;
}

/* The key of the checksums, which the guest must not know: as long as XXH3 likes it best. */
#define INDEX_KEY_BYTES 192

/* What is known of a slot. The checksum binds its contents to gfn and generation. */
struct index_slot {
    uint64_t checksum;
    uint32_t gfn;
    uint32_t generation;
};

/* How the page in a slot was encrypted (store_seal.c); of no use without the key. */
struct index_seal {
    uint8_t nonce[12];
    uint8_t tag[16];
};

/* Whose an index is. */
struct index_owner {
    uint32_t domid;
    uint8_t uuid[16];  /* the domain's handle */
    uint64_t store_id; /* store_id() */
    uint64_t key_id;   /* store_key_id() */
};

/* What goes on from one pager to the next besides the tables. */
struct index_live {
    uint32_t nr_pauses; /* of the domain, that are to be undone; see xen_keep_account() */
    uint32_t unused;
    struct stats stats;
};

/*
 * Makes an index at path, for nobody else to read, and locks it. A file that is there already has
 * to be an index, and is emptied, but for nr_pauses if it is the same owner's. Returns 0, or a
 * negative errno with one line for the user in message (size bytes).
 */
int index_create(const char *path, const struct index_owner *owner, struct index **index,
                 char *message, size_t size);

/*
 * Opens and locks the index of an earlier pager, without changing it. owner->domid and
 * owner->uuid say whose it has to be; the rest of owner is set. Returns 0 or a negative errno with
 * message: -ENOENT if there is none; -EBUSY if a pager uses it; -EBADMSG if it is damaged or of
 * another version, -ESTALE if it is another domain's.
 */
int index_open(const char *path, struct index_owner *owner, struct index **index, char *message,
               size_t size);

/* Whether there is a gfn in an opened index that is nominated or out, or may be. */
bool index_has_entries(const struct index *index);

/* Takes NULL. The tables are their users' to give back, by locked_free(). */
void index_close(struct index *index);

/* Deletes the file. Takes NULL. */
void index_remove(struct index *index);

struct index_live *index_live(struct index *index);

/* INDEX_KEY_BYTES bytes, drawn when the index was made. */
const void *index_checksum_key(const struct index *index);

/* How many slots an opened index has records of. */
uint32_t index_nr_slots(const struct index *index);

/*
 * The tables, mapped with nr entries where there were old_nr. Those that the file did not have
 * are zero. With an index of NULL they are in memory of the process. Return NULL, with the old
 * table as it was, if there is no room.
 */
struct index_slot *index_grow_slots(struct index *index, struct index_slot *slots, uint32_t old_nr,
                                    uint32_t nr);
struct index_seal *index_grow_seals(struct index *index, struct index_seal *seals, uint32_t old_nr,
                                    uint32_t nr);

/*
 * Likewise, of a set of slots: words of 64 bits. What it is of is up to the store's engine. And of
 * parts, a byte each.
 */
uint64_t *index_grow_set(struct index *index, uint64_t *words, uint32_t old_nr, uint32_t nr);
uint8_t *index_grow_parts(struct index *index, uint8_t *parts, uint32_t old_nr, uint32_t nr);

/*
 * Likewise, of the entries of gfns. These are only addresses, and must not be written to before
 * index_use_gfns() was asked for them, from a multiple of PART_GFNS on. Returns 0, -ENOMEM or
 * -ENOSPC.
 */
uint32_t *index_grow_gfns(struct index *index, uint32_t *gfns, size_t old_nr, size_t nr);
int index_use_gfns(struct index *index, uint32_t *gfns, size_t first, size_t nr);

#endif
