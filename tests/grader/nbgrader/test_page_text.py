"""What students write between cells, and what they call their files, can do nothing in nbgrader's pages."""

from __future__ import annotations

import base64
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("nbgrader", reason="nbgrader is not installed: pip install -e '.[nbgrader]'")

from hypothesis import given, settings
from hypothesis import strategies as st
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from sample_reports import report

from grader.course import load
from grader.nbgrader import beside, page_text
from grader.nbgrader.autograde import stamp
from grader.nbgrader.restore import Released, restore

COURSE = load(Path(__file__).parents[3])
LESSON = COURSE.lesson("lesson5_replay_buffer")
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\nrest").decode()
SCRIPT = "javascript:alert(1)"
HOSTILE = [
    "<script>forge()</script>",
    "<img src=x onerror=forge()>",
    "<svg onload=forge()><a xlink:href=javascript:forge()>x</a></svg>",
    "<b onclick=forge()>b</b><iframe src=//evil.example></iframe><form action=/x><input name=a><button>b</form>",
    f"[a]({SCRIPT}) [b](JaVaScRiPt:forge()) [c](&#106;avascript:forge()) [d](java&Tab;script:forge()) <{SCRIPT}>",
    f"[e]: {SCRIPT}\n\n[e] <a href='java\nscript:forge()'>x</a> <a href=data:text/html,forge()>x</a> [v](vbscript:f)",
    "![p](data:image/svg+xml;base64,PHN2Zz4=) ![q](http://evil.example/pixel.png) ![r](data:image/png;base64,AAAA)",
    "<style>*{display:none}</style><link rel=stylesheet href=x><meta http-equiv=refresh content=0><base href=//evil>",
    "<p>\n\n[late](javascript:forge())\n\n<pre>\n\n<script>forge()</script>\n\n</pre>",
    "`` <script>forge()</script> ``\n\n    <script>forge()</script>\n\n```html\n\n[x](javascript:forge())\n```",
    "$\\href{javascript:forge()}{x}$ \\begin{x}<script>forge()</script>\\end{x} $$<img src=x onerror=forge()>$$",
    "<!-- --><script>forge()</script> <![CDATA[<script>forge()</script>]]> <?php forge() ?>",
    "<noscript><p title='</noscript><img src=x onerror=forge()>'>",
    "<p title='x' lang=de id=a class=b style=top:0>t</p> <a title='x' href=https://example.org>y</a>",
    "<math><mi><style><img src=x onerror=forge()></style></mi></math>",
    "<div style=position:fixed>cover</div> <span class=x id=y>s</span>",
]
SIGNS = ["\n\n", "*", "_", "`", "[", "](", ")", "<", ">", "|", "$", "\\", "&#60;", "#", " "]


