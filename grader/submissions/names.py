"""Recognise the lesson in the name of a file or folder, as people, browsers and other systems write it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from grader.course import Lesson

# lesson5.py, Lesson5.PY, lesson5.py.txt, lesson5.ipynb.json, lesson5.py.download, lesson5.py.bak, lesson5.py~
_CODE = re.compile(r"(.+)\.(py|ipynb)(?:\.(?:txt|text|json|download|py|ipynb|bak|backup|old|orig|save)|~)*", re.DOTALL)
_BACKUP = re.compile(r".*(\.(bak|backup|old|orig|save)|~)", re.DOTALL)
_OTHER_TEXT = (".txt", ".text", ".json", ".pyw", ".py3")
_ARCHIVE = re.compile(r".*\.(zip|7z|rar|tar|tgz|tbz2?|txz|(tar\.)?(gz|bz2|xz|zst))", re.DOTALL | re.IGNORECASE)
# Comes with a folder of work, and is never the work itself.
_NO_WORK = re.compile(
    r"(readme|licen[cs]e|makefile|dockerfile|requirements|constraints|changelog)(\..*)?"
    r"|timestamp\.txt|.*\.(md|toml|ya?ml|cfg|ini|lock|log|css|html?|svg|png|jpe?g|gif|csv|npy|npz|pth?|pkl|pyc)"
)
_TESTS = re.compile(r"test_.*|.*_tests?|conftest")


def stem_of(name: str) -> str:
    """A file's name without its Python ending; "" if it is named neither like a module nor like a notebook."""
    match = _CODE.fullmatch(_plain(name))
    return match[1] if match else ""


def is_notebook_name(name: str) -> bool:
    """Whether a file is named like a notebook."""
    match = _CODE.fullmatch(_plain(name))
    return match is not None and match[2] == "ipynb"


def is_backup(name: str) -> bool:
    """Whether a file is named like a backup copy that a program has made."""
    return _BACKUP.fullmatch(_plain(name)) is not None


def other_stem(name: str) -> str:
    """The stem of a file that may be Python though its name does not say so: a text, or one without any ending."""
    plain = _plain(name)
    for ending in _OTHER_TEXT:
        if plain.endswith(ending):
            return plain.removesuffix(ending)
    return "" if "." in plain else plain


def is_archive(name: str) -> bool:
    """Whether a file is named like an archive."""
    return _ARCHIVE.fullmatch(name) is not None


def is_work(name: str) -> bool:
    """Whether a file of that name could hold work of any kind."""
    return _NO_WORK.fullmatch(name.casefold()) is None


def lessons_said(stem: str, lessons: Sequence[Lesson]) -> set[str]:
    """The lessons that a name speaks of: by number (``lesson-05 (1)``), or by title (``Replay Buffer``).

    A number decides; and of two lessons called alike, it is the one of which more is said: ``deep_q_learning`` is not
    about Q-learning.
    """
    words = re.sub(r"[\W_]+", "_", _plain(stem))
    if _TESTS.fullmatch(words):
        return set()
    numbers = {int(number) for number in re.findall(r"lesson_?(\d{1,4})(?!\d)", words)}
    if said := {lesson.name for lesson in lessons if lesson.number in numbers}:
        return said
    titles = {lesson.name.partition("_")[2]: lesson.name for lesson in lessons}
    found = [title for title in titles if title and _holds(words, title)]
    return {titles[title] for title in found if not any(title != other and _holds(other, title) for other in found)}


def _holds(words: str, title: str) -> bool:
    return re.search(rf"(^|_){re.escape(title)}(_|$)", words) is not None


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name[:300]).casefold()
