"""Folders that a command writes again and again, while people edit them in between."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Collection
from pathlib import Path

import pytest

from grader.errors import CourseError
from grader.managed import folder as managed
from grader.managed.folder import NEW, ManagedFolder, Memory, Plan
from grader.managed.merge import merge

BASE = "one\ntwo\nthree\nfour\nfive\n"
MINE = BASE.replace("one", "ONE")
NEWER = BASE.replace("five", "FIVE")


@dataclasses.dataclass
class Folder:
    """A folder, and a command that keeps it: it merges .txt, lays others beside, and lets what is deleted stay so."""

    path: Path
    memory: Memory = dataclasses.field(default_factory=Memory)
    saved: list[Memory] = dataclasses.field(default_factory=list)

    def plan(self, files: dict[str, str], restore: Collection[str] = ()) -> Plan:
        return self.managed().plan({path: text.encode() for path, text in files.items()}, restore=restore)

    def managed(self) -> ManagedFolder:
        return ManagedFolder(
            self.path,
            self.memory,
            merges=lambda path: path.endswith(".txt"),
            stays_deleted=lambda path: not path.startswith("needed"),
            lays_beside=True,
        )

    def update(self, files: dict[str, str], restore: Collection[str] = ()) -> dict[str, str]:
        """Plan and do it; what happened to each file."""
        plan = self.plan(files, restore)
        self.managed().apply(plan, self.save)
        return {step.path: step.what for step in plan.steps}

    def save(self, memory: Memory) -> None:
        self.memory = memory
        self.saved.append(memory)

    def read(self, path: str) -> str:
        return (self.path / path).read_bytes().decode()

    def write(self, path: str, text: str) -> None:
        (self.path / path).write_bytes(text.encode())

    def files(self) -> set[str]:
        return {path.relative_to(self.path).as_posix() for path in self.path.rglob("*") if path.is_file()}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "course")


def test_an_update_leaves_nothing_stale_and_nothing_of_others_touched(folder: Folder) -> None:
    assert folder.update({"a.txt": "a\n", "b/c.md": "c", "b/d.md": "d"}) == dict.fromkeys(
        ("a.txt", "b/c.md", "b/d.md"), "written"
    )
    folder.write("notes.md", "mine")
    folder.write("a.txt", "a\r\n")  # as git on Windows leaves it
    assert folder.update({"a.txt": "a\n", "e.md": "e"}) == {"e.md": "written", "b/c.md": "removed", "b/d.md": "removed"}
    assert folder.files() == {"notes.md", "a.txt", "e.md"}
    assert not (folder.path / "b").exists()
    assert folder.update({"a.txt": "b\n", "e.md": "e"}) == {"a.txt": "updated"}
    assert folder.read("a.txt") == "b\n"


def test_changes_of_both_sides_are_put_together(folder: Folder) -> None:
    folder.update({"a.txt": BASE})
    folder.write("a.txt", MINE)
    assert folder.update({"a.txt": BASE}) == {"a.txt": "kept"}
    assert folder.update({"a.txt": NEWER}) == {"a.txt": "merged"}
    assert folder.read("a.txt") == "ONE\ntwo\nthree\nfour\nFIVE\n"
    assert folder.update({"a.txt": NEWER}) == {"a.txt": "kept"}
    # The next merge starts from what was merged last, not from the first version.
    assert folder.update({"a.txt": NEWER.replace("FIVE", "5")}) == {"a.txt": "merged"}
    assert folder.read("a.txt") == "ONE\ntwo\nthree\nfour\n5\n"
    assert folder.files() == {"a.txt"}


def test_a_conflict_overwrites_nothing_and_lays_the_new_version_beside(folder: Folder) -> None:
    folder.update({"a.txt": BASE, "b.md": "b"})
    folder.write("a.txt", BASE.replace("five", "mine"))
    for _ in range(2):
        assert folder.update({"a.txt": NEWER, "b.md": "b"}) == {"a.txt": "left alone"}
        assert folder.read("a.txt") == BASE.replace("five", "mine")
        assert folder.read("a.txt" + NEW) == NEWER
    assert folder.update({"a.txt": NEWER, "b.md": "B"}) == {"a.txt": "left alone", "b.md": "updated"}


def test_a_conflict_is_over_when_the_version_beside_is_deleted(folder: Folder) -> None:
    folder.update({"a.txt": BASE})
    folder.write("a.txt", BASE.replace("five", "mine"))
    folder.update({"a.txt": NEWER})
    (folder.path / f"a.txt{NEW}").unlink()
    assert folder.update({"a.txt": NEWER}) == {"a.txt": "kept"}
    assert folder.update({"a.txt": NEWER.replace("one", "1")}) == {"a.txt": "merged"}
    assert folder.read("a.txt") == "1\ntwo\nthree\nfour\nmine\n"


def test_a_conflict_is_over_when_the_version_beside_is_taken(folder: Folder) -> None:
    folder.update({"a.txt": BASE})
    folder.write("a.txt", "mine")
    folder.update({"a.txt": NEWER})
    (folder.path / f"a.txt{NEW}").replace(folder.path / "a.txt")
    assert folder.update({"a.txt": BASE}) == {"a.txt": "updated"}
    assert folder.read("a.txt") == BASE


def test_a_version_beside_goes_when_it_is_no_longer_needed(folder: Folder) -> None:
    folder.update({"a.txt": BASE})
    folder.write("a.txt", BASE.replace("five", "mine"))
    folder.update({"a.txt": NEWER})
    assert folder.update({"a.txt": BASE}) == {"a.txt": "kept", f"a.txt{NEW}": "removed"}
    assert folder.files() == {"a.txt"}


def test_a_version_beside_that_somebody_works_in_is_not_overwritten(folder: Folder) -> None:
    folder.update({"a.txt": BASE})
    folder.write("a.txt", "mine")
    folder.update({"a.txt": NEWER})
    folder.write(f"a.txt{NEW}", "half of both")
    plan = folder.plan({"a.txt": NEWER + "six\n"})
    assert [(step.what, step.data, step.beside) for step in plan.steps] == [("left alone", None, f"a.txt{NEW}")]
    folder.update({"a.txt": NEWER + "six\n"})
    assert folder.read(f"a.txt{NEW}") == "half of both"


def test_what_is_no_text_is_not_merged(folder: Folder) -> None:
    folder.update({"a.ipynb": BASE, "b.txt": BASE})
    folder.write("a.ipynb", MINE)
    (folder.path / "b.txt").write_bytes(b"\xff" + BASE.encode())
    assert folder.update({"a.ipynb": NEWER, "b.txt": NEWER}) == {"a.ipynb": "left alone", "b.txt": "left alone"}
    assert folder.read("a.ipynb") == MINE
    assert folder.memory.files["a.ipynb"].text is None


def test_a_file_of_others_where_ours_should_be(folder: Folder) -> None:
    folder.update({"a.txt": "a"})
    folder.write("own.txt", "own")
    assert folder.update({"a.txt": "a", "own.txt": "ours"}) == {"own.txt": "left alone"}
    assert (folder.read("own.txt"), folder.read(f"own.txt{NEW}")) == ("own", "ours")


def test_what_is_no_longer_wanted_but_was_changed_is_left(folder: Folder) -> None:
    folder.update({"a.txt": "a", "b.txt": "b"})
    folder.write("a.txt", "mine")
    assert folder.update({"b.txt": "b"}) == {"a.txt": "orphaned"}
    assert folder.read("a.txt") == "mine"
    assert folder.update({"b.txt": "b"}) == {}  # from now on it is somebody's own


def test_what_was_deleted_stays_deleted_until_it_is_restored(folder: Folder) -> None:
    files = {"a.txt": "a", "needed.txt": "n"}
    folder.update(files)
    for name in files:
        (folder.path / name).unlink()
    assert folder.update({**files, "a.txt": "A"}) == {"a.txt": "left deleted", "needed.txt": "written"}
    assert folder.update(files) == {"a.txt": "left deleted"}
    assert folder.update(files, restore=["a.txt"]) == {"a.txt": "written"}
    assert folder.update(files) == {}


@pytest.mark.parametrize("writes", range(5))
def test_a_run_that_was_cut_off_is_completed(folder: Folder, monkeypatch: pytest.MonkeyPatch, writes: int) -> None:
    """Wherever it stopped, and even if the course has changed in between."""
    folder.update({"a.txt": BASE, "old.md": "old", "gone.md": "gone"})
    folder.write("a.txt", MINE)
    files = {"a.txt": NEWER, "b/new.md": "1", "old.md": "older", "more.md": "1"}
    left = writes

    def fails(path: Path, data: bytes) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(28, "No space left on device", str(path))
        real(path, data)

    real = managed.write
    monkeypatch.setattr(managed, "write", fails)
    if writes < 4:
        with pytest.raises(CourseError, match="No space left on device"):
            folder.update(files)
    monkeypatch.setattr(managed, "write", real)
    done = folder.update({**files, "b/new.md": "2", "old.md": "oldest"})
    assert "left alone" not in done.values()
    assert folder.files() == set(files)
    assert {name: folder.read(name) for name in files} == {
        "a.txt": MINE.replace("five", "FIVE"),
        "b/new.md": "2",
        "old.md": "oldest",
        "more.md": "1",
    }
    assert not folder.memory.unfinished
    assert folder.update({**files, "b/new.md": "2", "old.md": "oldest"}) == {"a.txt": "kept"}


def test_what_a_cut_off_run_has_written_goes_if_it_is_no_longer_wanted(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        folder, "save", lambda memory: setattr(folder, "memory", memory) if memory.unfinished else 1 / 0
    )
    with pytest.raises(ZeroDivisionError):
        folder.update({"a.txt": "a", "b.txt": "b"})
    monkeypatch.undo()
    assert folder.update({"a.txt": "a"}) == {"b.txt": "removed"}


def test_a_memory_cannot_reach_out_of_the_folder(folder: Folder, tmp_path: Path) -> None:
    outside = tmp_path / "precious.txt"
    outside.write_text("precious")
    folder.update({"a.txt": "precious"})
    version = folder.memory.files["a.txt"]
    (folder.path / ".git").mkdir()
    folder.write(".git/config", "precious")
    folder.memory = Memory(dict.fromkeys(("../precious.txt", str(outside), ".git/config", "a.txt"), version))
    assert folder.update({}) == {"a.txt": "removed"}
    assert outside.read_text() == "precious"
    assert folder.read(".git/config") == "precious"


def test_links_and_folders_in_the_way_are_refused_before_anything_is_written(folder: Folder, tmp_path: Path) -> None:
    folder.update({"d/a.txt": "a", "b.txt": "b"})
    shutil.rmtree(folder.path / "d")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/a.txt").write_text("a")
    (folder.path / "d").symlink_to(tmp_path / "elsewhere")
    for files in ({}, {"b.txt": "B", "d/a.txt": "A"}):
        with pytest.raises(CourseError, match=r"d is not a plain folder; move it away"):
            folder.update(files)
    assert folder.read("b.txt") == "b"
    assert (tmp_path / "elsewhere/a.txt").read_text() == "a"
    (folder.path / "d").unlink()
    (folder.path / "c.txt").mkdir()
    with pytest.raises(CourseError, match=r"c\.txt is not a plain file"):
        folder.update({"c.txt": "c"})


def test_links_may_be_allowed(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    folder.path.mkdir()
    (folder.path / "d").symlink_to(tmp_path / "disk")
    managed_folder = ManagedFolder(folder.path, Memory(), follows_links=True)
    managed_folder.apply(managed_folder.plan({"d/a.txt": b"a"}), folder.save)
    assert (tmp_path / "disk/a.txt").read_text() == "a"


# Merging.


def test_a_merge_keeps_the_line_ends_of_the_file() -> None:
    assert merge("a.md", BASE, MINE.replace("\n", "\r\n"), NEWER) == MINE.replace("five", "FIVE").replace("\n", "\r\n")


def test_a_missing_last_line_end_is_no_conflict() -> None:
    assert merge("a.md", BASE, MINE.rstrip("\n"), f"{BASE}six\n") == f"{MINE}six\n"


def test_the_same_change_on_both_sides_is_no_conflict() -> None:
    assert merge("a.md", BASE, NEWER, NEWER) == NEWER
    assert merge("a.md", BASE, BASE, "") == ""


@pytest.mark.parametrize(
    ("name", "base", "theirs", "ours"),
    [
        ("a.py", "if x:\n    a\n# 1\n# 2\nb\n", "if x:\n# 1\n# 2\nb\n", "if x:\n    a\n# 1\n# 2\nc\n"),
        ("a.yml", "a:\n  b: 1\nc: 1\nd: 1\n", "a: {\n  b: 1\nc: 1\nd: 1\n", "a:\n  b: 1\nc: 1\nd: 2\n"),
        ("a.toml", "a = 1\n\n\nb = 1\n", "a = \n\n\nb = 1\n", "a = 1\n\n\nb = 2\n"),
        (
            "a.json",
            '{\n"a": 1,\n"b": 1,\n"c": 1\n}\n',
            '{\n"a": ,\n"b": 1,\n"c": 1\n}\n',
            '{\n"a": 1,\n"b": 1,\n"c": 2\n}\n',
        ),
    ],
)
def test_what_cannot_be_read_any_more_is_a_conflict(name: str, base: str, theirs: str, ours: str) -> None:
    assert merge(name, base, theirs, ours) is None
    assert merge("a.md", base, theirs, ours) is not None
