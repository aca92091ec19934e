"""A student's text as HTML that can do nothing: what nbgrader's pages show between cells of code.

nbgrader's pages run in the instructor's session, and HTML in a text cell is put into them as it is: a student's script
could set marks. So what is shown is safe by what is allowed. The text is rendered here, everything but a short list of
tags and two attributes is taken out by nh3, links lead to the web or to mail, and pictures are data whose first bytes
say that they are pictures. The result is one line of HTML, in which every character that Markdown could read as a sign
is written as a reference, so that rendering it once more changes nothing.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import nh3
from markdown_it import MarkdownIt

from grader.printable import clip, one_line, visible

MOST_RENDERED = 10_000
"""Characters of a cell that are read as Markdown: the time that some texts take grows with the square of this."""

MOST_SHOWN = 20_000
"""Characters of a cell that are shown at all."""

_MOST_HTML = 200_000
_MOST_BARS = 500  # a row of a table gets as many cells as the widest one has
_TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "b", "i", "u", "em", "strong", "s", "del", "code", "kbd"),
    *("pre", "sub", "sup", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "blockquote", "a", "img"),
}
_ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt"}}
_LINK = re.compile(r"(?:https?://|mailto:)[^\s\x00-\x1f\"'<>\\]*", re.IGNORECASE)
_PICTURE = re.compile(r"data:(image/\w+);base64,([A-Za-z0-9+/=]*)")
_BEGINS = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
}
_TAG = re.compile(r"(<[^\"<>]*(?:\"[^\"]*\"[^\"<>]*)*>)")
_VALUE = re.compile(r"\"([^\"]*)\"")


def shown(text: str, pictures: Mapping[str, str]) -> str:
    """A text cell as one line of HTML.

    Args:
        text: Markdown that a student wrote.
        pictures: what was pasted into the cell, by name, each as a ``data:`` address that ``picture`` made.
    """
    if len(text) > MOST_RENDERED:
        return literal(text)
    markdown = MarkdownIt("commonmark", {"html": True})
    if text.count("|") <= _MOST_BARS:
        markdown.enable("table")
    tokens = markdown.parse(visible(text))
    for token in (each for block in tokens for each in block.children or ()):
        source = str(token.attrs.get("src", ""))
        if token.type == "image" and source.startswith("attachment:"):
            token.attrs["src"] = pictures.get(unquote(source.removeprefix("attachment:")), "")
    rendered = markdown.renderer.render(tokens, markdown.options, {})
    if len(rendered) - sum(map(len, pictures.values())) > _MOST_HTML:
        return literal(text)
    return _one_line(clean(rendered))


def literal(text: str) -> str:
    """A text as it was typed, as one line of HTML."""
    return _one_line(f"<pre>{html.escape(clip(visible(text), MOST_SHOWN))}</pre>")


def labelled(label: str, name: str) -> str:
    """A line about a file whose name a student chose, as one line of HTML."""
    return _one_line(f"<p>{html.escape(label)} <code>{html.escape(one_line(name))}</code>:</p>")


def clean(text: str) -> str:
    """HTML with nothing in it that is not allowed; the words inside a forbidden tag stay, as words."""
    return nh3.clean(
        text,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_allowed,
        url_schemes={"http", "https", "mailto", "data"},
        clean_content_tags=set(),
        link_rel="noopener noreferrer nofollow",
    )


def picture(kind: Any, data: Any) -> str:
    """A picture as an address that holds it; "" if it is none of the allowed kinds."""
    if not isinstance(data, str) or kind not in _BEGINS:
        return ""
    compact = "".join(data.split())
    try:
        begins = base64.b64decode(compact[:64], validate=True)
    except (binascii.Error, ValueError):
        return ""
    address = f"data:{kind};base64,{compact}"
    return address if begins.startswith(_BEGINS[kind]) and _PICTURE.fullmatch(address) else ""


def _allowed(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "href":
        return value if _LINK.fullmatch(value) else None
    if attribute == "src":
        found = _PICTURE.fullmatch(value)
        return picture(found[1], found[2]) or None if found else None
    # nh3 lets some attributes pass on every tag, whatever else is allowed; the links' rel is its own.
    return value if attribute in _ATTRIBUTES.get(tag, ()) or (tag, attribute) == ("a", "rel") else None


def _one_line(safe: str) -> str:
    """HTML that nh3 has cleaned, or that was made of escaped text, as one block that Markdown leaves alone."""
    parts = _TAG.split(safe)
    for i, part in enumerate(parts):
        parts[i] = _VALUE.sub(lambda value: f'"{_references(value[1])}"', part) if i % 2 else _references(part)
    # MathJax would read formulas, and commands in them, wherever a page does not say otherwise.
    return f'<div class="tex2jax_ignore mathjax_ignore">{"".join(parts)}</div>'


def _references(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9 +/=;:,.\x80-\U0010ffff]", lambda sign: f"&#{ord(sign[0])};", html.unescape(text))
