# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Debian's own hypervisor, which is built without paging. Result: xen.

xen_debian_inputs() {
    apt_versions xen-hypervisor-4.17-amd64
}

xen_debian_make() {
    apt_download xen-hypervisor-4.17-amd64
    dpkg-deb --fsys-tarfile ./*.deb | tar -x --wildcards './boot/xen-*.gz'
    gzip -dc boot/xen-*.gz > xen
    rm -r ./*.deb boot
}
