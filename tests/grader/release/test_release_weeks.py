"""`grader release` week after week: lessons are added, edits survive, and nobody gets solutions by accident."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import tiny_course

from grader.course import Course, load
from grader.errors import CourseError
from grader.managed import folder as managed
from grader.release.folder import MANIFEST, STATE, read_state
from grader.release.git import has_remote, uncommitted
from grader.release.lessons import choose
from grader.release.run import Wishes, release

ROOT = Path(__file__).parents[3]
OURS = load(ROOT)
FIRST, SECOND = "lesson1_numbers", "lesson2_balance"
THIRD = """\
  - name: lesson3_more
    title: More
    exercises:
      - {name: triple, points: 1}
"""


class RefusedError(Exception):
    """A question was asked, and nobody said yes."""


@dataclasses.dataclass
class Instructor:
    """Somebody with a course of three lessons, of which the second imports the first, and a folder for the class."""

    course: Course
    folder: Path
    said: list[str] = dataclasses.field(default_factory=list)
    asked: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    agrees: bool = False

    def release(self, *add: str, **wishes: object) -> bool:
        self.said.clear()
        self.asked.clear()
        return release(self.course, self.folder, Wishes(add=add, **wishes), self.confirm, self.said.append)  # type: ignore[arg-type]

    def confirm(self, what: str, option: str) -> None:
        self.asked.append((what, option))
        if not self.agrees:
            raise RefusedError(what)

    def lessons(self) -> list[str]:
        return sorted(path.stem for path in (self.folder / "exercises").glob("*.py"))

    def read(self, path: str) -> str:
        return (self.folder / path).read_text(encoding="utf-8")

    def edit(self, path: str, old: str, new: str) -> None:
        assert old in self.read(path)
        (self.folder / path).write_text(self.read(path).replace(old, new), encoding="utf-8")

    def files(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file()
        }


@pytest.fixture
def instructor(tmp_path: Path) -> Instructor:
    root = tmp_path / "course"
    tiny_course.make(root)
    (root / "course.yml").write_text(tiny_course.COURSE + THIRD)
    (root / "exercises/lesson3_more.yml").write_text("triple: [Three times?]\n")
    (root / "solutions/lesson3_more.py").write_text(tiny_course.NUMBERS.replace("double", "triple"))
    return Instructor(load(root), tmp_path / "class")


def git(folder: Path, *words: str) -> None:
    command = ["git", "-c", "user.name=I", "-c", "user.email=i@example.org", *words]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


# Films.


def with_texts_and_films(instructor: Instructor) -> Path:
    """Texts of two lessons, and a folder with the films of both."""
    films = instructor.course.root / "films"
    films.mkdir()
    for i, name in ((1, FIRST), (3, "lesson3_more")):
        (instructor.course.root / "exercises" / f"{name}.md").write_text(f"# Lesson {i}: Title\n\nThe text.\n")
        (films / f"lesson{i}.mp4").write_bytes(b"film \x00\xff %d" % i)
        (films / f"lesson{i}.txt").write_text("What is said.\n")
    return films


def shows(instructor: Instructor, name: str, number: int) -> bool:
    """Whether a lesson begins with its film, which is there; text and notebook have to agree."""
    text, notebook = (instructor.read(f"exercises/{name}.{ending}") for ending in ("md", "ipynb"))
    first = "".join(json.loads(notebook)["cells"][0]["source"])
    player = f'src="films/lesson{number}.mp4"></video>'
    assert (player in text) == (player in first) == (instructor.folder / f"exercises/films/lesson{number}.mp4").exists()
    assert "<source" not in text, "JupyterLab takes no address from it"
    return player in text


def test_a_text_begins_with_its_film_where_films_are_asked_for(instructor: Instructor) -> None:
    films = with_texts_and_films(instructor)
    assert instructor.release("1")
    assert not shows(instructor, FIRST, 1)
    assert "film" not in instructor.read("README.md")
    assert instructor.release(films=films)
    assert shows(instructor, FIRST, 1)
    assert instructor.read(f"exercises/{FIRST}.md").index("<video") > len("# Lesson 1: Title")
    assert instructor.read("exercises/films/lesson1.txt") == "What is said.\n"
    assert not (instructor.folder / "exercises/films/lesson3.mp4").exists(), "that lesson is not out"
    assert "Lessons begin with a film" in instructor.read("README.md")


def test_films_stay_in_later_releases_also_where_they_were_not_made(instructor: Instructor) -> None:
    films = with_texts_and_films(instructor)
    instructor.release("1", films=films)
    before = instructor.files()
    shutil.rmtree(films)
    assert instructor.release()
    assert instructor.files() == before
    assert instructor.release("3")
    assert shows(instructor, FIRST, 1)
    assert not shows(instructor, "lesson3_more", 3)
    assert instructor.said[-1] == "Without a film: lesson 3. `make films` makes it, --films FOLDER hands it out."
    assert "Some lessons begin with a film" in instructor.read("README.md")


def test_a_film_that_was_deleted_leaves_no_player_behind_and_can_come_back(instructor: Instructor) -> None:
    films = with_texts_and_films(instructor)
    instructor.release("1", films=films)
    (instructor.folder / "exercises/films/lesson1.mp4").unlink()
    assert instructor.release()
    assert not shows(instructor, FIRST, 1)
    assert not (instructor.folder / "exercises/films").exists(), "what it says goes with it"
    assert instructor.release(films=films)
    assert shows(instructor, FIRST, 1)
    (instructor.folder / "exercises/films/lesson1.mp4").unlink()
    assert instructor.release(films=films)
    assert shows(instructor, FIRST, 1)


def test_a_folder_without_films_is_one_line_and_nothing_is_written(instructor: Instructor, tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"has no film of a lesson that is out, such as .*lesson1\.mp4; `make films`"):
        instructor.release("1", films=tmp_path)
    assert not instructor.folder.exists()


# Lessons.


def test_a_lesson_is_added_to_those_that_are_out(instructor: Instructor) -> None:
    instructor.release("1")
    assert instructor.lessons() == [FIRST]
    assert instructor.said[-1] == "Not out yet: lessons 2, 3. Add one with --lesson, or all with --all."
    assert instructor.release("3")
    assert instructor.lessons() == [FIRST, "lesson3_more"]
    assert "lessons 1, 3 (3 added); " in instructor.said[-2]
    assert "lesson3_more" in instructor.read("README.md")
    assert [lesson.name for lesson in load(instructor.folder).lessons] == [FIRST, "lesson3_more"]


def test_without_a_lesson_a_first_release_has_all_and_an_update_those_that_are_out(instructor: Instructor) -> None:
    instructor.release("1")
    (instructor.course.root / "exercises" / f"{FIRST}.md").write_text("A better text.")
    assert instructor.release()
    assert instructor.lessons() == [FIRST]
    assert instructor.read(f"exercises/{FIRST}.md") == "A better text."
    assert instructor.release(everything=True)
    assert instructor.lessons() == [FIRST, SECOND, "lesson3_more"]
    assert not any(line.startswith("Not out yet") for line in instructor.said)
    instructor.folder = instructor.folder.with_name("another")
    instructor.release()
    assert instructor.lessons() == [FIRST, SECOND, "lesson3_more"]


def test_a_lesson_is_taken_back_only_when_asked_to_and_confirmed(instructor: Instructor) -> None:
    instructor.release()
    before = instructor.files()
    with pytest.raises(RefusedError, match=rf"{SECOND} would be removed from"):
        instructor.release(withdraw=("2",))
    assert instructor.asked[0][1] == "--yes"
    assert instructor.files() == before
    instructor.agrees = True
    assert instructor.release(withdraw=("2",))
    assert instructor.lessons() == [FIRST, "lesson3_more"]
    assert f"removed: exercises/{SECOND}.py" in instructor.said
    instructor.agrees = False
    assert instructor.release(withdraw=("lesson3",), yes=True)
    assert instructor.lessons() == [FIRST]
    assert instructor.release("2")
    assert instructor.lessons() == [FIRST, SECOND]


def test_a_withdrawn_file_with_edits_stays_and_is_named(instructor: Instructor) -> None:
    instructor.release()
    instructor.edit("exercises/lesson3_more.py", "Numbers", "My numbers")
    assert not instructor.release(withdraw=("3",), yes=True)
    assert "My numbers" in instructor.read("exercises/lesson3_more.py")
    assert any("exercises/lesson3_more.py is no longer released, but you have changed it" in s for s in instructor.said)


@pytest.mark.parametrize(
    ("out", "wishes", "says"),
    [
        (["4", "5", "6"], {"withdraw": ["4"]}, "lesson6_deep_q_learning imports it; withdraw that one as well"),
        (["1"], {"add": ["6"], "withdraw": ["1"]}, ""),
        (["1", "2"], {"withdraw": ["3"]}, "lesson3_q_learning is not out, so it cannot be withdrawn"),
        (["1", "2"], {"add": ["2"], "withdraw": ["2"]}, "is both added and withdrawn"),
        (["1"], {"withdraw": ["1"]}, "no lesson would be left"),
        (["1"], {"add": ["12"]}, "no single lesson"),
        (["1"], {"withdraw": ["12"]}, "no single lesson"),
        (["1", "lesson2_old"], {}, "lesson2_old is out but no longer in the course; add --withdraw lesson2_old"),
        (["1", "lesson2_old"], {"withdraw": ["lesson2_old"]}, ""),
        (None, {"withdraw": ["1"]}, "is not out"),
    ],
)
def test_wishes_that_do_not_fit(out: list[str] | None, wishes: dict[str, list[str]], says: str) -> None:
    names = None if out is None else [OURS.lesson(each).name if each.isdigit() else each for each in out]
    if says:
        with pytest.raises(CourseError, match=says):
            choose(OURS, names, **wishes)  # type: ignore[arg-type]
    else:
        assert OURS.lesson("1") not in choose(OURS, names, **wishes).withdrawn  # type: ignore[arg-type]


def test_a_lesson_brings_what_it_imports_and_both_can_be_withdrawn() -> None:
    choice = choose(OURS, [OURS.lesson("1").name], add=["6"])
    assert [lesson.number for lesson in choice.lessons] == [1, 4, 5, 6]
    assert [lesson.number for lesson in choice.added] == [4, 5, 6]
    assert [lesson.number for lesson in choice.waiting] == [2, 3, 7, 8, 9]
    after = choose(OURS, [lesson.name for lesson in choice.lessons], withdraw=["5", "6"])
    assert [lesson.number for lesson in after.lessons] == [1, 4]


# Edits.


def test_office_hours_in_the_readme_survive_every_later_release(instructor: Instructor) -> None:
    instructor.release("1")
    hours = "\n## Office hours\n\nTuesdays at ten.\n"
    (instructor.folder / "README.md").write_text(instructor.read("README.md") + hours)
    instructor.edit("course.yml", "call_seconds: 5", "call_seconds: 7")
    for lesson in ("2", "3"):
        assert instructor.release(lesson)
        assert "merged: README.md (your changes are kept)" in instructor.said
        assert f"exercises/lesson{lesson}_" in instructor.read("README.md")
        assert instructor.read("README.md").endswith(hours)
    course = load(instructor.folder)
    assert (course.limits.call_seconds, len(course.lessons)) == (7, 3)
    assert instructor.release()
    assert "kept as you have changed them: README.md, course.yml" in instructor.said
    assert "0 files written, 0 removed" in instructor.said[-1]


def test_hints_go_along_with_their_lesson_and_an_edit_of_one_survives(instructor: Instructor) -> None:
    instructor.release("1")
    path = f"exercises/{FIRST}.yml"
    assert sorted(each for each in instructor.files() if each.startswith("exercises/") and each.endswith(".yml")) == [
        path
    ]
    ours = "double:\n  - a nudge\n  - more\n\nhalf:\n  - a question\n"
    (instructor.course.root / path).write_text(ours)
    instructor.release()
    instructor.edit(path, "- a nudge", "- my own nudge")
    (instructor.course.root / path).write_text(ours.replace("a question", "a better question"))
    assert instructor.release("3")
    assert f"merged: {path} (your changes are kept)" in instructor.said
    first, third = load(instructor.folder).lessons
    assert [exercise.hints for exercise in first.exercises] == [("my own nudge", "more"), ("a better question",)]
    assert third.exercises[0].hints == ("Three times?",)
    (instructor.folder / path).unlink()
    assert instructor.release()
    assert load(instructor.folder).lessons[0].exercises[0].hints == ("a nudge", "more")
    assert instructor.release(withdraw=("3",), yes=True)
    assert "removed: exercises/lesson3_more.yml" in instructor.said


def test_a_conflict_is_one_line_and_the_release_goes_on(instructor: Instructor) -> None:
    text = instructor.course.root / "exercises" / f"{FIRST}.md"
    text.write_text("One idea.\n")
    instructor.release("1")
    instructor.edit(f"exercises/{FIRST}.md", "One idea", "My idea")
    instructor.edit(f"exercises/{FIRST}.ipynb", "nbformat", "nbformat ")
    text.write_text("Two ideas.\n")
    assert not instructor.release("3")
    assert instructor.lessons() == [FIRST, "lesson3_more"]
    assert instructor.read(f"exercises/{FIRST}.md") == "My idea.\n"
    assert instructor.read(f"exercises/{FIRST}.md.new") == "Two ideas.\n"
    json.loads(instructor.read(f"exercises/{FIRST}.ipynb.new"))
    lines = [line for line in instructor.said if line.startswith("left alone: ")]
    assert len(lines) == 2
    assert f"the new version is exercises/{FIRST}.md.new" in lines[0] + lines[1]
    (instructor.folder / f"exercises/{FIRST}.md.new").write_text("Our idea.\n")
    assert not instructor.release()
    assert any(f"exercises/{FIRST}.md.new, because you have changed both" in line for line in instructor.said)
    for path in (instructor.folder / "exercises").glob("*.new"):
        path.unlink()
    assert instructor.release()


def test_the_program_is_never_merged_and_comes_back(instructor: Instructor) -> None:
    instructor.release("1")
    (instructor.folder / "grader/cli.py").unlink()
    (instructor.folder / ".devcontainer/devcontainer.json").unlink()
    assert instructor.release()
    assert (instructor.folder / "grader/cli.py").is_file()
    assert not (instructor.folder / ".devcontainer/devcontainer.json").exists()
    assert (
        "left out, because you have deleted them: .devcontainer/devcontainer.json (--restore brings one back)"
        in instructor.said
    )
    assert instructor.release(restore=(".devcontainer/devcontainer.json",))
    assert (instructor.folder / ".devcontainer/devcontainer.json").is_file()
    with pytest.raises(CourseError, match=r"course\.md is not a file of this release"):
        instructor.release(restore=("course.md",))
    state = read_state(instructor.folder)
    assert state
    assert {
        path for path, version in state.memory.files.items() if version.text and path.startswith("grader/")
    } == set()


def test_a_release_that_was_cut_off_is_completed(instructor: Instructor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first one too, and by a plain `release`: what it was about to do is in the folder."""
    real, left = managed.write, 30

    def fails(path: Path, data: bytes) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(30, "Read-only file system", str(path))
        real(path, data)

    monkeypatch.setattr(managed, "write", fails)
    with pytest.raises(CourseError, match=r"Read-only file system\); run this again"):
        instructor.release("1")
    monkeypatch.undo()
    assert 0 < len(instructor.files()) < 40
    assert instructor.release()
    whole = instructor.files()
    instructor.folder = instructor.folder.with_name("another")
    instructor.release("1")
    assert instructor.files() == whole


