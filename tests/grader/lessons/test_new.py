"""`grader new`: a lesson that works from its first moment on, all of its files or none, and nothing overwritten."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import msgspec
import pytest
import tiny_course
import typer.testing

from grader import cli, files
from grader.course import Course, load
from grader.errors import CourseError, UserError
from grader.grading.own import grade_own
from grader.lessons import new as scaffold
from grader.lessons.notebooks import build_notebooks
from grader.lessons.stubs import build
from grader.student.inprocess import Here
from grader.student.isolation import choose
from grader.student.levels import IsolationError
from grader.verify.verify import names_it, samples

NAME = "lesson3_steps"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return tiny_course.make(tmp_path / "course")


def all_files(course: Course) -> dict[str, bytes]:
    return {str(path.relative_to(course.root)): path.read_bytes() for path in course.root.rglob("*") if path.is_file()}


def typed(course: Course, monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str]:
    monkeypatch.chdir(course.root)
    done = typer.testing.CliRunner().invoke(cli.app, list(words))
    if isinstance(done.exception, UserError):
        return done.exception.exit_status, str(done.exception)
    return done.exit_code, done.output


def test_a_new_lesson_works_at_once(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        choose()
    except IsolationError as reason:
        pytest.skip(str(reason))
    status, said = typed(course, monkeypatch, "new", NAME, "--title", "Small steps")
    assert status == 0, said
    assert f"written: solutions/{NAME}.py" in said
    assert "grader verify 3 --no-training" in said
    assert typed(course, monkeypatch, "build", "--check") == (0, "every stub and notebook is up to date\n")
    status, said = typed(course, monkeypatch, "check", "3")
    assert (status, "Not started yet" in said) == (1, True)
    status, said = typed(course, monkeypatch, "verify", "3", "--no-training")
    assert status == 0, said
    said = " ".join(said.split())
    assert "1 lesson: nothing to fix." in said
    for missing in ("a hint of step_towards says TODO", "1 wheat of at least 3", f"solutions/{NAME}.py says TODO in"):
        assert missing in said
    (course.root / "exercises" / f"{NAME}.py").write_bytes((course.root / "solutions" / f"{NAME}.py").read_bytes())
    status, said = typed(course, monkeypatch, "check", "3")
    assert (status, "1/1 point" in said) == (0, True)
    before = all_files(course)
    assert typed(course, monkeypatch, "new", NAME) == (2, f"lesson 3 is {NAME}; the next one is lesson4_...")
    assert all_files(course) == before


def test_its_samples_get_what_they_deserve_in_the_real_course(tmp_path: Path) -> None:
    """course.yml with its comments, and blank lines between lessons."""
    root = Path(__file__).parents[3]
    for folder in ("exercises", "solutions"):
        (tmp_path / folder).mkdir()
        for path in (root / folder).glob("lesson*.*"):
            (tmp_path / folder / path.name).symlink_to(path)
    before = (root / "course.yml").read_text()
    (tmp_path / "course.yml").write_text(before)
    course = load(tmp_path)
    name = f"lesson{len(course.lessons) + 1}_steps"
    scaffold.new(course, name)
    after = (tmp_path / "course.yml").read_text()
    assert after.startswith(before.rstrip("\n"))
    assert f"\n\n  - name: {name}\n    title: Steps\n" in after
    course = load(tmp_path)
    assert build(course, check=True) == build_notebooks(course, check=True) == []
    for sample in samples(course, [name]):
        report = grade_own(
            course, course.lesson(name), "x", sample.source, Here(), lambda *_: None, train=False, diagnose=True
        )
        right = sample.kind in ("solution", "wheat")
        assert (report.score, report.max_score) == (1 if right else 0, 1), sample.title
        assert sample.kind != "chaff" or names_it(report, sample)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("lesson1_numbers", "lesson 1 is lesson1_numbers; the next one is lesson3_"),
        ("lesson2_other", "lesson 2 is lesson2_balance; the next one is lesson3_"),
        ("lesson4_steps", "the next lesson is number 3: lesson3_steps"),
        ("lesson03_steps", "the next lesson is number 3: lesson3_steps"),
        ("steps", "'steps' is not a lesson's name; use lesson3_ followed by"),
        ("lesson3", "is not a lesson's name"),
        ("lesson3_", "is not a lesson's name"),
        ("lesson3_Steps", "is not a lesson's name"),
        ("lesson3_small-steps", "is not a lesson's name"),
        ("lesson3_../../x", "is not a lesson's name"),
        ("lesson٣_steps", "is not a lesson's name"),
        ("lesson3_steps\n", "is not a lesson's name"),
        ("lesson3_" + 300 * "s", "nothing was written"),
    ],
)
def test_a_name_that_will_not_do_is_refused(course: Course, name: str, says: str) -> None:
    before = all_files(course)
    with pytest.raises(CourseError) as refused:
        scaffold.new(course, name)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
    assert all_files(course) == before


@pytest.mark.parametrize("title", ["two\nlines", "\x1b[31m", 'quotes """', "back\\slash"])
def test_a_title_that_breaks_a_file_is_refused(course: Course, title: str) -> None:
    before = all_files(course)
    with pytest.raises(CourseError, match="a title must be one line of plain text"):
        scaffold.new(course, NAME, title)
    assert all_files(course) == before


