"""`grader similar`: copies are found, independent work is not, and the pages are safe to open."""

from __future__ import annotations

import csv
import hashlib
import html
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from grader.course import Course, load
from grader.errors import ClassError
from grader.grading.grade import Asked, grade
from grader.similar import prints
from grader.similar.compare import COMMON_COUNT, Comparison, compare, stub_of
from grader.similar.measure import disguise, figures, obvious, straightforward, unlike
from grader.similar.pages import pairs_csv, write_all
from grader.similar.prints import fragments, same_lines
from grader.similar.run import similar
from grader.student.inprocess import Here
from grader.submissions.normal import left_out, normal
from grader.submissions.read import Submission
from grader.submissions.students import find_students
from grader.submissions.work import Work

pytest.importorskip("copydetect", reason="the extra `similar` is not installed")

COURSE = load(Path(__file__).parents[3])
LESSON = COURSE.lesson("1")
GIVEN = stub_of(COURSE, LESSON)
WORK = unlike(COURSE, LESSON)


def hand_in(folder: Path, student: str, data: str | bytes, suffix: str = ".py") -> None:
    path = folder / student / LESSON.name / f"{LESSON.name}{suffix}"
    path.parent.mkdir(parents=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())


def run(course: Course, submissions: Path, out: Path, threshold: float = 0.7) -> str:
    console = Console(file=io.StringIO(), width=100)
    similar(course, submissions, out, [LESSON], console, threshold)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_output_never_lies_where_submissions_are(tmp_path: Path) -> None:
    with pytest.raises(ClassError, match="which is read"):
        similar(COURSE, tmp_path / "class", tmp_path / "class" / "out", [LESSON], Console())
    assert not (tmp_path / "class").exists()


def test_right_answers_that_are_unlike_are_not_listed_and_disguised_copies_are() -> None:
    """`python -m grader.similar.measure` prints the same figures for other lengths."""
    found = list(figures(COURSE))
    assert len(found) == len(COURSE.lessons)
    assert max(apart for _, apart, _ in found) < 0.5
    assert min(copied for _, _, copied in found) > 0.8


def test_a_disguise_changes_every_line_of_code() -> None:
    before = {line.strip() for line in WORK["arrays"].split("\n") if "=" in line}
    after = {line.strip() for line in disguise(WORK["arrays"]).split("\n")}
    assert len(before & after) <= 0.1 * len(before)


def test_straightforward_answers_can_be_as_alike_as_copies_but_not_letter_for_letter() -> None:
    """The base line that the pages name, and the figures in grader/README.md."""
    found = {lesson.number: (max(similar), max(same)) for lesson, similar, same in obvious(COURSE)}
    assert found[1] == (pytest.approx(0.54, abs=0.005), pytest.approx(0.33, abs=0.005))
    assert found[5] == (1.0, pytest.approx(0.20, abs=0.005))
    for lesson in map(COURSE.lesson, ("1", "5")):
        for text in straightforward(COURSE, lesson).values():
            report = grade(COURSE, Work("student-001", lesson, Submission(text)), Here(), Asked(train=False))
            assert report.score == report.max_score, lesson.name


def test_lines_that_are_the_same_letter_for_letter() -> None:
    def share(left: str, right: str, given: str) -> float:
        return same_lines(normal(left, given), normal(right, given))

    assert share("x = 1\ny = 2\n", "y = 2\nz = 3\nq = 4\n", "") == 0.5
    assert share("given = 1\nx = 1\n", "given = 1\ny = 1\n", "given = 1\n") == 0.0
    assert share("", "x = 1\n", "") == 0.0


def test_what_was_given_does_not_count() -> None:
    begun = [
        GIVEN.replace("raise NotImplementedError", f"print{i}  # raise NotImplementedError", 1)
        for i in ("(1)", "[2][3]")
    ]
    result = compare(LESSON, {"a": begun[0], "b": begun[1]}, GIVEN)
    assert (result.pairs, result.groups) == ((), ())
    assert result.too_short == ("a", "b")


def test_lines_that_do_not_count() -> None:
    source = 'def f(x):\n    """A text\n    of two lines."""\n    x = 1; """not alone"""\n\n    return x\n'
    assert left_out(source, "def f(x):\n") == {0, 1, 2, 4, 6}
    assert left_out("def f(:\n\n    return", "    return") == {1, 2}


