"""Additions to the HTML of a page, for keys, screen readers and narrow windows."""

from __future__ import annotations

import re


def finished(page: str) -> str:
    """A page as Sphinx and Furo make it, with all of these additions."""
    return named(reachable(drawings(page)))


def reachable(page: str) -> str:
    """Give whatever may scroll sideways a place in the order of the Tab key.

    Code and tables can be wider than a phone, and then scroll by themselves; without such a place, nobody could scroll
    them without a mouse or a finger.
    """
    page = page.replace("<pre>", '<pre tabindex="0">')
    return re.sub(r'<div class="table-wrapper([^"]*)">', r'<div class="table-wrapper\1" tabindex="0">', page)


def named(page: str) -> str:
    """Tell the parts beside the text from each other, and let a heading be one: it has a depth, and words in it."""
    page = page.replace('<aside class="sidebar-drawer">', '<aside class="sidebar-drawer" aria-label="All pages">')
    page = page.replace('<aside class="toc-drawer">', '<aside class="toc-drawer" aria-label="On this page">')
    page = page.replace('<p class="caption" role="heading">', '<p class="caption" role="heading" aria-level="2">')
    return page.replace('<th class="head"><p></p></th>', '<td class="head"></td>')


def later(page: str) -> str:
    """Let the pictures below a page's first section be loaded when somebody comes near; for a page that must be light.

    Not for every page: where a picture comes late, the text below it jumps.
    """
    start = page.find("<section", page.find("<section") + 1)
    return page[:start] + page[start:].replace("<img ", '<img loading="lazy" ') if start > 0 else page


def drawings(page: str) -> str:
    """Mark the blocks that are drawn with characters: their lines must touch, and they are wide."""

    def marked(match: re.Match[str]) -> str:
        is_drawn = re.search(r"[─│┌└]", match[2])
        return f'<div class="{match[1]}{" drawing" if is_drawn else ""}">{match[2]}'

    return re.sub(r'(?s)<div class="(highlight-none notranslate)">(.*?</pre>)', marked, page)