@pytest.mark.parametrize(
    "title", ['A "b": c', "- it's #1", "$name {x} & <i>", "Größer λ", "null", "1.0", "* " + 30 * "long "]
)
def test_any_other_title_is_kept_to_the_letter(course: Course, title: str) -> None:
    scaffold.new(course, NAME, title)
    lesson = load(course.root).lessons[-1]
    assert (lesson.name, lesson.title) == (NAME, title.strip())
    compile((course.root / "solutions" / f"{NAME}.py").read_text(), "solution", "exec")


@pytest.mark.parametrize(
    "there", [f"exercises/{NAME}.md", f"tests/{NAME}/chaffs.yml", f"solutions/{NAME}.ipynb", f"exercises/{NAME}.py"]
)
def test_nothing_is_overwritten(course: Course, there: str) -> None:
    (course.root / there).parent.mkdir(exist_ok=True)
    (course.root / there).write_text("mine")
    before = all_files(course)
    with pytest.raises(CourseError, match=f"^{there} is there already, so nothing was written"):
        scaffold.new(course, NAME)
    assert all_files(course) == before


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device", "x.md")])
@pytest.mark.parametrize("after", range(10))
def test_a_write_that_fails_leaves_nothing(
    course: Course, monkeypatch: pytest.MonkeyPatch, error: BaseException, after: int
) -> None:
    """Before each of the ten renames; the last one makes a lesson of the files."""
    before, folders = all_files(course), sorted(course.root.rglob("*"))
    replace, done = os.replace, []

    def fails(source: str, target: Path) -> None:
        if Path(target).is_relative_to(course.root):
            if len(done) == after:
                raise error
            done.append(target)
        replace(source, target)

    monkeypatch.setattr(files.os, "replace", fails)
    with pytest.raises((KeyboardInterrupt, CourseError)) as stopped:
        scaffold.new(course, NAME)
    assert isinstance(stopped.value, KeyboardInterrupt) or "No space left on device; nothing was written" in str(
        stopped.value
    )
    assert len(done) == after
    assert (all_files(course), sorted(course.root.rglob("*"))) == (before, folders)


def test_an_interrupt_right_behind_the_last_rename_takes_the_entry_back(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = all_files(course)
    replace, done = os.replace, []

    def interrupted(source: str, target: Path) -> None:
        replace(source, target)
        if Path(target) == course.root / "course.yml" and not done:
            done.append(target)
            raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        scaffold.new(course, NAME)
    assert done
    assert all_files(course) == before


HEAD = "# Head.\ntitle: x\nsalt: 'y'  # why\n"
ONE = "name: lesson1_a\n{0}title: A\n{0}exercises: [{{name: f, points: 1}}]"


@pytest.mark.parametrize(
    ("text", "added_before"),
    [
        (HEAD + "lessons:\n- " + ONE.format("  ") + "\n", ""),
        (HEAD + "lessons:\n- " + ONE.format("  "), ""),
        (HEAD + "lessons:\n    - " + ONE.format("      ") + "  # last\n# after\nlimits: {memory_mb: 9}\n", "# after"),
        (HEAD + "lessons:\n  - " + ONE.format("    ") + "\n\n\n# the class\nsample_class: []\n", "\n\n# the class"),
        ((HEAD + "lessons:\n  - " + ONE.format("    ") + "\n").replace("\n", "\r\n"), ""),
        (HEAD + "lessons:\n  - " + ONE.format("    ") + "\n    due: >-\n      2026-10-05T23:59:00+02:00\n", ""),
    ],
)
def test_course_yml_keeps_every_other_character(tmp_path: Path, text: str, added_before: str) -> None:
    (tmp_path / "course.yml").write_bytes(text.encode())
    files.write(tmp_path / "exercises" / "lesson1_a.yml", b"")
    scaffold.new(load(tmp_path), "lesson2_b")
    after = (tmp_path / "course.yml").read_bytes().decode()
    start = after.index("- name: lesson2_b")
    start = after.rindex("\n", 0, start) + 1
    end = after.index("points: 1", start)
    end = after.index("\n", end) + 1
    removed = after[:start] + after[end:]
    assert removed in (text, text + "\n")
    assert after[end:].startswith(added_before)
    assert ("\r\n" in text) == ("\r\n" in after)
    assert after.count("\n") == after.count("\r\n") or "\r" not in after
    assert [lesson.name for lesson in load(tmp_path).lessons] == ["lesson1_a", "lesson2_b"]
    assert msgspec.structs.replace(load(tmp_path), lessons=()).salt == "y"


@pytest.mark.parametrize("lessons", ["[]", "[{name: lesson1_a, title: A, exercises: []}]"])
def test_lessons_in_brackets_are_refused(tmp_path: Path, lessons: str) -> None:
    (tmp_path / "course.yml").write_text(f"title: x\nlessons: {lessons}\n")
    files.write(tmp_path / "exercises" / "lesson1_a.yml", b"")
    before = sorted(tmp_path.rglob("*"))
    course = load(tmp_path)
    with pytest.raises(CourseError, match=r"^course\.yml, line 2: a lesson can only be added to a list"):
        scaffold.new(course, f"lesson{len(course.lessons) + 1}_b")
    assert sorted(tmp_path.rglob("*")) == before
