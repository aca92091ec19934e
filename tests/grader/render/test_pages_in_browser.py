"""Pages of a class, of a student and of a dispute in a browser: no barrier by axe-core, and nothing is too wide."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import browser
import msgspec
import pytest
import sample_reports

from grader.render import html
from grader.report.mark import Case, Points
from grader.report.moves import REASONS
from grader.report.report import Origin, Report
from grader.report.settled import settled
from grader.report.thin import Thinner
from grader.report.trend import Entry

ORIGIN = Origin(
    "2026-10-05T10:00:00Z", "lesson6_deep_q_learning.py", "0" * 64, {"lesson6_deep_q_learning": "0" * 64}, "0" * 64,
    "0" * 64, {"python": "3.11", "torch": "2.13.0"}, "Linux x86_64", {"properties": 3.0, "training": 9.0},
)  # fmt: skip


def _reports() -> list[Report]:
    """A class in which everything happens: faults, held and adjusted marks, training, failures without a name."""
    made = []
    for i in range(12):
        name = f"student-{i:03d}"
        whole = msgspec.structs.replace(sample_reports.mixed(), student=name, origin=ORIGIN)
        if i % 3 == 0:
            unnamed = tuple(msgspec.structs.replace(each, misconception=None) for each in whole.properties)
            whole = msgspec.structs.replace(whole, properties=unnamed)
        made += [whole, sample_reports.report(name, "lesson1_agent_loop", score=float(i % 11), origin=ORIGIN)]
    made.append(sample_reports.report("student-012", status="missing", score=0.0))
    made.append(sample_reports.report("student-013", status="error", score=0.0, message="the grader itself failed"))
    made.append(sample_reports.report("a-student-with-a-name-that-goes-on-and-on-and-on", held="out of memory"))
    case = Case("student-001", made[3].lesson, additions=(Points(0.5, "the text left that open"),))
    return [
        settled(each, case) if (each.student, each.lesson) == ("student-001", case.lesson) else each for each in made
    ]


def _pages() -> dict[str, str]:
    reports, thinner = _reports(), Thinner()
    thin = [each if hasattr(each, "mark") else thinner.thin(each) for each in reports]
    lesson = reports[1].lesson
    moves = [
        Entry(
            f"2026-10-{day:02}T18:00:00Z", f"student-{day:03d}", lesson, "1", "10", str(day % 11), "10", REASONS["work"]
        )
        for day in range(1, 9)
    ]
    whole = html.class_page(thin, title="A course", history=moves, without_time="It is not known when work came in.")
    own = html.student_page([each for each in reports if each.student == "student-001"])
    dispute = html.dispute_page(
        reports[0],
        source='def push(self, x):\n    """Keep it."""\n' * 9,
        problem="",
        changed=["the points have changed"],
        commands=["grader grade submitted --student student-001 --lesson 6 --fresh --out again --against report"],
        history=moves[:2],
        remark="A code name stands in it where somebody's name stood.",
    )
    return {"class": whole, "student": own, "dispute": dispute}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[browser.Page, Path]]:
    if not browser.PROGRAM:
        pytest.skip("there is no chromium")
    folder = tmp_path_factory.mktemp("pages")
    for name, text in _pages().items():
        (folder / f"{name}.html").write_text(text)
    with browser.browser() as made:
        yield made, folder


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("name", "width"), [("class", 1200), ("class", 390), ("student", 390), ("dispute", 390)])
def test_axe_finds_no_barrier_and_nothing_is_too_wide(
    page: tuple[browser.Page, Path], name: str, width: int, dark: bool
) -> None:
    axe = pytest.importorskip("axe_core_python", reason="axe-core is not installed")
    script = (Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    shown, folder = page
    shown.open(f"file://{folder}/{name}.html", width=width, dark=dark)
    shown.run("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert shown.run("document.documentElement.scrollWidth") <= width
    shown.run(f"{script};0")
    assert shown.run("axe.run().then(done => done.violations.map(v => v.id + ': ' + v.nodes[0].html))") == []
    assert shown.complaints == []
