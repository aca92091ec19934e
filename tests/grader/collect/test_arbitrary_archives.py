"""Arbitrary archives, names and downloads: a list of entries, a line about what is wrong, and nothing anywhere else."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import tarfile
import tempfile
import warnings
import zipfile
from pathlib import Path

import tiny_course
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from grader.collect import downloads
from grader.collect.archive import expanded, unpack
from grader.collect.collect import collect
from grader.collect.entries import ArchiveError, Budget, Entry, Workplace
from grader.collect.safe_names import LONGEST_FILE, LONGEST_FOLDER, free, safe_file, safe_folder, same
from grader.collect.systems import METADATA
from grader.errors import ClassError

MB = 1 << 20


def _budget() -> Budget:
    return Budget(entries=200, size=2 * MB, largest=MB)


def _unpacked(data: bytes) -> None:
    """Open an archive and those in it; all that is had of it lies in the workplace, within the budget."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "archive").write_bytes(data)
        work = folder / "work"
        work.mkdir()
        place, budget = Workplace(work), _budget()
        with contextlib.suppress(ArchiveError):
            entries, problem = unpack(folder / "archive", place, budget)
            assert "\n" not in problem
            for entry in (*entries, *expanded(entries, place, budget)):
                assert entry.parts
                assert ".." not in entry.parts or entry.problem
                assert entry.path is None or entry.path.parent == work
        assert sum(path.stat().st_size for path in work.iterdir()) <= 3 * MB
        assert {path.name for path in folder.iterdir()} == {"archive", "work"}


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_an_archive_or_refused(data: bytes) -> None:
    _unpacked(data)


# Archives that programs make, of hostile members; and the same with a few bytes changed.

PIECES = [
    "lesson1_numbers", "lesson2", "student-001", "a", "..", ".", "/", "\\", "C:", "\x1b[2J", "é", "ﬁ", "CON", " ", "._",
    "__MACOSX/", ".git/", ".py", ".ipynb", ".zip", ".tar.gz", ".rar", "x" * 90, "\n", "\u202e", "\0",
    "_123_456_", "_assignsubmission_file_", "+ps1+2026-11-27 06:00:00 UTC", "_attempt_2026-11-27-06-00-00_",
    "-submissions", "submission_1", METADATA, "LATE_", "anon_x", "inbound", "feedback",
]  # fmt: skip
YAML = [
    "submission_1:\n", "  :submitters:\n", "  - :name: A\n", "    :sid: 1\n", "  :created_at: ", "!ruby/x ", "*a\n",
    "0001-01-01 00:00:00 +14:00\n", "9999-12-31 23:59:59 -14:00\n", "2026-11-27\n", "&a ", "{", "]", "? ",
    ": ", "0x", "<<: *a\n",
]  # fmt: skip
name = st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map("".join) | st.text(min_size=1, max_size=10)
times = st.sampled_from(
    ["0001-01-01 00:00:00 +14:00", "9999-12-31 23:59:59 -14:00", "2026-11-27 06:00:00", "2026-11-27", "2026-02-30"]
)
yaml = st.one_of(
    st.lists(st.sampled_from(YAML) | st.text(max_size=4), max_size=8).map("".join),
    st.builds(
        "submission_1:\n  :submitters:\n  - :name: {}\n    :sid: {}\n  :created_at: {}\n".format,
        *[st.sampled_from(["A", "1", "[]", "{}", "~", "é", "!x y", "0x10", "2026-11-27"])] * 2,
        times,
    ),
)
contents = st.binary(max_size=40) | st.just(MB + 1).map(bytes) | st.sampled_from([b"", b"x = 1\n", b"\0\5\x16\7rest"])
contents |= yaml.map(lambda text: text.encode(errors="replace"))


def _zip(members: list[tuple[str, bytes, int]]) -> bytes:
    into = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as packed:
        warnings.simplefilter("ignore")  # names that come twice
        for called, data, kind in members:
            info = zipfile.ZipInfo(called)
            info.external_attr = kind << 28
            with contextlib.suppress(UnicodeEncodeError):
                packed.writestr(info, data, zipfile.ZIP_DEFLATED)
    return into.getvalue()


