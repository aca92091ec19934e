"""Reports under code names: whoever reviews or discusses them does not see whose they are.

The name of the student is replaced, and so is every student's name, wherever it stands in what students or the
instructor have written: in file names, notes, messages, cases, output, reasons, and in code. Times are cut to days,
because a class is graded in the order of names. What cannot be found is a name that is none of a folder or an id: a
comment such as ``# by Ann``, or somebody's way of writing.

A report under a code name bears no seal, so nothing takes it for a mark.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import msgspec

from grader.report.mark import Case
from grader.report.report import Report

_WRITTEN = {"message", "notes", "held", "got", "needed", "printed", "trace", "code", "why", "excused"}
"""The fields of a report in which there is something that a student, or the instructor, has written."""

_WORD = re.compile(r"[^\W_]+")
_SHORTEST = 3
"""Letters; who is called ``a`` would be replaced in every sentence."""
_LONGEST_GAP = 2
"""Characters between two words of a name; which ones does not matter."""
_LONG = 6
"""A student's own name of that many letters is replaced inside of longer words as well."""


class Masker:
    """Replaces names by code names.

    Args:
        codes: the code name, by the name of the student, or by an id of the student; in any number.
    """

    def __init__(self, codes: Mapping[str, str]) -> None:
        """Index every name by the word in it that is rarest among all names: one look at a text then is enough."""
        self._codes = dict(codes)
        words = {name: _WORD.findall(name.lower()) for name in codes}
        often = Counter(word for own in words.values() for word in own)
        self._index: dict[str, list[tuple[list[str], int, str]]] = {}
        for name, own in words.items():
            if own and sum(map(len, own)) >= _SHORTEST:
                place = min(range(len(own)), key=lambda i: often[own[i]])
                self._index.setdefault(own[place], []).append((own, place, codes[name]))
        for entries in self._index.values():
            entries.sort(key=lambda entry: -len(entry[0]))

    def code(self, student: str) -> str:
        """The code name of a student."""
        return self._codes[student]

    def text(self, text: str, own: Iterable[str] = ()) -> str:
        """A text without names.

        Args:
            text: any.
            own: the names of the student whose text it is; they are looked for within words, too.
        """
        for name in own:
            if len(name) >= _LONG:
                text = re.sub(re.escape(name), self._codes[name], text, flags=re.IGNORECASE)
        found = list(_WORD.finditer(text))
        parts, done = list[str](), 0
        for i, word in enumerate(found):
            for words, place, code in self._index.get(word[0].lower(), ()):
                first = i - place
                there = found[max(first, 0) : first + len(words)]
                if [each[0].lower() for each in there] == words and there[0].start() >= done and _are_one_name(there):
                    parts += [text[done : there[0].start()], code]
                    done = there[-1].end()
                    break
        return "".join([*parts, text[done:]])

    def report(self, report: Report, ids: Iterable[str] = ()) -> Report:
        """A report without names.

        Args:
            report: with its final mark or as it was judged.
            ids: what the student is called elsewhere.
        """
        own = (report.student, *ids)
        data = self._data(msgspec.to_builtins(report), own)
        data |= {"student": self.code(report.student), "digest": "", "folder_state": "", "seal": ""}
        if report.origin is not None:
            file = PurePosixPath(report.origin.file)
            data["origin"] |= {
                "made_at": day(report.origin.made_at),
                "file": report.lesson + file.suffix if report.origin.file else "",
            }
        return msgspec.convert(data, type(report))

    def case(self, case: Case) -> Case:
        """A saying of marks.yml, or of the late rule, about a student, without names."""
        return msgspec.convert(
            self._data(msgspec.to_builtins(case), (case.student,)) | {"student": self.code(case.student)}, Case
        )

    def _data(self, value: Any, own: tuple[str, ...], *, written: bool = False) -> Any:
        if isinstance(value, dict):
            return {key: self._data(item, own, written=written or key in _WRITTEN) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._data(item, own, written=written) for item in value]
        return self.text(value, own) if written and isinstance(value, str) else value


def day(time: str) -> str:
    """The day of a time: who knows when each was graded knows the order of names.

    >>> day("2026-11-28T11:05:43Z")
    '2026-11-28'
    """
    return time.partition("T")[0]


def _are_one_name(words: Sequence[re.Match[str]]) -> bool:
    """Whether words follow each other as those of a name: ``Doe, Jane`` and ``doe_jane`` are both ``doe-jane``."""
    gaps = itertools.pairwise(words)
    return all(later.start() - earlier.end() <= _LONGEST_GAP for earlier, later in gaps)
