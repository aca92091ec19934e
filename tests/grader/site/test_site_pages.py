"""The pages as they are prepared: formulas, links, hints, films and the first page, without building anything."""

from __future__ import annotations

import html
import re
from pathlib import Path, PurePosixPath

import pytest

pytest.importorskip("markdown_it", reason="the extra `site` is not installed")

from markdown_it import MarkdownIt

from grader.course import load
from grader.errors import CourseError
from grader.lessons.stubs import pristine
from grader.site import film, formulas, hints, lesson, links, markup, pages, start
from grader.site.markdown import indented_blocks, prose

ROOT = Path(__file__).parents[3]
COURSE = load(ROOT)
TEXTS = {each.name: (ROOT / "exercises" / f"{each.name}.md").read_text(encoding="utf-8") for each in COURSE.lessons}
BLOCKS = [
    (name, token.content)
    for name, text in TEXTS.items()
    for token in MarkdownIt("commonmark").parse(text)
    if token.type == "code_block"
]
lessons = pytest.mark.parametrize("name", TEXTS)


def plain(markup: str) -> str:
    """What a reader sees of HTML, without the annotations."""
    return html.unescape(re.sub(r"<annotation.*?</annotation>|<[^>]*>", "", markup))


def letters(text: str) -> str:
    """The letters and digits of a formula, in order, whatever size they have."""
    small = str.maketrans("₀₁₂₃₄₅₆₇₈₉ₜ⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789t0123456789")
    return re.sub(r"[^\w]|_", "", re.sub(r"\bover (.+?) of\b", r"\1", text).translate(small).replace("Σ", ""))


# Formulas.


@pytest.mark.parametrize(
    ("formula", "elements"),
    [
        ("r₀", "<msub><mi>r</mi><mrow><mn>0</mn></mrow></msub>"),
        ("γ²", "<msup><mi>γ</mi><mrow><mn>2</mn></mrow></msup>"),
        ("π_old", "<msub><mi>π</mi><mrow><mi>old</mi></mrow></msub>"),
        ("r_{t+1}", "<msub><mi>r</mi><mrow><mi>t</mi><mo>+</mo><mn>1</mn></mrow></msub>"),
        ("γ^(T−1)", "<msup><mi>γ</mi><mrow><mi>T</mi><mo>−</mo><mn>1</mn></mrow></msup>"),
        ("decay_steps", "<mi>decay_steps</mi>"),
        ("terminated_t", "<msub><mi>terminated</mi><mrow><mi>t</mi></mrow></msub>"),
        ("Σ_i", "<munder><mo>∑</mo><mrow><mi>i</mi></mrow></munder>"),
        ("max over a of Q", "<munder><mi>max</mi><mrow><mi>a</mi></mrow></munder>"),
        ("standard deviation", "<mtext>standard deviation</mtext>"),
        ("17 410", "<mn>17\N{NARROW NO-BREAK SPACE}410</mn>"),
        ("x = −y", '<mo form="prefix" lspace="0" rspace="0">−</mo>'),
        ("x − y", "<mo>−</mo>"),
        ("log π", '<mi>log</mi><mspace width="0.2em"></mspace><mi>π</mi>'),
    ],
)
def test_the_notation_of_the_texts(formula: str, elements: str) -> None:
    assert elements in formulas.mathml(formula)


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("δ = r − Q[s, a]         where it has terminated", ("", "δ = r − Q[s, a]", "where it has terminated")),
        ("Sarsa     δ = r         a′ follows", ("Sarsa", "δ = r", "a′ follows")),
        ("Sarsa     δ = r + γ · Q[s′, a′]            − Q[s, a]", ("Sarsa", "δ = r + γ · Q[s′, a′] − Q[s, a]", "")),
        ("actor     −mean(A)      a constant", ("actor", "−mean(A)", "a constant")),
        ("V[s]      = max", ("", "V[s] = max", "")),
        ("G = r,    and nothing else", ("", "G = r", "and nothing else")),
    ],
)
def test_a_line_is_parted_into_label_formula_and_note(line: str, parts: tuple[str, str, str]) -> None:
    assert formulas.split(line) == parts


def test_every_formula_of_the_texts_is_typeset_and_nothing_of_it_is_lost() -> None:
    found = 0
    for name, block in BLOCKS:
        done = formulas.block(block)
        if done is None:
            assert all(line.strip().startswith("grader ") for line in block.splitlines() if line.strip()), (name, block)
            continue
        found += 1
        assert letters(plain(done)) == letters(block), name
    assert found > 15


@pytest.mark.parametrize("code", ["grader check 1\n", "x = 1  # a comment, and no ·\n$ make test\n", "plain words\n"])
def test_a_block_of_code_is_no_formula(code: str) -> None:
    assert formulas.block(code) is None


def test_a_formula_that_cannot_be_read_is_one_line_that_says_where() -> None:
    each = COURSE.lessons[0]
    text = "# Lesson 1\n\nWords.\n\n    G = r₀ § r₁\n"
    with pytest.raises(CourseError, match=rf"^exercises/{each.name}\.md: the site cannot typeset '§ r₁'; write it as"):
        lesson.page(COURSE, each, text, {})