def _tar(members: list[tuple[str, bytes, int]], squeeze: str) -> bytes:
    into = io.BytesIO()
    with tarfile.open(fileobj=into, mode="w") as packed:
        for called, data, kind in members:
            info = tarfile.TarInfo(called)
            info.size, info.type = len(data), bytes([48 + kind % 8])
            info.linkname = called
            with contextlib.suppress(UnicodeEncodeError):
                packed.addfile(info, io.BytesIO(data))
    return {"": bytes, "gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}[squeeze](into.getvalue())


members = st.lists(st.tuples(name, contents, st.integers(0, 15) | st.just(0)), max_size=5)
archives = st.recursive(
    st.builds(_zip, members) | st.builds(_tar, members, st.sampled_from(["", "gz", "bz2", "xz"])),
    lambda inner: st.builds(lambda called, data, rest: _zip([(f"{called}.zip", data, 0), *rest]), name, inner, members),
    max_leaves=2,
)


def _changed(data: bytes, changes: list[tuple[float, bytes]]) -> bytes:
    changed = bytearray(data)
    for where, new in changes:
        at = int(where * len(changed))
        changed[at : at + len(new)] = new
    return bytes(changed)


damaged = st.builds(
    _changed, archives, st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=4)), max_size=3)
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(archives | damaged)
def test_any_archive_is_unpacked_or_refused(data: bytes) -> None:
    _unpacked(data)


handed_in = st.lists(
    st.tuples(name, st.sampled_from(["", ".zip", ".tar.gz", ".py"]), archives | contents), min_size=1, max_size=4
)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(handed_in, st.sampled_from([None, "1"]))
def test_any_download_is_collected_or_refused(things: list[tuple[str, str, bytes]], lesson: str | None) -> None:
    course = tiny_course.shared()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "download.zip").write_bytes(_zip([(called + ending, data, 0) for called, ending, data in things]))
        with contextlib.suppress(ClassError):
            done = collect(
                course, folder / "download.zip", folder / "submitted", course.lesson(lesson) if lesson else None
            )
            assert all(student == safe_folder(student) for student in done.students)
        assert {path.name for path in folder.iterdir()} <= {"download.zip", "submitted", "submitted.ids.csv"}
        for path in folder.glob("submitted/**/*"):
            assert path.is_dir() or (path.is_file() and not path.is_symlink())
            assert len(path.name.encode()) <= LONGEST_FILE


top = name.filter(lambda text: "/" not in text)
tops = st.lists(st.lists(top, min_size=1, max_size=3).map(tuple) | st.just((METADATA,)), max_size=6)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(name, tops, yaml)
@example("class", [(METADATA,), ("submission_1", "a.py")], "submission_1:\n  :created_at: 0001-01-01 00:00:00 +14:00\n")
def test_any_names_are_some_download(called: str, paths: list[tuple[str, ...]], about: str) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(about.encode(errors="replace"))
        file.flush()
        entries = [Entry(parts, Path(file.name)) for parts in paths]
        found = downloads.read(entries, called, lambda entry: [])
        # Every file belongs to somebody or is named, but for a list of who handed in what.
        placed = sum(len(handin.entries) for each in found for handin in each.handins)
        assert placed + sum(len(each.strays) for each in found) >= sum(METADATA not in path for path in paths)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300) | name)
def test_any_name_is_made_safe(text: str) -> None:
    for safe, longest in ((safe_folder, LONGEST_FOLDER), (safe_file, LONGEST_FILE)):
        made = safe(text)
        assert made.isprintable()
        assert 0 < len(made.encode()) <= longest
        assert not {*'<>:"/\\|?*'} & {*made}
        assert made not in (".", "..")
        assert not made.endswith((".", " "))
        assert safe(made) == made
        key = same(made)
        assert same(free(made, lambda each, key=key: same(each) == key)) != key  # type: ignore[misc]
