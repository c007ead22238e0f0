/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A store engine around another one: what goes through it is encrypted and authenticated, page by
 * page (AES-256-GCM), so that who keeps the pages can neither read them nor pass others for them.
 */
#ifndef XENPAGING2_STORE_SEAL_H
#define XENPAGING2_STORE_SEAL_H

#include <stdint.h>

#include "store_engine.h"

#define STORE_KEY_BYTES 32

/*
 * What it takes to read the pages. No two processes may write with the same key and the same
 * epoch: a page's nonce is the epoch and the number of the write.
 */
struct store_secret {
    uint8_t key[STORE_KEY_BYTES];
    uint64_t id; /* tells the key from others, and nothing of it; not 0 */
    uint32_t epoch;
};

/* A random key and its id, for nobody's eyes yet. Returns 0 or -EIO. */
int store_secret_draw(struct store_secret *secret);

/*
 * Puts itself around *engine, which from then on is its own. secret is copied; NULL: a new random
 * one, which nobody else ever has: then the pages end with the process. Returns 0, or a negative
 * errno with *engine as it was.
 */
int store_seal(struct event_base *base, const struct store_secret *secret,
               struct store_engine **engine);

#endif
