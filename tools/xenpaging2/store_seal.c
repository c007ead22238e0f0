/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nonce and tag of a page are kept in our memory, or in the index if others have the key, too, and
 * not beside the page: an old page of the same slot does not pass either. gfn and generation are
 * authenticated with the contents. A seal is complete before its page is on its way.
 *
 * Pages are sealed into buffers of our own, a few in each turn of the loop, because a page may be
 * given back to the guest while it is on its way. They are opened where they are read to.
 */
#include "store_seal.h"

#include <errno.h>
#include <event2/event.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>

#include "done_later.h"
#include "index.h"
#include "io_list.h"
#include "locked_memory.h"
#include "page.h"
#include "secret.h"
#include "priorities.h"

#define NR_READS 64u  /* under way in the engine inside; more wait */
#define NR_WRITES 64u /* likewise, each with a buffer */
#define PAGES_PER_TURN 4
#define GROW_SLOTS 4096u

/* What is authenticated with a page. */
struct identity {
    uint32_t gfn, generation;
};

/* An operation of the engine inside, for one of ours. */
struct pass {
    struct store_io io;
    struct store_io *outer;
    struct seal *seal;
    void *buffer; /* of a write; NULL: of a read */
};

struct seal {
    struct store_engine engine;
    struct store_engine *inner;
    struct done_later later;
    EVP_CIPHER_CTX *encrypt, *decrypt;
    struct store_secret *secret; /* in memory of its own */
    bool has_heirs;              /* others have it, too */
    uint64_t nr_sealed;
    struct index *index;      /* may be NULL */
    struct index_seal *seals; /* a slot's each */
    uint32_t nr_seals;
    struct event *sealing;
    struct io_list reads, writes; /* that wait */
    struct io_list free_reads, free_writes;
    char *buffers;
    struct pass passes[NR_READS + NR_WRITES];
};

static struct seal *seal_of(struct store_engine *engine)
{
    return (struct seal *)engine;
}

/* --- One page. --- */

/* Nonce, identity, contents: in this order for both directions. False if OpenSSL fails. */
static bool run_cipher(EVP_CIPHER_CTX *cipher, const struct index_seal *seal,
                       const struct store_io *io, const void *from, void *to)
{
    const struct identity who = {io->gfn, io->generation};
    int nr;

    return EVP_CipherInit_ex(cipher, NULL, NULL, NULL, seal->nonce, -1) &&
           EVP_CipherUpdate(cipher, NULL, &nr, (const void *)&who, sizeof(who)) &&
           EVP_CipherUpdate(cipher, to, &nr, from, PAGE_BYTES);
}

/* Also those that fail have one: a nonce is for one try. */
static void set_nonce(struct seal *s, struct index_seal *seal)
{
    const uint32_t epoch = s->secret->epoch;

    s->nr_sealed++;
    memcpy(seal->nonce, &epoch, sizeof(epoch));
    memcpy(seal->nonce + sizeof(epoch), &s->nr_sealed, sizeof(s->nr_sealed));
}

static int close_page(struct seal *s, const struct store_io *io, void *to)
{
    struct index_seal *seal = &s->seals[io->slot];
    uint8_t rest[EVP_MAX_BLOCK_LENGTH];
    int nr;

    set_nonce(s, seal);
    if (!run_cipher(s->encrypt, seal, io, io->page, to) ||
        !EVP_CipherFinal_ex(s->encrypt, rest, &nr) ||
        !EVP_CIPHER_CTX_ctrl(s->encrypt, EVP_CTRL_AEAD_GET_TAG, sizeof(seal->tag), seal->tag))
        return -EIO;
    return 0;
}

/* What is not the page of this slot, gfn and generation comes out as -EBADMSG. */
static int open_page(struct seal *s, const struct store_io *io)
{
    struct index_seal *seal = &s->seals[io->slot];
    uint8_t rest[EVP_MAX_BLOCK_LENGTH];
    int nr;

    if (!run_cipher(s->decrypt, seal, io, io->page, io->page) ||
        !EVP_CIPHER_CTX_ctrl(s->decrypt, EVP_CTRL_AEAD_SET_TAG, sizeof(seal->tag), seal->tag) ||
        !EVP_CipherFinal_ex(s->decrypt, rest, &nr))
        return -EBADMSG;
    return 0;
}

/* --- On their way. --- */