def kinds(result: Comparison) -> list[tuple[str, int]]:
    return [(group.kind, len(group.students)) for group in result.groups]


@pytest.mark.parametrize("students", [2, 10, 13, 40])
def test_the_same_work_is_one_group_however_many_have_it(students: int) -> None:
    copies = {f"student-{i:03d}": WORK["arrays"] for i in range(students)}
    result = compare(LESSON, {**copies, "other": WORK["columns"]}, GIVEN)
    assert kinds(result) == [("identical", students)]
    assert (result.pairs, result.too_short, result.highest) == ((), (), 1.0)
    assert result.compared == (*copies, "other")


def test_names_comments_and_layout_hide_nothing() -> None:
    copies = {
        f"student-{i:03d}": WORK["arrays"].replace("episode", f"run_{i}") + f"\n\n\n# my own work, no. {i}\n"
        for i in range(13)
    }
    assert kinds(compare(LESSON, copies, GIVEN)) == [("renamed", 13)]


def test_thirteen_nearly_identical_files_are_one_group() -> None:
    changed = [f"\nextra_{i} = {'1 + ' * i}1\n" for i in range(13)]
    result = compare(LESSON, {f"s{i}": WORK["arrays"] + more for i, more in enumerate(changed)}, GIVEN)
    assert kinds(result) == [("almost", 13)]
    assert 0.9 <= result.groups[0].similarity < 1
    assert result.pairs == ()


def test_a_group_stands_for_all_its_members_in_pairs_and_counts_once_as_common() -> None:
    copies = {f"student-{i:03d}": WORK["arrays"] for i in range(13)}
    result = compare(LESSON, {**copies, "more": WORK["arrays"] + WORK["generators"]}, GIVEN)
    assert kinds(result) == [("identical", 13)]
    (pair,) = result.pairs
    assert (pair.left.student, len(pair.left.others), pair.right.student) == ("student-000", 12, "more")
    assert pair.similarity == 1.0
    assert result.highest == 1.0


def test_a_group_is_in_the_order_of_the_class_and_names_who_is_least_like_the_first() -> None:
    more = WORK["arrays"] + "\nextra = 1 + 2 - 3 * 4 / 5\n"
    result = compare(LESSON, {"a": WORK["arrays"], "b": more, "c": WORK["arrays"], "d": more}, GIVEN)
    (group,) = result.groups
    assert (group.kind, group.students, group.least, group.last) == ("almost", ("a", "b", "c", "d"), "b", more)
    assert result.highest == 1.0 > group.similarity


def shared(i: int) -> str:
    """Work that shares a passage with others, and has a little more that nobody else has."""
    passage = "def f(a, b):\n    return np.stack([a * b, a + b, a - b]).sum(axis=0) / (a ** 2 + b ** 2) - a % b\n\n"
    return passage * 3 + f"seed = 0x{hashlib.sha256(bytes([i])).hexdigest()[:40]}\n"


def test_who_shares_what_is_common_is_said() -> None:
    works = {f"student-{i:03d}": shared(i) for i in range(COMMON_COUNT + 4)}
    result = compare(LESSON, works, "")
    assert result.pairs == ()
    assert kinds(result) == [("common", len(works))]
    assert result.too_short == ()
    few = compare(LESSON, dict(list(works.items())[:3]), "")
    assert {group.kind for group in few.groups} <= {"almost"}
    assert few.pairs or few.groups


def test_identical_work_is_listed_however_short() -> None:
    begun = GIVEN.replace("raise NotImplementedError", "print(1)  # raise NotImplementedError", 1)
    result = compare(LESSON, {"a": begun, "b": begun}, GIVEN)
    assert kinds(result) == [("identical", 2)]
    assert result.groups[0].characters == 0
    assert result.too_short == ()


def test_no_chain_of_small_changes_joins_what_is_not_alike() -> None:
    lines = [f"value_{i} = np.array([{i}, {i + 1}]) * {i} - {i} ** {i % 7} + {i}j" for i in range(60)]
    works = {f"s{i}": "\n".join(lines[3 * i : 3 * i + 40]) + "\n" for i in range(6)}
    for group in compare(LESSON, works, "").groups:
        assert group.similarity >= 0.9


