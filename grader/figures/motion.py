"""Motion in a figure: a stylesheet in the SVG, no script; who prefers less motion sees the last moment, standing still.

A module's ``MOTION`` has the parts for some of its ``FIGURES``. Artists are found by the ids that ``set_gid`` gave
them.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from xml.sax.saxutils import escape


@dataclasses.dataclass(frozen=True)
class Motion:
    """The parts that make a figure move.

    Attributes:
        told: what is to be seen, in words.
        styles: rules for those who see it standing still.
        moving: rules for all others.
    """

    told: str
    styles: str = ""
    moving: str = ""


@dataclasses.dataclass(frozen=True)
class Stop:
    """A place on the way of artists that are carried.

    Attributes:
        at: seconds after the beginning.
        x: to the right, in the picture's points.
        y: upwards, in the picture's points.
        shown: how well they are seen, from 0 to 1.
    """

    at: float
    x: float
    y: float
    shown: float = 1.0


def in_turn(prefixes: Sequence[str], seconds: float, rest: float) -> tuple[str, str]:
    """Styles with which artists are seen one group after another, again and again.

    Args:
        prefixes: how the ids of each group begin.
        seconds: how long each group is seen.
        rest: how much longer the last one is seen.

    Returns:
        The rules without motion, and those with it.
    """
    whole = len(prefixes) * seconds + rest
    still = [f"{_ids(prefix)}{{visibility:hidden}}" for prefix in prefixes[:-1]]
    moving = []
    for i, prefix in enumerate(prefixes):
        begin = _percent(i * seconds / whole)
        end = _percent((i + 1) * seconds / whole) if i < len(prefixes) - 1 else "100%"
        frames = {"0%": "hidden", begin: "visible", end: "hidden"}
        steps = "".join(f"{at}{{visibility:{what}}}" for at, what in frames.items())
        moving.append(f"@keyframes turn{i}{{{steps}}}{_ids(prefix)}{{animation:turn{i} {whole:g}s step-end infinite}}")
    return "".join(still), "".join(moving)


def arriving(prefixes: Sequence[str], seconds: float, rest: float) -> str:
    """Rules with which artists come one group after another, and stay until it begins anew.

    Args:
        prefixes: how the ids of each group begin; the first one is there from the beginning.
        seconds: how long each group is the latest one.
        rest: how much longer all of them are seen.
    """
    whole = len(prefixes) * seconds + rest
    rules = []
    for i, prefix in enumerate(prefixes[1:], 1):
        frames = f"0%{{visibility:hidden}}{_percent(i * seconds / whole)},100%{{visibility:visible}}"
        rules.append(f"@keyframes come{i}{{{frames}}}{_ids(prefix)}{{animation:come{i} {whole:g}s step-end infinite}}")
    return "".join(rules)


def carried(prefix: str, way: Sequence[Stop], whole: float) -> str:
    """A rule with which artists are carried along a way; standing still, they are at its end.

    Args:
        prefix: how their ids begin.
        way: from the beginning to the end, in the order of time.
        whole: seconds after which it begins anew.
    """
    name, end = f"carried-{prefix}", way[-1]
    stops = [*way, dataclasses.replace(end, at=whole)]
    frames = "".join(
        f"{_percent(each.at / whole)}{{transform:translate({each.x - end.x:.1f}px,{end.y - each.y:.1f}px);"
        f"opacity:{each.shown:g}}}"
        for each in stops
    )
    return f"@keyframes {name}{{{frames}}}{_ids(prefix)}{{animation:{name} {whole:g}s linear infinite}}"


def drawn(prefix: str, seconds: float, whole: float, length: float = 1500.0) -> str:
    """A rule with which a line is drawn as by a pen.

    Args:
        prefix: how its id begins.
        seconds: how long the pen takes.
        whole: after how many seconds it begins anew.
        length: of the line, or more, in the picture's points.
    """
    part = _percent(seconds / whole)
    name = f"drawn-{prefix}"
    return (
        f"@keyframes {name}{{0%{{stroke-dashoffset:{length:g}}}{part},100%{{stroke-dashoffset:0}}}}"
        f"{_ids(prefix)} path{{stroke-dasharray:{length:g};animation:{name} {whole:g}s linear infinite}}"
    )


def lit(prefix: str, begin: float, end: float, whole: float) -> str:
    """A rule with which artists are bright for a while, and faint for the rest.

    Args:
        prefix: how their ids begin.
        begin: seconds after which they light up.
        end: seconds after which they fade.
        whole: seconds after which it begins anew.
    """
    name = f"lit-{prefix}"
    frames = {0.0: 0.25, begin: 0.25, begin + 0.15: 1.0, end: 1.0, end + 0.15: 0.25, whole: 0.25}
    steps = "".join(f"{_percent(at / whole)}{{opacity:{how:g}}}" for at, how in sorted(frames.items()))
    return f"@keyframes {name}{{{steps}}}{_ids(prefix)}{{animation:{name} {whole:g}s linear infinite}}"


def moved(svg: str, motion: Motion) -> str:
    """An SVG file with its motion, and with what is to be seen in words."""
    style = f"<style>{motion.styles}@media (prefers-reduced-motion:no-preference){{{motion.moving}}}</style>"
    return re.sub(r"(<svg\b[^>]*>)", rf"\1\n <desc>{escape(motion.told)}</desc>\n {style}", svg, count=1)


def _ids(prefix: str) -> str:
    return f'[id^="{prefix}-"]'


def _percent(share: float) -> str:
    return f"{100 * min(max(share, 0.0), 1.0):.2f}".rstrip("0").rstrip(".") + "%"
