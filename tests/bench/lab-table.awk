# SPDX-License-Identifier: GPL-2.0-or-later
#
# lab-table.awk ROWS FIGURES: the table. What was not measured is a dash.

FNR == 1 { file++ }

file == 1 && /^[^#]/ {
    order[++rows] = $1
    goal[$1, "stock"] = $2
    goal[$1, "patched"] = $3
    row = $1
    sub(/^[^ ]+ +[^ ]+ +[^ ]+ +/, "")
    what[row] = $0
}

file == 2 && $1 == "lab" { figures[$2, $3] = $4 }

function figure(side, row) {
    return (side, row) in figures ? figures[side, row] : "-"
}

function ratio(side, row) {
    return figures["old", row] && (side, row) in figures ?
        sprintf("%.2f", figures[side, row] / figures["old", row]) : "-"
}

# Ratio and goal are compared as they are printed.
function reached(ratio, goal, number) {
    if (ratio == "-" || goal == "-")
        return ""
    number = substr(goal, 3) + 0
    return (goal ~ /^>/ ? ratio + 0 >= number : ratio + 0 <= number) ? "yes" : "NO"
}

function put(what, old, stock, s_ratio, s_goal, s_reached, patched, p_ratio, p_goal, p_reached, line) {
    line = sprintf("%-30s %8s | %8s %6s %6s %-3s | %8s %6s %6s %-3s", what, old, stock, s_ratio, s_goal,
                   s_reached, patched, p_ratio, p_goal, p_reached)
    sub(/ +$/, "", line)
    print line
}

END {
    put("", "old", "stock", "ratio", "goal", "", "patched", "ratio", "goal", "")
    for (i = 1; i <= rows; i++) {
        row = order[i]
        s = ratio("stock", row)
        p = ratio("patched", row)
        put(what[row], figure("old", row), figure("stock", row), s, goal[row, "stock"],
            reached(s, goal[row, "stock"]), figure("patched", row), p, goal[row, "patched"],
            reached(p, goal[row, "patched"]))
    }
}
