# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# lab-mapper against a pager on the same pages. The guest never runs: whatever goes out after the
# squeeze are pages that the mapper has brought in.

MAPPER_FIRST=$((76 * 256))
MAPPER_PAGES=128
MAPPER_KEPT_KIB=384     # for the mapper's 512 KiB

# start_mapper_guest NAME: squeezed to less than what the mapper works on.
start_mapper_guest() {
    create_paused "$1" pvh 80 80
    start_pager "$1" --target-min=4
    xenstore-write "/local/domain/$(guest_domid "$1")/memory/target-tot_pages" $MAPPER_KEPT_KIB
    wait_until "guest $1 to be squeezed" 200 has_at_most "$(guest_domid "$1")" $((MAPPER_KEPT_KIB / 4))
}

# run_mapper NAME INCREMENTS SECONDS PAGE_OUTS: returns 1 if writes were lost. At least so many of
# its pages must go out.
run_mapper() {
    mapper_outs=$(status_value "$1" page-outs)
    mapper_code=0
    timeout "$3" lab-mapper "$(guest_domid "$1")" $MAPPER_FIRST $MAPPER_PAGES "$2" \
        > /run/lab/mapper.log 2>&1 || mapper_code=$?
    expect_status "$1" page-outs $((mapper_outs + $4))
    mapper_outs=$(( $(status_value "$1" page-outs) - mapper_outs ))
    note "lab-mapper: $(cat /run/lab/mapper.log), $mapper_outs page-outs"
    [ $mapper_code -le 1 ] || fail "lab-mapper ended with $mapper_code"
    return $mapper_code
}