def test_the_base_line_of_a_class() -> None:
    texts = {f"{name}-{i}": text + f"\nmine = {[i] * i}\n" for i in range(2) for name, text in WORK.items()}
    result = compare(LESSON, texts, GIVEN, expected=0.4)
    assert result.expected == 0.4
    assert result.usual is not None
    assert 0 < result.usual[0] <= result.usual[1] <= result.highest
    assert compare(LESSON, {"a": WORK["arrays"], "b": WORK["columns"]}, GIVEN).usual is None


def test_a_repeated_passage_counts_as_often_as_it_stands_there() -> None:
    one = compare(LESSON, {"a": WORK["arrays"], "b": WORK["arrays"]}, GIVEN).groups[0]
    two = WORK["arrays"] + WORK["arrays"]
    both = compare(LESSON, {"a": two, "b": two}, GIVEN).groups[0]
    assert both.characters > 1.9 * one.characters


def test_part_of_a_copy_shows_in_the_share_of_who_has_less() -> None:
    pair = compare(LESSON, {"a": WORK["arrays"], "b": WORK["arrays"] + WORK["generators"]}, GIVEN).pairs[0]
    assert pair.similarity == pair.left.share == 1.0
    assert pair.right.share < 0.8


def test_marked_is_what_both_have() -> None:
    first = (
        "import numpy as np\n\n\ndef one(values):\n    return np.stack([value + 1 for value in values]).sum(axis=0)\n"
    )
    mine = first + "\n\nmine = 1 + 2 - 3 * 4 / 5\n"
    theirs = "theirs = [2, {3: 4}]\n\n" + first.replace("value", "entry")
    pair = compare(LESSON, {"a": mine * 3, "b": theirs * 3}, "").pairs[0]
    for side, name in ((pair.left, "value"), (pair.right, "entry")):
        marked = [side.source[begin:end] for begin, end in side.fragments]
        assert any(f"return np.stack([{name} + 1 for {name} in {name}s]).sum(axis=0)" in text for text in marked)
        assert all(text == text.strip() for text in marked)


def test_fragments_are_joined_and_stay_inside() -> None:
    assert fragments(([0, 4, 9], [4, 6, 99]), "ab c  \n  xyz") == ((0, 4), (9, 12))
    assert fragments(((), ()), "abc") == ()
    assert fragments(([5], [2]), "abcdef") == ()


def test_a_notebook_and_a_module_are_compared(tmp_path: Path) -> None:
    nbformat = pytest.importorskip("nbformat")
    cells = [nbformat.v4.new_code_cell(part) for part in WORK["generators"].split("\n\n\n")]
    hand_in(tmp_path / "class", "student-001", nbformat.writes(nbformat.v4.new_notebook(cells=cells)), ".ipynb")
    hand_in(tmp_path / "class", "student-002", disguise(WORK["generators"]))
    hand_in(tmp_path / "class", "student-003", WORK["recursion"])
    printed = run(COURSE, tmp_path / "class", tmp_path / "out")
    assert re.search(r"1 +\d+ % +\d+ %  student-001  student-002 +lesson1_agent_loop/pair-001.html", printed)
    assert "lesson 1: 3 submissions compared, 1 pair at 70 % or more, the highest" in printed
    assert "right answers to this lesson that were not copied are alike up to 59 %" in " ".join(printed.split())
    assert "not a verdict" in printed
    rows = list(csv.DictReader((tmp_path / "out/pairs.csv").read_text().splitlines()))
    assert [(row["student_a"], row["student_b"]) for row in rows] == [("student-001", "student-002")]
    assert float(rows[0]["similarity"]) == max(float(rows[0]["share_of_a"]), float(rows[0]["share_of_b"])) > 0.8


EVIL = "<script>alert('x')</script>"


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of two students who would like to run something in the instructor's browser."""
    folder = tmp_path_factory.mktemp("evil")
    work = WORK["arrays"] + f'\n\nvalue = "{EVIL}</code></pre></mark>"  # {EVIL} \x1b[31m \u202e\n'
    hand_in(folder / "class", "=cmd|' \"><img src=x onerror=alert(1)>", work)
    hand_in(folder / "class", "student-002", f"{work}\nmore = [{', '.join('12345678')}, {'-' * 80}1]\n")
    hand_in(folder / "class", "student-003", work)
    run(COURSE, folder / "class", folder / "out")
    return folder / "out"


