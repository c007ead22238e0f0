/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a domain's configuration says about paging comes back from JSON as it was. */
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

int main(void)
{
    EXPECT(!libxl_ctx_alloc(&ctx, LIBXL_VERSION, 0, NULL));
    all_is_kept();
    nothing_is_made_up();
    states_have_the_names_in_xenstore();
    puts("json: ok");
    return EXIT_SUCCESS;
}