# Solutions.


def test_solutions_are_not_written_into_a_folder_without_them(instructor: Instructor) -> None:
    instructor.release()
    before = instructor.files()
    with pytest.raises(RefusedError, match="was released without tests"):
        instructor.release(with_tests=True)
    assert instructor.asked[0][1] == "--hand-out-solutions"
    assert instructor.files() == before
    assert instructor.release(with_tests=True, hand_out_solutions=True)
    assert f"solutions/{FIRST}.py" in instructor.files()
    assert instructor.release(with_tests=True)  # they are there: nothing to ask
    assert not instructor.asked
    with pytest.raises(CourseError, match="belongs to --with-tests"):
        instructor.release(hand_out_solutions=True)


def test_solutions_are_not_written_where_they_would_be_published(instructor: Instructor) -> None:
    instructor.folder.mkdir()
    git(instructor.folder, "init")
    assert not has_remote(instructor.folder)
    git(instructor.folder, "remote", "add", "origin", "https://example.org/class.git")
    with pytest.raises(RefusedError, match="in a git repository with a remote"):
        instructor.release(with_tests=True)
    assert [path.name for path in instructor.folder.iterdir()] == [".git"]
    inner = instructor.folder / "not/there/yet"
    assert has_remote(inner)
    instructor.agrees = True
    assert instructor.release(with_tests=True)
    assert f"solutions/{FIRST}.py" in instructor.files()


