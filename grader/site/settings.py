"""All that Sphinx is told: it reads no configuration file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from grader.course import Course

_HERE = Path(__file__).parent


def settings(course: Course, address: str, beside: Path, static: Path) -> dict[str, Any]:
    """The configuration of a site.

    Args:
        course: the course.
        address: where the site will be, with a slash at its end; "" if that is not known.
        beside: a folder with files that the site has as they are.
        static: a folder with the stylesheet.
    """
    return {
        "project": course.title,
        "language": "en",
        "extensions": ["myst_parser"],
        "root_doc": "index",
        "html_theme": "furo",
        "html_title": course.title,
        "html_baseurl": address,
        "html_context": {"home": address or "/"},
        "html_theme_options": {"sidebar_hide_name": False, "top_of_page_buttons": []},
        "html_static_path": [str(static)],
        "html_css_files": ["site.css"],
        "html_favicon": str(_HERE / "favicon.svg"),
        "html_extra_path": [str(beside)],
        "html_additional_pages": {"404": "404.html"},
        "templates_path": [str(_HERE / "templates")],
        "html_show_copyright": False,
        "html_copy_source": False,
        "html_use_index": False,
        "html_last_updated_fmt": None,
        "html_permalinks_icon": "#",
        "smartquotes": False,
        "highlight_language": "none",
        "myst_enable_extensions": ["strikethrough"],
        "myst_heading_anchors": 4,
        # A block of what was typed and what came back is no program, and is shown as it is.
        "suppress_warnings": ["misc.highlighting_failure"],
        "exclude_patterns": [],
    }
