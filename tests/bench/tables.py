# SPDX-License-Identifier: GPL-2.0-or-later
"""Figures as tables: rows of words, the first of which is the heading."""
import textwrap


def number(value):
    """Three digits that count, or more before the point."""
    if value is None:
        return "-"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def named(part, names):
    return [(figure, what) for of, figure, what in names if of == part]


def of_cases(part, cases, names):
    """A case a row."""
    shown = [(figure, what) for figure, what in named(part, names)
             if any(figure in case for case in cases.values())]
    yield [part] + [what for _, what in shown]
    for name, case in cases.items():
        if any(figure in case for figure, _ in shown):
            yield [name] + [number(case.get(figure)) for figure, _ in shown]


def of_figures(part, cases, names):
    """A figure a row, for few cases and many figures: with the ratio to the first case."""
    first, *others = cases
    yield [part, first] + [word for name in others for word in (name, "ratio")]
    for figure, what in named(part, names):
        base = cases[first].get(figure)
        row = [what, number(base)]
        for name in others:
            value = cases[name].get(figure)
            row += [number(value), number(value / base if value is not None and base else None)]
        yield row


def of_part(part, cases, names):
    return list((of_figures if part == "lab" else of_cases)(part, cases, names))


def of_goals(goals):
    said = {True: "yes", False: "NO", None: "not measured"}
    yield ["ratios and limits", "value", "goal", "reached"]
    for goal in goals:
        yield [goal["what"], number(goal["value"]), goal["goal"], said[goal["reached"]]]


def reasons(goals):
    """What is missed, and why."""
    for goal in goals:
        if goal["reached"] is False:
            yield f"{goal['what'].lstrip('. ')}: {goal['reason'] or 'not looked into'}"


def show(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        print("  ".join(cells).rstrip())
    print()


def print_all(report, names):
    for part, cases in report["figures"].items():
        show(of_part(part, cases, names))
    if report["goals"]:
        show(list(of_goals(report["goals"])))
        for line in reasons(report["goals"]):
            print(textwrap.fill(line, 110, subsequent_indent="    "))
    for line in report["missing"]:
        print(f"not run: {line}")
