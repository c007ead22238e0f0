# SPDX-License-Identifier: GPL-2.0-or-later
"""The report as a page that needs nothing but itself."""
import html

import plots
import tables

QUANTILES = ["p10", "p25", "p50", "p75", "p90", "p99", "p99.9", "max"]
STYLE = """
body { font: 14px sans-serif; margin: 2em auto; max-width: 1200px; padding: 0 20px; color: #222 }
h1 { font-size: 22px } h2 { font-size: 17px; margin-top: 2em; border-bottom: 1px solid #ccc }
h3 { font-size: 14px; margin: 0.6em 0 0.3em }
table { border-collapse: collapse; font-size: 12px } td, th { padding: 2px 8px; text-align: right }
td:first-child, th:first-child { text-align: left } tr:nth-child(even) { background: #f4f5f7 }
.plots { display: flex; flex-wrap: wrap; gap: 12px } svg { font: 11px sans-serif }
.NO { color: #b0302b; font-weight: bold } .yes { color: #2d7d46 }
"""
TITLES = {
    "lab": "On a real Xen, emulated: instructions count, not the time of this machine",
    "sim": "On a simulated host, at the speed of this machine",
    "size": "The cost against the guest's size, on a simulated host",
    "death": "A pager dies, and the next one takes over, on a simulated host",
    "store": "What the stores take and give, without a Xen",
}


def table(rows):
    heading, *others = rows
    yield "<table><tr>" + "".join(f"<th>{html.escape(word)}</th>" for word in heading) + "</tr>"
    for row in others:
        yield "<tr>" + "".join(f'<td class="{html.escape(word)}">{html.escape(word)}</td>' for word in row) + "</tr>"
    yield "</table>"


def plot(title, picture):
    return f"<div><h3>{html.escape(title)}</h3>{picture}</div>" if picture else ""


def delays(title, cases, what):
    """A line for each case that has them."""
    series = [(name, [case.get(f"{what}-{quantile}-us") for quantile in QUANTILES])
              for name, case in cases.items() if f"{what}-p50-us" in case]
    return plot(title, plots.lines(QUANTILES, series))


def bars(title, cases, figure):
    values = [(name, case.get(figure)) for name, case in cases.items()]
    return plot(title, plots.bars(values)) if any(value for _, value in values) else ""


def by_mix(cases):
    """Cases are named NAME-MIX: for each mix, those of it."""
    mixes = {}
    for name, case in cases.items():
        head, mix = name.rsplit("-", 1)
        mixes.setdefault(mix, {})[head] = case
    return mixes


def of_lab(cases):
    for figure, title in (("to-half", "Evict to half"), ("to-quarter", "on to a quarter"),
                          ("refill", "Target raised"), ("drain", "Drain")):
        yield bars(f"{title}, pages/s", cases, f"{figure}-pages-per-second")
    yield delays("Page-in at rest, us", cases, "at-rest")
    yield delays("Page-in while evicting, us", cases, "while-evicting")


def of_sim(cases):
    mixes = by_mix(cases)
    for mix, those in mixes.items():
        yield bars(f"Evict, pages/s: {mix}", those, "out-pages-per-second")
    for mix in [mix for mix in mixes if mix in ("image", "random")]:
        yield delays(f"Page-in at rest, us: {mix}", mixes[mix], "at-rest")
        yield delays(f"Page-in while evicting, us: {mix}", mixes[mix], "while-evicting")


def of_size(cases):
    places = list(cases)
    series = [(what, [cases[place].get(f"{what}-cpu-us-per-page") for place in places])
              for what in ("out", "in")]
    yield plot("The pager's processor time, us/page", plots.lines(places, series))
    yield bars("Start, ms", cases, "start-ms")
    yield bars("The pager's memory, MiB", cases, "present-mib")


def of_death(cases):
    yield bars("Take-over, ms per GiB that is out", cases, "take-over-ms-per-gib")


def of_store(cases):
    mixes = by_mix(cases)
    for mix, those in mixes.items():
        yield bars(f"Out, pages/s: {mix}", those, "out-pages-per-second")
    if "mixed" in mixes:
        yield delays("Page-in, idle, us: mixed", mixes["mixed"], "idle")
        yield delays("Page-in, while 128 page-outs are under way, us: mixed", mixes["mixed"], "busy")


PLOTS = {"lab": of_lab, "sim": of_sim, "size": of_size, "death": of_death, "store": of_store}


def of_part(part, cases, names):
    yield f"<h2>{html.escape(TITLES[part])}</h2>"
    yield '<div class="plots">' + "".join(PLOTS[part](cases)) + "</div>"
    yield from table(tables.of_part(part, cases, names))


def body(report, names):
    machine = report["machine"]
    yield "<h1>xenpaging2: pagers side by side</h1>"
    yield html.escape(f"{machine['processors']} processors, {machine['processor']}; Linux "
                      f"{machine['kernel']}; load {machine['load']:.1f}")
    if report["goals"]:
        yield "<h2>What is to be reached</h2>"
        yield from table(list(tables.of_goals(report["goals"])))
        yield "<ul>" + "".join(f"<li>{html.escape(line)}</li>" for line in tables.reasons(report["goals"])) + "</ul>"
    for part, cases in report["figures"].items():
        yield from of_part(part, cases, names)
    yield "<h2>What could not run</h2><ul>"
    yield from (f"<li>{html.escape(line)}</li>" for line in report["missing"] or ["Everything could."])
    yield "</ul>"


def html_of(report, names):
    return (f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>xenpaging2: bench</title>'
            f"<style>{STYLE}</style><body>" + "\n".join(body(report, names)) + "</body></html>\n")
