"""The film of a lesson, where `make films` has made it: the video, its captions and its transcript."""

from __future__ import annotations

import html
from pathlib import Path

from grader.course import Course, Lesson
from grader.site.markdown import html_block

FOLDER = "films"


def of_lesson(course: Course, lesson: Lesson) -> dict[str, Path]:
    """The files of a lesson's film by their endings: mp4, and png, vtt and txt where they are; {} without a film."""
    found = {
        ending: course.root / FOLDER / f"lesson{lesson.number}.{ending}" for ending in ("mp4", "png", "vtt", "txt")
    }
    found = {ending: path for ending, path in found.items() if path.is_file()}
    return found if "mp4" in found else {}


def shown(lesson: Lesson, files: dict[str, Path], up: str, *, elsewhere: str = "") -> str:
    """The film as Markdown; "" if there is none.

    Nothing of it but the poster is loaded before somebody plays it. Captions are drawn into the picture as well, so the
    track is there for those who want to read them larger, and is off at first.

    Args:
        lesson: the lesson.
        files: the film's files, as ``of_lesson`` finds them.
        up: the way from the page to the site's root: "" or "../".
        elsewhere: on another page than the lesson's, the way there, which stands below the film in place of what the
            film says.
    """
    if not files:
        return ""
    at = {ending: f"{up}{FOLDER}/{path.name}" for ending, path in files.items()}
    poster = f' poster="{at["png"]}"' if "png" in at else ""
    title = html.escape(f"Film of lesson {lesson.number}: {lesson.title}")
    lines = [
        '<figure class="film">',
        f'<video controls playsinline preload="none"{poster} width="1280" height="720" aria-label="{title}">',
        f'<source src="{at["mp4"]}" type="video/mp4">',
    ]
    if "vtt" in at:
        lines.append(f'<track kind="captions" src="{at["vtt"]}" srclang="en" label="English">')
    lines += [f'<a href="{at["mp4"]}" download>{title}</a>', "</video>"]
    if elsewhere:
        lines.append(
            f'<figcaption><a href="{elsewhere}">Lesson {lesson.number}: {html.escape(lesson.title)}</a></figcaption>'
        )
    elif "txt" in files:
        said = files["txt"].read_text(encoding="utf-8").strip()
        lines.append('<details class="transcript"><summary>What the film says</summary>')
        lines += [f"<p>{html.escape(' '.join(part.split()))}</p>" for part in said.split("\n\n")]
        lines.append("</details>")
    return html_block([*lines, "</figure>"])