static void pass_on(struct seal *s, struct pass *pass, struct store_io *outer, void *page)
{
    pass->outer = outer;
    pass->io.page = page;
    pass->io.gfn = outer->gfn;
    pass->io.slot = outer->slot;
    pass->io.urgency = outer->urgency;
    pass->io.error = 0;
    s->inner->ops->submit(s->inner, &pass->io);
}

static void read_next(struct seal *s)
{
    while (!STAILQ_EMPTY(&s->reads) && !STAILQ_EMPTY(&s->free_reads)) {
        struct store_io *outer = io_list_take(&s->reads);

        pass_on(s, (struct pass *)io_list_take(&s->free_reads), outer, outer->page);
    }
}

static void read_done(struct store_io *io)
{
    struct pass *pass = (struct pass *)io;
    struct store_io *outer = pass->outer;
    struct seal *s = pass->seal;

    outer->error = io->error ? io->error : open_page(s, outer);
    STAILQ_INSERT_HEAD(&s->free_reads, io, link);
    read_next(s);
    outer->engine_done(outer);
}

static int grow(struct seal *s, uint32_t slot)
{
    const uint32_t nr = slot / GROW_SLOTS * GROW_SLOTS + GROW_SLOTS;
    struct index_seal *seals;

    if (slot < s->nr_seals)
        return 0;
    seals = index_grow_seals(s->index, s->seals, s->nr_seals, nr);
    if (!seals)
        return -errno;
    s->seals = seals;
    s->nr_seals = nr;
    return 0;
}

static void write_one(struct seal *s, struct store_io *outer)
{
    struct pass *pass = (struct pass *)STAILQ_FIRST(&s->free_writes);

    outer->error = grow(s, outer->slot);
    if (!outer->error)
        outer->error = close_page(s, outer, pass->buffer);
    if (outer->error) {
        done_later(&s->later, outer);
        return;
    }
    io_list_take(&s->free_writes);
    pass_on(s, pass, outer, pass->buffer);
}

static bool can_write(const struct seal *s)
{
    return !STAILQ_EMPTY(&s->writes) && !STAILQ_EMPTY(&s->free_writes);
}

static void seal_some(evutil_socket_t fd, short what, void *arg)
{
    struct seal *s = arg;

    (void)fd, (void)what;
    for (int i = 0; i < PAGES_PER_TURN && can_write(s); i++)
        write_one(s, io_list_take(&s->writes));
    if (can_write(s))
        event_active(s->sealing, EV_TIMEOUT, 0);
}

static void write_done(struct store_io *io)
{
    struct pass *pass = (struct pass *)io;
    struct store_io *outer = pass->outer;
    struct seal *s = pass->seal;

    outer->error = io->error;
    STAILQ_INSERT_HEAD(&s->free_writes, io, link);
    if (can_write(s))
        event_active(s->sealing, EV_TIMEOUT, 0);
    outer->engine_done(outer);
}

static void seal_submit(struct store_engine *engine, struct store_io *io)
{
    struct seal *s = seal_of(engine);

    if (io->urgency == STORE_PAGE_OUT) {
        STAILQ_INSERT_TAIL(&s->writes, io, link);
        event_active(s->sealing, EV_TIMEOUT, 0);
    } else {
        STAILQ_INSERT_TAIL(&s->reads, io, link);
        read_next(s);
    }
}

/* --- All else is the engine's inside. --- */

static void seal_release(struct store_engine *engine, uint32_t slot)
{
    struct seal *s = seal_of(engine);

    s->inner->ops->release(s->inner, slot);
}

static bool seal_is_outside(const struct store_engine *engine, uint32_t slot)
{
    return store_engine_is_outside(((const struct seal *)engine)->inner, slot);
}

static uint32_t seal_max_slots(const struct store_engine *engine)
{
    const struct seal *s = (const struct seal *)engine;

    return s->inner->ops->max_slots(s->inner);
}

/* Who has not got the key can do nothing with what is there. */
static uint64_t seal_id(const struct store_engine *engine)
{
    const struct seal *s = (const struct seal *)engine;

    return s->has_heirs && s->inner->ops->id ? s->inner->ops->id(s->inner) : 0;
}

static uint64_t seal_key_id(const struct store_engine *engine)
{
    return ((const struct seal *)engine)->secret->id;
}

