"""A name is given where a known wrong program does the same in all that was asked, and nowhere else."""

from __future__ import annotations

import fcntl
import hmac
from pathlib import Path

import msgspec
import platformdirs
import pytest
import tiny_course

from grader.course import Course, load
from grader.grading import remembered
from grader.grading.grade import grade
from grader.report.report import Report
from grader.student.errors import StudentDied
from grader.student.inprocess import Here
from grader.student.isolation import choose
from grader.student.levels import Isolation, IsolationError
from grader.student.processes import ZygoteClient
from grader.submissions.read import Submission
from grader.submissions.work import Work

TESTS = '''\
from hypothesis import given
from hypothesis import strategies as st

from grader.testing import exercise, near


@exercise("double")
@given(x=st.integers(1, 99))
def test_positive(student, x):
    """`double` gives twice a positive number."""
    assert student.double(x) == near(2 * x)


@exercise("double")
@given(x=st.integers(-99, -1))
def test_negative(student, x):
    """`double` gives twice a negative number."""
    assert student.double(x) == near(2 * x)


@exercise("half", alike="draws")
@given(x=st.integers(1, 9), data=st.data())
def test_halves(student, x, data):
    """`half` gives half of the number, and of another one."""
    got = student.half(x)
    assert got in (x / 2, 0), "half, or luck"
    assert got != 0, "half, and no luck"
    more = data.draw(st.integers(1, 9))
    assert student.half(more) == near(more / 2)
'''

CHAFFS = """\
- name: squares
  exercise: double
  says: squares the number
  hint: What is double of 3?
  edits: [{old: "2 * x", new: "x * x"}]
- name: keeps_the_sign_off
  exercise: double
  says: forgets the sign
  hint: What is double of -3?
  edits: [{old: "2 * x", new: "abs(2 * x)"}]
- name: cannot
  exercise: double
  says: reads an attribute that numbers have not
  hint: What is x?
  edits: [{old: "2 * x", new: "x.nothing"}]
- name: unpacks
  exercise: double
  says: takes the number for a pair
  hint: What is x?
  raises: cannot unpack non-iterable int
  edits: [{old: "return 2 * x", new: "a, b = x\\n    return a + b"}]
- name: cannot_negative
  exercise: double
  says: has no answer to a negative number
  hint: What is double of -3?
  edits: [{old: "return 2 * x", new: "return [0, *range(2, 999, 2)][x] if x > 0 else {}[x]"}]
- name: sometimes_nothing
  exercise: half
  says: gives nothing now and then
  hint: What is half of 3?
  edits: [{old: "return x / 2", new: "import random\\n    return x / 2 if random.random() < 0.5 else 0"}]
- name: floors
  exercise: half
  says: rounds down
  hint: What is half of 3?
  edits: [{old: "x / 2", new: "x // 2 or -1"}]
"""


@pytest.fixture
def course(tmp_path: Path) -> Course:
    made = tiny_course.make(tmp_path / "course")
    folder = made.root / "tests/lesson1_numbers"
    remembered._kept.cache_clear()
    (folder / "test_numbers.py").write_text(TESTS)
    (folder / "chaffs.yml").write_text(CHAFFS)
    return load(made.root)


