"""The pages and the terminal views: everything that matters is said, and nothing hostile gets through."""

from __future__ import annotations

import base64
import hashlib
import io
import itertools
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args
from urllib.parse import unquote, urljoin

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from grader import printable
from grader.render import class_terminal, curve, fragment, html, terminal, words
from grader.report import sorting as order
from grader.report import tally
from grader.report.report import (
    Counterexample,
    Isolation,
    Misconception,
    PropertyResult,
    Report,
    Status,
    TrainingResult,
    TrainingSeed,
    Verdict,
)
from grader.report.step import Step
from grader.student.levels import Level
from grader.verify import table

EVIL = "<script>alert(1)</script>"
VOID = {"meta", "link", "br", "img", "hr", "input"}


def pasted(code: str) -> Counterexample:
    """A counterexample that needs no imports."""
    return Counterexample((), "lesson5_replay_buffer", (), code)


def law(name: str, verdict: Verdict = "pass", exercise: str = "f", **more: Any) -> PropertyResult:
    """One property, worth a point where it passes."""
    return PropertyResult(name, exercise, f"The law of {name}.", verdict, float(verdict == "pass"), 1, **more)


FAILING = law(
    "rows",
    "fail",
    counterexample=pasted("batch = buffer.sample(2)\nprint(batch)"),
    got="array([2, 2])",
    needed="two different rows",
    misconception=Misconception("with_replacement", "samples with replacement"),
    hint="Look at `replace`.",
    printed="hello from the code",
)


def seed(number: int, verdict: Verdict, mean: float | None, message: str = "") -> TrainingSeed:
    """One training run whose curve rises to its mean."""
    points = tuple((100 * i, (mean or 20.0) * i / 10) for i in range(1, 11))
    return TrainingSeed(number, verdict, 1000 * (number + 1), 12, mean, (), points, message)


def training(verdict: Verdict = "fail", **more: str) -> TrainingResult:
    """A training check of three seeds: one reached the bar, one did not, one has no policy."""
    seeds = (seed(0, "pass", 490.0), seed(1, "fail", 123.45), seed(2, "fail", None, "train raised ValueError"))
    won = 5.0 if verdict == "pass" else 0.0
    return TrainingResult("train", "The rule in words.", 475, 60_000, verdict, won, 5, "cpu", seeds, **more)


def report(
    *laws: PropertyResult,
    student: str = "maria",
    lesson: str = "lesson5_replay_buffer",
    status: Status = "graded",
    check: TrainingResult | None = None,
    message: str = "",
    notes: tuple[str, ...] = (),
) -> Report:
    """A report whose score is the sum of its parts."""
    score = sum(p.points for p in laws) + (check.points if check else 0)
    most = sum(p.max_points for p in laws) + (check.max_points if check else 0)
    return Report(
        student,
        lesson,
        "Experience replay",
        status,
        score,
        most,
        Isolation("strong", ("bubblewrap",)),
        "cpu",
        laws,
        check,
        message,
        notes,
    )


def evil_report() -> Report:
    """A report in which every string fights back."""
    bad = f"{EVIL}\x1b[2J\x1b]0;title\x07\x00\u202e\udcff\r\n\"'>{{{{7*7}}}}[bold]{'x' * 5000}</pre></style><!--"
    example, named = Counterexample((bad,), bad, (bad,), bad), Misconception(bad, bad)
    laws = tuple(
        PropertyResult(bad + str(i), bad, bad, verdict, 0, 1, True, example, bad, bad, named, bad, bad, bad)
        for i, verdict in enumerate(("fail", "fail", "error", "skip", "pass"))
    )
    seeds = (
        TrainingSeed(0, "error", 3, 0, None, (), (), bad),
        TrainingSeed(-1, "fail", 10**15, 1, float("nan"), (), ((1, float("inf")), (7, -3e9), (9, 2.0)), bad),
    )
    check = TrainingResult(bad, bad, 475, 60_000, "error", 0, 5, bad, seeds, bad, bad)
    return Report(
        bad, "lesson5_replay_buffer", bad, "graded", 0, 10, Isolation(bad, (bad,)), bad, laws, check, bad, (bad, bad)
    )


