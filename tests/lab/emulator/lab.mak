# SPDX-License-Identifier: GPL-2.0-or-later
# The devices of the lab's machine.
CONFIG_I440FX=y
CONFIG_VIRTIO_PCI=y
CONFIG_VIRTIO_SERIAL=y
