"""What students pack on purpose or by accident: one bad archive costs its student a line, and nobody else anything."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import tarfile
import warnings
import zipfile
from pathlib import Path

import made_downloads as made
import pytest
import tiny_course
from made_downloads import ONE, Files, write, zipped
from tiny_course import NUMBERS

from grader.collect.archive import unpack
from grader.collect.collect import collect
from grader.collect.collected import Collected
from grader.collect.entries import ArchiveError, Budget, Entry, NoRoomError, Workplace
from grader.collect.safe_names import free, safe_file, safe_folder, same
from grader.course import Course
from grader.errors import ClassError


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return tiny_course.make(tmp_path_factory.mktemp("course"))


def handed_in(course: Course, tmp_path: Path, files: Files) -> tuple[Collected, dict[str, bytes]]:
    """Collect what student-001 handed in, beside a student who handed in something good."""
    everything: Files = {f"student-001/{name}": data for name, data in files.items()}
    everything[f"student-002/{ONE}.py"] = NUMBERS
    out = tmp_path / "submitted"
    done = collect(course, write(tmp_path / "download", everything), out, course.lesson("1"))
    assert (out / "student-002" / ONE / f"{ONE}.py").read_text() == NUMBERS
    assert all(remark.student != "student-002" for remark in done.attention)
    # Nothing was written but into the two students' folders, by names that stay there.
    assert {path.name for path in out.iterdir()} <= {"student-001", "student-002", ".collected.json"}
    assert {path.name for path in tmp_path.iterdir()} <= {"download", "submitted", "submitted.ids.csv"}
    folder = out / "student-001" / ONE
    return done, {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def attention(done: Collected) -> str:
    return "\n".join(remark.says for remark in done.attention)


def tarred(*members: tuple[tarfile.TarInfo, bytes], mode: str = "w:gz") -> bytes:
    into = io.BytesIO()
    with tarfile.open(fileobj=into, mode=mode) as packed:  # type: ignore[call-overload]
        for info, data in members:
            info.size = len(data)
            packed.addfile(info, io.BytesIO(data))
    return into.getvalue()


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tars_are_opened(course: Course, tmp_path: Path, mode: str) -> None:
    name = "work.tar" + {"w": "", "w:gz": ".gz", "w:bz2": ".bz2", "w:xz": ".xz"}[mode]
    done, found = handed_in(course, tmp_path, {name: tarred((tarfile.TarInfo(f"{ONE}.py"), b"x = 1\n"), mode=mode)})
    assert found == {f"{ONE}.py": b"x = 1\n"}
    assert not done.attention


def test_archives_in_archives_are_opened_until_it_is_enough(course: Course, tmp_path: Path) -> None:
    data = zipped({f"{ONE}.py": NUMBERS})
    for depth in range(5):
        data = zipped({f"again{depth}.zip": data, f"at{depth}.txt": "x"})
    done, found = handed_in(course, tmp_path, {"work.zip": data})
    assert "is nested in too many archives" in attention(done)
    assert any(name.endswith(".zip") for name in found)  # it is kept
    done, found = handed_in(course, tmp_path / "two", {"work.zip": zipped({"a.zip": zipped({f"{ONE}.py": NUMBERS})})})
    assert found == {f"{ONE}.py": NUMBERS.encode()}
    assert not done.attention


OUT_OF_IT = ["../../escaped.py", "/tmp/escaped.py", "a/../../escaped.py", "..\\..\\escaped.py", "C:\\escaped.py"]


@pytest.mark.parametrize("name", OUT_OF_IT)
def test_no_path_leads_out(course: Course, tmp_path: Path, name: str) -> None:
    done, found = handed_in(course, tmp_path, {"work.zip": zipped({name: "x = 1", f"{ONE}.py": NUMBERS})})
    assert found.keys() == {f"{ONE}.py", "work.zip"}
    assert "leads out of the archive" in attention(done)
    tar = tarred((tarfile.TarInfo(name), b"x"), (tarfile.TarInfo(f"{ONE}.py"), b"x = 1"))
    done, found = handed_in(course, tmp_path / "tar", {"work.tgz": tar})
    assert found.keys() == {f"{ONE}.py", "work.tgz"}
    assert "leads out of the archive" in attention(done)


def test_links_and_devices_are_not_made(course: Course, tmp_path: Path) -> None:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as packed:
        packed.writestr(*made.link(f"{ONE}.py", "/etc/passwd"))
        packed.writestr("fine.py", "x = 1")
    done, found = handed_in(course, tmp_path, {"work.zip": into.getvalue()})
    assert found.keys() == {"fine.py", "work.zip"}
    assert f"{ONE}.py is a link" in attention(done)

    members = []
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
        info = tarfile.TarInfo(f"odd{kind.decode()}.py")
        info.type, info.linkname = kind, "/etc/passwd"
        members.append((info, b""))
    done, found = handed_in(course, tmp_path / "tar", {"work.tar": tarred(*members, mode="w")})
    assert found.keys() == {"work.tar"}
    assert attention(done).count("is a link or a device") == 4


def test_links_in_a_folder_are_not_followed(course: Course, tmp_path: Path) -> None:
    secret = tmp_path / "secret.py"
    secret.write_text("SALT = 1")
    (tmp_path / "class" / "download" / "student-001").mkdir(parents=True)
    (tmp_path / "class" / "download" / "student-001" / f"{ONE}.py").symlink_to(secret)
    (tmp_path / "class" / "download" / "student-001" / "loop").symlink_to(tmp_path / "class")
    os.mkfifo(tmp_path / "class" / "download" / "student-001" / "pipe.py")
    done, found = handed_in(course, tmp_path / "class", {"notes.txt": "x"})
    assert found.keys() == {"notes.txt"}
    assert attention(done).count("is a link, which is not followed") == 2
    assert "pipe.py is a device or a pipe" in attention(done)


def encrypted(files: Files) -> bytes:
    """A zip whose entries say that they are encrypted."""
    data = bytearray(zipped(files))
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(magic)
        while place >= 0:
            data[place + at] |= 1
            place = data.find(magic, place + 4)
    return bytes(data)


def damaged(files: Files) -> bytes:
    """A zip in which the content of the first file is not what its checksum says."""
    data = bytearray(zipped(files))
    data[34 + len(next(iter(files)))] ^= 0xFF
    return bytes(data)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("work.zip", encrypted({f"{ONE}.py": NUMBERS}), f"{ONE}.py is encrypted"),
        ("work.zip", damaged({f"{ONE}.py": NUMBERS}), f"{ONE}.py is damaged"),
        ("work.zip", zipped({f"{ONE}.py": NUMBERS})[:-30], "work.zip is damaged"),
        ("work.zip", b"", "work.zip is damaged"),
        ("work.zip", b"this is no zip", "work.zip is damaged"),
        ("work.zip", zipped({}), "an archive with nothing in it"),
        ("work.zip", zipped({"__MACOSX/._a": made.APPLE_DOUBLE}), "an archive with nothing in it"),
        ("work.tar.gz", gzip.compress(b"no tar"), "work.tar.gz is damaged"),
        ("work.tar.gz", tarred((tarfile.TarInfo("a.py"), os.urandom(9000)))[:-3000], "work.tar.gz is damaged"),
        ("work.tar.bz2", bz2.compress(b"x" * 2000), "work.tar.bz2 is damaged"),
        ("work.zip", b"Rar!\x1a\x07\x01\x00", "is RAR by its content"),
        ("work.rar", b"Rar!\x1a\x07\x01\x00", "work.rar is a RAR file, which is not opened here"),
        ("work.7z", b"7z\xbc\xaf\x27\x1c", "work.7z is a 7-Zip file, which is not opened here"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_opened_is_kept_and_named(
    course: Course, tmp_path: Path, name: str, data: bytes, says: str
) -> None:
    done, found = handed_in(course, tmp_path, {name: data})
    assert found[name] == data
    assert says in attention(done)
    assert len([remark for remark in done.attention if remark.student == "student-001"]) == 1


def test_office_files_are_not_unpacked(course: Course, tmp_path: Path) -> None:
    report = zipped({"word/document.xml": "<w/>"})
    _, found = handed_in(course, tmp_path, {"report.docx": report, f"{ONE}.py": NUMBERS})
    assert found == {"report.docx": report, f"{ONE}.py": NUMBERS.encode()}


def test_names_twice_in_a_zip_are_both_kept(course: Course, tmp_path: Path) -> None:
    into = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(into, "w") as packed:
        warnings.simplefilter("ignore")
        packed.writestr(f"{ONE}.py", "first = 1")
        packed.writestr(f"{ONE}.py", "second = 2")
        packed.writestr(f"{ONE.upper()}.PY", "third = 3")
        packed.writestr("same.txt", "x")
        packed.writestr("same.txt", "x")
    done, found = handed_in(course, tmp_path, {"work.zip": into.getvalue()})
    assert {data for name, data in found.items() if name != "same.txt"} == {b"first = 1", b"second = 2", b"third = 3"}
    assert len({same(name) for name in found}) == 4
    assert attention(done).count("a second file or folder of that name") == 2


def test_a_file_that_is_a_folder_too(course: Course, tmp_path: Path) -> None:
    both = zipped({"a": "a file", "a/b.py": "x = 1", f"{ONE}.py": NUMBERS})
    done, found = handed_in(course, tmp_path, {"work.zip": both})
    assert found == {f"{ONE}.py": NUMBERS.encode(), "a (2)": b"a file", "a/b.py": b"x = 1"}
    assert "a second file or folder of that name" in attention(done)
    # In a version that does not count, it is one student's misfortune as well.
    files: Files = {f"ann+{ONE}+2026-01-0{day} 10:00:00.0 UTC/work.zip": both for day in (5, 6)}
    files[f"bob+{ONE}+2026-01-05 10:00:00.0 UTC/{ONE}.py"] = NUMBERS
    done = collect(course, write(tmp_path / "exchange", files), out := tmp_path / "second")
    assert (out / "bob" / ONE / f"{ONE}.py").read_text() == NUMBERS
    assert {remark.student for remark in done.attention} == {"ann"}


def test_two_archives_do_not_meet(course: Course, tmp_path: Path) -> None:
    files: Files = {"a.zip": zipped({"w.py": "a = 1"}), "b.zip": zipped({"w.py": "b = 1"}), "w.py": "w = 1"}
    _, found = handed_in(course, tmp_path, files)
    assert found == {"w.py": b"w = 1", "a/w.py": b"a = 1", "b/w.py": b"b = 1"}


def test_names_of_other_code_pages(course: Course, tmp_path: Path) -> None:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as packed:
        packed.writestr(made._unflagged("lo\u0308sung.py"), "x = 1")  # a Mac: UTF-8, decomposed, not flagged
        info = zipfile.ZipInfo("XX.py")
        packed.writestr(info, "x = 2")
    data = into.getvalue().replace(b"XX.py", b"\x94\x81.py")  # Windows: cp437, which is what a zip says by default
    _, found = handed_in(course, tmp_path, {"work.zip": data})
    assert found.keys() == {"lösung.py", "öü.py"}


def test_names_that_file_systems_or_terminals_would_take_amiss(course: Course, tmp_path: Path) -> None:
    names = ["a\x1b[2Jb.py", "con.py", "what?.py", "trailing. ", "x" * 300 + ".py", "\u202egpj.py", "-rf.py", "a\nb.py"]
    done, found = handed_in(course, tmp_path, {"work.zip": zipped({name: name for name in names})})
    assert len(found) == len(names)
    for name in found:
        assert name.isprintable()
        assert len(name.encode()) <= 120
        assert not set(name) & set('<>:"\\|?*')
    assert {"con_.py", "what_.py", "trailing", "gpj.py", "rf.py"} <= set(found)
    assert not done.attention


def budget(tmp_path: Path, data: bytes, **limits: int) -> tuple[list[Entry], str]:
    (tmp_path / "work.zip").write_bytes(data)
    (tmp_path / "place").mkdir(exist_ok=True)
    return unpack(tmp_path / "work.zip", Workplace(tmp_path / "place"), Budget(**limits))


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    entries, problem = budget(tmp_path, zipped({"a.py": "x", "bomb.txt": bytes(30 << 20)}))
    assert [(entry.name, entry.path is not None) for entry in entries] == [("a.py", True), ("bomb.txt", False)]
    assert "as only a zip bomb is" in entries[1].problem
    assert not problem
    assert sum(path.stat().st_size for path in (tmp_path / "place").iterdir()) == 1


def test_budgets_end_an_archive_after_the_work(tmp_path: Path) -> None:
    files: Files = {f"data{i}.bin": os.urandom(1000) for i in range(20)} | {f"{ONE}.py": NUMBERS}
    entries, problem = budget(tmp_path, zipped(files), size=5000)
    assert entries[0].name == f"{ONE}.py"  # the last in the archive, and the first that is taken
    assert len(entries) == 5
    assert "unpacks to more than is allowed" in problem
    entries, problem = budget(tmp_path, zipped(files), entries=3)
    assert len(entries) == 3
    assert "more files than are allowed" in problem
    entries, problem = budget(tmp_path, zipped(files), largest=900)
    assert [entry.name for entry in entries if entry.path] == [f"{ONE}.py"]
    assert "is larger than" in entries[1].problem
    wide = Budget(size=2000)
    entries, problem = unpack(tmp_path / "work.zip", Workplace(tmp_path / "place"), Budget(within=wide))
    assert len([entry for entry in entries if entry.path]) == 2
    assert problem


def test_a_tar_that_grows_without_end_is_left(tmp_path: Path) -> None:
    huge = tarred((tarfile.TarInfo("a.py"), b"x = 1"), (tarfile.TarInfo("b.bin"), bytes(40 << 20)))
    entries, problem = budget(tmp_path, huge, size=20 << 20)
    assert [entry.name for entry in entries if entry.path] == ["a.py"]
    assert "unpacks to more than is allowed" in problem
    # A header says how long a name is, and tarfile reads as much into memory.
    header = tarfile.TarInfo("././@PaxHeader")
    header.type = tarfile.XHDTYPE
    with pytest.raises(ArchiveError, match="more than is allowed"):
        budget(tmp_path, tarred((header, bytes(40 << 20))), size=20 << 20)


def test_too_many_headers_are_counted_before_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = zipped({f"{i}.txt": "" for i in range(10_200)})
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with pytest.raises(ArchiveError, match="far too many files"):
        budget(tmp_path, data, entries=10)


def test_a_full_disk_is_nobodys_broken_archive(course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Workplace, file: object, data: bytes) -> None:
        raise NoRoomError("No space left on device")

    monkeypatch.setattr(Workplace, "write", full)
    zipped({f"student-001/{ONE}.py": NUMBERS}, source := tmp_path / "class.zip")
    with pytest.raises(ClassError, match="no room for unpacked files: No space left"):
        collect(course, source, tmp_path / "submitted")


def test_folder_names_are_safe() -> None:
    for text in (
        "",
        "..",
        ".",
        "---",
        "\x00",
        "a/b",
        "a" * 500,
        "ä" * 200,
        "nul",
        "COM1.txt",
        ".hidden",
        "\u202e\u200b",
    ):
        name = safe_folder(text)
        assert name
        assert name.isprintable()
        assert len(name.encode()) <= 80
        assert name[0] not in ".-"
        assert not set(name) & set('<>:"/\\|?*')
        assert name.partition(".")[0].casefold() not in {"nul", "com1", "con"}
        assert safe_folder(name) == name
    assert safe_folder("a" * 500) != safe_folder("a" * 501)
    assert safe_folder("e\u0301") == "é"
    assert safe_file(".gitignore") == ".gitignore"
    assert free("a.py", {"a.py", "a (2).py"}.__contains__) == "a (3).py"


def test_students_whose_names_differ_in_case_only(course: Course, tmp_path: Path) -> None:
    files: Files = {f"{name}+{ONE}+2026-01-05 10:00:00.0 UTC/{ONE}.py": name for name in ("Ann", "ann", "AN\u0308N")}
    collect(course, write(tmp_path / "download", files), out := tmp_path / "submitted")
    students = [path.name for path in out.iterdir() if path.is_dir()]
    assert len({same(name) for name in students}) == 3
    rows = (tmp_path / "submitted.ids.csv").read_text().splitlines()
    assert len(rows) == 4
