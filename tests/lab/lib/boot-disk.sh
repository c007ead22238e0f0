# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The disk from which an HVM guest boots, as a device model emulates it: GRUB, the kernel, the workload.

# make_boot_disk FILE WORDS: WORDS are the workload's parameters.
make_boot_disk() {
    local tree
    tree=$(mktemp -d "$OUT/disk.XXXXXX")
    boot_disk_config "$2" > "$tree/grub.cfg"
    guest_image "$KERNEL"/modules-ahci/*.ko > "$tree/guest"
    case " $2 " in
    *" end=kexec "*)    guest_image "$KERNEL"/modules-ahci/*.ko "$KERNEL/vmlinuz" "$tree/guest" > "$tree/first" ;;
    *)                  mv "$tree/guest" "$tree/first" ;;
    esac
    grub-mkrescue -o "$1" -d /usr/lib/grub/i386-pc --fonts= --locales= --themes= \
        "boot/grub/grub.cfg=$tree/grub.cfg" "boot/vmlinuz=$KERNEL/vmlinuz" "boot/guest=$tree/first" \
        > "$OUT/logs/boot-disk.log" 2>&1 || die "grub-mkrescue failed, see $OUT/logs/boot-disk.log"
    rm -rf "$tree"
}

# There is no display. With xen_emul_unplug=never the kernel does not exchange the emulated disk for
# a paravirtual one.
boot_disk_config() {
    local word words=
    for word in $1; do words="$words workload.$word"; done
    cat <<-EOT
	serial --unit=0 --speed=115200
	terminal_output serial
	set timeout=0
	linux /boot/vmlinuz console=hvc0 quiet xen_emul_unplug=never $(guest_kernel_options)$words
	initrd /boot/guest
	boot
	EOT
}

guest_kernel_options() (
    . "$LAB/dom0/helpers/guest.sh"
    echo "$GUEST_KERNEL_OPTIONS"
)