def test_a_new_folder_for_a_self_learner_asks_nothing(instructor: Instructor) -> None:
    assert instructor.release(with_tests=True)
    assert not instructor.asked
    assert f"tests/{FIRST}/test_numbers.py" in instructor.files()


def test_tests_are_not_taken_away_by_accident(instructor: Instructor) -> None:
    instructor.release(with_tests=True)
    before = instructor.files()
    with pytest.raises(RefusedError, match="is a copy with tests and solutions"):
        instructor.release()
    assert instructor.asked[0][1] == "--without-tests"
    assert instructor.files() == before
    instructor.edit(f"solutions/{FIRST}.py", "x / 2", "0.5 * x")
    with pytest.raises(CourseError, match=rf"solutions/{FIRST}\.py would stay, because you have changed it"):
        instructor.release(with_tests=False)
    instructor.edit(f"solutions/{FIRST}.py", "0.5 * x", "x / 2")
    assert instructor.release(with_tests=False)
    assert not [path for path in instructor.files() if path.startswith(("solutions/", "tests/"))]


def test_a_folder_cut_off_while_solutions_were_written_knows_it(
    instructor: Instructor, monkeypatch: pytest.MonkeyPatch
) -> None:
    instructor.release()
    real = managed.write

    def fails(path: Path, data: bytes) -> None:
        if path.parent.name == FIRST:
            raise OSError(28, "No space left on device", str(path))
        real(path, data)

    monkeypatch.setattr(managed, "write", fails)
    with pytest.raises(CourseError, match="No space left"):
        instructor.release(with_tests=True, hand_out_solutions=True)
    monkeypatch.undo()
    assert f"solutions/{FIRST}.py" in instructor.files()
    with pytest.raises(RefusedError, match="is a copy with tests and solutions"):
        instructor.release()
    assert instructor.release(with_tests=False)
    assert not [path for path in instructor.files() if path.startswith(("solutions/", "tests/"))]


