# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo: each link alone, both bridged, and a link that is cut and comes back.

Ends with a table and a picture; exit status 0 only if every flow lived and bridging gave what the
links can give together.
"""
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from .display import Display
from .iperf import IperfRun, start_server
from .lab import Lab
from .link import Link
from .mpbridge import PORT, Bridge, binary
from .picture import draw
from .talk import Talkers
from .topology import bridge
from .wait import LabError

ALONE_S = 8
BRIDGED_S = 8
LONG_S = 20
CUT_AT_S, BACK_AT_S = 6, 11
OMIT_S = 1
SAMPLE_S = 0.2
TALKERS = 20
MIN_RATIO = 0.9
MAX_LINKS = 8
CLIENT_KEYS = {"local_address": None, "intercept": {"interfaces": ["lan"]}}
BUILD = Path(__file__).parent.parent / "build"


@dataclass
class Story:
    """All that was measured; rates in Mbit/s of payload, times in seconds of the long transfer.

    payload_share: how much of what the links' counters see is payload, the rest being headers.
    """
    links: list
    alone: list = field(default_factory=list)
    bridged: float = 0.0
    shares: list = field(default_factory=list)
    payload_share: float = 1.0
    samples: list = field(default_factory=list)
    cut_link: int = 1
    cut_s: float = 0.0
    back_s: float = 0.0
    flows: int = 0
    flows_lost: int = 0
    longest_wait_s: float = 0.0

    @property
    def sum(self):
        """What the links carry one at a time, added."""
        return sum(self.alone)

    @property
    def ratio(self):
        """bridged / sum"""
        return self.bridged / self.sum


class Watch:
    """Looks at the links' counters while an iperf3 runs: shows their rates and keeps them.

    samples: [(seconds, [bytes per link since the sample before])].
    """

    def __init__(self, lab, display):
        self._lab = lab
        self._display = display
        self.samples = []

    def follow(self, run, events=()):
        """Until the run has ended. events: [(seconds, function)], called at their time; a function
        returns the index of the link that is cut from then on, or None."""
        start = last = time.monotonic()
        before = self._arrived()
        events = list(events)
        cut = None
        while run.is_running():
            time.sleep(max(0.0, last + SAMPLE_S - time.monotonic()))
            now, after = time.monotonic(), self._arrived()
            moved = [new - old for new, old in zip(after, before)]
            rates = [count * 8 / 1e6 / (now - last) for count in moved]
            self.samples.append((now - start, moved))
            if events and now - start >= events[0][0]:
                cut = events.pop(0)[1](now - start)
            self._display.show(now - start, rates, cut)
            last, before = now, after
        self._display.end()
        return run.result()

    def shares(self):
        """What part of all bytes each link carried."""
        totals = [sum(column) for column in zip(*(moved for _, moved in self.samples))]
        return [total / max(1, sum(totals)) for total in totals]

    def rates(self):
        """[(seconds, [Mbit/s per link])], headers included."""
        result, last = [], 0.0
        for seconds, moved in self.samples:
            result.append((seconds, [count * 8 / 1e6 / (seconds - last) for count in moved]))
            last = seconds
        return result

    def steady_mbit(self):
        """All links together, headers included, between the start-up and the end."""
        end = self.samples[-1][0] - 1
        return statistics.median(sum(rates) for seconds, rates in self.rates()
                                 if 2 * OMIT_S < seconds < end)

    def _arrived(self):
        return [link.counters()[0] for link in self._lab.links]


def measure_alone(net, story, display):
    for number, link in enumerate(story.links, start=1):
        display.begin(f"Link {number} alone ({link.text}), plain routing")
        net.route_over(number)
        result = Watch(net.lab, display).follow(IperfRun(net, ALONE_S - OMIT_S, OMIT_S))
        story.alone.append(result.mbit)
        display.say(f"  {result.mbit:.1f} Mbit/s")
    net.route_over(1)


def measure_bridged(net, story, display):
    display.begin("Bridged: one stream of an unmodified iperf3")
    watch = Watch(net.lab, display)
    result = watch.follow(IperfRun(net, BRIDGED_S - OMIT_S, OMIT_S))
    story.bridged = result.mbit
    story.shares = watch.shares()
    story.payload_share = result.mbit / watch.steady_mbit()
    display.say(f"  {result.mbit:.1f} Mbit/s")


def first_subflow_link(net):
    """The number of the link on which the busiest MPTCP connection began."""
    subflows = [subflow for subflow in net.client.subflows(PORT) if subflow.is_initial]
    busiest = max(subflows, key=lambda subflow: subflow.bytes("bytes_acked"), default=None)
    if busiest is None:
        raise LabError("no MPTCP connection was seen between the routers")
    return net.server_ips.index(busiest.peer) + 1


def measure_cut(net, story, display):
    display.begin(f"Bridged, {LONG_S} s: a link is cut, and comes back")
    watch = Watch(net.lab, display)
    talkers = Talkers(net, TALKERS)

    def cut(seconds):
        story.cut_link, story.cut_s = first_subflow_link(net), seconds
        net.lab.link(story.cut_link).blackhole()
        display.say(f"  {seconds:.1f} s: link {story.cut_link} is cut; "
                    "it carried the first subflow, its carrier stays")
        return story.cut_link - 1

    def give_back(seconds):
        story.back_s = seconds
        net.lab.link(story.cut_link).blackhole(False)
        display.say(f"  {seconds:.1f} s: link {story.cut_link} is back")

    run = IperfRun(net, LONG_S)
    try:
        watch.follow(run, [(CUT_AT_S, cut), (BACK_AT_S, give_back)])
    except LabError as error:
        raise LabError(f"the long transfer was lost: {error}") from None
    answers = talkers.finish()
    story.samples = [(seconds, [rate * story.payload_share for rate in rates])
                     for seconds, rates in watch.rates() if seconds < LONG_S + SAMPLE_S / 2]
    story.flows = 1 + answers["flows"]
    story.flows_lost = answers["lost"]
    story.longest_wait_s = answers["longest_wait_s"]


def measure(links, display):
    """Build the network, run all phases, remove it; a Story."""
    story = Story(links)
    with Lab() as lab:
        net = bridge(lab, links)
        start_server(net)
        measure_alone(net, story, display)
        with Bridge(net, client_keys=CLIENT_KEYS, redirect=False) as pair:
            try:
                measure_bridged(net, story, display)
                measure_cut(net, story, display)
            except LabError as error:
                raise LabError(f"{error}\nclient's log:\n{pair.client.log_tail()}\n"
                               f"server's log:\n{pair.server.log_tail()}") from None
    return story


def table(story):
    """The result as text."""
    rows = [(f"link {number} alone ({link.text})", rate)
            for number, (link, rate) in enumerate(zip(story.links, story.alone), start=1)]
    rows += [("sum", story.sum), ("bridged, one stream", story.bridged)]
    width = max(len(name) for name, _ in rows)
    lines = [f"  {''.ljust(width)}    Mbit/s"]
    lines += [f"  {name.ljust(width)}  {rate:8.1f}" for name, rate in rows]
    lines.append(f"  {'bridged / sum'.ljust(width)}  {story.ratio * 100:7.1f} %")
    lines += ["", f"  Link {story.cut_link} was cut for {story.back_s - story.cut_s:.0f} s: "
              f"{story.flows_lost} flows lost of {story.flows}; "
              f"the longest wait for an answer was {story.longest_wait_s:.2f} s"]
    return "\n".join(lines)


def save_picture(story):
    """build/demo.svg, and demo.png where rsvg-convert is installed; their names."""
    BUILD.mkdir(exist_ok=True)
    svg = BUILD / "demo.svg"
    svg.write_text(draw(story), encoding="utf-8")
    names = ["build/demo.svg"]
    if shutil.which("rsvg-convert"):
        subprocess.run(["rsvg-convert", "-z", "2", svg, "-o", svg.with_suffix(".png")], check=True)
        names.append("build/demo.png")
    return names


def parse_links(text):
    """'100mbit/5ms 60mbit/10ms' -> [Link, Link]"""
    try:
        links = [Link.parse(word) for word in text.split()]
    except ValueError as error:
        raise LabError(f"LINKS: {error}") from None
    if not 2 <= len(links) <= MAX_LINKS or not all(link.rate_bps for link in links):
        raise LabError(f"LINKS must name two to {MAX_LINKS} links, as "
                       f"\"100mbit/5ms 60mbit/10ms\", not '{text}'")
    return links


def run_demo(links_text):
    """The exit status."""
    links = parse_links(links_text)
    binary()  # complains if there is none, before a minute is spent
    names = [f"link {number}  {link.text}" for number, link in enumerate(links, start=1)]
    display = Display(names, max(link.rate_bps for link in links) / 1e6)
    story = measure(links, display)
    display.say("\n" + table(story))
    display.say(f"  Picture: {', '.join(save_picture(story))}")
    if story.flows_lost:
        raise LabError(f"{story.flows_lost} of {story.flows} flows were lost")
    if story.ratio < MIN_RATIO:
        raise LabError(f"bridging gave {story.ratio:.0%} of the sum; {MIN_RATIO:.0%} was expected")
    return 0


def main():
    try:
        return run_demo(sys.argv[1])
    except (LabError, OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndemo: stopped; everything is removed", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