class Counting(Here):
    """Counts the modules that are opened, by their text."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    def open(self, sources, *args, **kwargs):
        self.opened.append(sources["lesson1_numbers"])
        return super().open(sources, *args, **kwargs)


def judge(course: Course, body: str, place: Here | None = None, function: str = "double") -> Report:
    """The report on the solution with another body for one function."""
    old = {"double": "return 2 * x", "half": "return x / 2"}[function]
    text = tiny_course.NUMBERS.replace(old, body)
    return grade(course, Work("sample", course.lesson("lesson1_numbers"), Submission(text)), place or Here())


def named(report: Report) -> dict[str, tuple[str, bool]]:
    """The misconceptions in a report, by property."""
    found = {p.name: p.misconception for p in report.properties}
    return {name: (chaff.name, chaff.everywhere) for name, chaff in found.items() if chaff}


def test_the_same_behaviour_is_named_in_any_style(course):
    report = judge(course, "return sum(x for _ in range(x)) if x > 0 else x ** 2")
    assert named(report) == {"test_positive": ("squares", True), "test_negative": ("squares", True)}
    assert [p.hint for p in report.properties[:2]] == ["What is double of 3?"] * 2


def test_what_is_alike_in_the_smallest_case_only_is_not_named(course):
    report = judge(course, "return x * x if x == 1 else 7 * x")
    assert report.properties[0].got == "1"
    assert named(report) == {}


def test_what_is_alike_in_one_law_only_is_named_with_that_reservation(course):
    report = judge(course, "return x * x if x > 0 else 7 * x")
    assert named(report) == {"test_positive": ("squares", False)}


def test_a_law_of_many_that_is_broken_alike_is_no_name(course):
    """A third law: of all that either breaks, both break one in the same way, and that may have another reason."""
    more = TESTS[TESTS.index('@exercise("double")') : TESTS.index('@exercise("half"')].rpartition('@exercise("double")')
    large = "".join(more[1:]).replace("-99, -1", "100, 999").replace("negative", "large")
    (course.tests(course.lesson("lesson1_numbers")) / "test_numbers.py").write_text(f"{TESTS}\n\n{large}")
    assert named(judge(course, "return x * x if 0 < x < 100 else 7 * x")) == {}
    found = named(judge(course, "return x * x if x > 0 else 7 * x"))
    assert found == {"test_positive": ("squares", False), "test_large": ("squares", False)}


def test_a_law_that_holds_speaks_against_a_misconception_that_breaks_it(course):
    """The sign is lost, and positive numbers are right: that is one known mistake, and it is not the other."""
    assert named(judge(course, "return 2 * x if x > 0 else -2 * x")) == {"test_negative": ("keeps_the_sign_off", True)}


def test_a_whole_number_is_not_taken_for_one_with_a_point(course):
    assert named(judge(course, "return float(x * x)")) == {}


def test_an_exception_in_every_case_proves_no_name(course):
    assert named(judge(course, "return x.anything")) == {}


def test_an_exception_proves_a_name_by_words_that_the_author_gave(course):
    everywhere = {"test_positive": ("unpacks", True), "test_negative": ("unpacks", True)}
    assert named(judge(course, "left, right = x\n    return left")) == everywhere
    assert named(judge(course, "return len(x)")) == {}


def test_it_says_something_in_which_cases_an_exception_is_raised(course):
    report = judge(course, "return {n: 2 * n for n in range(200)}[x]")
    assert named(report) == {"test_negative": ("cannot_negative", True)}


def test_luck_decides_the_examples_and_not_the_name(course):
    report = judge(course, "return [x / 2, 0, x / 2][7 * x % 3]", function="half")
    assert named(report) == {"test_halves": ("sometimes_nothing", True)}
    assert named(judge(course, "import math\n    return math.floor(x / 2) or -1", function="half")) == {
        "test_halves": ("floors", True)
    }


def test_a_chaff_of_an_exercise_that_passed_is_no_candidate(course):
    chaffs = course.tests(course.lesson("lesson1_numbers")) / "chaffs.yml"
    assert named(judge(course, "return x // 2 or -1", function="half"))
    chaffs.write_text(CHAFFS.replace("exercise: half\n  says: rounds", "exercise: double\n  says: rounds"))
    assert named(judge(course, "return x // 2 or -1", function="half")) == {}


def test_code_that_ends_its_process_while_it_is_asked_is_not_named(course):
    body = "if x > 50:\n        import os\n        os._exit(0)\n    return x * x"
    try:
        place = ZygoteClient(choose())
    except IsolationError as reason:
        pytest.skip(str(reason))
    with place:
        report = judge(course, body, place)
    assert [p.verdict for p in report.properties] == ["fail", "fail", "pass"]
    assert all(not everywhere for _, everywhere in named(report).values())


MISTAKES = [
    "return x * x",
    "return abs(2 * x)",
    "return 3 * x",
    "return 2 * x + 1",
    "return 2 * x if x < 50 else 0",
    "return str(x)",
    "return None",
    "return -2 * x",
    "return 2 * abs(x) if x < -5 else 2 * x",
    "return x",
]


def test_a_mistake_that_was_seen_before_costs_no_diagnosis(course):
    """Thirty hand-ins with ten mistakes: misconceptions are opened for the first of each kind alone."""
    place = Counting()
    reports, opened = [], []
    for i in range(30):
        before = len(place.opened)
        student = f"sample-{i}"
        text = tiny_course.NUMBERS.replace("return 2 * x", MISTAKES[i % 10]) + f"\n# {student}\n"
        work = Work(student, course.lesson("lesson1_numbers"), Submission(text))
        reports.append(named(grade(course, work, place)))
        opened.append(sum(student not in module for module in place.opened[before:]))
    assert opened[0] > 0
    assert opened[10:] == [0] * 20
    assert reports[:10] == reports[10:20] == reports[20:]


def test_what_is_remembered_changes_no_name(course):
    first = {body: named(judge(course, body)) for body in MISTAKES}
    assert {body: named(judge(course, body)) for body in reversed(MISTAKES)} == first


class Apart(Counting):
    """As the place of a class, as far as a memory is concerned; here, in this process."""

    isolation = Isolation("strong")


def another_process() -> None:
    """Forget what this process remembers, but not what is kept on disk."""
    remembered._kept.cache_clear()


def files() -> list[Path]:
    return sorted((platformdirs.user_cache_path("deep-rl-for-beginners", appauthor=False) / "known").iterdir())


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def opened_for(course: Course, body: str) -> tuple[dict[str, tuple[str, bool]], int]:
    """The names, and how many misconceptions were opened to find them."""
    place = Apart()
    text = f"{tiny_course.NUMBERS.replace('return 2 * x', body)}\n# the student's"
    names = named(grade(course, Work("sample", course.lesson("lesson1_numbers"), Submission(text)), place))
    return names, sum("# the student's" not in module for module in place.opened)


def test_what_one_process_has_found_out_another_one_knows(course, cache):
    first = {body: opened_for(course, body) for body in MISTAKES}
    assert all(opened for _, opened in list(first.values())[:1])
    another_process()
    assert {body: opened_for(course, body) for body in MISTAKES} == {
        body: (names, 0) for body, (names, _) in first.items()
    }
    (file,) = files()
    assert file.stat().st_mode & 0o077 == 0
    assert file.parent.stat().st_mode & 0o077 == 0


def test_two_processes_add_to_one_file(course, cache):
    """Each of them reads what the other one has written in the meantime, and nothing is written twice."""
    one = remembered.of(course, course.lesson("1"), Apart.isolation)
    opened_for(course, MISTAKES[0])
    another_process()
    opened_for(course, MISTAKES[3])
    (file,) = files()
    size = file.stat().st_size
    other = remembered.of(course, course.lesson("1"), Apart.isolation)
    assert other is not one
    known = [len(kept.recall({}).outcomes) for kept in (one, other)]
    assert known[0] == known[1] > 0
    one.keep({})
    assert file.stat().st_size == size
    another_process()
    assert opened_for(course, MISTAKES[0])[1] == 0
    assert opened_for(course, MISTAKES[3])[1] == 0


@pytest.mark.parametrize(
    "harm",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1],
        lambda data: data[:100] + bytes([data[100] ^ 1]) + data[101:],
        lambda data: b"\xff" * 40 + data[40:],
        lambda data: hmac.digest(b"another salt", data[40:], "sha256") + data[32:],
    ],
)
def test_a_file_that_is_not_as_it_was_written_is_found_out_again(harm, course, cache):
    names = {body: opened_for(course, body)[0] for body in MISTAKES[:2]}
    (file,) = files()
    whole = file.read_bytes()
    file.write_bytes(harm(whole))
    another_process()
    assert {body: opened_for(course, body)[0] for body in MISTAKES[:2]} == names
    another_process()
    assert all(opened_for(course, body) == (names[body], 0) for body in names)
    assert len(file.read_bytes()) > len(whole) // 2


def test_nothing_is_kept_where_nothing_can_be_written_or_somebody_else_writes(course, cache, monkeypatch):
    cache.write_text("not a folder")
    names, _ = opened_for(course, MISTAKES[1])
    cache.unlink()
    file = remembered.of(course, course.lesson("1"), Apart.isolation)._path
    assert file is not None
    file.parent.mkdir(parents=True)
    file.touch()
    with file.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert opened_for(course, MISTAKES[1]) == (names, 0)
        assert file.read_bytes() == b""
    assert opened_for(course, MISTAKES[1]) == (names, 0)
    assert file.read_bytes()  # it is written at the next opportunity
    monkeypatch.setattr(remembered, "_MOST_BYTES", 10)
    another_process()
    whole = file.read_bytes()
    assert opened_for(course, MISTAKES[1])[0] == names
    assert file.read_bytes() == whole


def test_what_was_found_out_beside_a_students_code_is_not_kept(course, cache):
    """In one process with the known programs, it may have had a hand in what they do."""
    assert named(judge(course, MISTAKES[0], Here()))
    assert not (cache / "deep-rl-for-beginners" / "known").exists()


def test_other_tests_another_salt_and_another_wall_are_other_files(course, cache, monkeypatch):
    opened_for(course, MISTAKES[0])
    monkeypatch.setattr(Apart, "isolation", Isolation("embedded"))
    opened_for(course, MISTAKES[0])
    opened_for(msgspec.structs.replace(course, class_salt="another salt of a class"), MISTAKES[0])
    tests = course.tests(course.lesson("lesson1_numbers")) / "test_numbers.py"
    tests.write_text(TESTS.replace("st.integers(1, 99)", "st.integers(1, 2)"))
    opened_for(course, MISTAKES[0])
    assert len(files()) == 4
    monkeypatch.setattr(remembered, "_MOST_FILES", 2)
    tests.write_text(TESTS)
    opened_for(course, MISTAKES[0])
    assert len(files()) == 4  # that one is there
    tests.write_text(TESTS.replace("st.integers(1, 99)", "st.integers(1, 3)"))
    opened_for(course, MISTAKES[0])
    assert len(files()) == 2


class Unlucky(Counting):
    """Something from outside ends the process of a known wrong program whenever one begins, the first few times."""

    def __init__(self, student: str, kills: int) -> None:
        super().__init__()
        self._student, self._kills = student, kills

    def open(self, sources, *args, **kwargs):
        if self.lost < self._kills and self._student not in sources["lesson1_numbers"]:
            self.lost += 1
            raise StudentDied("the process was ended by SIGKILL")
        return super().open(sources, *args, **kwargs)


@pytest.mark.parametrize("kills", [1, 2, 3, 10])
def test_what_something_from_outside_has_ended_is_not_remembered(course, kills):
    calm = {body: named(judge(course, body)) for body in MISTAKES}
    remembered._kept.cache_clear()
    meanwhile = named(judge(course, f"{MISTAKES[0]}  # mine", Unlucky("# mine", kills)))
    # It is judged once more; if that is disturbed again, a name may be missing, but only in that report.
    assert meanwhile in ([calm[MISTAKES[0]]] if kills == 1 else [calm[MISTAKES[0]], {}])
    assert {body: named(judge(course, body)) for body in MISTAKES} == calm


def test_other_tests_are_another_memory(course):
    """After an edit of the lesson's tests nothing is taken from before."""
    assert named(judge(course, "return x * x"))
    tests = course.tests(course.lesson("lesson1_numbers")) / "test_numbers.py"
    tests.write_text(TESTS.replace("st.integers(1, 99)", "st.integers(1, 2)"))
    place = Counting()
    assert named(judge(course, "return x * x", place))
    assert any("x * x" not in module for module in place.opened)


def test_who_gets_a_public_example_right_does_not_make_that_mistake(course):
    """Drawn cases are seldom as plain as one that a teacher has chosen; no property asks for numbers from 100 on."""
    squares_what_is_asked = "return x * x if x < 100 else 2 * x"
    everywhere = {"test_positive": ("squares", True), "test_negative": ("squares", True)}
    assert named(judge(course, squares_what_is_asked)) == everywhere
    solution = course.solution(course.lessons[0])
    text = solution.read_text()
    example = '"""Twice the number.\n\n    Example:\n        >>> double(1000)\n        2000\n    """'
    assert '"""Twice the number."""' in text
    solution.write_text(text.replace('"""Twice the number."""', example))
    assert named(judge(course, squares_what_is_asked)) == {}
    assert named(judge(course, "return x * x")) == everywhere