@pytest.mark.parametrize(
    ("text", "done"),
    [
        ("in s_t, then s_{t+1}.", "in s<sub>t</sub>, then s<sub>t+1</sub>."),
        ("Q_target, θ_target and terminated_t", "Q<sub>target</sub>, θ<sub>target</sub> and terminated<sub>t</sub>"),
        ("γ^t", "γ<sup>t</sup>"),
        ("q_values, next_q_values, NEXT_STEP, __init__, a_", "q_values, next_q_values, NEXT_STEP, __init__, a_"),
    ],
)
def test_symbols_among_words(text: str, done: str) -> None:
    assert formulas.scripts(text) == done


# Markdown and links.


def test_only_indented_blocks_are_replaced() -> None:
    text = "words\n\n    a = b\n\n    c = d\n\n* item\n\n      in an item\n\n```\n    fenced\n```\n"
    assert indented_blocks(text, lambda block: "NEW") == text.replace("    a = b\n\n    c = d", "NEW")
    assert indented_blocks(text, lambda block: None) == text


def test_prose_is_neither_code_nor_heading() -> None:
    text = "# Heading\n\nwords\n\n    code\n\n```\nfence\n```\n\n<p>\nraw\n</p>\n"
    assert [line for line, is_prose in zip(text.split("\n"), prose(text)) if is_prose and line] == ["words"]


def test_a_link_to_a_readme_leads_to_the_index_of_its_folder() -> None:
    text = "[a](README.md) [b](../grader/README.md#x)\nlonger](tests/README.md) `[c](README.md)`\n\n    [d](README.md)"
    done = links.to_pages(text, {})
    assert done.startswith("[a](index.md) [b](../grader/index.md#x)\nlonger](tests/index.md) ")
    assert done.endswith("    [d](README.md)")


def test_a_link_that_shows_a_files_name_shows_the_pages_title() -> None:
    text = "[SECURITY.md](SECURITY.md), [it](SECURITY.md), [x.py](x.py)"
    assert links.to_pages(text, pages.TITLES) == "[Security](SECURITY.md), [it](SECURITY.md), [x.py](x.py)"


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("no.md", "links to no.md, which is not a file of the repository; mend the link"),
        ("../../etc/passwd", "is not a file of the repository"),
        ("../solutions/lesson1_agent_loop.py", "the site must not show; take the link out"),
        ("../tests/lesson1_agent_loop/chaffs.yml", "the site must not show"),
    ],
)
def test_a_link_that_leads_nowhere_or_too_far_is_one_line(target: str, says: str) -> None:
    with pytest.raises(CourseError, match=re.escape(says)) as refused:
        links.linked(ROOT, PurePosixPath("exercises/README.md"), f"words [and]({target}) more")
    assert str(refused.value).startswith("exercises/README.md links to ")


def test_files_that_are_linked_go_along() -> None:
    text = "[a](student/wire.py) [b](https://example.org/x) [c](#here)\n\n    [d](no.md)\n"
    assert links.linked(ROOT, PurePosixPath("grader/DESIGN.md"), text) == [PurePosixPath("grader/student/wire.py")]


# Lessons.


@lessons
def test_a_lessons_page_has_all_of_its_text(name: str) -> None:
    each = COURSE.lesson(name)
    page = lesson.page(COURSE, each, TEXTS[name], {})
    said = re.sub(r"\[(lesson \d+)\]\(\w+\.md\)", r"\1", page)
    said = re.sub(r"<sub>(\w+)</sub>", r"_\1", re.sub(r"<sup>(\w+)</sup>", r"^\1", said))
    said = re.sub(r"<sub>(.*?)</sub>", r"_{\1}", said)
    blocks = {line for _, block in BLOCKS for line in f"    {block}".splitlines()}
    kept = [line for line in TEXTS[name].splitlines() if line.strip() and line.strip() not in map(str.strip, blocks)]
    assert [line for line in kept if line not in said.splitlines()] == []


@lessons
def test_every_exercise_has_its_hints_once_and_folded(name: str) -> None:
    each = COURSE.lesson(name)
    page = lesson.page(COURSE, each, TEXTS[name], {})
    assert sorted(re.findall(r"Stuck\? Hints for <code>(.*?)</code>", page)) == sorted(each.names)
    rules = [each.training] if each.training else []
    known = [hint for exercise in (*each.exercises, *rules) for hint in exercise.hints]
    shown = re.findall(r"<details><summary>\w+ hint of \d</summary><p>(.*?)</p></details>", page)
    assert sorted(map(plain, shown)) == sorted(" ".join(hint.split()).replace("`", "") for hint in known)
    assert "<details open" not in page