class Page(HTMLParser):
    """A page taken apart; opening and closing tags must match."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data[:40]}")

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        """What a reader reads, with single spaces."""
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of that kind."""
        return [attributes for name, attributes in self.tags if name == tag]


def check_page(page: str) -> Page:
    """What must hold for every page, whatever is in it."""
    page.encode("utf-8")
    parsed = Page(page)
    kinds = {tag for tag, _ in parsed.tags}
    assert not kinds & {"script", "img", "iframe", "object", "embed", "link", "base", "form", "use", "image"}
    ids = [attributes["id"] for _, attributes in parsed.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for tag, attributes in parsed.tags:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "style", "srcdoc")], tag
        for name in ("href", "xlink:href"):
            if (target := attributes.get(name)) is not None:
                assert not re.match(r"[a-zA-Z][\w+.-]*:|//", target), target
                if target.startswith("#"):
                    assert target[1:] in ids
        if "aria-labelledby" in attributes:
            assert set(str(attributes["aria-labelledby"]).split()) <= set(ids)
    named = [
        attributes.get("aria-label") or attributes.get("aria-labelledby")
        for tag, attributes in parsed.tags
        if tag in ("section", "nav") or attributes.get("role") == "region"
    ]
    names = [name for name in named if name]
    assert len(names) == len(set(names)), "two landmarks have one name (axe: landmark-unique)"
    for attributes in (*parsed.all("pre"), *(each for each in parsed.all("div") if each.get("class") == "scroll")):
        assert attributes.get("tabindex") == "0", "what scrolls can be reached (axe: scrollable-region-focusable)"
    assert parsed.all("html") == [{"lang": "en"}]
    assert len(parsed.all("main")) == len(parsed.all("h1")) == 1
    levels = [int(tag[1]) for tag, _ in parsed.tags if re.fullmatch("h[1-6]", tag)]
    assert all(b <= a + 1 for a, b in itertools.pairwise(levels)), "a level of headings is left out"
    assert not re.search(r"url\(|@import", page.split("</style>")[0])
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", page)
    for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        ET.fromstring(svg)
    return parsed


# --- text -------------------------------------------------------------------------------------------------------------


def test_visible_takes_the_teeth_out() -> None:
    assert printable.visible("\x1b[31mred\x1b[0m\x1b]0;t\x07 a\x07\x00b\r\nc\rd\x9b\u202e\udcff\te") == (
        "red a␇␀b\nc\nd\\x9b\\u202e\\udcff\te"
    )
    assert printable.visible("\x1b]0;never closed\nkept") == "␛]0;never closed\nkept"


@given(st.text())
def test_visible_text_stays_as_it_is(value: str) -> None:
    once = printable.visible(value)
    assert printable.visible(once) == once
    once.encode("utf-8")
    assert "\x1b" not in once


@pytest.mark.parametrize(
    ("value", "written"),
    [(3.0, "3"), (0.1 + 0.2, "0.3"), (2.675, "2.67"), (100.0, "100"), (-0.001, "0"), (12.5, "12.5")],
)
def test_numbers_are_short(value: float, written: str) -> None:
    assert printable.number(value) == written


def test_a_misconception_is_said_to_its_student_and_of_nobody() -> None:
    sums = Misconception("sum_for_mean", "sums")
    assert words.diagnosis(sums) == "Your code behaves exactly like one that sums."
    assert words.belief(sums) == "Code that sums."
    assert words.belief(Misconception("why", "asks why?")) == "Code that asks why?"


def test_what_is_not_written_is_said_in_words_by_the_views_alone() -> None:
    stub = law("a", "fail", written=False)
    assert (words.got(stub), words.got(FAILING)) == ("not written yet", "array([2, 2])")
    assert "not written yet" in check(stub)
    assert "not written yet" in html.student_page([report(stub)])
    assert "not written yet" in fragment.result(stub)


