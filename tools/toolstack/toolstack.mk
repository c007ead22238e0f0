# SPDX-License-Identifier: GPL-2.0-or-later
#
# make toolstack            build xl and its libraries, with the series' patches for tools/
# make install-toolstack    beside the system's own, see tools/toolstack/install
# make uninstall-toolstack
# make check-toolstack      configurations, commands and installation of xl; no Xen is needed

.PHONY: toolstack
toolstack:
	@tests/lab/deps toolstack
	@tests/lab/build toolstack

.PHONY: install-toolstack
install-toolstack: install
	@tests/lab/deps toolstack
	tools/toolstack/install "$$(tests/lab/build toolstack)" "$(DESTDIR)" "$(PREFIX)"

.PHONY: uninstall-toolstack
uninstall-toolstack:
	tools/toolstack/install --remove "$(DESTDIR)" "$(PREFIX)"

.PHONY: check-toolstack
check-toolstack: $(SIM_B)/xenstored_shim.so
	@tests/lab/deps toolstack sim
	@tests/toolstack/run "$$(tests/lab/build toolstack)"
	@tests/toolstack/installed "$$(tests/lab/build toolstack)"
	@tests/toolstack/commands "$$(tests/lab/build toolstack)" "$$(tests/lab/build tools)" \
	    "$(abspath $(SIM_B)/xenstored_shim.so)"
