/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What may be told on a simulated host. Each returns an exit code. */
#ifndef SIM_STORY_H
#define SIM_STORY_H

#include <stdbool.h>
#include <stdint.h>

enum kind { STOCK, PATCHED, EITHER /* as a seed says */ };

/* SIM_SECONDS: for how long the story of a seed is to go on at least. */
unsigned int story_seconds(void);

int story_demo(const char *dir, bool patched);
int story_seed(const char *dir, bool patched, uint64_t seed);
int story_kill(const char *dir, bool patched, uint64_t seed);
int story_supervised(const char *dir, bool patched, const char *option);
int story_clean_pages(const char *dir, bool patched, const char *option);
int story_store_fault(const char *dir, const char *name);
int story_seeds(const char *dir, enum kind kind, char *const seeds[]);
int story_kills(const char *dir, enum kind kind, char *const seeds[]);
int story_old_pager_hangs(const char *dir, const char *program);
int story_old_pager_works(const char *dir, const char *program);
int story_run(const char *dir, bool patched, char *const args[]);
int story_stock_loses_writes(const char *dir);

#endif
