"""Look through a student's folder: everything that lies in it, within bounds, and nothing is opened."""

from __future__ import annotations

import dataclasses
import itertools
import os
from pathlib import Path
from typing import Literal

from grader.report.sorting import natural

DEEPEST = 6
_MOST = 2000
_MOST_SEEN = 20_000

# Made by programs, or other people's.
_LEFT_OUT = frozenset(
    {"__pycache__", "__macosx", "node_modules", "site-packages", "venv", "env", "virtualenv", "dist-packages"}
)
_JUNK = frozenset({"thumbs.db", "desktop.ini", "icon\r"})
_CHECKPOINTS = ".ipynb_checkpoints"
# In a copy of the course, what a student writes is in exercises/; the rest came with it.
_COURSES_OWN = frozenset({"solutions", "tests", "grader", "figures"})


@dataclasses.dataclass(frozen=True)
class Entry:
    """Something in a student's folder.

    Attributes:
        path: where it is.
        parts: the way to it from the student's folder, its own name last.
        kind: only a ``file`` is ever opened; ``other`` are pipes, devices, and folders that cannot be read.
    """

    path: Path
    parts: tuple[str, ...]
    kind: Literal["file", "folder", "link", "other"]

    @property
    def name(self) -> str:
        """Its own name."""
        return self.parts[-1]

    @property
    def where(self) -> str:
        """The way to it."""
        return "/".join(self.parts)


@dataclasses.dataclass(frozen=True)
class Walk:
    """All that lies in a folder.

    Attributes:
        entries: those nearest to the top first, in natural order.
        hidden: files that programs keep for themselves, such as a notebook's checkpoints.
        cut: whether there is more than anybody would look through.
    """

    entries: tuple[Entry, ...]
    hidden: tuple[Entry, ...] = ()
    cut: bool = False


def walk(folder: Path, levels: int = DEEPEST, most: int = _MOST) -> Walk:
    """At most ``most`` things in ``folder``, down to ``levels``; this does not raise, and no link is followed."""
    entries: list[Entry] = []
    hidden: list[Entry] = []
    level: list[tuple[Path, tuple[str, ...]]] = [(folder, ())]
    seen, cut = 0, False
    for depth in range(levels):
        below: list[tuple[Path, tuple[str, ...]]] = []
        for place, parts in level:
            found, more = _scan(place, parts, _MOST_SEEN - seen)
            seen += len(found)
            cut |= more
            names = {entry.name for entry in found}
            is_course = {"course.yml", "exercises"} <= names
            if parts and "pyvenv.cfg" in names:
                continue
            for entry in found:
                name = entry.name.casefold()
                if name == _CHECKPOINTS and entry.kind == "folder":
                    hidden += _scan(entry.path, entry.parts, 50)[0]
                elif name.startswith(".") or name in _JUNK or (entry.kind == "folder" and name in _LEFT_OUT):
                    if entry.kind == "file" and not name.startswith("._") and len(hidden) < _MOST:
                        hidden.append(entry)
                elif len(entries) >= most:
                    cut = True
                elif not (is_course and entry.kind == "folder" and name in _COURSES_OWN):
                    entries.append(entry)
                    if entry.kind == "folder":
                        below.append((entry.path, entry.parts))
        level = below
        if depth == levels - 1 and levels > 1:
            cut |= bool(below)
    return Walk(tuple(entries), tuple(hidden), cut)


def _scan(place: Path, parts: tuple[str, ...], most: int) -> tuple[list[Entry], bool]:
    try:
        with os.scandir(place) as scan:
            found = [_entry(each, parts) for each in itertools.islice(scan, max(most, 0))]
            more = len(found) == max(most, 0) and next(scan, None) is not None
    except OSError:
        return ([Entry(place, parts, "other")] if parts else []), False
    return sorted(found, key=lambda entry: natural(entry.name)), more


def _entry(each: os.DirEntry[str], parts: tuple[str, ...]) -> Entry:
    try:
        is_link, is_folder, is_file = each.is_symlink(), each.is_dir(follow_symlinks=False), each.is_file()
    except OSError:
        return Entry(Path(each.path), (*parts, each.name), "other")
    kind: Literal["file", "folder", "link", "other"]
    kind = "link" if is_link else "folder" if is_folder else "file" if is_file else "other"
    return Entry(Path(each.path), (*parts, each.name), kind)
