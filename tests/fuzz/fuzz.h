/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the targets share: their input taken apart, and what must hold of settings. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct settings;

/* What libFuzzer calls; a failed assertion of cmocka ends the process by abort(). */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is left of an input. */
struct fuzz_input {
    const uint8_t *data;
    size_t size;
};

bool fuzz_is_over(const struct fuzz_input *in);

/* The next bytes as a number; zeros after the end. */
uint8_t fuzz_byte(struct fuzz_input *in);
uint32_t fuzz_u32(struct fuzz_input *in);
uint64_t fuzz_u64(struct fuzz_input *in);

/*
 * The next bytes up to a zero byte as a string, in memory of just its size so that a look beyond
 * its end is found. Freed by the caller.
 */
char *fuzz_text(struct fuzz_input *in);

/* KiB as settings.h has them, by another way of reading: false if text is none. */
bool fuzz_kib(const char *text, uint64_t *kib);

/* The same of the forms of stores. */
bool fuzz_store(const char *text);

/* All values are such as settings.h allows. */
void fuzz_check_settings(const struct settings *settings);

/* A refused value: one line with prefix, a known key, the value and what is allowed. */
void fuzz_check_refusal(int rc, const char *message, const char *prefix);

#endif
