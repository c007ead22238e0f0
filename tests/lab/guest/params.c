/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "params.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "report.h"

#define CMDLINE_PREFIX "workload."
#define DEFAULT_SHARE 60           /* percent of the memory, but at most */
#define DEFAULT_SHARE_AVAILABLE 80 /* percent of what is free of it */

struct key {
    const char *name;
    size_t offset; /* of an unsigned long in struct params */
    unsigned long min, max;
    const char *const *choices; /* instead of a number: the words for 0, 1, …; NULL at the end */
};

static const char *const patterns[] = {"random", "sweep", "zipf", NULL}; /* as enum pattern */
static const char *const ends[] = {"halt", "reboot", "poweroff", "idle", "kexec", NULL};

static const struct key keys[] = {
    {"pattern", offsetof(struct params, pattern), 0, 0, patterns},
    {"mb", offsetof(struct params, mb), 1, 1ul << 20, NULL},
    {"threads", offsetof(struct params, threads), 1, THREADS_MAX, NULL},
    {"writes", offsetof(struct params, writes), 0, 10000, NULL},
    {"hot", offsetof(struct params, hot), 1, 100, NULL},
    {"zero", offsetof(struct params, zero), 0, 100, NULL},
    {"rounds", offsetof(struct params, rounds), 0, 1000000000, NULL},
    {"idle_ms", offsetof(struct params, idle_ms), 0, 3600000, NULL},
    {"touch_us", offsetof(struct params, touch_us), 1, 10000000, NULL},
    {"disk_mb", offsetof(struct params, disk_mb), 1, 1ul << 20, NULL},
    {"net_mb", offsetof(struct params, net_mb), 1, 1ul << 20, NULL},
    {"probe", offsetof(struct params, probe), 0, 1, NULL},
    {"end", offsetof(struct params, end), 0, 0, ends},
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

void params_init(struct params *p)
{
    *p = (struct params){.pattern = PATTERN_RANDOM,
                         .writes = 10,
                         .hot = 100,
                         .zero = 10,
                         .disk_mb = 4,
                         .net_mb = 4,
                         .end = END_IDLE};
}

/* Digits only, then `stop`; *end is set behind it. */
static bool parse_number(const char *text, char stop, unsigned long *number, const char **end)
{
    char *after;

    if (!isdigit((unsigned char)text[0]))
        return false;
    errno = 0;
    *number = strtoul(text, &after, 10);
    if (errno || *after != stop)
        return false;
    *end = after + 1;
    return true;
}

static bool parse_value(const struct key *k, const char *text, unsigned long *value)
{
    const char *end;

    if (!k->choices)
        return parse_number(text, '\0', value, &end) && *value >= k->min && *value <= k->max;
    for (*value = 0; k->choices[*value]; ++*value)
        if (strcmp(text, k->choices[*value]) == 0)
            return true;
    return false;
}

static int refuse(const struct key *k, const char *text)
{
    char allowed[80];
    size_t used = 0;

    snprintf(allowed, sizeof(allowed), "%lu to %lu", k->min, k->max);
    for (unsigned int i = 0; k->choices && k->choices[i]; i++)
        used += (size_t)snprintf(allowed + used, sizeof(allowed) - used, "%s%s", i ? ", " : "",
                                 k->choices[i]);
    report_error("%s=%s is not possible, allowed: %s", k->name, text, allowed);
    return -EINVAL;
}

static int set_corrupt(struct params *p, const char *text)
{
    const char *rest;

    if (parse_number(text, '@', &p->corrupt_page, &rest) &&
        parse_number(rest, '\0', &p->corrupt_round, &rest) && p->corrupt_round > 0)
        return 0;
    report_error("corrupt=%s is not possible, allowed: PAGE@ROUND, pages from 0, rounds from 1",
                 text);
    return -EINVAL;
}

static int set_disk(struct params *p, const char *text)
{
    if (text[0] != '/') {
        report_error("disk=%s is not possible, allowed: the path of a block device or file", text);
        return -EINVAL;
    }
    p->disk = text;
    return 0;
}

static int set_net(struct params *p, const char *text)
{
    char address[INET_ADDRSTRLEN] = "";
    const char *colon = strchr(text, ':'), *end;
    unsigned long port = 0;

    if (colon && (size_t)(colon - text) < sizeof(address))
        memcpy(address, text, (size_t)(colon - text));
    if (inet_pton(AF_INET, address, &p->net.sin_addr) != 1 ||
        !parse_number(colon + 1, '\0', &port, &end) || port == 0 || port > 65535) {
        report_error("net=%s is not possible, allowed: ADDRESS:PORT, as in 10.0.0.1:7", text);
        return -EINVAL;
    }
    p->net.sin_family = AF_INET;
    p->net.sin_port = htons((uint16_t)port);
    return 0;
}

static int refuse_key(const char *word)
{
    char allowed[160];
    size_t used = 0;

    for (size_t i = 0; i < KEYS; i++)
        used += (size_t)snprintf(allowed + used, sizeof(allowed) - used, "%s=, ", keys[i].name);
    report_error("%s is not a parameter, allowed: %scorrupt=, disk=, net=", word, allowed);
    return -EINVAL;
}

/* The value in "NAME=VALUE", or NULL if the word has another name. */
static const char *value_of(const char *word, const char *name)
{
    size_t length = strlen(name);

    return strncmp(word, name, length) == 0 && word[length] == '=' ? word + length + 1 : NULL;
}

int params_set(struct params *p, const char *word)
{
    const char *text = value_of(word, "corrupt");

    if (text)
        return set_corrupt(p, text);
    text = value_of(word, "disk");
    if (text)
        return set_disk(p, text);
    text = value_of(word, "net");
    if (text)
        return set_net(p, text);
    for (size_t i = 0; i < KEYS; i++) {
        text = value_of(word, keys[i].name);
        if (text)
            return parse_value(&keys[i], text, (unsigned long *)((char *)p + keys[i].offset))
                       ? 0
                       : refuse(&keys[i], text);
    }
    return refuse_key(word);
}

int params_set_cmdline(struct params *p, char *cmdline)
{
    const size_t prefix = strlen(CMDLINE_PREFIX);
    char *save, *word;

    for (word = strtok_r(cmdline, " \t\n", &save); word; word = strtok_r(NULL, " \t\n", &save)) {
        int rc = strncmp(word, CMDLINE_PREFIX, prefix) == 0 ? params_set(p, word + prefix) : 0;

        if (rc < 0)
            return rc;
    }
    return 0;
}

static unsigned long default_mb(unsigned long available)
{
    unsigned long share = machine_memory_mb("MemTotal") * DEFAULT_SHARE / 100;
    unsigned long most = available * DEFAULT_SHARE_AVAILABLE / 100;

    return share < most ? share : most;
}

int params_complete(struct params *p)
{
    /* Asking for more would not fail: the kernel kills, and as pid 1 the guest dies with us. */
    unsigned long available = machine_memory_mb("MemAvailable");

    if (p->mb == 0)
        p->mb = default_mb(available);
    if (p->threads == 0)
        p->threads = machine_cpus() < THREADS_MAX ? machine_cpus() : THREADS_MAX;
    if (p->mb == 0 || p->mb > available) {
        report_error("mb=%lu is not possible, allowed: 1 to %lu, the memory available", p->mb,
                     available);
        return -EINVAL;
    }
    if (p->corrupt_round && p->corrupt_page >= params_pages(p)) {
        report_error("corrupt=%lu@%lu is not possible, allowed: pages 0 to %llu", p->corrupt_page,
                     p->corrupt_round, (unsigned long long)params_pages(p) - 1);
        return -EINVAL;
    }
    return 0;
}

uint64_t params_pages(const struct params *p)
{
    return (uint64_t)p->mb * ((1u << 20) / PAGE_BYTES);
}
