/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An NBD server for tests: nbdkit, over a socket in a directory of the test. */
#ifndef UNIT_NBD_SERVER_H
#define UNIT_NBD_SERVER_H

/* False if there is none on this machine. */
bool nbd_server_is_there(void);

/*
 * Starts nbdkit on DIRECTORY/socket with these words of its command line, which are split at
 * blanks, and waits until it listens. If they begin with "-p PORT" it is on that port instead. Its
 * end is this process's, or nbd_server_kill().
 */
void nbd_server_start(const char *directory, const char *words);

/* By SIGKILL. Does nothing if none runs. */
void nbd_server_kill(void);

#endif
