/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps for the store and its index, and what an earlier pager left there. */
#include "startup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "index.h"
#include "page.h"
#include "store.h"
#include "supervised.h"
#include "xen_ops.h"

/* If there is none, it is for nobody else to look into. */
static int make_directory(struct daemon *d)
{
    const char *directory = d->settings.directory;

    if (!mkdir(directory, 0700) || errno == EEXIST)
        return 0;
    return startup_refuse(d, -errno, "directory: '%s' cannot be made: %s", directory,
                          strerror(errno));
}

int startup_name_store(struct daemon *d)
{
    const struct settings *s = &d->settings;
    int rc;

    if (s->store) {
        d->store_path = strdup(s->store);
        return d->store_path ? 0 : startup_no_memory(d);
    }
    rc = make_directory(d);
    if (rc)
        return rc;
    if (asprintf(&d->store_path, "%s/xenpaging2-%" PRIu32, s->directory, d->domid) < 0) {
        d->store_path = NULL;
        return startup_no_memory(d);
    }
    return 0;
}

static bool is_file(const char *path)
{
    struct stat st;

    return path[0] == '/' && (stat(path, &st) || !S_ISBLK(st.st_mode));
}

/* Beside a file; a device's or a server's is in the directory. Memory has none. */
int startup_name_index(struct daemon *d)
{
    int n;

    if (!store_form_outlives_us(d->store_path))
        return 0;
    if (is_file(d->store_path))
        n = asprintf(&d->index_path, "%s.index", d->store_path);
    else
        n = asprintf(&d->index_path, "%s/xenpaging2-%" PRIu32 ".index", d->settings.directory,
                     d->domid);
    if (n >= 0)
        return 0;
    d->index_path = NULL;
    return startup_no_memory(d);
}

static int no_index(struct daemon *d)
{
    return startup_refuse(d, -EBUSY,
                          "domain %" PRIu32
                          " cannot be paged: a pager is attached to it already, or was "
                          "when it died, and there is no index%s%s",
                          d->domid, d->index_path ? " " : "", d->index_path ? d->index_path : "");
}

static int begin_anew(struct daemon *d)
{
    index_close(d->index);
    d->index = NULL;
    return 0;
}

/*
 * While nobody is attached, there is nothing to be taken over without an index of this domain, and
 * with nothing out nothing but nominations, of which only an index can tell.
 */
int startup_find_what_was_left(struct daemon *d)
{
    struct xen_domain_info info;
    int rc = xen_domain_info(d->ops, &info);

    if (rc)
        return startup_refuse(d, rc, "domain %" PRIu32 ": %s", d->domid, strerror(-rc));
    d->owner.domid = d->domid;
    memcpy(d->owner.uuid, info.uuid, sizeof(d->owner.uuid));
    rc = d->index_path
             ? index_open(d->index_path, &d->owner, &d->index, d->message, sizeof(d->message))
             : -ENOENT;
    if (!d->was_attached && (rc == -ENOENT || rc == -ESTALE))
        return 0;
    if (!d->was_attached && !info.paged_pages && (rc || !index_has_entries(d->index)))
        return begin_anew(d);
    if (rc)
        return rc == -ENOENT ? no_index(d) : rc;
    d->takes_over = true;
    return 0;
}

int startup_open_store(struct daemon *d)
{
    const struct store_options options = {
        .where = d->store_path,
        .max_pages = kib_to_pages(d->settings.store_max),
        .compression = d->settings.compression,
        .connections = d->settings.connections,
        .encryption = d->settings.encryption,
        .secret = d->secret,
        .id = d->takes_over ? d->owner.store_id : 0,
        .key_id = d->takes_over ? d->owner.key_id : 0,
    };

    return store_open(d->base, &options, &d->store, d->message, sizeof(d->message));
}

static int create_index(struct daemon *d)
{
    int rc = is_file(d->store_path) ? 0 : make_directory(d);

    if (rc)
        return rc;
    d->owner.store_id = store_id(d->store);
    d->owner.key_id = store_key_id(d->store);
    return index_create(d->index_path, &d->owner, &d->index, d->message, sizeof(d->message));
}

static void tell_supervisor(const struct daemon *d, struct supervised *supervised)
{
    const char *path = store_form_path(d->store_path);
    struct stat st;

    if (d->index)
        snprintf(supervised->index_path, sizeof(supervised->index_path), "%s", d->index_path);
    supervised->needs_key = store_key_id(d->store);
    if (path && !stat(path, &st) && S_ISREG(st.st_mode))
        snprintf(supervised->store_file, sizeof(supervised->store_file), "%s", path);
}

/* What goes on from the last pager to the next. */
static void use_live_part(struct daemon *d)
{
    struct index_live *live = index_live(d->index);

    d->stats = &live->stats;
    d->refaults_before = live->stats.refaults;
    xen_keep_account(d->ops, &live->nr_pauses);
}

int startup_open_index(struct daemon *d)
{
    int rc = 0;

    d->stats = &d->own_stats;
    if (!d->index && d->index_path && store_id(d->store))
        rc = create_index(d);
    if (rc)
        return rc;
    if (d->index)
        use_live_part(d);
    if (d->supervised)
        tell_supervisor(d, d->supervised);
    rc = d->index ? store_use_index(d->store, d->index) : 0;
    if (rc == -ENOSPC)
        return startup_refuse(d, rc, "store: '%s': is smaller than it was", d->store_path);
    return rc ? startup_no_memory(d) : 0;
}