@lessons
def test_hints_follow_what_they_help_with(name: str) -> None:
    """Between an exercise's paragraph and its hints there is no other exercise's paragraph."""
    page = lesson.page(COURSE, COURSE.lesson(name), TEXTS[name], {})
    above = ""
    for match in re.finditer(r"(?m)^\*\*(?P<item>`[A-Za-z_].*)$|Stuck\? Hints for <code>(?P<hints>.*?)</code>", page):
        if match["item"]:
            above = match["item"]
        else:
            assert f"`{match['hints'].rpartition('.')[2]}" in above


@lessons
def test_the_stub_is_on_its_page_as_it_is_handed_out(name: str) -> None:
    each = COURSE.lesson(name)
    page = lesson.page(COURSE, each, TEXTS[name], {})
    (shown,) = re.findall(r"(?s)<details class=\"stub\">.*?````python\n(.*?)````\n\n</details>", page)
    assert shown == pristine(COURSE, each)


def test_the_first_mention_of_another_lesson_leads_there() -> None:
    each = COURSE.lesson("6")
    text = (
        "# Lesson 6: x\n\nas in lesson 4, and `lesson 5`, and lesson 4 and lesson 6.\n\n![of lesson 3](figures/a.svg)\n"
    )
    page = lesson.page(COURSE, each, text, {})
    assert "as in [lesson 4](lesson4_dqn.md), and `lesson 5`, and lesson 4 and lesson 6." in page
    assert "![of lesson 3](figures/a.svg)" in page


def test_hints_are_plain_words() -> None:
    done = hints.folded("f", ["Is `a < b`\n  true?", "<b>"])
    assert "<p>Is <code>a &lt; b</code> true?</p>" in done
    assert "<p>&lt;b&gt;</p>" in done
    assert "\n\n" not in done.strip("\n"), "an empty line would end the raw HTML"
    assert hints.folded("f", []) == ""


# Films, and the first page.


def filmed(folder: Path) -> dict[str, Path]:
    files = {"mp4": b"film", "png": b"poster", "vtt": b"WEBVTT\n", "txt": b"One & one.\n\nTwo\nlines.\n"}
    for ending, data in files.items():
        (folder / f"lesson6.{ending}").write_bytes(data)
    return {ending: folder / f"lesson6.{ending}" for ending in files}


def test_a_film_is_loaded_when_somebody_plays_it(tmp_path: Path) -> None:
    done = film.shown(COURSE.lesson("6"), filmed(tmp_path), "../")
    assert 'preload="none" poster="../films/lesson6.png"' in done
    assert '<source src="../films/lesson6.mp4" type="video/mp4">' in done
    assert '<track kind="captions" src="../films/lesson6.vtt" srclang="en" label="English">' in done
    assert "<p>One &amp; one.</p>\n<p>Two lines.</p>" in done
    assert film.shown(COURSE.lesson("6"), {}, "../") == ""


def test_a_page_without_a_film_is_right(tmp_path: Path) -> None:
    each = COURSE.lesson("6")
    page = lesson.page(COURSE, each, TEXTS[each.name], {})
    assert "<video" not in page
    assert "films/" not in page


README = "# Title\n\nWhat it is.\n\n![picture](p.png)\n\n## Two commands\n\nmake\n\n## More\n\nwords\n"


def test_the_first_page_begins_with_what_this_is(tmp_path: Path) -> None:
    page = start.page(COURSE, README, "<pre>terminal</pre>", {})
    order = [
        "# Title",
        "What it is.",
        "Begin with lesson 1",
        "![picture](p.png)",
        "terminal",
        "## Two commands",
        "## More",
    ]
    assert sorted(order, key=page.index) == order
    with_film = start.page(COURSE, README, "<pre>terminal</pre>", {COURSE.lesson("6").name: filmed(tmp_path)})
    order = ["# Title", "What it is.", "<video", "terminal", "## Two commands", "![picture](p.png)", "## More"]
    assert sorted(order, key=with_film.index) == order


@pytest.mark.parametrize("readme", ["", "# Title", "words\n\nwords", "# Title\n\n![picture](p.png)\n"])
def test_a_readme_that_says_nothing_first_is_one_line(readme: str) -> None:
    with pytest.raises(CourseError, match=r"^README\.md must begin with a heading and a paragraph"):
        start.page(COURSE, readme, "", {})


def test_what_may_scroll_can_be_reached_by_keys() -> None:
    page = '<pre>a</pre><div class="table-wrapper docutils container">b</div>'
    assert markup.finished(page).count('tabindex="0"') == 2


def test_pictures_further_down_come_later() -> None:
    done = markup.later('<section><img src="a"><section><img src="b"></section></section>')
    assert done == '<section><img src="a"><section><img loading="lazy" src="b"></section></section>'
    assert markup.later("<p>no section</p>") == "<p>no section</p>"


def test_drawings_are_marked() -> None:
    block = '<div class="highlight-none notranslate"><div class="highlight"><pre>{}</pre></div></div>'
    assert '"highlight-none notranslate drawing"' in markup.drawings(block.format("┌─┐"))
    assert markup.drawings(block.format("words")) == block.format("words")
