# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo's picture, as SVG text: what each link gives alone, bridged, and over time with a cut.

One axis of Mbit/s for everything: on the left a bar for each link alone and one for the bridge, on
the right the long transfer as areas on top of each other.
"""
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 1200, 620
TOP, BOTTOM = 132, 536
BARS_LEFT, BARS_RIGHT = 84, 372
TIME_LEFT, TIME_RIGHT = 420, 1010
LEGEND_PITCH = 46

_COLOURS = ("#2f6db5", "#f0a63a", "#3fa37c", "#b0598f", "#6a6fc4", "#8c6d4f",
            "#57b5c9", "#9aa5b1")
_INK, _GREY, _FAINT, _RED = "#1d2733", "#5d6b7a", "#e4e8ed", "#c0392b"
_FONT = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"


def _text(x, y, text, size=15, anchor="start", colour=_INK, weight="normal", extra=""):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
            f'fill="{colour}" font-weight="{weight}" {extra}>{escape(text)}</text>')


def _line(x1, y1, x2, y2, colour, width=1.0, extra=""):
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
            f'stroke-width="{width}" {extra}/>')


def _rect(x, y, width, height, colour, extra=""):
    return (f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
            f'fill="{colour}" {extra}/>')


def _tick_step(top):
    """A round distance that gives four to nine ticks."""
    for step in (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000):
        if top / step <= 9:
            return step
    return 10000


class _Scale:
    """Mbit/s and seconds to pixels."""

    def __init__(self, story):
        peak = max([story.sum, story.bridged, *(sum(rates) for _, rates in story.samples)])
        self.top_mbit = peak * 1.08
        self.end_s = max(story.samples[-1][0], round(story.samples[-1][0]))

    def x(self, seconds):
        return TIME_LEFT + (TIME_RIGHT - TIME_LEFT) * seconds / self.end_s

    def y(self, mbit):
        return BOTTOM - (BOTTOM - TOP) * mbit / self.top_mbit


def _heading(story):
    rates = " + ".join(f"{link.rate_bps / 1e6:g}" for link in story.links)
    given = f" from {rates}" if len(story.links) <= 5 else ""
    lost = "none was lost" if story.flows_lost == 0 else f"{story.flows_lost} were lost"
    return [
        _text(40, 50, f"One TCP stream over {len(story.links)} links: "
              f"{story.bridged:.0f} Mbit/s{given}", 27, weight="bold"),
        _text(40, 80, f"{story.ratio * 100:.1f} % of what the links give one at a time. Link "
              f"{story.cut_link} was cut for {story.back_s - story.cut_s:.0f} s: of {story.flows} "
              f"flows, {lost}.", 17, colour=_GREY),
    ]


def _grid(scale):
    parts = []
    step = _tick_step(scale.top_mbit)
    for mbit in range(0, int(scale.top_mbit) + 1, step):
        y = scale.y(mbit)
        for left, right in ((BARS_LEFT, BARS_RIGHT), (TIME_LEFT, TIME_RIGHT)):
            parts.append(_line(left, y, right, y, _INK if mbit == 0 else _FAINT))
        parts.append(_text(BARS_LEFT - 10, y + 5, str(mbit), 14, "end", _GREY))
    middle = (TOP + BOTTOM) / 2
    parts.append(_text(34, middle, "goodput, Mbit/s", 15, "middle", _GREY,
                       extra=f'transform="rotate(-90 34 {middle:.0f})"'))
    return parts


def _bars(story, scale):
    count = len(story.alone) + 1
    pitch = (BARS_RIGHT - BARS_LEFT) / count
    width = min(62.0, pitch * 0.66)
    parts = []
    for i, rate in enumerate(story.alone):
        x = BARS_LEFT + pitch * (i + 0.5)
        parts.append(_rect(x - width / 2, scale.y(rate), width, BOTTOM - scale.y(rate),
                           _COLOURS[i % len(_COLOURS)]))
        parts += _bar_labels(x, scale.y(rate), rate, (f"link {i + 1}", "alone"), count)
    x, base = BARS_LEFT + pitch * (count - 0.5), 0.0
    for i, share in enumerate(story.shares):
        top = base + share * story.bridged
        parts.append(_rect(x - width / 2, scale.y(top), width, scale.y(base) - scale.y(top),
                           _COLOURS[i % len(_COLOURS)]))
        base = top
    return parts + _bar_labels(x, scale.y(base), story.bridged, ("bridged", "1 stream"), count)


def _bar_labels(x, y, rate, names, count):
    smaller = 0 if count <= 4 else 4
    return [
        _text(x, y - 9, f"{rate:.1f}", 16 - smaller, "middle", weight="bold"),
        _text(x, BOTTOM + 23, names[0], 15 - smaller, "middle"),
        _text(x, BOTTOM + 42, names[1], 14 - smaller, "middle", _GREY),
    ]


def _stairs(story, scale, level):
    """The upper edge of the areas of the first `level` links, one step for each sample."""
    points, last = [], 0.0
    for seconds, rates in story.samples:
        y = scale.y(sum(rates[:level]))
        points += [(scale.x(last), y), (scale.x(seconds), y)]
        last = seconds
    return points


def _points(points):
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _areas(story, scale):
    parts = []
    for i in range(len(story.links)):
        edge = _stairs(story, scale, i + 1) + _stairs(story, scale, i)[::-1]
        parts.append(f'<polygon points="{_points(edge)}" fill="{_COLOURS[i % len(_COLOURS)]}"/>')
    top = _points(_stairs(story, scale, len(story.links)))
    parts.append(f'<polyline points="{top}" fill="none" stroke="{_INK}" stroke-width="2" '
                 'stroke-linejoin="round"/>')
    return parts


def _cut(story, scale):
    parts = []
    for seconds, text, anchor in ((story.cut_s, f"link {story.cut_link} cut", "end"),
                                  (story.back_s, f"link {story.cut_link} back", "start")):
        x = scale.x(seconds)
        shift = -6 if anchor == "end" else 6
        parts.append(_line(x, TOP - 22, x, BOTTOM, _RED, 1.5))
        parts.append(_text(x + shift, TOP - 11, text, 15, anchor, _RED, "bold"))
    return parts


def _time_axis(scale):
    parts = []
    step = 2 if scale.end_s <= 24 else _tick_step(scale.end_s)
    for seconds in range(0, int(scale.end_s) + 1, step):
        x = scale.x(seconds)
        parts.append(_line(x, BOTTOM, x, BOTTOM + 5, _GREY))
        parts.append(_text(x, BOTTOM + 23, str(seconds), 14, "middle", _GREY))
    parts.append(_text((TIME_LEFT + TIME_RIGHT) / 2, BOTTOM + 46,
                       "seconds of one bridged transfer", 15, "middle", _GREY))
    return parts


def _reference(story, scale):
    y = scale.y(story.sum)
    return [
        _line(TIME_LEFT, y, TIME_RIGHT, y, _INK, 1.4, 'stroke-dasharray="6 5"'),
        _text(TIME_RIGHT + 14, y - 2, "sum of the links", 15),
        _text(TIME_RIGHT + 14, y + 16, f"alone: {story.sum:.0f}", 15),
    ]


def _spread(wanted, top, bottom):
    """Heights near the wanted ones (top to bottom), LEGEND_PITCH apart and within the bounds."""
    result, limit = [], top
    for y in wanted:
        result.append(max(y, limit))
        limit = result[-1] + LEGEND_PITCH
    limit = bottom
    for i in reversed(range(len(result))):
        result[i] = min(result[i], limit)
        limit = result[i] - LEGEND_PITCH
    return result


def _legend(story, scale):
    """The name of each link, beside where its area lies when all is well."""
    parts = []
    order = list(reversed(range(len(story.links))))
    wanted = [scale.y(sum(story.alone[:i]) + story.alone[i] / 2) for i in order]
    heights = _spread(wanted, scale.y(story.sum) + 44, BOTTOM - 16)
    for i, y in zip(order, heights):
        parts.append(_rect(TIME_RIGHT + 14, y - 11, 13, 13, _COLOURS[i % len(_COLOURS)], 'rx="2"'))
        parts.append(_text(TIME_RIGHT + 34, y, f"link {i + 1}", 15, weight="bold"))
        parts.append(_text(TIME_RIGHT + 34, y + 19, story.links[i].text, 14, colour=_GREY))
    return parts


def draw(story):
    """The SVG text for a Story (see demo.py)."""
    scale = _Scale(story)
    note = ("Two hosts, two routers in network namespaces; unmodified iperf3. "
            "Over time: counters of the links, without the share of headers.")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="{_FONT}">',
        '<defs><pattern id="hatch" width="9" height="9" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><rect width="9" height="9" fill="{_RED}" '
        f'fill-opacity="0.05"/><rect width="1.5" height="9" fill="{_RED}" fill-opacity="0.22"/>'
        '</pattern></defs>',
        _rect(0, 0, WIDTH, HEIGHT, "#ffffff"),
        *_heading(story), *_grid(scale), *_bars(story, scale),
        _rect(scale.x(story.cut_s), TOP, scale.x(story.back_s) - scale.x(story.cut_s), BOTTOM - TOP,
              "url(#hatch)"),
        *_areas(story, scale), *_cut(story, scale), *_time_axis(scale), *_reference(story, scale),
        *_legend(story, scale), _text(40, HEIGHT - 14, note, 13, colour=_GREY),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"