def test_nothing_of_a_submission_acts_in_a_page(evil: Path) -> None:
    pages = [evil / "index.html", evil / LESSON.name / "pair-001.html", evil / LESSON.name / "group-001.html"]
    for page in (path.read_text(encoding="utf-8") for path in pages):
        assert "default-src 'none'; style-src 'sha256-" in page
        assert "<script" not in page
        assert page.count("<pre") == page.count('<pre tabindex="0"')  # what scrolls can be reached with the keyboard
        assert "<img" not in page
        assert "\x1b" not in page
        assert "\u202e" not in page
    for page, times in ((pages[1], 2), (pages[2], 1)):
        assert html.escape(EVIL, quote=False).split("(")[0] in page.read_text(encoding="utf-8")
        assert page_text(page).count(f'value = "{EVIL}</code></pre></mark>"') == times


def page_text(path: Path) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", path.read_text(encoding="utf-8")))


def test_a_page_shows_both_sources_whole_but_for_what_does_not_count(evil: Path) -> None:
    shown = page_text(evil / LESSON.name / "pair-001.html")
    for i, line in enumerate(WORK["arrays"].split("\n")):
        if i not in left_out(WORK["arrays"], GIVEN):
            assert line in shown
    assert "lines that do not count" in shown


def test_a_name_that_looks_like_a_formula_is_guarded_in_the_table(evil: Path) -> None:
    rows = (evil / "pairs.csv").read_text(encoding="utf-8").splitlines()
    assert [row.split(",")[1] for row in rows[1:]] == ["identical", "pair"]
    assert all(row.split(",")[3].startswith("\"'=cmd") for row in rows[1:])


def test_pages_of_an_earlier_run_go_away(tmp_path: Path) -> None:
    more = WORK["arrays"] + WORK["generators"]
    result = compare(LESSON, {"a": WORK["arrays"], "b": more, "c": more}, GIVEN)
    write_all(tmp_path, [result], {LESSON.name: GIVEN}, 0.7)
    assert sorted(path.name for path in tmp_path.glob("*/*.html")) == ["group-001.html", "pair-001.html"]
    assert [row.split(",")[1:5] for row in pairs_csv([result]).splitlines()[1:]] == [
        ["identical", "1", "b", "c"],
        ["pair", "", "a", "b"],
    ]
    assert "With <bdi>b</bdi> go <bdi>c</bdi>" in (tmp_path / LESSON.name / "pair-001.html").read_text()
    result = compare(LESSON, {"a": WORK["arrays"], "b": WORK["columns"]}, GIVEN)
    write_all(tmp_path, [result], {LESSON.name: GIVEN}, 0.7)
    assert not list(tmp_path.glob("*/*.html"))


def test_a_group_has_a_page_a_line_and_a_row_for_each(tmp_path: Path) -> None:
    for i in range(13):
        hand_in(tmp_path / "class", f"student-{i:03d}", WORK["arrays"] + f"# {i}\n")
    printed = run(COURSE, tmp_path / "class", tmp_path / "out")
    assert (
        "lesson 1: 13 students have the same work but for names, comments and layout: student-000, student-001, "
        "student-002, student-003 and 9 others  lesson1_agent_loop/group-001.html"
    ) in printed
    assert "lesson 1: 13 submissions compared, 1 group, 0 pairs at 70 % or more" in printed
    page = page_text(tmp_path / "out" / LESSON.name / "group-001.html")
    assert "13 students have the same work" in page
    assert all(f"student-{i:03d}" in page for i in range(13))
    assert "13 students" in page_text(tmp_path / "out/index.html")
    rows = list(csv.DictReader((tmp_path / "out/pairs.csv").read_text().splitlines()))
    assert [(row["student_a"], row["student_b"]) for row in rows] == [
        ("student-000", f"student-{i:03d}") for i in range(1, 13)
    ]


def test_a_class_without_pairs_says_so(tmp_path: Path) -> None:
    hand_in(tmp_path / "class", "student-001", WORK["arrays"])
    hand_in(tmp_path / "class", "student-002", WORK["generators"])
    assert "0 pairs at 70 % or more, the highest" in run(COURSE, tmp_path / "class", tmp_path / "out")
    assert "No pair." in (tmp_path / "out/index.html").read_text()
    assert "1 pair at 10 % or more" in run(COURSE, tmp_path / "class", tmp_path / "out", threshold=0.1)


