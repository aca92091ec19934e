"""Code names for students: pronounceable, the same at every run of a class, and unknown to whoever has not its salt.

A code name is two words of five letters, such as ``lusab-tofiz``, as *proquints* spell 16 bits each (Wilkerson, A
Proposal for Proquints: Identifiers that are Readable, Spellable, and Pronounceable, 2009). It is a keyed hash of the
name, so it needs no list, and nobody can try out names without the salt. Of a class of ten thousand, two students would
share one in a hundredth of all classes; these get a third word.
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from grader.course.data import Course
from grader.errors import ClassError

FILE = ".grader-names.csv"
"""Who is who, in the course's folder, beside the salt."""

_CONSONANTS, _VOWELS = "bdfghjklmnprstvz", "aiou"
_WORDS = 2


def of(course: Course, students: Iterable[str]) -> dict[str, str]:
    """The code name of each student, by the name in reports.

    Args:
        course: the course, with the salt of the class.
        students: everybody in the class.

    Raises:
        ClassError: there is no salt but the public one, with which anybody could compute them.
    """
    if not course.is_salted:
        raise ClassError(
            f"code names are made with the salt of the class, and there is none here; {course.salt_file} is missing"
        )
    key = course.key("code names")
    found = {student: _bits(key, student) for student in students}
    short = Counter(_spelt(bits, _WORDS) for bits in found.values())
    return {
        student: _spelt(bits, _WORDS if short[_spelt(bits, _WORDS)] == 1 else _WORDS + 1)
        for student, bits in found.items()
    }


def file(course: Course) -> Path:
    """The place of the list of who is who."""
    return course.root / FILE


def _bits(key: bytes, student: str) -> bytes:
    return hmac.digest(key, student.encode("utf-8", "surrogatepass"), "sha256")


def _spelt(data: bytes, words: int) -> str:
    return "-".join(_word(int.from_bytes(data[2 * i : 2 * i + 2], "big")) for i in range(words))


def _word(number: int) -> str:
    """16 bits as five letters.

    >>> _word(0x7F00), _word(0x0001)  # of 127.0.0.1
    ('lusab', 'babad')
    """
    letters = []
    for shift, width in ((12, 4), (10, 2), (6, 4), (4, 2), (0, 4)):
        letters.append((_CONSONANTS if width == 4 else _VOWELS)[number >> shift & (1 << width) - 1])
    return "".join(letters)
