# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The initramfs of dom0: the cached base, then a small archive of what changes.

# build_programs: the daemon, the guest's workload and the test programs of dom0. One at a
# time, for two runs in one checkout.
build_programs() {
    local log=$OUT/logs/programs.log
    mkdir -p "$OUT/logs"
    {
        flock 9
        make -C "$ROOT" all > "$log" 2>&1 || die "the daemon does not compile, see $log"
        make -C "$LAB/guest" OUT="$OUT/guest" "$OUT/guest/init" > "$log" 2>&1 ||
            die "the guest's workload does not compile, see $log"
        make -C "$LAB/progs" BIN="$BIN" > "$log" 2>&1 ||
            die "the programs for dom0 do not compile, see $log"
    } 9>"$OUT/programs.lock"
}

# dom0_image SCENARIO RUN FILE: the whole initramfs for one run, from the parts
# DOM0_BASE and OLD_PAGER, and TOOLSTACK and DEVICE_MODEL for those that ask for them.
dom0_image() {
    local scenario=$1 run=$2 image=$3 tree
    tree=$(mktemp -d "$OUT/overlay.XXXXXX")
    ( cd "$tree" && overlay_tree "$scenario" "$run" )
    {
        cat "$DOM0_BASE/image"
        [ -z "$(scenario_asks "$scenario" device-model)" ] || cat "$DEVICE_MODEL/image"
        archive "$tree"
    } > "$image"
    rm -rf "$tree"
}

overlay_tree() {
    local words
    mkdir -p lab boot etc/xen/scripts
    cp "$LAB/dom0/init" .
    cp -r "$LAB/dom0/run-scenario" "$LAB/dom0/scenario-shell" "$LAB/dom0/helpers" lab/
    cp "$LAB/dom0/block" "$LAB/dom0/vif" "$LAB/dom0/vif-paged" etc/xen/scripts/
    cp "$1" lab/scenario
    printf 'RUN=%s\n%s' "$2" "$VARIABLES" > lab/run
    guest_image "$KERNEL"/modules/xen-*front.ko > boot/guest
    words=$(scenario_asks "$1" boot-disk)
    [ -z "$words" ] || make_boot_disk boot/disk "$words"
    host_closure "$DOM0_BASE/root" bin "$BIN"/*
    host_closure "$DOM0_BASE/root" usr/sbin "$OLD_PAGER/xenpaging-repaired"
    host_closure "$DOM0_BASE/root" usr/local/sbin "$ROOT/build/xenpaging2"
    [ -z "$(scenario_asks "$1" nbd-server)" ] || nbd_server
    if [ -n "$(scenario_asks "$1" toolstack)" ]; then
        "$ROOT/tools/toolstack/install" "$TOOLSTACK" "$PWD" /usr/local
        host_closure "$DOM0_BASE/root" usr/local/lib/xenpaging2/bin "$TOOLSTACK"/bin/*
    fi
}

# nbd_server: this machine's nbdkit, with what it needs to serve a file.
nbd_server() {
    local plugins
    plugins=$(nbdkit --dump-config | sed -n 's/^plugindir=//p')
    host_closure "$DOM0_BASE/root" usr/bin "$(command -v nbdkit)"
    host_closure "$DOM0_BASE/root" "${plugins#/}" "$plugins/nbdkit-file-plugin.so"
}

# guest_image MODULE...: the initramfs of a guest; the modules are for its devices.
guest_image() {
    local tree
    tree=$(mktemp -d "$OUT/guest.XXXXXX")
    cp "$OUT/guest/init" "$tree/init"
    cp "$@" "$tree/"
    archive "$tree"
    rm -rf "$tree"
}
