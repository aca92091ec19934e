"""The probe ladder in words and in a terminal: a line a rung, and what the first that fails means."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from grader.printable import clip, count, visible
from grader.render.lines import INDENT, MOST_TEXT, prose, put
from grader.report.probe import ProbeResult

_MARKS = {"pass": ("✓", "green"), "fail": ("✗", "red"), "skip": ("–", "dim")}


def summary(probe: ProbeResult) -> str:
    """The ladder in a sentence or two, for reports."""
    failed = probe.failed
    if probe.verdict == "error":
        return f"The probe ladder itself failed: {probe.message}"
    if failed is None:
        return (
            f"All {len(probe.rungs)} rungs of the probe ladder hold, so each part by itself does what it should in "
            "small worlds. Look at what is left: the settings, the network's size, what ends the training."
        )
    number = probe.rungs.index(failed) + 1
    if probe.message:
        return f"Rung {number} of the probe ladder, {failed.name}, gave no policy: {probe.message}"
    return f"It fails at rung {number} of {len(probe.rungs)} of the probe ladder, {failed.name}. {probe.means}"


def print_ladder(probe: ProbeResult, console: Console, indent: int = 0) -> None:
    """Print every rung with its mark, and under the first that fails what it means."""
    for rung in probe.rungs:
        mark, style = _MARKS[rung.verdict]
        told = Text.assemble((rung.name, "bold" if rung.verdict == "fail" else ""), ": ", rung.needs)
        if rung.verdict == "skip":
            told = Text(f"{rung.name}: not asked yet", "dim")
        elif rung.failed:
            told.append(f" (failed in {rung.failed} of {count(rung.runs, 'run')})", "dim")
        put(console, told, indent + INDENT, Text(f"{' ' * indent}  {mark}", style))
        if rung.verdict == "fail":
            words = Text(clip(visible(probe.message), MOST_TEXT)) if probe.message else prose(probe.means)
            put(console, words, indent + INDENT + 2, Text(f"{' ' * indent}    →"))
    if probe.verdict != "fail":
        put(console, prose(summary(probe)), indent + 2)
