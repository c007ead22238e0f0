# SPDX-License-Identifier: GPL-2.0-or-later
#
# lab-figures.awk -v series=stock|patched: of the lines "BENCH ..." that bench-lab.sh says, a line
# "lab CASE FIGURE VALUE" for each figure, separated by tabs. CASE is old, stock or patched; all but
# the old pager is ours. Rates are per second, delays in microseconds.

BEGIN {
    OFS = "\t"
    nr_quantiles = split("p10 p25 p50 p75 p90 p99 p99.9 max", quantiles)
    split("0.1 0.25 0.5 0.75 0.9 0.99 0.999 1", shares)
}

# The value of KEY=VALUE in this line.
function value(key, i) {
    for (i = 4; i <= NF; i++)
        if (index($i, key "=") == 1)
            return substr($i, length(key) + 2)
}

function put(figure, number) { print "lab", side, figure, number }

{ side = $2 == "old" ? "old" : series }

$3 == "to-half" || $3 == "to-quarter" || $3 == "drain" { add($3) }
$3 ~ /^refill-/ { add("refill") }
$3 ~ /^squeeze-/ { add("squeeze") }

function add(what) {
    sides[side]
    timed[what]
    pages[side, what] += value("pages")
    ns[side, what] += value("ns")
    cpu[side, what] += value("cpu_ns")
}

$3 == "at-rest" || $3 == "while-evicting" {
    sides[side]
    delayed[$3]
    n = split(value("us"), us, ",")
    for (i = 1; i <= n; i++)
        delays[side, $3, ++count[side, $3]] = us[i] + 0
}

$3 == "thrash" {
    sides[side]
    thrashed[$3]
    rounds[side, $3]++
    ms[side, $3] += value("ms")
}

# Of all delays, the one that SHARE of them do not exceed.
function quantile(what, share, n, i, sorted) {
    n = count[side, what]
    for (i = 1; i <= n; i++)
        sorted[i] = delays[side, what, i]
    asort(sorted)
    i = int(n * share)
    return sorted[i < n * share ? i + 1 : i]
}

END {
    for (side in sides) {
        for (what in timed) if (ns[side, what]) {
            put(what "-pages-per-second", sprintf("%.0f", pages[side, what] / ns[side, what] * 1e9))
            put(what "-dom0-us-per-page", sprintf("%.2f", cpu[side, what] / pages[side, what] / 1e3))
        }
        for (what in delayed) if (count[side, what]) {
            for (i = 1; i <= nr_quantiles; i++)
                put(what "-" quantiles[i] "-us", quantile(what, shares[i]))
            put(what "-page-ins", count[side, what])
        }
        for (what in thrashed) if (ms[side, what])
            put(what "-rounds-per-second", sprintf("%.4f", rounds[side, what] / ms[side, what] * 1e3))
    }
}
