"""A zip of feedback: every student's page as a file of its own, to send, or for Moodle to hand out.

Moodle's *Upload multiple feedback files in a zip* finds the student by the name of a folder, as it is in the zip of
submissions that Moodle gives: the full name, a number that is the student's in this assignment alone, and the plugin
(``mod/assign/feedback/file/importziplib.php``). Everything else takes a file a student.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from grader.errors import ClassError

_ENTRY = re.compile(r"(?P<name>[^/_][^/]*?)_(?P<number>\d{1,18})_assignsubmission_", re.DOTALL)
_THEN = (1980, 1, 1, 0, 0, 0)
"""The date of every file: equal pages make an equal zip."""


def participants(download: Path) -> dict[str, list[str]]:
    """The students in a zip, or folder, of submissions from Moodle: their numbers, by full name.

    Raises:
        ClassError: it is no such thing.
    """
    try:
        if download.is_dir():
            names = [path.name for path in download.iterdir()]
        else:
            with zipfile.ZipFile(download) as archive:
                names = archive.namelist()
    except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
        raise ClassError(f"{download} cannot be read: {error}") from None
    found: dict[str, dict[str, None]] = {}
    for name in names:
        if match := _ENTRY.match(name):
            found.setdefault(match["name"], {})[match["number"]] = None
    if not found:
        raise ClassError(f"{download} is no zip of submissions from Moodle: no name in it says whose a file is")
    return {name: list(numbers) for name, numbers in found.items()}


def in_moodle(known: Mapping[str, list[str]], folder_of: Callable[[str], str]) -> dict[str, str]:
    """The file for each folder of submissions in a zip for Moodle; "" where several students would have it.

    Args:
        known: from ``participants``.
        folder_of: how a folder is called after a full name.
    """
    files: dict[str, str] = {}
    for name, numbers in known.items():
        folder = folder_of(name)
        alone = len(numbers) == 1 and folder not in files
        files[folder] = f"{name}_{numbers[0]}_assignfeedback_file/feedback.html" if alone else ""
    return files


def write(out: Path, pages: Iterable[tuple[str, str]]) -> int:
    """Write the zip; how many pages are in it.

    Args:
        out: the file.
        pages: the name of each file, and its text.

    Raises:
        OSError: it cannot be written; what was there before is still there.
    """
    beside = out.with_name(f".{out.name}.part")
    try:
        count = 0
        with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in pages:
                archive.writestr(zipfile.ZipInfo(name, _THEN), text.encode(), zipfile.ZIP_DEFLATED)
                count += 1
        beside.replace(out)
    finally:
        beside.unlink(missing_ok=True)
    return count
