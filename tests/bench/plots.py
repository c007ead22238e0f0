# SPDX-License-Identifier: GPL-2.0-or-later
"""Plots as SVG: bars, and lines over named places, on a scale that is logarithmic where it says so."""
import html
import math

from tables import number

COLOURS = ["#8a8f98", "#2f6fb3", "#c9622b", "#3a8f5c", "#8b5fb0", "#b08b2f", "#3f9aa8", "#b0425f"]
LABELS, BARS, ROW = 190, 330, 17
WIDTH, HEIGHT, LEFT, BOTTOM, TOP, KEY = 370, 230, 60, 28, 12, 150


def text(x, y, words, anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(words)}</text>'


def svg(width, height, content):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}">'
            + "".join(content) + "</svg>")


def bars(values):
    """values: name and number, in order; what was not measured has no bar."""
    values = [(name, value) for name, value in values if value]
    most = max((value for _, value in values), default=1)
    content = []
    for row, (name, value) in enumerate(values):
        y, length = row * ROW, max(1, value / most * BARS)
        colour = COLOURS[row % len(COLOURS)]
        content += [text(LABELS - 6, y + 12, name, "end"),
                    f'<rect x="{LABELS}" y="{y + 2}" width="{length:.1f}" height="{ROW - 4}" fill="{colour}"/>',
                    text(LABELS + length + 4, y + 12, number(value))]
    return svg(LABELS + BARS + 60, len(values) * ROW + 2, content)


def grid(low, high):
    """Powers of ten from low to high."""
    return [10**power for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]


def lines(places, series):
    """places: names on the x axis; series: name and a value for each place, or None."""
    values = [value for _, row in series for value in row if value]
    if not values:
        return ""
    ticks = grid(min(values), max(values) * 1.01)
    low, high = math.log10(ticks[0]), math.log10(ticks[-1])

    def at_x(i):
        return LEFT + (i + 0.5) * WIDTH / len(places)

    def at_y(value):
        return TOP + HEIGHT * (1 - (math.log10(value) - low) / (high - low))

    content = []
    for tick in ticks:
        y = at_y(tick)
        content += [f'<path d="M{LEFT} {y:.1f}h{WIDTH}" stroke="#ddd"/>', text(LEFT - 6, y + 4, number(tick), "end")]
    content += [text(at_x(i), TOP + HEIGHT + 18, name, "middle") for i, name in enumerate(places)]
    for n, (name, row) in enumerate(series):
        colour = COLOURS[n % len(COLOURS)]
        points = [(at_x(i), at_y(value)) for i, value in enumerate(row) if value]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        content += [f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>']
        content += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
        y = TOP + n * ROW
        content += [f'<rect x="{LEFT + WIDTH + 10}" y="{y}" width="10" height="10" fill="{colour}"/>',
                    text(LEFT + WIDTH + 25, y + 9, name)]
    return svg(LEFT + WIDTH + KEY, TOP + HEIGHT + BOTTOM, content)