def test_a_counterexample_imports_what_it_uses_and_the_lesson_last() -> None:
    example = Counterexample(
        ("import numpy as np", "", "from grader.testing import x"), "lesson1_a", ("f", "G"), "f(x)"
    )
    head = "import numpy as np\n\nfrom grader.testing import x\n"
    assert words.script(example) == f"{head}from lesson1_a import f, G\n\nf(x)"
    assert words.script(msgspec.structs.replace(example, names=())) == f"{head}\nf(x)"
    alone = Counterexample(("import numpy as np", ""), "lesson1_a", (), "np.e")
    assert words.script(alone) == "import numpy as np\n\nnp.e"
    assert words.script(None) == ""


def test_walls_are_described_by_level_parts_and_device() -> None:
    walls = Isolation("embedded", ("Landlock", "seccomp", "rlimits"))
    assert words.isolation(walls) == "embedded: Landlock, seccomp, rlimits"
    assert words.isolation(walls, "cuda").startswith("embedded: Landlock, seccomp, rlimits; loosened for the GPU")
    assert words.isolation(Isolation("in this process")) == "in this process"
    assert words.isolation(None) == words.protects(None) == ""
    levels = (*get_args(Level), "in this process")
    assert all(words.protects(Isolation(level)) for level in levels)
    assert all("scratch folder" in words.protects(Isolation(level)) for level in get_args(Level))


def test_every_step_of_grading_has_words() -> None:
    assert words.stage(Step("properties", 3, 8)) == "properties"
    assert words.stage(Step("earlier lesson", lesson=6, needed=5)) == "lesson 6: lesson 5 first"
    assert words.stage(Step("training", 0, 9, run=1, runs=3)) == "training run 1 of 3"
    assert words.stage(Step("training", 5, 9, run=2, runs=3, mean_return=44.6)) == "training run 2 of 3, mean return 45"
    assert words.stage(Step("small task")) == "the small task that comes before training"


def test_names_are_sorted_as_people_sort_them() -> None:
    names = ["s10", "s9", "S1", "s02", "7" * 5000, "b", "a"]
    assert sorted(names, key=order.natural) == ["7" * 5000, "a", "b", "S1", "s02", "s9", "s10"]


# --- curve ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("low", "high"), [(0, 500), (0, 1), (-500, 0), (0, 60_000), (-3e9, 475), (7, 7), (0, 0)])
def test_ticks_are_few_and_enclose_the_data(low: float, high: float) -> None:
    marks = curve.ticks(low, high)
    assert marks[0] <= low
    assert marks[-1] >= high
    assert 2 <= len(marks) <= 8


def test_a_picture_says_what_it_shows() -> None:
    pictures = curve.pictures(training(), prefix="p")
    assert len(pictures) == 3
    root = ET.fromstring(pictures[1])
    said = " ".join(root.itertext())
    for phrase in (
        "Seed 1",
        "not reached",
        "bar 475",
        "budget 60k",
        "environment steps",
        "123",
        "2,000 of 60,000 steps",
    ):
        assert phrase in said
    assert root.attrib["role"] == "img"
    assert "no policy to evaluate" in " ".join(ET.fromstring(pictures[2]).itertext())
    classes = [element.attrib.get("class", "") for element in root.iter()]
    assert classes.count("curve") == 1
    assert classes.count("ghost") == 2


def test_the_budget_is_a_line_where_it_is_near() -> None:
    near = TrainingResult("train", "", 475, 3000, "fail", 0, 5, "cpu", (seed(1, "fail", 20.0),))
    assert 'class="budget"' in curve.picture(near, 0, prefix="p")
    assert 'class="budget"' not in curve.picture(training(), 0, prefix="p")


