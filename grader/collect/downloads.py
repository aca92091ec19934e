"""Find the downloads of other systems in a folder or an archive, which may be a download or contain some."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable

from grader.collect.entries import Entry, is_archive, is_work, stem
from grader.collect.handins import Download, Handin, Person, Tops, back, by_top, is_file, under
from grader.collect.systems import SYSTEMS

_DEEPEST = 4
_MOST_ARCHIVES = 50
# Folders of a student's own, where a folder around the whole class holds students.
_OWN = re.compile(r"lesson[ _-]?\d.*|exercises|src", re.IGNORECASE | re.DOTALL)


def read(entries: list[Entry], name: str, open_archive: Callable[[Entry], list[Entry]]) -> list[Download]:
    """Recognise the downloads.

    Args:
        entries: what is in it.
        name: what it is called.
        open_archive: gives what is in an archive among them.

    Returns:
        The downloads; a folder of folders that no system has made is taken as a folder a student.
    """
    return _recognised(entries, name, open_archive, 0) or [_plain(name, by_top(entries), open_archive)]


def _recognised(
    entries: list[Entry], name: str, open_archive: Callable[[Entry], list[Entry]], depth: int
) -> list[Download]:
    tops = by_top(entries)
    for system in SYSTEMS:
        if (found := system(name, tops)) is not None:
            return [found]
    if "inbound" in tops and {"outbound", "feedback"} & set(tops):  # an exchange as a whole
        tops = {"inbound": tops["inbound"]}
    if depth == _DEEPEST or not tops:
        return []
    downloads: list[Download] = []
    for top, below in tops.items():
        inner: list[Download] = []
        if not is_file(below):
            inner = _recognised(below, top, open_archive, depth + 1)
        elif is_archive(top) and len(tops) <= _MOST_ARCHIVES:
            packed = dataclasses.replace(below[0], parts=(top,))
            inner = _recognised(open_archive(packed), stem(top), open_archive, depth + 1)
        # All of them, or none: a student may hand in an archive that looks like a download of others' work.
        if not inner:
            return []
        downloads += inner
    return downloads


def _plain(name: str, tops: Tops, open_archive: Callable[[Entry], list[Entry]]) -> Download:
    """One folder or one archive per student."""
    while len(tops) == 1:  # perhaps a folder or an archive around all of them, as a Mac packs it
        ((top, below),) = tops.items()
        packed = is_file(below)
        if packed and not is_archive(top):
            break
        inner = by_top(open_archive(dataclasses.replace(below[0], parts=(top,))) if packed else below)
        if not _holds_students(inner):
            break
        name, tops = stem(top) if packed else top, inner
    handins, strays = [], []
    for top, below in tops.items():
        if is_file(below) and not is_archive(top):
            strays += back(top, below)
            continue
        student = stem(top) if is_file(below) else top
        handins.append(Handin((Person(f"folder:{student}", student),), under(top, below)))
    folders = [handin.people[0].name for handin in handins]
    shared = re.match(r".*-", _common(folders), re.DOTALL) if len(folders) > 1 else None
    hint = ""
    if shared and re.search(r"\d", shared[0]):
        slug = shared[0][:-1]
        hint = f"all names begin with {shared[0]!r}; if that is the assignment, rename the folder to {slug}-submissions"
    return Download("folder", name, tuple(handins), tuple(strays), hint=hint)


def _holds_students(tops: Tops) -> bool:
    """Whether folders and archives can belong to students here, rather than be parts of one student's work."""
    loose = [top for top, below in tops.items() if is_file(below) and not is_archive(top)]
    inner = [top for top in tops if top not in loose]
    if any(_OWN.fullmatch(top) for top in inner) or any(is_work(top) for top in loose):
        return False
    return len(inner) > (1 if loose else 0)


def _common(names: list[str]) -> str:
    first, last = min(names), max(names)
    length = next((i for i, (a, b) in enumerate(zip(first, last)) if a != b), min(len(first), len(last)))
    return first[:length]
