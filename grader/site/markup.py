"""Additions to the HTML of a page, for keys and for narrow windows."""

from __future__ import annotations

import re


def reachable(body: str) -> str:
    """Give whatever may scroll sideways a place in the order of the Tab key.

    Code and tables can be wider than a phone, and then scroll by themselves; without such a place, nobody could scroll
    them without a mouse or a finger.
    """
    body = body.replace("<pre>", '<pre tabindex="0">')
    return re.sub(r'<div class="table-wrapper([^"]*)">', r'<div class="table-wrapper\1" tabindex="0">', body)


def lazy(body: str) -> str:
    """Load pictures when they come near."""
    return re.sub(r"<img (?![^>]*\bloading=)", '<img loading="lazy" ', body)


def drawings(body: str) -> str:
    """Mark the blocks that are drawn with characters: their lines must touch, and they are wide."""

    def marked(match: re.Match[str]) -> str:
        is_drawn = re.search(r"[─│┌└]", match[2])
        return f'<div class="{match[1]}{" drawing" if is_drawn else ""}">{match[2]}'

    return re.sub(r'(?s)<div class="(highlight-none notranslate)">(.*?</pre>)', marked, body)
