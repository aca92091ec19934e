"""course.yml: what is right is read, what is wrong is named with its line."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
import yaml

from grader.course import Course, LateRule, Lesson, TrainingRule, find_root, load
from grader.course.names import is_lesson_name, lesson_number, lessons_called
from grader.errors import CourseError
from grader.student.limits import Limits

GOOD = """\
title: A course
lessons:
  - name: lesson1_first
    title: First
    exercises:
      - name: f
        points: 2
      - name: g
        points: 1
        needs: [f]
  - name: lesson2_second
    title: Second
    imports: [lesson1_first]
    exercises:
      - {name: h, points: 3}
    training:
      exercise: train
      points: 4
      environment: CartPole-v1
      threshold: 475
      max_steps: 1000
      needs: [h]
"""


HINTS = """\
# The hints of lesson 2.
h:
  - A nudge.
  - >-
    More: a long one,
    on two lines.
train:
  - "A nudge: for the loop."
"""


def write(folder: Path, text: str, hints: dict[str, str] | None = None) -> Path:
    """A course with empty files of hints, but for those given."""
    (folder / "course.yml").write_text(text, encoding="utf-8")
    (folder / "exercises").mkdir(exist_ok=True)
    for name in re.findall(r"name: (lesson\w+)", text):
        (folder / f"exercises/{name}.yml").write_text((hints or {}).get(name, ""), encoding="utf-8")
    return folder


def test_reads_a_course(tmp_path: Path) -> None:
    course = load(write(tmp_path, GOOD))
    assert [lesson.number for lesson in course.lessons] == [1, 2]
    assert course.lessons[0].max_points == 3
    assert course.lessons[1].max_points == 7
    assert course.lesson("2") is course.lesson("lesson2") is course.lesson("lesson2_second")
    assert course.root == tmp_path.resolve()


def test_a_deadline_keeps_its_time_zone(tmp_path: Path) -> None:
    text = GOOD.replace("title: First", "title: First\n    due: 2026-10-05T23:59:00+02:00")
    first, second = load(write(tmp_path, text)).lessons
    assert first.due is not None
    assert (first.due.isoformat(), second.due) == ("2026-10-05T23:59:00+02:00", None)


def test_a_late_rule_is_the_course_s_or_the_lesson_s_own(tmp_path: Path) -> None:
    due = "due: 2026-10-05T23:59:00+02:00"
    text = GOOD.replace("title: A course", "title: A course\nlate: {percent_per_day: 10}\nfree_late_days: 2")
    text = text.replace("title: First", f"title: First\n    {due}\n    late: {{percent_per_day: 25, at_most: 50}}")
    course = load(write(tmp_path, text))
    first, second = course.lessons
    assert course.late_rule(first) == LateRule(25, at_most=50)
    assert course.late_rule(second) is None, "it has no deadline"
    course = load(write(tmp_path, text.replace("title: Second", f"title: Second\n    {due}")))
    assert course.late_rule(course.lessons[1]) == LateRule(10)
    assert load(write(tmp_path, GOOD)).late_rule(first) == LateRule(25, at_most=50)
    assert load(write(tmp_path, GOOD)).late_rule(second) is None


def test_the_repository_s_own_course() -> None:
    course = load(find_root(Path(__file__).parent))
    for lesson in course.lessons:
        every = [
            *(exercise.hints for exercise in lesson.exercises),
            *([lesson.training.hints] if lesson.training else []),
        ]
        assert all(len(hints) == 3 for hints in every), lesson.name


def test_what_is_commented_out_is_the_default(tmp_path: Path) -> None:
    """course.yml repeats no default, and shows what can be set."""
    root = find_root(Path(__file__).parent)
    text = (root / "course.yml").read_text(encoding="utf-8")
    without = re.sub(r"(?m)^# (?=[a-z_]+: [a-z]+$|limits:$|  [a-z_]+: \d)", "", text)
    assert len(yaml.safe_load(without)) == len(yaml.safe_load(text)) + 2
    assert yaml.safe_load(without)["limits"].keys() == set(Limits.__struct_fields__)
    course = load(write(tmp_path, without))
    assert (course.limits, course.carry_forward) == (Limits(), Course("", ()).carry_forward)


def test_no_value_that_equals_a_default_is_written() -> None:
    written = yaml.safe_load((find_root(Path(__file__).parent) / "course.yml").read_text(encoding="utf-8"))
    rules = [lesson["training"] for lesson in written["lessons"] if "training" in lesson]
    for kind, entries in ((Course, [written]), (Lesson, written["lessons"]), (TrainingRule, rules)):
        for field in msgspec.structs.fields(kind):
            assert not [each for each in entries if each.get(field.name, ...) == field.default], field.name


def test_hints_are_read_from_a_file_of_their_lesson(tmp_path: Path) -> None:
    course = load(write(tmp_path, GOOD, {"lesson2_second": HINTS}))
    first, second = course.lessons
    assert [exercise.hints for exercise in first.exercises] == [(), ()]
    assert second.exercises[0].hints == ("A nudge.", "More: a long one, on two lines.")
    assert second.training is not None
    assert second.training.hints == ("A nudge: for the loop.",)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("h:\n", "i:\n", 2, "lesson2_second has no exercise 'i'; choose one of: h, train"),
        ("h:\n", "1:\n", 2, "lesson2_second has no exercise 1; choose one of: h, train"),
        ("train:\n", "h:\n", 7, "a second 'h'; the first is in line 2"),
        (
            '"A nudge: for the loop."',
            "A nudge: for the loop.",
            8,
            "hint 1 of train is not text to YAML; put quotes around",
        ),
        ("- A nudge.", "- 475", 3, "hint 1 of h is not text"),
        ("- A nudge.", "-", 3, "hint 1 of h is not text"),
        ("- A nudge.", '- ""', 3, "hint 1 of h is not text"),
        ("h:\n  - A nudge.\n  - >-\n", "h: >-\n", 2, "the hints of h must be a list: start each with a dash"),
        (HINTS, "h:\n", 1, "the hints of h must be a list"),
        (HINTS, "- A nudge.\n", 1, "expected the name of an exercise"),
        ("- A nudge.", '- "A nudge.', 8, ""),
    ],
)
def test_a_mistake_in_the_hints_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    assert old in HINTS
    with pytest.raises(CourseError) as caught:
        load(write(tmp_path, GOOD, {"lesson2_second": HINTS.replace(old, new, 1)}))
    message = str(caught.value)
    assert message.startswith(f"exercises/lesson2_second.yml, line {line}: ")
    assert words in message
    assert "\n" not in message


def test_hints_that_cannot_be_read_are_one_line(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD) / "exercises/lesson1_first.yml"
    for damage in (b"\xff\xfe\xfa", b"\x00"):
        path.write_bytes(damage)
        with pytest.raises(CourseError, match=r"^exercises/lesson1_first.yml cannot be read: .*$"):
            load(tmp_path)
    path.unlink()
    with pytest.raises(
        CourseError, match=r"lesson1_first.yml does not exist; it holds the hints of lesson1_first, and"
    ):
        load(tmp_path)
    path.mkdir()
    with pytest.raises(CourseError, match=r"^exercises/lesson1_first.yml cannot be read: .*$"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("points: 2", "points: two", 7, "expected `float`"),
        ("points: 2", "pionts: 2", 6, "pionts"),
        ("title: A course", "title: A course\nlimits: {submission_seconds: 0}", 2, "expected `float` > 0"),
        ("title: A course", "title: A course\nlimits: {submission_seconds: .inf}", 2, "expected `float` <= 604800"),
        (
            "title: A course",
            "title: A course\nlimits:\n  cpu_seconds: 6\n  judging_seconds: .nan",
            4,
            "expected `float`",
        ),
        ("title: A course", "title: A course\nlimits: {call_seconds: -1}", 2, "expected `float` > 0"),
        ("title: A course", "title: A course\nlimits: {memory_mb: 0}", 2, "expected `int` >"),
        ("max_steps: 1000", "max_steps: 1000\n      cpu_seconds: 0", 22, "expected `float` > 0"),
        ("points: 2", "points: -1", 7, "0 or more"),
        ("name: g", "name: f", 8, "second exercise"),
        ("needs: [f]", "needs: [z]", 10, "'z'"),
        ("name: lesson2_second", "name: lesson1_first", 11, "second lesson"),
        ("name: lesson2_second", "name: two", 11, "lesson<number>_<name>"),
        ("imports: [lesson1_first]", "imports: [lesson9_last]", 13, "not an earlier lesson"),
        ("needs: [h]", "needs: [i]", 22, "'i'"),
        ("lessons:\n", "sample_class: [lesson8]\nlessons:\n", 2, "sample class hands in 'lesson8'"),
        ("threshold: 475", "threshold: 475\n      passes: 7", 21, "7 of 5"),
        ("threshold: 475", "threshold: 475\n      control_tries: 0", 21, "0 tries at the small task are none"),
        ("title: First", "title: [First", 5, ""),
        ("title: First", "title: First\n    late: {percent_per_day: 10}", 5, "cannot be late without a deadline"),
        ("title: A course", "title: A course\nlate: {percent_per_day: 101}", 2, "expected `float` <= 100"),
        ("title: A course", "title: A course\nlate: {percent_per_day: -1}", 2, "expected `float` >= 0"),
        ("title: A course", "title: A course\nlate:\n  percent_per_day: .nan", 3, "expected `float` >= 0"),
        (
            "title: A course",
            "title: A course\nlate: {percent_per_day: 5, at_most: .nan}",
            2,
            "expected `float` >= 0",
        ),
        ("title: A course", "title: A course\nlate: {grace_minutes: 5}", 2, "percent_per_day"),
        ("title: A course", "title: A course\nlate: {percent_per_day: 5, grace_hours: 1}", 2, "grace_hours"),
        (
            "title: A course",
            "title: A course\nlate: {percent_per_day: 5, grace_minutes: .inf}",
            2,
            "expected `float` <= 10080",
        ),
        ("title: A course", "title: A course\nfree_late_days: -1", 2, "expected `int` >= 0"),
        ("title: A course", "# no title", 2, "title"),
        ("title: First", "title: First\n    title: Second", 5, "a second 'title'; the first is in line 4"),
        ("{name: h, points: 3}", "{name: h, points: 3, points: 4}", 15, "a second 'points'; the first is in line 15"),
        ("name: f\n", "name: f\n        hints: [A nudge]\n", 7, "hints belong in exercises/lesson1_first.yml, below"),
        (
            "exercise: train",
            "exercise: train\n      hints: [A nudge]",
            18,
            "hints belong in exercises/lesson2_second.yml",
        ),
        ("exercise: train", "exercise: h", 17, "a second exercise called 'h'"),
        ("title: First", "title: First\n    due: 2026-10-05", 5, "such as 2026-10-05T23:59:00+02:00, not '2026-10-05'"),
        ("title: First", "title: First\n    due: 2026-10-05T23:59:00", 5, "with its zone"),
        ("title: First", "title: First\n    due: 2026-02-31T12:00:00Z", 5, "not '2026-02-31T12:00:00Z'"),
        ("title: First", "title: First\n    due: [soon,\n      or later]", 5, "not \"['soon', 'or later']\""),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    assert old in GOOD
    with pytest.raises(CourseError) as caught:
        load(write(tmp_path, GOOD.replace(old, new, 1)))
    message = str(caught.value)
    assert f"line {line}:" in message
    assert words in message
    assert "\n" not in message


@pytest.mark.parametrize("text", ["", "[1, 2]", "just words", "\x00"])
def test_nonsense_is_one_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(CourseError) as caught:
        load(write(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_no_course(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"no course\.yml"):
        find_root(tmp_path)
    with pytest.raises(CourseError, match="does not exist"):
        load(tmp_path)


def test_unknown_lesson_lists_the_known(tmp_path: Path) -> None:
    course = load(write(tmp_path, GOOD))
    for wanted in ("3", "lesson", "nothing", "", "²", "1" * 5000):
        with pytest.raises(CourseError, match="lesson1_first, lesson2_second"):
            course.lesson(wanted)


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ("1", ["lesson1_first"]),
        ("01", ["lesson1_first"]),
        ("12", ["lesson12_a", "lesson12_a_b"]),
        ("lesson12_a", ["lesson12_a"]),
        ("lesson12", ["lesson12_a", "lesson12_a_b"]),
        ("lesson12_a_", ["lesson12_a_b"]),
        ("first", []),
    ],
)
def test_a_lesson_is_meant_by_number_name_or_beginning(wanted: str, meant: list[str]) -> None:
    assert lessons_called(wanted, ["lesson1_first", "lesson12_a", "lesson12_a_b"]) == meant


def test_the_number_of_a_lesson() -> None:
    assert [lesson_number(name) for name in ("lesson12_a", "lesson007_b", "lesson", "homework3")] == [12, 7, 0, 0]
    assert is_lesson_name("lesson12_a")
    for name in ("lesson_a", "Lesson1_a", "lesson1_A", "lesson1", "lesson1234567890_a", "lesson1_a\n"):
        assert not is_lesson_name(name), name


CHAIN = """\
title: A chain
lessons:
  - {name: lesson1_a, title: A, exercises: [{name: a, points: 1}]}
  - {name: lesson2_b, title: B, exercises: [{name: b, points: 1}]}
  - {name: lesson3_c, title: C, imports: [lesson1_a], exercises: [{name: c, points: 1}]}
  - {name: lesson4_d, title: D, imports: [lesson3_c], exercises: [{name: d, points: 1}]}
  - {name: lesson5_e, title: E, imports: [lesson4_d, lesson2_b], exercises: [{name: e, points: 1}]}