def test_every_point_lies_in_the_picture() -> None:
    for number in range(3):
        root = ET.fromstring(curve.picture(training(), number, prefix="p"))
        for line in root.iter("polyline"):
            for point in line.attrib["points"].split():
                x, y = map(float, point.split(","))
                assert 0 <= x <= curve.WIDTH
                assert 0 <= y <= curve.HEIGHT


def test_long_curves_are_thinned_to_means() -> None:
    points = curve.thin([(i, float(i % 2)) for i in range(10_000)], most=100)
    assert len(points) == 100
    assert all(y == pytest.approx(0.5) for _, y in points)
    assert curve.thin([(1, float("nan")), (2, 3.0)]) == [(2.0, 3.0)]


# --- pages ------------------------------------------------------------------------------------------------------------


def test_a_failed_property_is_told_in_full_and_once() -> None:
    skipped = law("uniform", "skip", needed="The law of rows.")
    page = check_page(html.student_page([report(law("first"), FAILING, law("other", "fail", got="None"), skipped)]))
    for phrase in (
        "maria",
        "1 of 4 points",
        "strong: bubblewrap",
        "Your code behaves exactly like one that samples with replacement.",
        "array([2, 2])",
        "two different rows",
        "hello from the code",
        "Must pass first: The law of rows.",
        "✓ Passes",
        "✗ Fails",
        "– Skipped",
    ):
        assert phrase in page.text, phrase
    assert page.text.count("array([2, 2])") == 1
    assert page.text.index("Start here") < page.text.index("array([2, 2])") < page.text.index("The law of first")
    assert "print (batch)" in page.text.replace("print ( batch )", "print (batch)")


def test_a_counterexample_can_be_pasted() -> None:
    source = "if x < 1 and y > 2:\n    print('<&>')\n"
    page = html.student_page([report(law("a", "fail", counterexample=pasted(source)))])
    block = re.search(r'<pre class="code".*?</pre>', page, re.DOTALL)
    assert block
    assert "".join(Page(block[0]).words) == source
    assert 'class="k"' in block[0]


def test_training_is_told_with_rule_seeds_and_pictures() -> None:
    lesson = report(law("first"), check=training(message="One run reached it.", hint="Look at the curve."))
    page = check_page(html.student_page([lesson]))
    for phrase in (
        "The rule in words.",
        "cpu",
        "490",
        "123.5",
        "3,000",
        "train raised ValueError",
        "One run reached it.",
    ):
        assert phrase in page.text, phrase
    assert page.text.count("Look at the curve.") == 1
    assert len([svg for svg in page.all("svg") if svg["class"] == "learning"]) == 3
    assert {"scope": "col"} in page.all("th")


@pytest.mark.parametrize("status", ["not started", "missing", "unreadable", "error"])
def test_what_was_not_graded_says_why(status: Status) -> None:
    page = check_page(html.student_page([report(status=status, message="line 3: (why)", notes=("a note",))]))
    assert html.STATUS_WORDS[status] in page.text
    assert "line 3: (why)" in page.text
    assert "a note" in page.text
    assert ("not to be used" in page.text) == (status == "error")


def test_a_fault_of_the_grader_stands_out() -> None:
    broken = report(law("first", "error", got="hypothesis broke"), student="jo")
    page = check_page(html.student_page([broken]))
    assert "These marks are not to be used" in page.text
    assert "hypothesis broke" in page.text
    whole = check_page(html.class_page([broken, report(law("first"))], title="Course"))
    assert whole.text.index("not to be used") < whole.text.index("Lessons")
    assert "jo , lesson 5: f: hypothesis broke" in whole.text.replace("jo, ", "jo , ")
    clean = check_page(html.class_page([report(law("first"))], title="Course"))
    assert "not to be used" not in clean.text


def test_lessons_are_in_order_on_a_page_of_several() -> None:
    lessons = [report(law("x"), lesson=f"lesson{n}_x") for n in (10, 2, 1)]
    page = check_page(html.student_page(lessons))
    assert page.text.index("Lesson 1 ") < page.text.index("Lesson 2 ") < page.text.index("Lesson 10 ")


