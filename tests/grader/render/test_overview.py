"""The page of a class beyond its marks: the map, the distribution, failures without a name, properties, time."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import msgspec
import pytest
import sample_reports

from grader.render import heat, histogram, html, overview
from grader.report.report import Origin, PropertyResult, Report, Status, TrainingResult
from grader.report.unnamed import groups

HOSTILE = '"><script>alert(1)</script>'


def report(student: str, *shares: float, lesson: str = "lesson5_replay_buffer", **more: object) -> Report:
    """A report with an exercise of ten points for each share, of which so much was earned."""
    properties = tuple(
        PropertyResult(f"t{i}", f"exercise{i}", f"Law {i}.", "pass" if share == 1 else "fail", 10 * share, 10.0)
        for i, share in enumerate(shares)
    )
    points = {"score": 10 * sum(shares), "max_score": 10.0 * max(len(shares), 1)}
    return sample_reports.report(student, lesson, properties=properties, **(points | more))


class Tables(HTMLParser):
    """The texts of the cells of a table, row by row."""

    def __init__(self, page: str, kind: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._kind, self._inside, self._cell = kind, False, False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._inside = dict(attrs).get("class") == self._kind
        if self._inside and tag == "tr":
            self.rows.append([])
        if self._inside and tag in ("td", "th"):
            self._cell = True
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._cell = False

    def handle_data(self, data: str) -> None:
        if self._inside and self._cell:
            self.rows[-1][-1] += data


def test_the_map_says_in_text_what_its_shade_says() -> None:
    reports = [
        report("ann", 1.0, 0.5),
        report("bob", 0.0, 0.999),
        sample_reports.report("cy", status="missing", score=0.0),
        sample_reports.report("dan", status="unreadable", score=0.0),
    ]
    rows = Tables(html.class_page(reports, title="A course"), "heat").rows
    assert rows[0] == ["", "L. 5"]
    assert rows[1] == ["Student", "exercise0", "exercise1"]
    assert rows[2] == ["Mean of graded", "50", "74"]
    # Who has least stands first, and equals stand by name.
    assert rows[3:] == [["cy", "·", "·"], ["dan", "?", "?"], ["bob", "0", "99"], ["ann", "✓", "50"]]
    page = html.class_page(reports, title="A course")
    assert "· not handed in, ? unreadable." in " ".join(page.split())


def test_the_map_has_a_column_for_the_training_check() -> None:
    check = TrainingResult("train", "The rule.", 1.0, 1, "fail", 0.0, 5.0, "cpu")
    made = heat.heat([report("ann", 1.0, training=check), report("bob", 1.0, lesson="lesson6_x")])
    assert made is not None
    assert [each.exercises for each in made.columns] == [("exercise0", "train"), ("exercise0",)]
    assert dict(made.rows)["ann"] == (("✓", "q4"), ("0", "q0"), ("·", "none"))


def test_shades_go_by_quarters() -> None:
    shares = (0.0, 0.24, 0.25, 0.5, 0.75, 0.99, 1.0)
    made = heat.heat([report("ann", *shares)])
    assert made is not None
    assert [cell.shade for cell in made.rows[0][1]] == ["q0", "q0", "q1", "q2", "q3", "q3", "q4"]


def test_a_page_that_no_browser_could_show_has_no_map(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heat, "MOST_STUDENTS", 1)
    page = html.class_page([report("ann", 1.0), report("bob", 1.0)], title="A course")
    assert 'class="heat"' not in page
    assert "with more than 1 student" in " ".join(page.split())


@pytest.mark.parametrize("status", ["missing", "not started", "unreadable", "error"])
def test_a_class_of_which_nothing_was_graded_is_a_page_too(status: Status) -> None:
    page = html.class_page([sample_reports.report("ann", status=status, score=0.0, message="why")], title="A course")
    for kind in ("heat", "spread", "items"):
        assert f'class="{kind}"' not in page


def test_tenths_of_the_points() -> None:
    assert histogram.bins([0.0, 0.05, 0.1, 0.3, 0.95, 1.0, 1.2, -1.0]) == [3, 1, 0, 1, 0, 0, 0, 0, 0, 3]
    svg = histogram.histogram(histogram.bins([0.05, 1.0, 1.0]), name=HOSTILE)
    assert 'role="img"' in svg
    assert "0 to 10 %: 1, 90 to 100 %: 2" in svg
    assert "<script>" not in svg
    assert re.findall(r'text-anchor="middle">(\d+)</text>', svg) == ["1", "2", "50"]


def test_totals_leave_out_whom_the_grader_has_failed() -> None:
    reports = [report("ann", 1.0), report("ann", 0.0, lesson="lesson6_x"), report("bob", 1.0)]
    reports.append(sample_reports.report("bob", "lesson6_x", status="error", score=0.0, message="ours"))
    total, *lessons = overview._spreads(reports)
    assert "Total, 1 mark: 50 to 60 %: 1" in total
    assert len(lessons) == 2
    assert "Total" not in "".join(overview._spreads(reports[:1])), "of one lesson there is no other total"


def test_a_failure_without_a_name_has_its_group_and_an_example() -> None:
    reports = [report(name, 0.0) for name in ("ann", "bob")]
    (group,) = groups(reports)
    failed = msgspec.structs.replace(reports[0].properties[0], got=HOSTILE, needed="one")
    page = html.class_page(reports, title="A course", examples={group.name: [failed]})
    section = page.partition('id="unnamed"')[2].partition("</section>")[0]
    assert group.name in section
    assert "<strong>2</strong> students" in section
    assert 'href="ann/index.html"' in section
    assert "&lt;script&gt;" in section
    assert "<script>" not in page
    assert 'class="example"' not in html.class_page(reports, title="A course")


def test_long_lists_are_folded() -> None:
    reports = [report(f"s{i}", *(0.0 if k == i else 1.0 for k in range(20))) for i in range(20)]
    page = html.class_page(reports, title="A course")
    assert "8 more properties" in page
    assert "8 more groups" in page
    assert page.count("<li><span") == 40


def test_the_time_is_said_as_people_say_it() -> None:
    assert [overview.long_time(seconds) for seconds in (0.04, 8.25, 99.0, 300, 12_000)] == [
        "0 s",
        "8.2 s",
        "99 s",
        "5 min",
        "3 h 20 min",
    ]
    made = Origin("2026-10-02T10:00:00Z", "", "", {}, "", "", {}, "", {"properties": 9.0, "diagnosis": 1.0})
    page = " ".join(html.class_page([report("ann", 1.0, origin=made)], title="A course").replace("&nbsp;", " ").split())
    assert "properties 90 %, diagnosis 10 %" in page
    assert "2026-10-02 10:00" in page
    assert 'id="spent"' not in html.class_page([report("ann", 1.0)], title="A course")
