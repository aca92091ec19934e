"""Counterexamples of known wrong programs, run as a learner runs them: each prints what its report says came back.

`make test` takes a program of each lesson; `make test-slow` takes all of them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pasted import Ran, Scripts

from grader.course import load
from grader.grading.grade import Asked, grade
from grader.render import words
from grader.report.report import PropertyResult
from grader.student.processes import ZygoteClient
from grader.submissions.read import Submission
from grader.submissions.work import Work
from grader.verify.verify import Sample, samples

COURSE = load(Path(__file__).parents[3])
WRONG = [s for s in samples(COURSE, [lesson.name for lesson in COURSE.lessons]) if s.chaff]
OF_LESSON = {lesson.name: [s for s in WRONG if s.lesson == lesson.name] for lesson in COURSE.lessons}
"""The chaffs, and then those that are made from wheats."""
FEW = [wrong[-len(wrong) // 8 if i % 2 else len(wrong) // 4] for i, wrong in enumerate(OF_LESSON.values())]
"""Of one lesson a chaff, of the next one that is made from a wheat."""
_RAISED = re.compile(r"raised (\w+)(?:: (.{0,60}))?")
_CUT = re.compile(r" … \([\d,]+ more characters?\)$")


@pytest.fixture(scope="module")
def scripts() -> Iterator[Scripts]:
    with Scripts() as warm:
        yield warm


@pytest.mark.parametrize(
    "sample", WRONG if "EVERY_SAMPLE" in os.environ else FEW, ids=lambda sample: sample.title.replace(" ", "-")
)
def test_a_counterexample_prints_what_the_report_says(
    sample: Sample, any_split: ZygoteClient, scripts: Scripts
) -> None:
    lesson = COURSE.lesson(sample.lesson)
    work = Work("sample", lesson, Submission(sample.source), COURSE.references(lesson))
    report = grade(COURSE, work, any_split, Asked(train=False, diagnose=False))
    failed = [result for result in report.properties if result.verdict == "fail" and result.written]
    assert failed
    found = {result.name: problem(result, work.sources, scripts) for result in failed}
    assert not any(found.values()), "\n".join(f"{name}: {text}" for name, text in found.items() if text)


def problem(result: PropertyResult, modules: dict[str, str], scripts: Scripts) -> str:
    """What keeps a learner from trying a counterexample, "" if nothing does."""
    if result.counterexample is None:
        return "there is none"
    script = words.script(result.counterexample)
    lines = script.splitlines()
    if len(lines) > 40 or max(map(len, lines)) > 100:
        return f"{len(lines)} lines of up to {max(map(len, lines))} columns\n{script}"
    ran = scripts.run(script, modules)
    wrong = unlike(result.got, ran)
    if wrong and not ran.raised and not ran.timed_out and scripts.run(script, modules).printed != ran.printed:
        return ""  # code that takes its random numbers from the operating system does not even agree with itself
    return f"{wrong}, where the report says {result.got!r}\n{script}" if wrong else ""


def unlike(got: str, ran: Ran) -> str:
    """In what a script differs from the report, "" if it shows the same."""
    if raised := _RAISED.match(got):
        kind, message = raised[1], (raised[2] or "").partition(" (line ")[0].splitlines()
        same = kind in ran.raised and (not message or message[0] in ran.error)
        return "" if same else f"it raised {ran.raised!r}"
    if "is there a loop that does not end?" in got:
        return "" if ran.timed_out else "it came to an end"
    if ran.timed_out or ran.raised:
        return f"it {'did not end' if ran.timed_out else ran.error}"
    said, printed = (" ".join(text.split()) for text in (_CUT.sub("", got), ran.printed))
    return "" if said and said in printed else f"it printed {ran.printed[:2000]!r}"