@pytest.mark.parametrize("path", [f"solutions/{FIRST}.py", f"tests/{FIRST}/test_numbers.py"])
def test_tests_and_solutions_of_a_course_in_the_way_are_refused(instructor: Instructor, path: str) -> None:
    instructor.release()
    secret = instructor.folder / path
    secret.parent.mkdir(parents=True)
    secret.write_text("...")
    with pytest.raises(CourseError, match="as in a course with its tests and solutions"):
        instructor.release()


def test_the_course_itself_is_refused(instructor: Instructor) -> None:
    root = instructor.course.root
    link = root.parent / "link"
    link.symlink_to(root)
    before = sorted(root.rglob("*"))
    for folder in (root, root / "solutions", root / "new/folder", link, link / "new"):
        instructor.folder = folder
        with pytest.raises(CourseError, match="is in the folder of the course itself"):
            instructor.release()
    instructor.folder = root.parent
    with pytest.raises(CourseError, match="holds the course itself"):
        instructor.release()
    assert sorted(root.rglob("*")) == before


# Folders of other kinds.


def test_what_is_not_its_own_is_refused(instructor: Instructor, tmp_path: Path) -> None:
    thesis = tmp_path / "mine/thesis.tex"
    thesis.parent.mkdir()
    thesis.write_text("...")
    instructor.folder = thesis.parent
    with pytest.raises(CourseError, match="is not empty, and not an earlier release"):
        instructor.release()
    instructor.folder = thesis
    with pytest.raises(CourseError, match=r"thesis\.tex is not a folder"):
        instructor.release()
    instructor.folder = thesis / "inside"
    with pytest.raises(CourseError, match=r"Not a directory|File exists"):
        instructor.release()
    assert [path.name for path in thesis.parent.iterdir()] == ["thesis.tex"]


