/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network between a client and an NBD server on the same machine, in a process of its own: what
 * the client sends can be held up on its way, and arrive long after the client has given up.
 */
#ifndef UNIT_NBD_PROXY_H
#define UNIT_NBD_PROXY_H

#include <stddef.h>

/* From DIRECTORY/proxy to DIRECTORY/socket. Its end is this process's, or nbd_proxy_stop(). */
void nbd_proxy_start(const char *directory);
void nbd_proxy_stop(void);

/* From now on what clients send stays on its way. How many bytes do so by now. */
void nbd_proxy_hold(void);
size_t nbd_proxy_held(void);

/* All clients lose their connections; the server does not notice, and what is held is held. */
void nbd_proxy_cut(void);

/* What is held arrives, and has an answer when this returns. */
void nbd_proxy_let_go(void);

#endif
