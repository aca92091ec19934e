"""The salt of a class: made once, kept beside the course and out of git, and slow to guess.

The salt in course.yml is public. It serves where nobody has anything to hide: ``check`` and ``train`` for a learner,
``verify`` and the other measurements, the demo. Marks need one that students do not know, since all examples, seeds
and disguises follow from it. So the first ``grader grade`` of a class draws one with ``secrets`` and keeps it in
``.grader-salt``. The environment variable GRADER_SALT comes before the file.

A word that somebody has thought up may be guessed, and reports show numbers that follow from it (the seeds of training
runs), by which a guess can be tested. So each guess is made to cost a twentieth of a second.
"""

from __future__ import annotations

import functools
import hashlib
import os
import secrets
from pathlib import Path

from grader.errors import CourseError
from grader.files import write_once

FILE = ".grader-salt"
VARIABLE = "GRADER_SALT"
_MOST = 1000


@functools.cache
def stretched(word: str) -> str:
    """The key that secrets are derived from instead of a class's own salt; made once per process."""
    return hashlib.scrypt(word.encode("utf-8", "replace"), salt=b"grader", n=2**14, r=8, p=1, dklen=32).hex()


def in_environment() -> str:
    """The salt in the environment; an empty one is none."""
    return os.environ.get(VARIABLE, "").strip()


def read(root: Path) -> str:
    """The salt that is kept in the course's folder; "" if there is none yet, or if the environment has one.

    Raises:
        CourseError: the file of the salt cannot be read; or what is in it, or in the environment, is no line of text.
    """
    if word := in_environment():
        if not _is_salt(word):
            raise CourseError(f"{VARIABLE} is no salt: one line of text is expected")
        return ""
    path = root / FILE
    try:
        with path.open("rb") as file:
            word = file.read(_MOST + 1).decode().strip()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise CourseError(f"{path}, the salt of this class, cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        word = ""
    if not _is_salt(word):
        raise CourseError(
            f"{path} is no salt: one line of text is expected; copy it again from where the class was graded before"
        )
    return word


def _is_salt(word: str) -> bool:
    return 0 < len(word) <= _MOST and word.isprintable()


def make(root: Path) -> str:
    """Draw a salt and keep it in the course's folder, readable by its owner alone.

    If another process has made one in the meantime, that one counts.

    Raises:
        CourseError: it cannot be written.
    """
    path = root / FILE
    try:
        write_once(path, f"{secrets.token_hex(32)}\n".encode())
    except FileExistsError:
        pass
    except OSError as error:
        raise CourseError(
            f"{path}, a salt for this class, cannot be written: {error.strerror}; or set {VARIABLE} to a word of your "
            "own, the same for every run"
        ) from None
    return read(root)