def test_a_fresh_git_repository_will_do(instructor: Instructor) -> None:
    instructor.folder.mkdir()
    git(instructor.folder, "init")
    assert instructor.release("1")
    assert not instructor.said[0].startswith("note: ")


def test_a_damaged_state_is_one_line(instructor: Instructor) -> None:
    instructor.release("1")
    for data in (b"<<<<<<< HEAD\n", b"\xff", b'{"lessons": 3}', b'{"more": ' + b"[" * 100_000):
        (instructor.folder / STATE).write_bytes(data)
        with pytest.raises(CourseError, match=r"state\.json cannot be read \(.*\); restore it") as caught:
            instructor.release()
        assert "\n" not in str(caught.value)


def test_changes_that_are_not_committed_are_said(instructor: Instructor) -> None:
    instructor.release("1")
    assert uncommitted(instructor.folder) == 0
    git(instructor.folder, "init")
    git(instructor.folder, "add", "-A")
    git(instructor.folder, "commit", "-m", "Week 1")
    assert instructor.release()
    assert not any(line.startswith("note: ") for line in instructor.said)
    (instructor.folder / "README.md").write_text("mine\n")
    (instructor.folder / "notes.md").write_text("mine\n")
    instructor.release("3")
    assert instructor.said[0] == (
        f"note: {instructor.folder} had 2 uncommitted changes before this release; git shows both together"
    )