static int seal_use_index(struct store_engine *engine, struct index *index)
{
    struct seal *s = seal_of(engine);
    const uint32_t nr = index_nr_slots(index);
    int rc;

    s->index = index;
    rc = nr && grow(s, nr - 1) ? -ENOMEM : 0;
    return rc || !s->inner->ops->use_index ? rc : s->inner->ops->use_index(s->inner, index);
}

static void seal_remove(struct store_engine *engine)
{
    struct seal *s = seal_of(engine);

    s->inner->ops->remove(s->inner);
}

static void destroy(struct seal *s)
{
    if (s->sealing)
        event_free(s->sealing);
    done_later_clear(&s->later);
    EVP_CIPHER_CTX_free(s->encrypt);
    EVP_CIPHER_CTX_free(s->decrypt);
    secret_destroy(s->secret);
    locked_free(s->seals, s->nr_seals * sizeof(*s->seals));
    locked_free(s->buffers, NR_WRITES * PAGE_BYTES);
    free(s);
}

static void seal_close(struct store_engine *engine)
{
    struct seal *s = seal_of(engine);

    s->inner->ops->close(s->inner); /* it is at our buffers until then */
    destroy(s);
}

static const struct store_engine_ops seal_ops = {
    .submit = seal_submit,
    .release = seal_release,
    .max_slots = seal_max_slots,
    .id = seal_id,
    .key_id = seal_key_id,
    .use_index = seal_use_index,
    .is_outside = seal_is_outside,
    .remove = seal_remove,
    .close = seal_close,
};

static void create_passes(struct seal *s)
{
    STAILQ_INIT(&s->reads);
    STAILQ_INIT(&s->writes);
    STAILQ_INIT(&s->free_reads);
    STAILQ_INIT(&s->free_writes);
    for (unsigned int i = 0; i < NR_READS + NR_WRITES; i++) {
        struct pass *pass = &s->passes[i];
        bool is_read = i < NR_READS;

        pass->seal = s;
        pass->io.engine_done = is_read ? read_done : write_done;
        pass->buffer = is_read ? NULL : s->buffers + (size_t)(i - NR_READS) * PAGE_BYTES;
        STAILQ_INSERT_TAIL(is_read ? &s->free_reads : &s->free_writes, &pass->io, link);
    }
}

int store_secret_draw(struct store_secret *secret)
{
    if (getrandom(secret->key, sizeof(secret->key), 0) != sizeof(secret->key) ||
        getrandom(&secret->id, sizeof(secret->id), 0) != sizeof(secret->id))
        return -EIO;
    secret->id |= 1;
    return 0;
}

static int create_secret(struct seal *s, const struct store_secret *secret)
{
    s->secret = locked_alloc(sizeof(*s->secret));
    if (!s->secret)
        return -ENOMEM;
    s->has_heirs = secret;
    if (!secret)
        return store_secret_draw(s->secret);
    *s->secret = *secret;
    return 0;
}

/* OpenSSL's copies of the key are in memory that a core dump would have. */
static int create_ciphers(struct seal *s)
{
    if (prctl(PR_SET_DUMPABLE, 0))
        return -errno;
    s->encrypt = EVP_CIPHER_CTX_new();
    s->decrypt = EVP_CIPHER_CTX_new();
    if (!s->encrypt || !s->decrypt)
        return -ENOMEM;
    if (!EVP_EncryptInit_ex(s->encrypt, EVP_aes_256_gcm(), NULL, s->secret->key, NULL) ||
        !EVP_DecryptInit_ex(s->decrypt, EVP_aes_256_gcm(), NULL, s->secret->key, NULL))
        return -EIO;
    return 0;
}

int store_seal(struct event_base *base, const struct store_secret *secret,
               struct store_engine **engine)
{
    struct seal *s = calloc(1, sizeof(*s));
    int rc;

    if (!s)
        return -ENOMEM;
    s->engine.ops = &seal_ops;
    s->inner = *engine;
    s->buffers = locked_alloc(NR_WRITES * PAGE_BYTES);
    s->sealing = event_new(base, -1, 0, seal_some, s);
    rc = done_later_init(&s->later, base);
    if (!s->buffers || !s->sealing || event_priority_set(s->sealing, PRIORITY_BACKGROUND))
        rc = -ENOMEM;
    if (!rc)
        rc = create_secret(s, secret);
    if (!rc)
        rc = create_ciphers(s);
    if (rc) {
        destroy(s);
        return rc;
    }
    create_passes(s);
    *engine = &s->engine;
    return 0;
}