def test_the_class_page_counts() -> None:
    reports = [report(FAILING, law("b"), student=f"s{i}") for i in range(3)]
    reports += [report(law("rows"), law("b"), student="t"), report(student="u", status="missing", message="no file")]
    page = check_page(html.class_page(reports, title="The course"))
    assert "The course" in page.text
    assert "3 students Code that samples with replacement." in page.text
    assert "3 of 4 The law of rows." in page.text
    assert "4 of 5" in page.text  # graded
    assert "1.2/2" in page.text.replace(" /", "/")  # the mean of 1, 1, 1, 2
    assert "1 of 4" in page.text  # full marks
    assert "Not handed in" in page.text
    # Everybody on the map, who has the misconception, who breaks the law, and everybody's marks.
    who, worst_first, everybody = ["s0", "s1", "s2"], ["u", "s0", "s1", "s2", "t"], ["s0", "s1", "s2", "t", "u"]
    links = [link["href"] for link in page.all("a") if not link["href"].startswith("#")]
    assert links == [f"{name}/index.html" for name in (*worst_first, *who, *who, *everybody)]


def test_tallies_leave_out_what_the_grader_spoilt() -> None:
    spoilt = report(FAILING, law("b", "error"), student="x")
    fine = [report(FAILING, student=name) for name in "ab"]
    assert tally.beliefs([spoilt, *fine])[0].students == 2
    assert tally.broken([spoilt, *fine])[0].judged == 2
    (lesson,) = tally.lessons([spoilt, *fine])
    assert (lesson.reports, lesson.graded, lesson.mean, lesson.full) == (3, 2, 0.0, 0)


def test_a_student_with_two_failures_of_one_kind_counts_once() -> None:
    twice = report(FAILING, law("again", "fail", misconception=FAILING.misconception))
    assert tally.beliefs([twice])[0].students == 1


def test_training_counts_among_what_fails() -> None:
    (found,) = tally.broken([report(law("a"), check=training())])
    assert (found.exercise, found.failed, found.judged) == ("train", 1, 1)


def test_only_a_name_that_no_printed_line_holds_may_be_broken() -> None:
    heads = [Page(html.class_page([report(student=name)], title="Course")).all("th") for name in ("a" * 24, "a" * 25)]
    assert [{"scope": "row", "class": "long"} in each for each in heads] == [False, True]


@pytest.mark.parametrize(("value", "shown"), [(1, "1 point"), (1.0, "1 point"), (0, "0 points"), (0.5, "0.5 points")])
def test_an_amount_has_the_right_number(value: float, shown: str) -> None:
    assert printable.amount(value, "point") == shown


def test_one_of_anything_is_singular() -> None:
    """One student, one lesson, one property worth one point, in every view."""
    one = report(FAILING)
    page = Page(html.student_page([one])).text
    assert "0 of 1 point" in page
    assert "1 points" not in page
    whole = Page(html.class_page([one], title="Course")).text
    assert "1 student, 1 lesson, 1 report." in whole
    console = plain()
    class_terminal.print_class_summary([one], console, Path("out"))
    terminal.print_check(one, console)
    out = shown(console)
    assert "1 student, 1 of 1 report graded." in out
    assert "0/1 point\n" in out
    assert not re.search(r"\b1 (students|lessons|reports|points|properties|more lines)\b", page + whole + out)
    assert printable.clip("ab", 1) == "a… (1 more character)"


def test_an_empty_class_is_a_page_too() -> None:
    assert "nothing to show" in check_page(html.class_page([], title="Course")).text


def test_hostile_reports_stay_text() -> None:
    evil = evil_report()
    for page in (html.student_page([evil]), html.class_page([evil, report(FAILING)], title=EVIL)):
        parsed = check_page(page)
        assert EVIL in parsed.text
        assert EVIL not in page
        assert "{{7*7}}" in parsed.text
        assert len(page) < 400_000
        assert "more characters" in parsed.text


