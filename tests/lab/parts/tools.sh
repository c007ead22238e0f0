# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Debian's Xen tools and the libraries they need, unpacked and never installed.

TOOLS_PACKAGES="busybox-static xen-utils-4.17 xen-utils-common xenstore-utils libxenmisc4.17
    libxencall1 libxendevicemodel1 libxenevtchn1 libxenforeignmemory1 libxengnttab1
    libxenhypfs1 libxenstore4 libxentoolcore1 libxentoollog1
    libc6 libgcc-s1 libyajl2 libfdt1 zlib1g liblzma5 libbz2-1.0 libzstd1 liblzo2-2
    libuuid1 libtinfo6 libnl-3-200 libnl-route-3-200"

tools_inputs() {
    # shellcheck disable=SC2086
    apt_versions $TOOLS_PACKAGES
}

tools_make() {
    local deb
    # shellcheck disable=SC2086
    apt_download $TOOLS_PACKAGES
    for deb in *.deb; do dpkg-deb -x "$deb" .; done
    rm ./*.deb
}
