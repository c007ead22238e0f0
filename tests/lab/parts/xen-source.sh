# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Debian's Xen source with Debian's patches applied, in tree/.
# XEN_VERSION in ../versions is the one wanted; an archive that no longer has it may
# still have another 4.17.

xen_source_inputs() {
    echo "$XEN_VERSION"
}

# Package lists that are older than the archive name files that are gone: then once more.
xen_source_make() {
    apt_ready
    xen_source_try || { apt_update; xen_source_try; }
}

xen_source_try() {
    local version skipped=
    for version in "$XEN_VERSION" $(xen_source_others); do
        rm -f ./*
        if apt_run apt-get source --download-only "xen=$version"; then
            dpkg-source --no-check -x ./*.dsc tree || return 1
            rm ./*.dsc ./*.tar.*
            [ -z "$skipped" ] || echo "the archive does not deliver$skipped, this is $version" > note
            return 0
        fi
        skipped="$skipped $version"
    done
    return 1
}

# The other 4.17 versions on offer, newest first.
xen_source_others() {
    apt_run apt-cache showsrc xen | sed -n 's/^Version: \(4\.17.*\)/\1/p' |
        grep -Fxv "$XEN_VERSION" | sort -rV
}