"""


def test_a_lesson_needs_what_its_imports_import(tmp_path: Path) -> None:
    course = load(write(tmp_path, CHAIN))
    needs = {lesson.number: [each.number for each in course.needs(lesson)] for lesson in course.lessons}
    assert needs == {1: [], 2: [], 3: [1], 4: [1, 3], 5: [1, 2, 3, 4]}
    (tmp_path / "solutions").mkdir()
    for lesson in course.lessons:
        course.solution(lesson).write_text(f"# {lesson.title}")
    assert course.references(course.lesson("4")) == {"lesson1_a": "# A", "lesson3_c": "# C"}


def test_the_salt_decides_every_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    course = load(write(tmp_path, GOOD))
    monkeypatch.delenv("GRADER_SALT", raising=False)
    first = course.secret("a", 1)
    assert first == course.secret("a", 1) != course.secret("a1")
    monkeypatch.setenv("GRADER_SALT", "another word")
    assert course.effective_salt == "another word"
    assert course.secret("a", 1) != first
    monkeypatch.setenv("GRADER_SALT", "")
    assert course.secret("a", 1) == first


def test_a_training_lesson_states_its_rule_word_for_word() -> None:
    course = load(find_root(Path(__file__).parent))
    for lesson in course.lessons:
        if lesson.training is not None:
            text = (course.root / "exercises" / f"{lesson.name}.md").read_text(encoding="utf-8")
            assert lesson.training.in_words() in text
