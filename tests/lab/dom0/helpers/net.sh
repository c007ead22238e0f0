# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# A guest's network interface, by Linux's back end (xen-netback), with dom0 as its other end.

# make_net: loads the back end, and answers at port 7 whatever comes.
make_net() {
    insmod /modules/xen-netback.ko || fail "no xen-netback"
    ifconfig lo 127.0.0.1 up
    nc -ll -p 7 -e cat </dev/null &
}

# net_config SCRIPT: the line of a guest's configuration; SCRIPT is vif or vif-paged.
net_config() {
    echo "vif = [\"type=vif,script=$1,mac=00:16:3e:00:00:01\"]"
}

# net_interrupts_on NAME MASK: those of guest NAME's interface come to these of dom0's processors.
net_interrupts_on() {
    net_irqs=$(sed -n "s/^ *\([0-9]*\):.* vif$(guest_domid "$1")\..*/\1/p" /proc/interrupts)
    [ -n "$net_irqs" ] || fail "guest $1's interface has no interrupts"
    for irq in $net_irqs; do echo "$2" > "/proc/irq/$irq/smp_affinity"; done
}

# dom0_complaints: lines of dom0's kernel about a sleep where it must not.
dom0_complaints() {
    dmesg | grep -c 'scheduling while atomic' || true
}
