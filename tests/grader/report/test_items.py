"""Difficulty and discrimination of properties, failures without a name, and the time that was spent."""

from __future__ import annotations

import csv
import io

import msgspec
import pytest

from grader.export.csv import PROPERTIES_HEADER, properties_csv
from grader.report.items import FEWEST, TRAINING, Item, items
from grader.report.report import (
    Counterexample,
    Misconception,
    Origin,
    PropertyResult,
    Report,
    TrainingResult,
    Verdict,
)
from grader.report.spent import spent
from grader.report.thin import Thinner
from grader.report.unnamed import groups

LESSON = "lesson1_numbers"


def law(name: str, verdict: Verdict, *, exercise: str = "double", got: str = "", **more: object) -> PropertyResult:
    points = 1.0 if verdict == "pass" else 0.0
    asked = Counterexample((), LESSON, (), "print(double(1))") if verdict == "fail" else None
    return PropertyResult(
        name,
        exercise,
        f"The law of {name}.",
        verdict,
        points,
        1.0,
        counterexample=asked,
        got=got,
        **more,  # type: ignore[arg-type]
    )


def report(student: str, *properties: PropertyResult, **more: object) -> Report:
    settings = {"lesson": LESSON, "title": "Numbers", "status": "graded", "isolation": None, "device": "cpu"} | more
    score = sum(each.points for each in properties)
    return Report(student=student, score=score, max_score=3.0, properties=properties, **settings)  # type: ignore[arg-type]


def of_class(*rows: str) -> list[Report]:
    """A student for each row: p for pass, f for fail, s for skip."""
    verdicts: dict[str, Verdict] = {"p": "pass", "f": "fail", "s": "skip"}
    return [
        report(f"s{i}", *(law("abc"[k], verdicts[letter]) for k, letter in enumerate(row)))
        for i, row in enumerate(rows)
    ]


def test_counts_and_difficulty() -> None:
    found = items([*of_class("ppf", "pfs", "fff"), report("gone", status="missing"), report("odd", law("a", "error"))])
    assert [(each.name, each.passed, each.failed, each.not_judged) for each in found] == [
        ("a", 2, 1, 0),
        ("b", 1, 2, 0),
        ("c", 0, 2, 1),
    ]
    assert found[0].difficulty == pytest.approx(1 / 3)
    assert all(each.discrimination is None for each in found), "three students say nothing"


def test_discrimination_is_the_correlation_with_the_rest() -> None:
    # a goes with the rest, b against it, c is passed by all.
    found = {each.name: each for each in items(of_class("pfp", "pfp", "fpp", "fpp", "ppp"))}
    a = found["a"]
    assert a.judged == FEWEST
    # By hand: passes are 1 1 0 0 1, the rest 1 1 2 2 2; the covariance over both deviations is -2/3.
    assert a.discrimination == pytest.approx(-2 / 3)
    assert found["c"].discrimination is None
    better = {each.name: each for each in items(of_class("ppp", "ppp", "fff", "fff", "ffp"))}
    assert (better["a"].discrimination or 0) > 0.9


def test_a_training_check_is_one_of_them() -> None:
    check = TrainingResult("train", "The rule.", 1.0, 1, "pass", 5.0, 5.0, "cpu")
    (_, trained) = items([report("a", law("a", "pass"), training=check)])
    assert (trained.name, trained.exercise, trained.points, trained.passed) == (TRAINING, "train", 5.0, 1)


def test_nobody_is_no_table() -> None:
    assert items([]) == []
    assert properties_csv([]).splitlines() == [",".join(PROPERTIES_HEADER)]
    assert spent([]) == []
    assert groups([]) == []


def test_a_spreadsheet_computes_nothing_of_it() -> None:
    item = Item(LESSON, "double", "a", '=HYPERLINK("http://x")', 0.5, 3, 1, 2, None)
    (row,) = csv.DictReader(io.StringIO(properties_csv([item])))
    assert row == {
        "lesson": LESSON,
        "exercise": "double",
        "property": "a",
        "law": '\'=HYPERLINK("http://x")',
        "points": "0.5",
        "passed": "3",
        "failed": "1",
        "not_judged": "2",
        "difficulty": "0.25",
        "discrimination": "",
    }


ALIKE = [report(name, law("a", "fail", got="3"), law("b", "pass")) for name in ("s10", "s2", "s1")]


@pytest.mark.parametrize("is_thin", [False, True])
def test_programs_that_fail_alike_are_a_group(is_thin: bool) -> None:
    other = report("s4", law("a", "fail", got="4"), law("b", "pass"))
    both = report("s5", law("a", "fail", got="3"), law("b", "fail", got="3"))
    reports = [*ALIKE, other, both]
    found = groups([Thinner().thin(each) for each in reports] if is_thin else reports)
    assert [each.who for each in found] == [
        ("s1", "s2", "s10"),
        *sorted([("s4",), ("s5",)], key=lambda who: _of(found, who)),
    ]
    assert found[0].example == "s1"
    assert found[0].laws == ("The law of a.",)
    assert found[0].name.startswith("1-double-")
    assert len({each.name for each in found}) == 3
    # The name is the behaviour's, whoever has it.
    assert groups([msgspec.structs.replace(ALIKE[0], student="x")])[0].name == found[0].name


def _of(found: list, who: tuple[str, ...]) -> str:  # type: ignore[type-arg]
    return next(str(each.name) for each in found if each.who == who)


@pytest.mark.parametrize(
    "about",
    [
        law("a", "fail", misconception=Misconception("triples", "triples")),
        law("a", "fail", written=False),
        law("a", "skip"),
        law("a", "pass"),
        law("a", "error"),
    ],
    ids=["named", "not written", "skipped", "right", "our fault"],
)
def test_what_needs_no_name_is_in_no_group(about: PropertyResult) -> None:
    assert groups([report("s1", about)]) == []


def test_one_named_law_explains_the_exercise() -> None:
    named = law("a", "fail", misconception=Misconception("triples", "triples"))
    assert groups([report("s1", named, law("b", "fail"))]) == []
    elsewhere = law("c", "fail", exercise="halve")
    assert [each.exercise for each in groups([report("s1", named, elsewhere)])] == ["halve"]


def test_time_adds_up_by_stage() -> None:
    def made(at: str, **stages: float) -> Origin:
        return Origin(at, "", "", {}, "", "", {}, "", dict(stages))

    reports = [
        report("a", origin=made("2026-10-02T10:00:00Z", properties=3.0, diagnosis=1.0)),
        report("b", origin=made("2026-10-01T10:00:00Z", properties=2.0)),
        report("c"),
    ]
    (lesson,) = spent(reports)
    assert (lesson.reports, lesson.seconds, lesson.mean) == (2, 6.0, 3.0)
    assert lesson.stages == (("properties", pytest.approx(5 / 6)), ("diagnosis", pytest.approx(1 / 6)))
    assert (lesson.first, lesson.last) == ("2026-10-01T10:00:00Z", "2026-10-02T10:00:00Z")
