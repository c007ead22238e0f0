# SPDX-License-Identifier: GPL-2.0-or-later
#
# make man          the manual page: build/man/xenpaging2.8
# make check-docs   the manual page is sound, and says all that the program knows

.PHONY: man
man: $(B)/man/xenpaging2.8

$(B)/man/%.8: docs/%.8.pod
	@mkdir -p $(@D)
	@command -v pod2man >/dev/null || { echo "pod2man is missing; run: apt-get install perl" >&2; exit 1; }
	$(call say,POD2MAN $@)
	$(Q)pod2man --section=8 --name=$(basename $(@F)) --center="Xen" --release="xenpaging2 $(VERSION)" \
	    --errors=die --utf8 $< $@.tmp
	$(Q)mv $@.tmp $@

.PHONY: check-docs
check-docs: man
	$(Q)docs/check-man
