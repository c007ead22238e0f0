# SPDX-License-Identifier: GPL-2.0-or-later
#
# table.awk ROWS STOCK PATCHED: the table. The spread is half the distance between the quartiles.

FNR == 1 { file++ }

file == 1 && /^[^#]/ {
    order[++rows] = $1
    goal[$1] = $2
    row = $1
    sub(/^[^ ]+ +[^ ]+ +/, "")
    what[row] = $0
}

file > 1 && $1 == "BENCH" {
    median[file, $2] = $3
    spread[file, $2] = sprintf("%.1f %%", $3 ? 50 * ($5 - $4) / $3 : 0)
}

# Ratio and goal are compared as they are printed.
function reached(ratio, goal) {
    return goal == "-" ? "" : ratio + 0 <= goal + 0 ? "yes" : "NO"
}

function put(what, stock, stock_spread, patched, patched_spread, ratio, goal, reached) {
    line = sprintf("%-29s %7s %7s  %7s %7s  %5s  %4s  %s", what, stock, stock_spread, patched,
                   patched_spread, ratio, goal, reached)
    sub(/ +$/, "", line)
    print line
}

END {
    put("instructions per page", "stock", "spread", "patched", "spread", "ratio", "goal", "reached")
    for (i = 1; i <= rows; i++) {
        row = order[i]
        stock = patched = row
        sub("/.*", "", stock)
        sub(".*/", "", patched)
        if (!median[2, stock] || !median[3, patched]) {
            print "no count of " row > "/dev/stderr"
            exit 1
        }
        ratio = sprintf("%.2f", median[3, patched] / median[2, stock])
        put(what[row], sprintf("%.0f", median[2, stock]), spread[2, stock],
            sprintf("%.0f", median[3, patched]), spread[3, patched], ratio, goal[row],
            reached(ratio, goal[row]))
    }
}
