# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# lab-mapper against a pager on the same pages. The guest never runs: whatever goes out after the
# squeeze are pages that the mapper has brought in.

MAPPER_FIRST=$((76 * 256))
MAPPER_PAGES=64

# start_mapper_guest NAME PAGES: squeezed to that many pages; some 8 are special and never go out.
start_mapper_guest() {
    create_paused "$1" pvh 80 80
    start_pager "$1" --target-min=4
    xenstore-write "/local/domain/$(guest_domid "$1")/memory/target-tot_pages" $(($2 * 4))
    wait_until "guest $1 to be squeezed" 300 has_at_most "$(guest_domid "$1")" "$2"
    note "guest $1 is squeezed: $SEEN"
}

# run_mapper NAME INCREMENTS SECONDS PAGE_OUTS: returns 1 if writes were lost. At least so many of
# its pages must go out.
run_mapper() {
    mapper_outs=$(status_value "$1" page-outs)
    mapper_code=0
    timeout "$3" lab-mapper "$(guest_domid "$1")" $MAPPER_FIRST $MAPPER_PAGES "$2" \
        > /run/lab/mapper.log 2>&1 || mapper_code=$?
    mapper_outs=$(( $(status_value "$1" page-outs) - mapper_outs ))
    note "lab-mapper: $(cat /run/lab/mapper.log), $mapper_outs page-outs"
    [ $mapper_code -le 1 ] || fail "lab-mapper ended with $mapper_code"
    [ "$mapper_outs" -ge "$4" ] || fail "only $mapper_outs page-outs"
    return $mapper_code
}
