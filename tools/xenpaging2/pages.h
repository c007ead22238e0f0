/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the pager knows of every gfn: where the truth about its contents is.
 *
 *                     nominate              commit
 *      RESIDENT ---------------> NOMINATED ---------> PAGED
 *         ^  ^----- give_up ----------|                | begin_load
 *         |------------ drop --------------------------|
 *         |------------ loaded, drop -------------- LOADING
 *
 * RESIDENT stands for every gfn whose contents we do not hold, holes included. A move that the
 * picture does not show is a bug of ours and asserts. No I/O, no hypercalls here. 5 bytes per gfn,
 * of which the 4 that say where it is are an entry of the index (index.h), for the next pager. They
 * take memory from when the gfn, or one near to it, is nominated for the first time.
 */
#ifndef XENPAGING2_PAGES_H
#define XENPAGING2_PAGES_H

#include <stdbool.h>
#include <stdint.h>

enum page_state {
    PAGE_RESIDENT,  /* the guest's frame, if any, is the truth */
    PAGE_NOMINATED, /* the frame is the truth; a copy may be on its way to the store */
    PAGE_PAGED,     /* the store is the truth */
    PAGE_LOADING    /* the store is the truth; a load is on its way */
};

struct index;
struct pages;

/*
 * A table for the gfns 0 to nr_gfns - 1, all RESIDENT. index may be NULL, and outlives it. Returns
 * NULL with errno ENOMEM, or ENOSPC of the index's file system. Free with pages_destroy(), which
 * takes NULL.
 */
struct pages *pages_create(uint32_t nr_gfns, struct index *index);
void pages_destroy(struct pages *pages);

/* Makes the table larger; never smaller. Returns 0, -ENOMEM or -ENOSPC with it unchanged. */
int pages_grow(struct pages *pages, uint32_t nr_gfns);

/* The number of gfns that the table is for. */
uint32_t pages_nr_gfns(const struct pages *pages);

/*
 * Makes room for what is to be known of a gfn, and of those in its part of PART_GFNS: present in
 * memory, and on the index's file system. To be called before the gfn is nominated for the first
 * time, and never in a page-in, as it may take a while. Returns 0, -ENOMEM or -ENOSPC.
 */
int pages_make_room(struct pages *pages, uint32_t gfn);
bool pages_has_room(const struct pages *pages, uint32_t gfn);

/* The first gfn from there on that has room, or pages_nr_gfns(): before it there are no entries. */
uint32_t pages_next_with_room(const struct pages *pages, uint64_t from);

/* The number of gfns that are PAGED or LOADING. */
uint32_t pages_nr_paged(const struct pages *pages);

/* The state of a gfn below pages_nr_gfns(). */
enum page_state pages_state(const struct pages *pages, uint32_t gfn);

/* The store slot of a gfn that is PAGED or LOADING. */
uint32_t pages_slot(const struct pages *pages, uint32_t gfn);

/*
 * A RESIDENT gfn can keep the slot that it was read from, or copied to, for the case that it does
 * not change until it goes out again. It loses that when it is nominated: the caller asks for it
 * before. pages_kept(): the slot, or STORE_SLOT_NONE.
 */
void pages_keep(struct pages *pages, uint32_t gfn, uint32_t slot);
uint32_t pages_kept(const struct pages *pages, uint32_t gfn);
uint32_t pages_nr_kept(const struct pages *pages);

/*
 * Takes the slot from some gfn that keeps one. It is searched where the last search ended, over
 * 8,192 gfns and no more: false if none of these has one.
 */
bool pages_take_kept(struct pages *pages, uint32_t *slot);

/* To be called before Xen nominates the gfn, and after it does not know it as nominated any more.
 */
void pages_nominate(struct pages *pages, uint32_t gfn);
void pages_give_up(struct pages *pages, uint32_t gfn);

/* A NOMINATED gfn is completely written, and may be evicted from now on. */
void pages_record(struct pages *pages, uint32_t gfn, uint32_t slot);

void pages_commit(struct pages *pages, uint32_t gfn, uint32_t slot);
void pages_begin_load(struct pages *pages, uint32_t gfn);
void pages_loaded(struct pages *pages, uint32_t gfn);
void pages_drop(struct pages *pages, uint32_t gfn);

/*
 * What an earlier pager left of a RESIDENT gfn: an entry of the index. It is adopted, which makes
 * the gfn PAGED, or forgotten. One that may be waited for by somebody whom we do not know of is
 * urgent.
 */
uint32_t pages_entry(const struct pages *pages, uint32_t gfn);
void pages_adopt(struct pages *pages, uint32_t gfn, bool urgent);
void pages_forget(struct pages *pages, uint32_t gfn);

/* A gfn that is PAGED and urgent; as pages_newest() else. */
bool pages_urgent(struct pages *pages, uint32_t *gfn);

/*
 * A PAGED gfn, the last one paged out first as far back as is remembered (65,536 evictions), then
 * by falling gfn. Returns false if no gfn is PAGED. The caller has to begin_load() or drop() it
 * before it asks again.
 */
bool pages_newest(struct pages *pages, uint32_t *gfn);

#endif
