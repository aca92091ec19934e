"""Downloads as other systems make them, for two lessons of the tiny course, written to a folder or zipped."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

from tiny_course import BALANCE, NUMBERS

Files = dict[str, str | bytes]

WRONG = NUMBERS.replace("2 * x", "x * x")
APPLE_DOUBLE = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        " + bytes(40)
ONE, TWO = "lesson1_numbers", "lesson2_balance"


def write(folder: Path, files: Files) -> Path:
    """Files of a folder; a name that ends with a slash is an empty folder."""
    for name, data in files.items():
        path = folder / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return folder


def zipped(files: Files, path: Path | None = None) -> bytes:
    """A zip of files, also written to ``path``."""
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    if path is not None:
        path.write_bytes(into.getvalue())
    return into.getvalue()


def zipped_on_a_mac(folder: str, files: Files, path: Path | None = None) -> bytes:
    """As the Finder compresses a folder: one around all, and AppleDouble files under ``__MACOSX``.

    Its names are UTF-8, decomposed, and the flag that says so is not set.
    """
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {f"{folder}/": b"", **{f"{folder}/{n}": d for n, d in files.items()}}.items():
            archive.writestr(_unflagged(name), data)
            archive.writestr(
                _unflagged(f"__MACOSX/{name.rpartition('/')[0]}/._{name.rpartition('/')[2]}"), APPLE_DOUBLE
            )
        archive.writestr(f"{folder}/.DS_Store", b"\x00\x00\x00\x01Bud1")
    if path is not None:
        path.write_bytes(into.getvalue())
    return into.getvalue()


class _unflagged(zipfile.ZipInfo):  # noqa: N801
    """An entry whose name is written as UTF-8 without a flag."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.compress_type = zipfile.ZIP_DEFLATED

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.filename.encode(), self.flag_bits & ~0x800


def link(name: str, target: str) -> tuple[zipfile.ZipInfo, str]:
    """An entry that is a symbolic link."""
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info, target


CANVAS: Files = {
    f"alphaann_101_9001_{ONE}.py": WRONG,
    f"alphaann_101_9007_{ONE}-1.py": NUMBERS,
    f"betabob_LATE_102_9002_{ONE}.py": NUMBERS,
    "gammacy_103_9003_work.zip": zipped({f"hw/{ONE}.py": NUMBERS, "hw/notes.txt": "hello"}),
    "gammacy_104_9004_lesson1_numbers.py": WRONG,
    "deltadi_105_text.html": "<p>I could not upload it.</p>",
    "anon_x1Y2z_9006_solution.py": NUMBERS,
}

MOODLE: Files = {
    f"Ann Alpha_2001_assignsubmission_file/{ONE}.py": NUMBERS,
    "Ann Alpha_2001_assignsubmission_onlinetext/onlinetext.html": "<p>See the file.</p>",
    f"Bob Beta_2002_assignsubmission_file_/deep/er/{ONE}.py": WRONG,
    f"Zoë Gamma_2003_assignsubmission_file/{ONE}.ipynb": "{}",
    "Di Delta_2004_assignsubmission_onlinetext/onlinetext.html": "<p>return 2 * x</p>",
}

MOODLE_FLAT: Files = {
    f"Ann Alpha_2001_assignsubmission_file_{ONE}.py": NUMBERS,
    "Ann Alpha_2001_assignsubmission_onlinetext_onlinetext.html": "<p>See the file.</p>",
    f"Bob Beta_2002_assignsubmission_file_{ONE}.py": WRONG,
}

GRADESCOPE: Files = {
    "assignment_77_export/submission_metadata.yml": """\
submission_501:
  :submitters:
  - :name: Ann Alpha
    :sid: 's1'
    :email: ann@example.org
  :created_at: 2026-01-05 10:00:00.000000000 Z
  :results: !ruby/hash:ActiveSupport::HashWithIndifferentAccess
    tests: []
submission_502:
  :submitters:
  - :name: Bob Beta
    :sid: 's2'
    :email: bob@example.org
  - :name: Cy Gamma
    :sid: 's3'
    :email: cy@example.org
  :created_at: 2026-01-06 10:00:00.000000000 Z
submission_400:
  :submitters:
  - :name: Ann Alpha
    :sid: 's1'
    :email: ann@example.org
  :created_at: 2026-01-07 10:00:00.000000000 +02:00
submission_600:
  :submitters: []
submission_700:
  :submitters:
  - :name: Di Delta
    :sid: 's4'
    :email: di@example.org
""",
    f"assignment_77_export/submission_501/{ONE}.py": WRONG,
    f"assignment_77_export/submission_502/{ONE}.py": NUMBERS,
    f"assignment_77_export/submission_400/{ONE}.py": NUMBERS,
    f"assignment_77_export/submission_600/{ONE}.py": NUMBERS,
}

NBGRADER: Files = {
    f"student-001+{ONE}+2026-01-05 10:00:00.000001 UTC+c2VjcmV0/{ONE}.ipynb": "{}",
    f"student-001+{ONE}+2026-01-05 10:00:00.000001 UTC+c2VjcmV0/timestamp.txt": "2026-01-05 10:00:00.000001 UTC",
    f"student-001+{ONE}+2026-01-06 09:00:00.000001 UTC+b3RoZXI-/{ONE}.py": NUMBERS,
    f"student-001+{ONE}+2026-01-06 09:00:00.000001 UTC+b3RoZXI-/timestamp.txt": "2026-01-06 09:00:00.000001 UTC",
    f"student-001+{TWO}+2026-01-12 09:00:00.000001 UTC/{TWO}.py": BALANCE,
    f"c+plus+{ONE}+2026-01-05 11:00:00.000001 UTC+YWJjZGVm/{ONE}.py": WRONG,
}

BLACKBOARD: Files = {
    "hw1_jdoe_attempt_2026-01-05-10-00-00.txt": "Name: Jane Doe",
    f"hw1_jdoe_attempt_2026-01-05-10-00-00_{ONE}.py": WRONG,
    "hw1_jdoe_attempt_2026-01-06-10-00-00.txt": "Name: Jane Doe",
    f"hw1_jdoe_attempt_2026-01-06-10-00-00_{ONE}.py": NUMBERS,
    "hw1_rroe_attempt_2026-01-05-12-00-00.txt": "Name: Rob Roe, see my mail",
}

GITHUB: Files = {
    f"week1-submissions/week1-ann-alpha/exercises/{ONE}.py": NUMBERS,
    f"week1-submissions/week1-ann-alpha/exercises/{TWO}.py": BALANCE,
    "week1-submissions/week1-ann-alpha/.git/HEAD": "ref: refs/heads/main",
    "week1-submissions/week1-ann-alpha/.git/hooks/post-checkout": "#!/bin/sh",
    "week1-submissions/week1-ann-alpha/README.md": "mine",
    f"week1-submissions/week1-bob/exercises/{ONE}.py": WRONG,
}
