# SPDX-License-Identifier: GPL-2.0-or-later
#
# Draws the lines "demo: ..." of the scenario demo; the rest of the trace is shown only if it
# tells of a failure. Exits with 1 unless the scenario passed.

function bar(resident, total,    width, full) {
    width = 32
    full = int(resident * width / total + 0.5)
    return substr("################################", 1, full) \
        substr("................................", 1, width - full)
}

function end_line() {
    if (drawn && terminal)
        printf "\n"
    drawn = 0
}

function draw(phase, total, resident, paged, page_ins, rounds, bad) {
    printf "%s  %-8s [%s] %4d MiB in, %4d MiB out, %6d page-ins, %3d rounds verified, %d bad", \
        terminal ? "\r" : "", phase, bar(resident, total), resident, paged, page_ins, rounds, bad
    if (!terminal)
        printf "\n"
    drawn = 1
    fflush()
}

function remember() {
    names[++nr_phases] = $5
    rows[nr_phases] = sprintf("  %-8s %7s %11d %12d %10d %6d", $5, $6, $7 - last_out, $8 - last_in, \
        $9 - last_rounds, $10)
    last_out = $7
    last_in = $8
    last_rounds = $9
}

$3 == "demo:" && $4 == "say"   { sub(/.*demo: say /, ""); print; fflush() }
$3 == "demo:" && $4 == "phase" { phase = $5; sub(/.*demo: phase [a-z]* /, ""); print phase ": " $0; fflush() }
$3 == "demo:" && $4 == "now"   { draw($5, $6, $7, $8, $9, $10, $11) }
$3 == "demo:" && $4 == "done"  { end_line(); remember() }
/FAIL|^== .*(failed|took|did not|problem|Xen|kernel)/ { end_line(); print }
/^demo +pass/ { passed = 1 }

END {
    end_line()
    if (!passed) {
        print "The demonstration failed; its logs are in " logs
        exit 1
    }
    print ""
    print "  phase    seconds    page-outs     page-ins     rounds    bad"
    for (i = 1; i <= nr_phases; i++)
        print rows[i]
    print ""
    print "The guest has all of its memory back, and every page of it was good."
}