class Page(HTMLParser):
    """All tags of a page with their attributes, and its words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def harmless(page: str) -> None:
    (wrapper, classes), *tags = Page(page).tags
    assert (wrapper, classes) == ("div", {"class": "tex2jax_ignore mathjax_ignore"})
    for tag, attributes in tags:
        assert tag in page_text._TAGS
        assert set(attributes) <= {"a": {"href", "rel"}, "img": {"src", "alt"}}.get(tag, set())
        assert (attributes.get("href") or "https://").lower().startswith(("http://", "https://", "mailto:"))
        assert (attributes.get("src") or "data:image/png").startswith("data:image/png")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_can_do_nothing_and_nbconvert_changes_nothing(text: str) -> None:
    made = page_text.shown(text, {})
    assert "\n" not in made
    harmless(made)
    page = markdown2html_mistune(made)
    harmless(page)
    assert Page(page).words.strip() == Page(made).words.strip()


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.sampled_from([*HOSTILE, "\n\n", "*", "_", "`", "[", "](", ")", "<", ">", "|", "$", "\\", "&#60;", "#", " "])
    )
)
def test_whatever_is_put_together(parts: list[str]) -> None:
    for made in (page_text.shown("".join(parts), {}), page_text.literal("".join(parts))):
        harmless(markdown2html_mistune(made))


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=200))
def test_any_text_is_harmless(data: bytes) -> None:
    text = data.decode(errors="replace")
    for made in (page_text.shown(text, {}), page_text.literal(text), page_text.labelled("Handed in as", text)):
        harmless(made)
        harmless(markdown2html_mistune(made))


def test_what_is_meant_is_shown() -> None:
    text = "# Why\n\nIt is **so** [there](https://example.org/a?b=c&d), 1 < 2 and *$x_1$*.\n\n|a|b|\n|-|-|\n|1|2|\n"
    text += "\n- one\n\n<b>bold</b>"
    page = markdown2html_mistune(page_text.shown(text, {}))
    assert {"h1", "strong", "em", "table", "td", "li", "b", "a"} <= {tag for tag, _ in Page(page).tags}
    assert "$x_1$" in Page(page).words
    assert ("a", {"href": "https://example.org/a?b=c&d", "rel": "noopener noreferrer nofollow"}) in Page(page).tags


def _book(*cells: dict[str, Any]) -> bytes:
    return json.dumps({"cells": [{"metadata": {}, **cell} for cell in cells], "metadata": {}, "nbformat": 4}).encode()


def _restored(folder: Path, name: str, data: bytes, given: tuple[str, ...] = ()) -> Any:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
    return restore(folder, LESSON, folder / name, [], {}, given).cells


@pytest.mark.parametrize(
    "name",
    [
        "`<script>forge()<script>.py",
        "a`<img src=x onerror=forge()>.py",
        "[x](javascript:forge()).py",
        "a\n\n<script>forge()<script>.py",
        "$\\href{javascript:forge()}{x}$ \x1b[2J\udce9.py",
    ],
)
def test_a_file_s_name_is_text(tmp_path: Path, name: str) -> None:
    label, code = _restored(tmp_path, name, b"x = 1\n")
    assert code.source == "x = 1\n"
    page = markdown2html_mistune(label.source)
    harmless(page)
    assert {tag for tag, _ in Page(page).tags} == {"div", "p", "code"}
    assert Page(page).words.startswith("Handed in as ")
    assert "\x1b" not in page


def test_pictures_are_data_that_begin_as_pictures(tmp_path: Path) -> None:
    attachments = {
        "a b.png": {"image/png": PNG},
        "b.png": {"image/png": base64.b64encode(b"<svg onload=forge()>").decode()},
        "c.png": {"image/svg+xml": PNG, "text/html": "<script>forge()</script>"},
    }
    text = "![1](attachment:a%20b.png) ![2](attachment:b.png) ![3](attachment:c.png) ![4](attachment:none.png)"
    cell = {"cell_type": "markdown", "source": text, "attachments": attachments}
    (made,) = _restored(tmp_path, f"{LESSON.name}.ipynb", _book(cell))
    page = markdown2html_mistune(made.source)
    sources = [attributes.get("src") for tag, attributes in Page(page).tags if tag == "img"]
    assert sources == [f"data:image/png;base64,{PNG}", None, None, None]
    assert "attachments" not in made


def test_the_lesson_s_own_text_stays_as_it_is_and_only_exactly_that(tmp_path: Path) -> None:
    own = "The *loss* is $L = \\sum_t r_t$; see ![a picture](figures/loss.svg)."
    cells = [{"cell_type": "markdown", "source": text} for text in (own, own + "<script>forge()</script>")]
    same, other = _restored(tmp_path, f"{LESSON.name}.ipynb", _book(*cells), (own,))
    assert same.source == own
    harmless(other.source)


def test_a_text_that_is_graded_by_hand_is_made_safe_too(tmp_path: Path) -> None:
    question = Released("why", "markdown", "Your answer here", False, "0", 2.0, True, False)
    cell = {"cell_type": "markdown", "source": HOSTILE[0], "metadata": {"nbgrader": {"grade_id": "why"}}}
    (tmp_path / f"{LESSON.name}.ipynb").write_bytes(_book(cell))
    (made,) = restore(tmp_path, LESSON, None, [question], {}).cells
    assert made.metadata.nbgrader.grade_id == "why"
    harmless(made.source)


def test_what_is_shown_of_one_student_is_bounded(tmp_path: Path) -> None:
    long = {"cell_type": "markdown", "source": "![" * 200_000}
    many = [
        {"cell_type": "markdown", "source": ["|a" * 2000]},
        {"cell_type": "code", "source": "x = 1\n" * 2_000},
    ] * 1_000
    cells = _restored(tmp_path, f"{LESSON.name}.ipynb", _book(long, *many))
    assert len(cells) <= 500
    assert sum(len(cell.source) for cell in cells) < 4_000_000
    assert "more characters" in Page(cells[0].source).words
    picture = {
        "cell_type": "markdown",
        "source": "![a](attachment:a)",
        "attachments": {"a": {"image/png": PNG + "A" * 3_000_000}},
    }
    cells = _restored(tmp_path, f"{LESSON.name}.ipynb", _book(*[picture] * 4))
    assert sum(len(cell.source) for cell in cells) < 5_000_000
    # A megabyte of nothing but brackets would be a hundred of objects.
    folder = tmp_path / "objects"
    assert [cell.cell_type for cell in _restored(folder, f"{LESSON.name}.ipynb", b"[" + b"[]," * 400_000 + b"[]]")] == [
        "markdown",
        "code",
    ]


def test_a_large_file_beside_the_notebook_is_neither_read_nor_kept(tmp_path: Path) -> None:
    folder = tmp_path / "submitted"
    (folder / "data").mkdir(parents=True)
    for name in (f"{LESSON.name}.ipynb", "data/small.csv", "trash.pyc"):
        (folder / name).write_bytes(b"x")
    with (folder / "sparse.bin").open("wb") as file:
        file.truncate(beside.MOST_BYTES)  # with the others it is too large
    (folder / "link").symlink_to("/etc/passwd")
    found = beside.beside(folder, ["*.pyc"])
    assert [path.name for path in found.kept] == [f"{LESSON.name}.ipynb", "small.csv"]
    assert [path.name for path in found.left_out] == ["sparse.bin"]
    verdict = report("student-001")
    before = stamp(verdict, folder)
    assert stamp(verdict, folder) == before
    (folder / "data" / "small.csv").write_bytes(b"y")
    changed = stamp(verdict, folder)
    assert changed != before
    with (folder / "sparse.bin").open("r+b") as file:
        file.truncate(beside.MOST_BYTES + 1)
    assert stamp(verdict, folder) != changed


def test_many_files_beside_the_notebook_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "MOST_FILES", 3)
    monkeypatch.setattr(beside, "MOST_BYTES", 10)
    for i in range(6):
        (tmp_path / f"{i}.txt").write_bytes(b"x" * (8 if i == 1 else 3))
    found = beside.beside(tmp_path)
    assert [path.name for path in found.kept] == ["0.txt", "2.txt", "3.txt"]
    assert len(found.left_out) == 3
