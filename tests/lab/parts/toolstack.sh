# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# xl, its libraries and the helper that saves and restores, from Debian's source with the
# series' patches. Result: bin/ and lib/, which find each other by $ORIGIN wherever they are
# copied to, include/ (libxl's and xenguest.h), bash/ and man/. The paths that are compiled in are those of
# Debian's Xen.
#
# They are never to take the place of Debian's files: these libraries have the same names, and
# structures of another layout.

# It is compiled with the hypervisor's public headers. m4/ is where configure has its paths from.
TOOLSTACK_DIRS="tools m4 docs/man xen/include/public"
TOOLSTACK_TARGETS="include libs xl"

toolstack_inputs() {
    part xen-source
    part_key
    hash_series "$TOOLSTACK_DIRS"
}

toolstack_make() {
    part xen-source
    cp -a "$PART/tree" tree
    apply_series "$TOOLSTACK_DIRS" tree
    ( cd tree && toolstack_configure && toolstack_compile )
    toolstack_collect
    rm -rf tree
}

toolstack_configure() {
    local lib=lib/x86_64-linux-gnu
    cp /usr/share/misc/config.sub /usr/share/misc/config.guess .
    autoconf
    ( cd tools && autoconf && autoheader )
    ./configure --prefix=/usr --includedir=/usr/include --libdir=/usr/$lib \
        --with-libexec-libdir-suffix=/x86_64-linux-gnu --with-libexec-leaf-dir=xen-4.17 \
        --sysconfdir=/etc --localstatedir=/var --mandir=/usr/share/man \
        --disable-xen --disable-stubdom --disable-docs --disable-ocamltools --disable-golang \
        --disable-monitors --disable-xsmpolicy --disable-rombios --disable-qemu-traditional \
        --disable-seabios --disable-pvshim --disable-systemd \
        --with-system-qemu=/usr/libexec/xen-qemu-system-i386 \
        --with-system-ovmf=/usr/share/ovmf/OVMF.fd \
        --with-system-seabios=/usr/share/seabios/bios-256k.bin
}

# The linker takes the run path from the environment, which no makefile has to quote.
toolstack_compile() {
    local dir
    # shellcheck disable=SC2016
    export LD_RUN_PATH='$ORIGIN/../lib'
    for dir in $TOOLSTACK_TARGETS; do make -C "tools/$dir" -j2; done
}

toolstack_collect() {
    mkdir bin lib include bash man
    cp tree/tools/xl/xl tree/tools/libs/light/libxl-save-helper bin/
    cp -P tree/tools/libs/*/lib*.so.* lib/
    rm -f lib/*vchan* lib/*xenstat*
    cp tree/tools/include/libxl*.h tree/tools/include/_libxl*.h tree/tools/include/xenguest.h include/
    cp tree/tools/xl/bash-completion bash/xl
    toolstack_man xl 1
    toolstack_man xl.cfg 5
}

# toolstack_man NAME SECTION: what its build would put into the page, it has from configure.
toolstack_man() {
    sed -e 's|@XEN_CONFIG_DIR@|/etc/xen|' -e 's|@XEN_SCRIPT_DIR@|/etc/xen/scripts|' \
        -e 's|@XEN_DUMP_DIR@|/var/lib/xen/dump|' -e 's|@XENFIRMWAREDIR@|/usr/lib/xen-4.17/boot|' \
        "tree/docs/man/$1.$2.pod.in" > "man/$1.$2.pod"
    pod2man --section="$2" --name="$1" --center=Xen --release=xenpaging2 "man/$1.$2.pod" "man/$1.$2"
    rm "man/$1.$2.pod"
}