def test_who_cannot_be_read_is_named_and_the_others_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hand_in(tmp_path / "class", "student-001", b"\xff\xff")
    hand_in(tmp_path / "class", "student-002", WORK["arrays"] + "\ndef half a line\n")
    hand_in(tmp_path / "class", "student-003", WORK["arrays"])
    (tmp_path / "class/student-004").mkdir()
    (tmp_path / "class/student-005").mkdir()
    (tmp_path / "class/student-005/work.zip").write_bytes(b"PK")
    (tmp_path / "class/student-006.zip").write_bytes(b"PK")
    printed = run(COURSE, tmp_path / "class", tmp_path / "out")
    assert (
        "student-005, lesson 1 is left out: there is no lesson1_agent_loop.py and no notebook; there is work.zip"
        in printed
    )
    assert "student-004" not in printed
    assert "student-006.zip is an archive and was not opened" in capsys.readouterr().err
    assert "student-001, lesson 1 is left out: lesson1_agent_loop.py is not UTF-8" in printed
    assert "2 submissions compared, 1 group" in printed


def test_lessons_that_nobody_has_handed_in_are_passed_over_in_silence(tmp_path: Path) -> None:
    for student, name in (("student-001", "arrays"), ("student-002", "generators")):
        (tmp_path / "class" / student / "week1").mkdir(parents=True)
        (tmp_path / "class" / student / "week1/lesson1_agent_loop.py").write_text(WORK[name])
    console = Console(file=io.StringIO(), width=200)
    similar(COURSE, tmp_path / "class", tmp_path / "out", COURSE.lessons, console)
    assert isinstance(console.file, io.StringIO)
    printed = console.file.getvalue()
    assert "lesson 1: 2 submissions compared" in printed
    assert "left out" not in printed


def test_where_nothing_can_be_compared_every_reason_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for student in ("student-001", "student-002"):
        (tmp_path / "class" / student).mkdir(parents=True)
        (tmp_path / "class" / student / "work.zip").write_bytes(b"PK")
    console = Console(width=200)
    with pytest.raises(ClassError, match="nothing that can be compared"):
        similar(COURSE, tmp_path / "class", tmp_path / "out", COURSE.lessons, console)
    assert "student-002, lesson 1 is left out: there is no lesson1_agent_loop.py" in capsys.readouterr().out


def test_what_makes_no_sense_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ClassError, match="has no student in it"):
        run(COURSE, tmp_path / "empty", tmp_path / "out")
    hand_in(tmp_path / "class", "student-001", GIVEN)
    with pytest.raises(ClassError, match="one student in it; comparing takes two"):
        run(COURSE, tmp_path / "class", tmp_path / "out")
    hand_in(tmp_path / "class", "student-002", GIVEN)
    with pytest.raises(ClassError, match="nothing that can be compared"):
        run(COURSE, tmp_path / "class", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    hand_in(tmp_path / "class", "student-003", WORK["arrays"])
    monkeypatch.setitem(sys.modules, "copydetect", None)
    with pytest.raises(ClassError, match=r"pip install -e '\.\[similar\]'"):
        run(COURSE, tmp_path / "class", tmp_path / "out")
    assert find_students(tmp_path / "class", ()) == ["student-001", "student-002", "student-003"]


def test_the_result_is_the_same_whatever_hashes_python_makes() -> None:
    """With a window of 1 all k-grams are kept, so nothing depends on which of them has the smallest hash."""
    code = (
        "import json, sys; from pathlib import Path; from grader.course import load; "
        "from grader.similar.compare import compare, stub_of; from grader.similar.measure import unlike; "
        f"course = load(Path({str(COURSE.root)!r})); lesson = course.lesson('1'); "
        "r = compare(lesson, unlike(course, lesson), stub_of(course, lesson), threshold=0.2); "
        "print(json.dumps([(p.left.student, p.right.student, p.similarity, p.left.fragments) for p in r.pairs]))"
    )
    answers = []
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        answers.append(json.loads(done.stdout))
    assert answers[0] == answers[1]
    assert len(answers[0]) >= 3
    assert prints.K == 16