def test_git_is_asked_about_the_folder_even_inside_a_hook(
    instructor: Instructor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    instructor.folder.mkdir()
    git(instructor.folder, "init")
    git(instructor.folder, "remote", "add", "origin", "https://example.org/class.git")
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    assert has_remote(instructor.folder)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert has_remote(instructor.folder)  # no git to ask: better one question too many
    assert uncommitted(instructor.folder) == 0
    assert not has_remote(tmp_path / "nowhere")


def test_a_release_from_before_there_was_a_state_is_brought_up_to_date(instructor: Instructor) -> None:
    instructor.release("1")
    state = read_state(instructor.folder)
    assert state
    lines = [f"{version.digest}  {path}\n" for path, version in state.memory.files.items()]
    (instructor.folder / MANIFEST).write_text("".join(["# The files of this release.\n", *lines]))
    (instructor.folder / STATE).unlink()
    (instructor.folder / "README.md").write_text("mine\n")
    old = read_state(instructor.folder)
    assert old
    assert (old.lessons, old.with_tests) == ((FIRST,), False)
    assert not instructor.release("3")  # there is no text to merge with
    assert instructor.lessons() == [FIRST, "lesson3_more"]
    assert instructor.read("README.md") == "mine\n"
    assert (instructor.folder / "README.md.new").is_file()
    assert not (instructor.folder / MANIFEST).exists()
    assert read_state(instructor.folder) != old


def test_the_state_can_be_read_and_says_what_it_is(instructor: Instructor) -> None:
    instructor.release("1")
    state = json.loads(instructor.read(STATE))
    assert state["about"].startswith("Written by `grader release`")
    assert state["lessons"] == [FIRST]
    assert msgspec.json.decode((instructor.folder / STATE).read_bytes())["with_tests"] is False
    assert STATE not in state["memory"]["files"]


# As it is typed.


def grader(course: Path, *words: str, answer: str | None = None) -> subprocess.CompletedProcess[str]:
    """The command; with an answer, at a terminal at which somebody types it."""
    command = [sys.executable, "-c", "from grader.cli import main; main()", "release", *words]
    if answer is None:
        return subprocess.run(
            command, cwd=course, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False
        )
    ours, theirs = os.openpty()
    try:
        os.write(ours, answer.encode())
        return subprocess.run(
            command, cwd=course, stdin=theirs, capture_output=True, text=True, timeout=120, check=False
        )
    finally:
        os.close(ours)
        os.close(theirs)


def test_questions_are_asked_at_a_terminal_and_nowhere_else(instructor: Instructor) -> None:
    root, folder = instructor.course.root, str(instructor.folder)
    done = grader(root, folder, "--lesson", "1", "--lesson", "3")
    assert (done.returncode, done.stderr) == (0, "")
    before = instructor.files()
    for words, option in ((("--withdraw", "3"), "--yes"), (("--with-tests",), "--hand-out-solutions")):
        done = grader(root, folder, *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.endswith(f"Nothing was written; to go ahead, add {option}\n")
        assert len(done.stderr.splitlines()) == 1
        done = grader(root, folder, *words, answer="n\n")
        assert done.returncode == 1
        assert "Go on? [y/N]" in done.stdout
        assert done.stderr == "grader: nothing was written\n"
        assert instructor.files() == before
    done = grader(root, folder, "--withdraw", "3", answer="y\n")
    assert done.returncode == 0
    assert instructor.lessons() == [FIRST]


def test_a_file_that_needs_attention_is_exit_status_one(instructor: Instructor) -> None:
    root, folder = instructor.course.root, str(instructor.folder)
    grader(root, folder, "--lesson", "1")
    (instructor.folder / "README.md").write_text("mine\n")
    done = grader(root, folder, "--lesson", "3")
    assert done.returncode == 1
    assert "left alone: README.md, because you have changed it" in done.stdout
    assert done.stderr == ""
