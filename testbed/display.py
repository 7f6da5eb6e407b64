# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demo shows while it runs: bars redrawn in place on a terminal, plain lines elsewhere."""
import os
import shutil
import sys

_PLAIN_PERIOD_S = 2
_LINK_COLOURS = ("34", "33", "32", "35", "36", "31")
_BAR_MAX = 50


class Display:
    """link_names: what stands before each bar. full_mbit: the rate of a full bar."""

    def __init__(self, link_names, full_mbit, out=sys.stdout):
        self._names = link_names
        self._full = full_mbit
        self._out = out
        self._is_terminal = out.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._has_colour = self._is_terminal and "NO_COLOR" not in os.environ
        self._has_blocks = "utf" in (out.encoding or "").lower()
        self._drawn = 0
        self._next_plain_s = 0

    def begin(self, title):
        """A new phase: its title stays on the screen."""
        self._drawn = 0
        self._next_plain_s = _PLAIN_PERIOD_S
        self.say(self._paint("1", title))

    def say(self, text=""):
        """A line that stays."""
        self._erase()
        print(text, file=self._out, flush=True)

    def show(self, elapsed_s, rates_mbit, cut=None):
        """The rates of now; cut: the index of a link that is cut."""
        if self._is_terminal:
            self._erase()
            lines = self._lines(elapsed_s, rates_mbit, cut)
            print("\n".join(lines), file=self._out, flush=True)
            self._drawn = len(lines)
        elif elapsed_s >= self._next_plain_s:
            self._next_plain_s += _PLAIN_PERIOD_S
            print(self._plain(elapsed_s, rates_mbit, cut), file=self._out, flush=True)

    def end(self):
        """Remove the bars of the phase."""
        self._erase()

    def _erase(self):
        if self._drawn:
            print(f"\033[{self._drawn}A\033[J", end="", file=self._out, flush=True)
            self._drawn = 0

    def _paint(self, code, text):
        return f"\033[{code}m{text}\033[0m" if self._has_colour else text

    def _bar(self, share, width):
        cells = max(0.0, min(1.0, share)) * width
        if not self._has_blocks:
            return ("#" * round(cells)).ljust(width)
        full, rest = divmod(int(cells * 8), 8)
        part = " ▏▎▍▌▋▊▉"[rest] if full < width else ""
        return ("█" * full + part).ljust(width)

    def _lines(self, elapsed_s, rates, cut):
        columns = shutil.get_terminal_size().columns
        name_width = max(map(len, self._names))
        width = min(_BAR_MAX, columns - name_width - 22)
        if width < 5:
            return [self._plain(elapsed_s, rates, cut)[:columns - 1]]
        lines = []
        for i, (name, rate) in enumerate(zip(self._names, rates)):
            colour = _LINK_COLOURS[i % len(_LINK_COLOURS)]
            bar = self._paint(colour, self._bar(rate / self._full, width))
            mark = self._paint("1;31", "cut") if i == cut else ""
            lines.append(f"  {name.ljust(name_width)}  {bar}{rate:7.1f} {mark}")
        total = f"{sum(rates):7.1f} Mbit/s"
        lines.append(f"  {f'{elapsed_s:.0f} s'.ljust(name_width + width + 2)}{total}")
        return lines

    def _plain(self, elapsed_s, rates, cut):
        parts = [f"link {i + 1}{' (cut)' if i == cut else ''} {rate:.1f}"
                 for i, rate in enumerate(rates)]
        return f"  {elapsed_s:4.0f} s  {', '.join(parts)}, sum {sum(rates):.1f} Mbit/s"
