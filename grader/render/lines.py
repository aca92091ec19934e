"""Printing a line at a time: wrapped, indented, without trailing spaces, and never through rich's own markup."""

from __future__ import annotations

from rich.cells import cell_len
from rich.console import Console
from rich.style import Style
from rich.syntax import Syntax
from rich.text import Text

from grader.printable import clip, number, visible

INDENT = 4
MOST_TEXT = 1500
MOST_WIDTH = 100


def prose(sentence: str, style: str | Style = "") -> Text:
    """A sentence in which code between backticks is bold. The backticks stay: a pipe has no bold."""
    result = Text(clip(visible(sentence), MOST_TEXT), style=style)
    result.highlight_regex(r"`[^`\n]+`", "bold")
    return result


def put(console: Console, text: Text, indent: int = INDENT, first: Text | None = None) -> None:
    """Print ``text`` wrapped and indented; ``first`` is set in the indent of its first line.

    Line by line and not with a padded box, because that would fill every line with trailing spaces.
    """
    width = max(min(console.width, MOST_WIDTH) - indent, 20)
    for i, line in enumerate(text.wrap(console, width)):
        line.rstrip()
        lead = first if first is not None and i == 0 else Text()
        gap = " " * (indent - cell_len(lead.plain))
        console.print(Text.assemble(lead, gap, line), soft_wrap=True)


def stay_on_screen(console: Console) -> None:
    """Have a console print to where it does now, while what the learner's code prints is caught.

    It would look for ``sys.stdout`` anew each time, so what it draws would be taken for something the code printed.
    """
    console.file = console.file


def code(console: Console, source: str) -> None:
    """Print Python as it is: no indent, and long lines left to the terminal, so that what is copied can be run."""
    text = Syntax("", "python", theme="ansi_dark").highlight(clip(visible(source), 8000).rstrip("\n"))
    text.rstrip()
    console.print(text, soft_wrap=True)


def said(console: Console, label: str, words: str) -> None:
    """A label and, under it or beside it, the output of student code."""
    shown = Text(clip(visible(words).rstrip("\n"), MOST_TEXT))
    label = f"{label:<8}"
    if "\n" in shown.plain or len(label) + len(shown.plain) + INDENT > console.width:
        console.print(Text.assemble("  ", (label.rstrip(), "dim")))
        put(console, shown)
    else:
        console.print(Text.assemble("  ", (label, "dim"), shown), soft_wrap=True)


def out_of(earned: float, possible: float) -> str:
    """``3.5/5``."""
    return f"{number(earned)}/{number(possible)}"
