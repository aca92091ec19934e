"""A thin report has the same marks as the whole one, and nothing that only its own page shows."""

from __future__ import annotations

import msgspec
import pytest
import sample_reports

from grader.report import sorting, tally
from grader.report.report import Report, exercise_scores
from grader.report.thin import Thinner, behaviour

WHOLE = [sample_reports.mixed(), sample_reports.broken(), sample_reports.report("student-003")]


@pytest.mark.parametrize("whole", WHOLE, ids=lambda report: report.student)
def test_it_says_the_same_about_marks(whole: Report) -> None:
    thin = Thinner().thin(whole)
    for said in (sorting.standing, sorting.fault, sorting.is_full, lambda report: report.has_error):
        assert said(thin) == said(whole)
    assert exercise_scores(thin.properties) == exercise_scores(whole.properties)
    for counted in (tally.lessons, tally.broken, tally.beliefs):
        assert counted([thin]) == counted([whole])


def test_it_holds_no_example_and_no_curve() -> None:
    thin = Thinner().thin(WHOLE[0])
    text = thin.to_json().decode()
    assert "buffer.push(1)" not in text
    assert "nothing" not in text
    assert "curve" not in text
    assert len(text) < 3000


def test_what_many_have_in_common_is_there_once() -> None:
    thinner = Thinner()
    one, other = (thinner.thin(msgspec.structs.replace(WHOLE[0], student=name)) for name in ("a", "b"))
    assert all(mine is theirs for mine, theirs in zip(one.properties, other.properties, strict=True))
    assert one.training is other.training
    assert thinner.thin(one) == one


def test_a_behaviour_is_the_case_and_what_came_back() -> None:
    failed = WHOLE[0].properties[1]
    assert behaviour(failed) == behaviour(msgspec.structs.replace(failed, hint="another", printed=""))
    assert behaviour(failed) != behaviour(msgspec.structs.replace(failed, got="something"))
    assert behaviour(failed) != behaviour(msgspec.structs.replace(failed, counterexample=None))
    assert behaviour(WHOLE[0].properties[0]) == ""
