"""Cut a lesson's text where a notebook has cells, and rewrite its commands as they are typed in a notebook."""

from __future__ import annotations

import dataclasses
import re

_HEADING = re.compile(r"#{1,2} +(?P<title>.+)")
_ITEM = re.compile(r"\*\*(?P<names>`[A-Za-z_].*?`)\*\*")
_COMMAND = re.compile(r" *grader (?P<verb>check|hint|train) \d+(?: (?P<what>[\w.]+))?(?P<after> *(?:#.*)?)")
_OPEN_THE_FILE = re.compile(r"Open `\w+\.py`\.\s+")


@dataclasses.dataclass(frozen=True)
class Section:
    """A heading and the text under it.

    Attributes:
        text: all of it, or what stands before the first item.
        items: paragraphs that each begin with the bold names of what they tell how to write.
    """

    title: str
    text: str
    items: tuple[Item, ...] = ()


@dataclasses.dataclass(frozen=True)
class Item:
    """The text about one thing to write; ``names`` are all names that it covers."""

    names: tuple[str, ...]
    text: str


def sections(text: str, lesson: str) -> list[Section]:
    """Split a lesson's text at its headings; what is above the first subheading is the first section.

    Args:
        text: the markdown.
        lesson: the lesson's name. In its notebook nothing is imported from the lesson, and no file is opened.
    """
    found: list[Section] = []
    for chunk in _split(_without_the_file(text, lesson).splitlines(), _HEADING):
        heading = _HEADING.match(chunk[0])
        blocks = _split(chunk, _ITEM)
        items = [Item(_names(block[0]), _strip(block)) for block in blocks if _ITEM.match(block[0])]
        before = _strip(blocks[0]) if not _ITEM.match(blocks[0][0]) else ""
        found.append(Section(heading["title"] if heading else "", before, tuple(items)))
    return [section for section in found if section.text or section.items]


def commands(text: str) -> list[tuple[str, str]]:
    """Split a section's text after each block of ``grader`` commands: (text, code of the cell after it or "").

    A block of a single command goes into the cell; of a longer one, the cell gets the first and the text keeps all.
    """
    parts: list[tuple[str, str]] = []
    kept: list[str] = []
    for block, is_code in _blocks(text.splitlines()):
        lines = [line for line in block if line.strip() and not line.startswith("```")]
        matches = [_COMMAND.fullmatch(line) for line in lines]
        if not (is_code and lines and all(matches)):
            kept += block
            continue
        typed = [_typed(match) for match in matches if match]
        if len(typed) > 1:
            kept += ["```python", *_aligned(typed), "```"]
        parts.append((_strip(kept), "  ".join(part for part in typed[0] if part)))
        kept = []
    return [*parts, (_strip(kept), "")] if _strip(kept) else parts


def _typed(match: re.Match[str]) -> tuple[str, str]:
    """Translate a shell command into the equivalent call in a notebook, and its comment."""
    what = f'"{match["what"]}"' if match["what"] else ""
    call = {"check": f"check({what})", "hint": f"check.hint({what})", "train": 'check("train")'}[match["verb"]]
    return call, match["after"].strip()


def _aligned(typed: list[tuple[str, str]]) -> list[str]:
    width = max(len(call) for call, _ in typed)
    return [f"{call:<{width}}  {comment}".rstrip() for call, comment in typed]


def _without_the_file(text: str, lesson: str) -> str:
    text = _OPEN_THE_FILE.sub("", text)
    return re.sub(rf"^(?:from {lesson} import .*|import {lesson}\b.*)\n(?:\n(?=\n))?", "", text, flags=re.MULTILINE)


def _names(line: str) -> tuple[str, ...]:
    match = _ITEM.match(line)
    return tuple(re.findall(r"`([A-Za-z_][\w.]*)", match["names"])) if match else ()


def _split(lines: list[str], start: re.Pattern[str]) -> list[list[str]]:
    """Group lines; a new group starts where ``start`` matches the first line of a paragraph, outside of code."""
    groups: list[list[str]] = []
    fenced = False
    for i, line in enumerate(lines):
        if not groups or (not fenced and start.match(line) and not lines[i - 1].strip()):
            groups.append([])
        groups[-1].append(line)
        fenced ^= line.lstrip().startswith("```")
    return groups


def _blocks(lines: list[str]) -> list[tuple[list[str], bool]]:
    """Split lines into blocks of code, fenced or indented, and blocks of other text."""
    blocks: list[tuple[list[str], bool]] = []
    fenced = False
    for line in lines:
        fence = line.startswith("```")
        is_code = fenced or fence or line.startswith("    ")
        opens = fence and not fenced
        if not blocks or blocks[-1][1] != is_code or opens:
            blocks.append(([], is_code))
        blocks[-1][0].append(line)
        fenced ^= fence
    return blocks


def _strip(lines: list[str]) -> str:
    return "\n".join(lines).strip("\n")
