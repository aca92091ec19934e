"""Names that every file system takes, made from names that students and other systems chose."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable

LONGEST_FOLDER = 80
LONGEST_FILE = 120
"""Bytes of UTF-8. File systems take 255; a report's name, a temporary name and a copy's number have to fit as well."""

_FORBIDDEN = '<>:"/\\|?*'
# Windows opens a device under these names, whatever the ending.
_RESERVED = {"con", "prn", "aux", "nul", "conin$", "conout$"} | {
    f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"
}


def safe_folder(text: str, otherwise: str = "unnamed") -> str:
    r"""A folder name: composed, printable, without separators, no dot, dash or space at its ends, and short.

    >>> safe_folder("../Jane Doe "), safe_folder("con"), safe_folder("--help"), safe_folder("\x1b[2J")
    ('Jane Doe', 'con_', 'help', '[2J')
    """
    return _shorten(_reserve(_printable(text).strip(". -~_") or otherwise), LONGEST_FOLDER)


def safe_file(text: str) -> str:
    """A file name: as ``safe_folder``, but with its ending, and with a leading dot or underscore if it has one.

    >>> safe_file("__init__.py"), safe_file("what?.py"), safe_file("NUL.txt"), safe_file("- notes. ")
    ('__init__.py', 'what_.py', 'NUL_.txt', 'notes')
    """
    name = _printable(text).rstrip(". ").lstrip("- ")
    return _shorten(_reserve(name or "unnamed"), LONGEST_FILE)


def same(name: str) -> str:
    """The key that two names share if a file system that ignores case or composes characters treats them as one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def free(name: str, taken: Callable[[str], bool]) -> str:
    """``name``, or the first of ``name (2)``, ``name (3)`` and so on that is not taken; the ending stays last."""
    stem, dot, ending = name.rpartition(".")
    if not stem:
        stem, dot, ending = name, "", ""
    number = 1
    candidate = name
    while taken(candidate):
        number += 1
        candidate = f"{stem} ({number}){dot}{ending}"
    return candidate


def _printable(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    # Characters of category Cf turn the direction of a text or join letters: without them a name reads the same.
    kept = (c for c in composed if unicodedata.category(c) != "Cf")
    return re.sub(r" {2,}", " ", "".join("_" if c in _FORBIDDEN or not c.isprintable() else c for c in kept))


def _reserve(name: str) -> str:
    stem, dot, rest = name.partition(".")
    return f"{stem}_{dot}{rest}" if stem.rstrip(" ").casefold() in _RESERVED else name


def _shorten(name: str, longest: int) -> str:
    """Cut a long name in its middle and add a digest of the whole, so that two long names stay distinct."""
    if len(name.encode()) <= longest:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending.encode()) > 10:
        stem, dot, ending = name, "", ""
    kept = stem.encode()[: longest - len(f"~{digest}{dot}{ending}".encode())].decode(errors="ignore").rstrip(". ")
    return f"{kept}~{digest}{dot}{ending}"
