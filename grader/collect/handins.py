"""Hand-ins by person and version: the form into which every system's download is read."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime

from grader.collect.entries import Entry

Tops = dict[str, list[Entry]]
"""Entries by the first part of their path, which is taken off; for a file nothing is left."""


@dataclasses.dataclass(frozen=True)
class Person:
    """A student, or a group that the system treats as one student.

    Attributes:
        key: the same in every download of the system.
        name: what the student's folder is called after.
        number: tells people of one name apart.
        ids: what the student is called in other systems, by the kind of id.
    """

    key: str
    name: str
    number: str = ""
    ids: Mapping[str, str] = dataclasses.field(default_factory=dict, hash=False)


@dataclasses.dataclass(frozen=True)
class Handin:
    """One submission: all that was handed in at once.

    Attributes:
        people: whose it is; of a group, each gets it.
        entries: the files.
        assignment: what the system calls the assignment, or "".
        version: sorts after those of earlier ones by the same people; "" where the system does not say.
        label: what this version is called, in a folder name.
        late: whether the system says so.
        handed_in: when, where the system took the time itself and says in which zone.
        online: whether there is text or a link that was typed into the system.
    """

    people: tuple[Person, ...]
    entries: tuple[Entry, ...]
    assignment: str = ""
    version: str = ""
    label: str = ""
    late: bool = False
    handed_in: datetime | None = None
    online: bool = False


@dataclasses.dataclass(frozen=True)
class Download:
    """Everything that one system handed out for one assignment.

    Attributes:
        system: its name.
        name: what the download is called, which may name the assignment.
        handins: what was handed in.
        strays: what belongs to nobody.
        said: what somebody should look at.
        hint: what else should be known.
    """

    system: str
    name: str
    handins: tuple[Handin, ...]
    strays: tuple[Entry, ...] = ()
    said: tuple[str, ...] = ()
    hint: str = ""


def by_top(entries: list[Entry]) -> Tops:
    """Entries by the first part of their path."""
    tops: Tops = {}
    for entry in entries:
        if entry.parts:
            tops.setdefault(entry.parts[0], []).append(dataclasses.replace(entry, parts=entry.parts[1:]))
    return tops


def under(name: str, below: list[Entry]) -> tuple[Entry, ...]:
    """Entries of one top, named below it: a file is named ``name``, a folder's content keeps its paths."""
    return tuple(entry if entry.parts else dataclasses.replace(entry, parts=(name,)) for entry in below)


def is_file(below: list[Entry]) -> bool:
    """Whether a top is a file, or was one that could not be read."""
    return any(not entry.parts and (entry.path is not None or entry.problem) for entry in below)


def strays(tops: Tops, matched: Mapping[str, object]) -> tuple[Entry, ...]:
    """Entries of the tops that were not matched."""
    return tuple(entry for top, below in tops.items() if top not in matched for entry in back(top, below))


def back(top: str, below: list[Entry]) -> list[Entry]:
    """Put the first part of the path back in front of entries."""
    return [dataclasses.replace(entry, parts=(top, *entry.parts)) for entry in below]