@given(st.text(min_size=1, max_size=12))
def test_any_text_stays_text_in_the_page(text: str) -> None:
    said = report(law("a", "fail", got=text, needed=text, counterexample=pasted(text)), student=text, message=text)
    check_page(html.student_page([said]))
    check_page(html.class_page([said], title=text))


@pytest.mark.parametrize(
    "name", ["javascript:alert(1)", "//evil.example", "a/b", "ä b", "..%2f", 'x" onclick="y', "a?b#c"]
)
def test_links_lead_to_the_folder_and_nowhere_else(name: str) -> None:
    target = html.folder_link(name)
    assert urljoin("file:///report/index.html", target).startswith("file:///report/")
    assert unquote(target) == f"{name}/index.html"
    assert re.fullmatch(r"[\w.~%-]+/index\.html", target)


def test_the_policy_allows_this_stylesheet_alone() -> None:
    page = html.student_page([report(law("a"))])
    css = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert css
    digest = base64.b64encode(hashlib.sha256(css[1].encode()).digest()).decode()
    policy = next(m["content"] for m in Page(page).all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'"


# --- terminal ---------------------------------------------------------------------------------------------------------


def plain(width: int = 80) -> Console:
    """A console like a pipe: no colour, text recorded."""
    return Console(file=io.StringIO(), width=width, record=True, force_terminal=False)


def shown(console: Console) -> str:
    """What was printed, without styles; lines that are not code fit the width."""
    return console.export_text(styles=False)


def check(*laws: PropertyResult, **more: object) -> str:
    """The learner's view of a report of these."""
    console = plain()
    terminal.print_check(report(*laws, **more), console, next_lesson="lesson6_deep_q_learning")  # type: ignore[arg-type]
    return shown(console)


def test_check_begins_with_the_first_thing_to_fix() -> None:
    out = check(law("first"), FAILING, law("third", "fail"), law("fourth", "skip"), notes=("A note.",))
    order_of = ["A note.", "First, f", "✗ The law of rows.", "exactly like one that samples", "Look at `replace`."]
    order_of += ["batch = buffer", "array([2, 2])", "two different rows", "hello from the code", "✓ The law of first."]
    order_of += ["✗ The law of third.", "– The law of fourth.", "Next: fix it in exercises/lesson5_replay_buffer.py"]
    places = [out.index(words) for words in order_of]
    assert places == sorted(places)
    assert out.count("Next:") == 1
    assert "1/4" in out
    assert all(len(line) <= 80 and line == line.rstrip() for line in out.splitlines())


def test_code_in_the_terminal_can_be_pasted() -> None:
    source = "for i in range(2):\n    print(" + "1 + " * 60 + "1)"
    assert f"\n{source}\n" in check(law("a", "fail", counterexample=pasted(source)))


def test_a_finished_lesson_gets_one_quiet_line() -> None:
    out = check(law("a"), law("b"))
    assert out.rstrip().endswith("Everything here holds. Well done. Next: lesson6_deep_q_learning")
    assert "✗" not in out


def test_after_the_properties_comes_the_training() -> None:
    console = plain()
    terminal.print_check(report(law("a"), law("b")), console, next_lesson="lesson6_deep_q_learning", trains=True)
    out = shown(console)
    assert out.rstrip().endswith("grader train 5")
    assert "lesson6" not in out
    console = plain()
    done = msgspec.structs.replace(report(law("a")), training=training("pass"))
    terminal.print_check(done, console, next_lesson="lesson6_deep_q_learning", trains=True)
    assert "grader train" not in shown(console)


def test_the_last_lesson_has_no_next() -> None:
    console = plain()
    terminal.print_check(report(law("a")), console)
    assert "That was the last lesson." in shown(console)


def test_training_is_the_next_step_when_all_properties_hold() -> None:
    out = check(law("a"), check=training(hint="Keep the best."))
    assert "mean return 490 after 1,000 steps" in out
    assert "train raised ValueError" in out
    assert "Hint: Keep the best." in out
    assert out.rstrip().endswith("grader train 5")
    skipped = check(law("a"), check=TrainingResult("train", "Rule.", 475, 9, "skip", 0, 5, "cpu"))
    assert "· Rule." in skipped
    assert "grader train 5" in skipped


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("not started", "Open exercises/lesson5_replay_buffer.py and begin"),
        ("missing", "It belongs at exercises/lesson5_replay_buffer.py"),
        ("unreadable", "line 3: why"),
        ("error", "your work is not at fault"),
    ],
)
def test_check_of_what_was_not_graded(status: Status, words: str) -> None:
    out = " ".join(check(status=status, message="line 3: why").split())
    assert words in out
    assert "✗" not in out


