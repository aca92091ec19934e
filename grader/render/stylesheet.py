"""The stylesheet of a page: the one palette, and the rules that name its colours. A page carries all of it inside."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_HERE = Path(__file__).parent

Where = Literal["page", "cell", "notebook", "site"]
"""On a page of ours, light or dark; in a cell of nbgrader's pages, which are light; in a learner's notebook; on the
site, where a reader may choose between light and dark."""


@cache
def stylesheet(where: Where, *rules: Path) -> Markup:
    """The content of a style element.

    Args:
        where: which colours hold, and for which elements; ``palette.css.j2`` says.
        rules: the files with everything else, one after the other; without any, the colours alone.
    """
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    colours = environment.get_template("palette.css.j2").render(where=where)
    return Markup("".join([colours, *(path.read_text(encoding="utf-8") for path in rules)]))


def policy(css: str) -> Markup:
    """A content security policy by which a page loads nothing, and is styled by this stylesheet only."""
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    # Markup here only keeps the escaping off our own constants: base64 holds a "+" and a "/".
    return Markup(f"default-src 'none'; style-src 'sha256-{digest}'")
