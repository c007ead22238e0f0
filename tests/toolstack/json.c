/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a domain's configuration says about paging comes back from JSON as it was, and says how much
 * memory has to be free for the domain.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxl.h>
#include <libxl_utils.h>

static libxl_ctx *ctx;

static void expect(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "json: not so: %s\n", what);
    exit(EXIT_FAILURE);
}

#define EXPECT(condition) expect(condition, #condition)

/* CONFIG to JSON and back; OUT is the caller's to dispose of. */
static void there_and_back(libxl_domain_config *config, libxl_domain_config *out)
{
    char *json = libxl_domain_config_to_json(ctx, config);

    EXPECT(json);
    libxl_domain_config_init(out);
    EXPECT(!libxl_domain_config_from_json(ctx, out, json));
    free(json);
}

static void all_is_kept(void)
{
    libxl_domain_config config, copy;
    libxl_paging_config *in = &config.b_info.paging;
    const libxl_paging_config *out = &copy.b_info.paging;

    libxl_domain_config_init(&config);
    libxl_defbool_set(&in->enabled, true);
    in->target_memkb = 81920;
    in->store = strdup("/dev/vg0/a \"quoted\" name");
    in->policy = strdup("random");
    in->args = calloc(3, sizeof(*in->args));
    in->args[0] = strdup("--store-max=4096");
    in->args[1] = strdup("-v");

    there_and_back(&config, &copy);
    EXPECT(libxl_defbool_val(out->enabled));
    EXPECT(out->target_memkb == 81920);
    EXPECT(!strcmp(out->store, in->store));
    EXPECT(!strcmp(out->policy, "random"));
    EXPECT(libxl_string_list_length(&out->args) == 2);
    EXPECT(!strcmp(out->args[0], "--store-max=4096") && !strcmp(out->args[1], "-v"));
    libxl_domain_config_dispose(&copy);
    libxl_domain_config_dispose(&config);
}

/* As it is written by a libxl that knows nothing of paging. */
static void nothing_is_made_up(void)
{
    libxl_domain_config config, copy;
    const libxl_paging_config *out = &copy.b_info.paging;

    libxl_domain_config_init(&config);
    there_and_back(&config, &copy);
    EXPECT(libxl_defbool_is_default(out->enabled));
    EXPECT(out->target_memkb == LIBXL_MEMKB_DEFAULT);
    EXPECT(!out->store && !out->policy && !out->args);
    libxl_domain_config_dispose(&copy);

    libxl_domain_config_init(&copy);
    EXPECT(!libxl_domain_config_from_json(ctx, &copy, "{\"b_info\": {\"max_memkb\": 4096}}"));
    EXPECT(libxl_defbool_is_default(out->enabled));
    libxl_domain_config_dispose(&copy);
    libxl_domain_config_dispose(&config);
}

static void states_have_the_names_in_xenstore(void)
{
    static const char *const names[] = {"starting", "running", "draining", "failed"};
    libxl_paging_state state;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        EXPECT(!libxl_paging_state_from_string(names[i], &state) &&
               !strcmp(libxl_paging_state_to_string(state), names[i]));
}

/* Of 128 MiB. */
static void paged_guest(libxl_domain_config *config, uint64_t target_memkb)
{
    libxl_domain_config_init(config);
    config->c_info.type = LIBXL_DOMAIN_TYPE_PVH;
    config->c_info.name = strdup("a");
    libxl_domain_build_info_init_type(&config->b_info, config->c_info.type);
    config->b_info.max_memkb = config->b_info.target_memkb = 131072;
    libxl_defbool_set(&config->b_info.paging.enabled, true);
    config->b_info.paging.target_memkb = target_memkb;
}

static uint64_t needed(bool paged, uint64_t target_memkb)
{
    libxl_domain_config config;
    uint64_t memkb = 0;

    paged_guest(&config, target_memkb);
    libxl_defbool_set(&config.b_info.paging.enabled, paged);
    EXPECT(!libxl_domain_need_memory(ctx, &config, 1, &memkb));
    libxl_domain_config_dispose(&config);
    return memkb;
}

static void the_target_and_a_little_has_to_be_free(void)
{
    uint64_t whole = needed(false, 0);

    EXPECT(whole >= 131072);
    EXPECT(needed(false, 65536) == whole);
    EXPECT(needed(true, LIBXL_MEMKB_DEFAULT) == whole);
    EXPECT(needed(true, 0) == whole);
    EXPECT(needed(true, 131072) == whole);
    EXPECT(needed(true, 65536) > 65536 && needed(true, 65536) < whole - 32768);
}

/* It is restored, and built anew only with all of its memory. */
static void a_guest_that_gave_memory_back_can_be_paged(void)
{
    libxl_domain_config config;
    uint64_t memkb = 0;

    paged_guest(&config, 65536);
    config.b_info.target_memkb = 98304;
    EXPECT(!libxl_domain_need_memory(ctx, &config, 1, &memkb));
    EXPECT(memkb > 65536);
    libxl_domain_config_dispose(&config);
}

static void say(struct xentoollog_logger *logger, xentoollog_level level, int error,
                const char *context, const char *format, va_list args)
{
    (void)logger, (void)error, (void)context;
    if (level < XTL_WARN)
        return;
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

int main(void)
{
    xentoollog_logger logger = {.vmessage = say};

    EXPECT(!libxl_ctx_alloc(&ctx, LIBXL_VERSION, 0, &logger));
    all_is_kept();
    nothing_is_made_up();
    states_have_the_names_in_xenstore();
    the_target_and_a_little_has_to_be_free();
    a_guest_that_gave_memory_back_can_be_paged();
    puts("json: ok");
    return EXIT_SUCCESS;
}
