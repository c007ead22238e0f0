# SPDX-License-Identifier: GPL-2.0-or-later
#
# json.awk FIGURES...: lines "PART CASE FIGURE VALUE", separated by tabs, as one JSON object: parts, in
# them cases, in them figures. Names have no characters that JSON would quote; values are numbers.

BEGIN { FS = "\t" }

{
    if (!($1 in cases))
        parts[++nr_parts] = $1
    if (!(($1, $2) in count)) {
        cases[$1] = cases[$1] ? cases[$1] " " $2 : $2
        count[$1, $2] = 0
    }
    figures[$1, $2, ++count[$1, $2]] = "\"" $3 "\": " $4
}

END {
    print "{"
    for (p = 1; p <= nr_parts; p++) {
        printf "  \"%s\": {\n", parts[p]
        n = split(cases[parts[p]], names, " ")
        for (c = 1; c <= n; c++) {
            printf "    \"%s\": {\n", names[c]
            for (f = 1; f <= count[parts[p], names[c]]; f++)
                printf "      %s%s\n", figures[parts[p], names[c], f], f < count[parts[p], names[c]] ? "," : ""
            printf "    }%s\n", c < n ? "," : ""
        }
        printf "  }%s\n", p < nr_parts ? "," : ""
    }
    print "}"
}
