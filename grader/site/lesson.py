"""A lesson's page: its text, with the film before it, the stub beside it, and the hints below what they help with."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from pathlib import Path

from grader.course import Course, Lesson
from grader.errors import CourseError
from grader.lessons.stubs import pristine
from grader.site import film, formulas, hints
from grader.site.markdown import each_prose_line, html_block, indented_blocks, prose, words

_ITEM = re.compile(r"\*\*`[A-Za-z_]")
_NAME = re.compile(r"`([A-Za-z_][\w.]*)")
_MENTION = re.compile(r"\blesson (\d+)\b")
_TO_WRITE = "## What to write"


def page(course: Course, lesson: Lesson, text: str, files: dict[str, Path]) -> str:
    """A lesson's page as Markdown.

    Args:
        course: the course.
        lesson: the lesson.
        text: its text.
        files: those of its film, {} without one.

    Raises:
        CourseError: the text has no heading, or a formula that cannot be read.
    """
    title, _, rest = text.partition("\n")
    if not title.startswith("# "):
        raise CourseError(f"exercises/{lesson.name}.md does not begin with a heading, # Lesson {lesson.number}: …")
    rest = each_prose_line(rest, lambda line: words(line, formulas.scripts))
    rest = _linked(course, lesson, rest)
    rest = _with_hints(lesson, rest)
    rest = _with_stub(course, lesson, rest)
    rest = indented_blocks(rest, lambda block: _typeset(lesson, block))
    return "\n".join([title, film.shown(lesson, files, "../"), _facts(course, lesson), rest])


def _facts(course: Course, lesson: Lesson) -> str:
    """The size of the lesson, what it builds on, and what to download."""
    number = len(lesson.exercises)
    what = f"{number} exercise{'s' if number != 1 else ''}" + (" and a training check" if lesson.training else "")
    facts = [what, f"{lesson.max_points:g} points"]
    if needed := course.needs(lesson):
        links = [f'<a href="{each.name}.html">lesson {each.number}</a>' for each in needed]
        facts.append(f"uses your {' and '.join(links)}")
    downloads = [
        f'<a href="{lesson.name}.py" download>The stub, {lesson.name}.py</a>',
        f'<a href="{lesson.name}.ipynb" download>The same as a notebook</a>',
    ]
    return html_block(
        [
            '<div class="facts">',
            f"<p>{' · '.join(facts)}</p>",
            f"<p>{' · '.join(downloads)} · <code>grader check {lesson.number}</code></p>",
            "</div>",
        ]
    )


def _linked(course: Course, lesson: Lesson, text: str) -> str:
    """Let the first mention of each other lesson lead there."""
    others = {str(each.number): each.name for each in course.lessons if each is not lesson}

    def link(match: re.Match[str]) -> str:
        name = others.pop(match[1], "")
        return f"[{match[0]}]({name}.md)" if name else match[0]

    def change(line: str) -> str:
        # A link in the text of a link, or in an image's description, would be none.
        return line if "](" in line else words(line, lambda part: _MENTION.sub(link, part))

    return each_prose_line(text, change)


def _with_hints(lesson: Lesson, text: str) -> str:
    """Put the hints of each exercise below the paragraphs about it; those of others at the end of the section."""
    left = {exercise.name: exercise.hints for exercise in lesson.exercises}
    if lesson.training is not None:
        left[lesson.training.exercise] = lesson.training.hints
    done: list[str] = []
    waiting: list[str] = []
    inside = False
    lines = text.split("\n")
    for i, (line, is_prose) in enumerate(zip(lines, prose(text), strict=True)):
        item = is_prose and bool(_ITEM.match(line)) and not lines[i - 1].strip()
        heading = not is_prose and line.startswith("## ")
        if item or heading:
            done += [hints.folded(name, left.pop(name)) for name in waiting]
            waiting = _exercises(line, left) if item else []
        if heading and inside:
            done += [hints.folded(name, each) for name, each in left.items()]
            left = {}
        inside = line.strip() == _TO_WRITE if heading else inside
        done.append(line)
    done += [hints.folded(name, left.pop(name)) for name in waiting]
    done += [hints.folded(name, each) for name, each in left.items()]
    return "\n".join(done)


def _exercises(line: str, names: Sequence[str] | dict[str, tuple[str, ...]]) -> list[str]:
    """The exercises that a paragraph is about: it begins with their names, in bold, a method without its class."""
    bold = " ".join(re.findall(r"\*\*(`.*?`)\*\*", line))
    said = _NAME.findall(bold)
    return [name for name in names if name in said or name.rpartition(".")[2] in said]


def _with_stub(course: Course, lesson: Lesson, text: str) -> str:
    """Put the stub below the first paragraph that says what to write, folded away."""
    stub = pristine(course, lesson)
    before, heading, after = text.partition(f"\n{_TO_WRITE}\n")
    if not heading:
        return text
    first, _, rest = after.lstrip("\n").partition("\n\n")
    name = html.escape(f"{lesson.name}.py")
    shown = [
        f'<details class="stub"><summary>The stub, <code>{name}</code></summary>',
        "",
        "````python",
        stub.rstrip("\n"),
        "````",
        "",
        "</details>",
    ]
    return "\n".join([before, heading.strip("\n"), "", first, "", *shown, "", rest])


def _typeset(lesson: Lesson, block: str) -> str | None:
    try:
        return formulas.block(block)
    except formulas.FormulaError as error:
        raise CourseError(
            f"exercises/{lesson.name}.md: the site cannot typeset {str(error)!r}; write it as the other formulas are "
            "written, or in a block with ``` around it"
        ) from None
