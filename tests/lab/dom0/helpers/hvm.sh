# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# HVM guests with a device model: "# lab: device-model qemu", "# lab: boot-disk WORDS".

# start_hvm_guest NAME MEMORY_MIB VCPUS DISK: boots from /boot/disk; the file DISK is its second one.
# Both are emulated (AHCI). More lines for its configuration: GUEST_CONFIG.
start_hvm_guest() {
    note "starting HVM guest $1: $2 MiB, $3 vcpus"
    { hvm_config "$@"; echo "${GUEST_CONFIG:-}"; } > "/run/lab/$1.cfg"
    follow_log "serial-$1" "/run/lab/$1.serial"
    follow_log "qemu-$1" "/var/log/xen/qemu-dm-$1.log"
    boot_guest "$1" 600
}

hvm_config() {
    cat <<-EOF
	name = "$1"
	type = "hvm"
	memory = $2
	maxmem = $2
	vcpus = $3
	tsc_mode = "native"
	vga = "none"
	vnc = 0
	sdl = 0
	nographic = 1
	usb = 0
	serial = "file:/run/lab/$1.serial"
	xen_platform_pci = 1
	boot = "c"
	hdtype = "ahci"
	disk = [ "format=raw,vdev=hda,access=rw,backendtype=qdisk,target=/boot/disk",
	         "format=raw,vdev=hdb,access=rw,backendtype=qdisk,target=$4" ]
	on_crash = "preserve"
	on_reboot = "${GUEST_ON_REBOOT:-preserve}"
	EOF
}
