# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The machine with extended page tables, by Bochs, with one processor, whatever is asked for.
# Its log line is the second serial port. It boots from a CD with GRUB.

# The emulator runs about 60 million instructions a second and is told to tell the machine
# that it runs four times as many. So the machine's clock is slow, limits inside hold without
# more ado, and timer interrupts do not eat what little there is. Four, and half as much again
# for a host that has other things to do.
EPT_IPS=240000000
ept_slowness=6

ept_check() {
    local version
    version=$(bochs --help 2>&1 | sed -n 's/.*Bochs x86 Emulator \([0-9.]*\).*/\1/p')
    [ "$version" = "$BOCHS_VERSION" ] ||
        die "bochs must be Debian 12's $BOCHS_VERSION, this is ${version:-not installed} (run $LAB/deps ept)"
    command -v grub-mkrescue >/dev/null || die "grub-mkrescue is not installed (run $LAB/deps ept)"
}

ept_prepare() {
    part kernel-gz
    KERNEL_GZ=$PART
}

ept_start() {
    ept_make_cd "$1" "$4"
    ept_config "$1" "$3" > "$1/bochsrc"
    # Debian's build has a debugger, which waits for this command.
    echo continue > "$1/bochs-commands"
    # Its display is a terminal that it opens itself and nobody reads: once that has some 64 KiB
    # to show, the emulator stands still. So no terminal that can make its cursor blink.
    TERM=vt100 setpriv --pdeathsig KILL bochs -f "$1/bochsrc" -rc "$1/bochs-commands" \
        >"$1/display.log" 2>&1 </dev/null &
    MACHINE=$!
}

# ept_make_cd RUN_DIR XEN_OPTIONS: RUN_DIR/cd.iso. The kernel is compressed, since reading it
# takes longer than unpacking it; for what dom0 has to unpack, it is the other way round.
ept_make_cd() {
    ept_grub_config "$2" > "$1/grub.cfg"
    grub-mkrescue -o "$1/cd.iso" -d /usr/lib/grub/i386-pc --fonts= --locales= --themes= \
        "boot/grub/grub.cfg=$1/grub.cfg" "boot/xen=$XEN/xen" \
        "boot/vmlinux.gz=$KERNEL_GZ/vmlinux.gz" "boot/dom0.cpio=$1/dom0.cpio" \
        > "$1/cd.log" 2>&1 || die "grub-mkrescue failed, see $1/cd.log"
}

# The emulated display stops at the graphics mode that the multiboot2 command would set. A
# reset would boot once more; the emulator ends at a triple fault instead.
ept_grub_config() {
    cat <<-EOF
	serial --unit=0 --speed=115200
	terminal_output serial
	set timeout=0
	multiboot /boot/xen $MACHINE_XEN_OPTIONS reboot=triple $1
	module --nounzip /boot/vmlinux.gz $DOM0_OPTIONS
	module --nounzip /boot/dom0.cpio
	boot
	EOF
}

# ept_config RUN_DIR MEMORY: this processor has EPT, and nothing that the emulator cannot do.
ept_config() {
    cat <<-EOF
	plugin_ctrl: unmapped=1, biosdev=1, speaker=0, extfpuirq=1, parallel=0, serial=1
	config_interface: textconfig
	display_library: term, options="hideIPS"
	memory: guest=$2, host=$2
	cpu: model=corei7_ivy_bridge_3770k, count=1, ips=$EPT_IPS, reset_on_triple_fault=0, ignore_bad_msrs=1
	pci: enabled=1, chipset=i440fx
	clock: sync=none, time0=utc
	ata0-master: type=cdrom, path=$1/cd.iso, status=inserted
	boot: cdrom
	com1: enabled=1, mode=file, dev=$1/xen.log
	com2: enabled=1, mode=file, dev=$1/stream
	log: $1/emulator.log
	panic: action=fatal
	error: action=ignore
	info: action=ignore
	EOF
}
