"""The hints of an exercise as a learner asks for them: one at a time, each behind a click."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from grader.site.markdown import html_block

_NTH = ("First hint", "Second hint", "Third hint", "Fourth hint", "Fifth hint")


def folded(exercise: str, hints: Sequence[str]) -> str:
    """The hints of one exercise as Markdown; "" if there are none."""
    if not hints:
        return ""
    lines = [f'<details class="hints"><summary>Stuck? Hints for <code>{html.escape(exercise)}</code></summary>']
    for number, hint in enumerate(hints):
        name = _NTH[number] if number < len(_NTH) else f"Hint {number + 1}"
        lines.append(f"<details><summary>{name} of {len(hints)}</summary><p>{_as_html(hint)}</p></details>")
    return html_block([*lines, "</details>"])


def _as_html(hint: str) -> str:
    """Plain words, with spans of code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(" ".join(hint.split()), quote=False))
