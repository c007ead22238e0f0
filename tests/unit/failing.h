/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lets the nth call of the program to the allocator and its like fail, and keeps account of what
 * they gave. The linker leads the calls here (--wrap, see unit.mk); nothing fails unless asked to.
 */
#ifndef UNIT_FAILING_H
#define UNIT_FAILING_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Calls attempt(arg) again and again, with its first fallible call failing, then with its second,
 * and so on until none fails. attempt() clears away what it made and returns 0 or a negative
 * errno: it must return the errno of the call that failed, or -ENOMEM, and leave nothing behind.
 */
void check_every_failure(int (*attempt)(void *arg), void *arg);

/* The nth call of this thread from now on fails; 0: none does. */
void fail_nth(unsigned int n);

/* The errno with which it failed; 0 if it has not come to that yet. */
int failed_with(void);

/* For fakes: one more fallible call. True, with errno set to error, if it is to fail. */
bool fail_this(int error);

/* From now on memory is not locked and takes room only where it is written to. */
void let_memory_be_sparse(bool sparse);

/* The same calls, done always, and on nobody's account. */
void *unfailing_calloc(size_t nr, size_t size);
void *unfailing_mmap(int fd, size_t offset, size_t size, int protection, void *at);
void unfailing_munmap(void *at, size_t size);
void unfailing_free(void *memory);
int unfailing_eventfd(void);

/* What is held now: blocks of memory, mapped bytes, events, open files. */
struct holdings {
    long blocks, mapped, events, files;
};

/* How often memory was asked for so far. */
unsigned long nr_allocations(void);

/* For how many bytes of files blocks were asked for so far. */
unsigned long nr_bytes_reserved(void);

struct holdings holdings_now(void);
void assert_holds(const struct holdings *before);

#endif