def test_an_error_says_whose_fault_it_is() -> None:
    out = " ".join(check(law("a", "error", got="it broke")).split())
    assert "! The law of a." in out
    assert "it broke" in out
    assert "costs you nothing" in out
    assert "Well done" not in out


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_hostile_reports_stay_text_in_the_terminal(width: int) -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=width)
    terminal.print_check(evil_report(), console)
    class_terminal.print_class_summary([evil_report(), report(law("a"))], console, Path("graded"))
    table.print_verify(
        [table.VerifyRow("[red]x\x1b[2J", True, True, 1, 1, table.Named(1, 1, 1), 1, 0.1, problems=("[bold]\x1b[2J",))],
        console,
    )
    out = stream.getvalue()
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]", out)
    assert EVIL in re.sub(r"\s", "", out)
    assert "[bold]" in out


def test_the_class_summary_in_80_columns() -> None:
    reports = [
        report(law("a"), FAILING, student=f"a-rather-long-name-of-a-student-{i}", lesson=f"lesson{n}_x")
        for i in range(3)
        for n in range(1, 10)
    ]
    reports += [report(student="z", lesson="lesson1_x", status=s, message="because") for s in ("missing",)]
    reports += [report(student="y", lesson="lesson2_x", status="error", message="no sandbox")]
    console = plain()
    class_terminal.print_class_summary(reports, console, Path("graded"))
    out = shown(console)
    assert all(len(line) <= 80 for line in out.splitlines())
    for phrase in ("5 students, 27 of 29 reports graded.", "not handed in", "not to be used", "no sandbox", "/18"):
        assert phrase in out, phrase
    assert "y, lesson2_x: no sandbox" in out
    assert out.rstrip().endswith(str(Path("graded") / "index.html"))


def test_verify_shows_what_is_wrong() -> None:
    good = table.VerifyRow("lesson1_agent_loop", True, True, 4, 4, table.Named(20, 20, 20), 14, 1.24)
    bad = table.VerifyRow(
        "lesson2_values", False, False, 4, 3, table.Named(20, 19, 18), 9, 0.5, problems=("wheat `loop.py` loses marks",)
    )
    console = plain()
    table.print_verify([good, bad], console)
    out = shown(console)
    for phrase in (
        "✗ no",
        "3/4",
        "7/8",
        "19/20",
        "38/40",
        "1.7",
        "lesson2_values: wheat `loop.py` loses marks",
        "1 problem",
    ):
        assert phrase in out, phrase
    console = plain()
    table.print_verify([good], console)
    assert "✗" not in (out := shown(console))
    assert "nothing to fix" in out


def test_what_cannot_be_imported_is_not_praised() -> None:
    console = plain()
    broken = msgspec.structs.replace(report(), message="lesson4_dqn.py cannot be imported: NameError", score=0.0)
    terminal.print_check(msgspec.structs.replace(broken, public=True), console, trains=True)
    out = shown(console)
    assert "lesson4_dqn.py cannot be imported" in out
    assert out.rstrip().endswith("Next: fix that, then  grader check 5")
    assert "right" not in out
