"""Formulas as the texts write them, in plain characters, become MathML, which every browser typesets by itself.

A text is read in an editor, on GitHub and in notebooks, where ``Q[s, a] ← Q[s, a] + α · δ`` says more than the source
of a typesetting system would. So the texts stay as they are, and the site reads their notation::

    r₀   γ²   π_old   γ^(T−1)   r_{T−1}   s′   V*[s]      what stands below or above a symbol
    Σ over s′ of …     max over a′ of …     Σ_b …          what is written under an operator
    label      formula      note                           three spaces or more part what is no formula
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import NamedTuple

_SMALL = str.maketrans("₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₙₜ⁰¹²³⁴⁵⁶⁷⁸⁹ⁿᵏ", "0123456789aehijknt0123456789nk")

_TOKENS = re.compile(
    r"""
      (?P<over>(?:Σ|max|min|argmax|mean)\ over\ (?P<under>.+?)\ of\b)
    | (?P<number>\d+(?:\ \d{3}\b)*(?:\.\d+)?)
    | (?P<word>[A-Za-z]{2,}(?:_[A-Za-z]{2,})*|[A-Za-zΑ-Ωα-ω])
    | (?P<below>[₀-₉ₐₑₕᵢⱼₖₙₜ]+|_\{[^{}]*\}|_[A-Za-z0-9]+)
    | (?P<above>[⁰¹²³⁴-⁹ⁿᵏ]+|\^\{[^{}]*\}|\^\([^()]*\)|\^[A-Za-z0-9]+|′+|\*(?=[\[(]))
    | (?P<sign>[-=+−·/←→,;:|()\[\]{}…∇½×≤≥<>~≈])
    | (?P<space>\ +)
    """,
    re.VERBOSE,
)
_OPERATORS = {"-": "−", "·": "⋅"}
_SUM = "<mo>∑</mo>"
_SPACE = '<mspace width="0.2em"></mspace>'
_THIN = "\N{NARROW NO-BREAK SPACE}"
_FENCES = "()[]{}|"
_JOINS = re.compile(r"[-=+−·/←](?: |$)")
"""A sign between two things: it has space around it, where that of −mean(…) has none."""
_BELOW = re.compile(
    r"(?<!\w)(?P<base>[^\W\d_]+(?=_(?:\{|[^\W_]\b))|[A-ZΑ-Ωα-ω](?=_))_(?P<script>\{[^{}]*\}|[^\W_]+)(?![\w])"
)
_ABOVE = re.compile(r"(?<!\w)(?P<base>[^\W\d_])\^(?P<script>\{[^{}]*\}|\([^()]*\)|[^\W_]+)")
_LABEL = re.compile(r"[A-Za-z][A-Za-z -]*")


class FormulaError(ValueError):
    """A formula that is not in the notation of the texts; the message is the part that was not understood."""


class Line(NamedTuple):
    """One line of a block: the formula, what is written before it, and what is written after it."""

    label: str
    formula: str
    note: str


def block(text: str) -> str | None:
    """Typeset an indented block of a text, a line each, as HTML; None if it holds no formulas but code.

    Raises:
        FormulaError: it holds formulas, and a part of one is not understood.
    """
    if not re.search(r"[=←·Σ]", text) or re.search(r"^\s*(?:\$|grader |make |python|pip )", text, re.MULTILINE):
        return None
    lines = [_line(line) for line in (split(line) for line in text.splitlines() if line.strip())]
    return "\n".join(['<div class="formulas" tabindex="0">', *lines, "</div>"])


def split(text: str) -> Line:
    """Part a line's formula from the label before it and the note after it."""
    cells = [cell.strip() for cell in re.split(r" {3,}", text.strip())]
    label = ""
    if len(cells) > 1 and _LABEL.fullmatch(cells[0]) and not _JOINS.match(cells[1]):
        label = cells.pop(0)
    formula = cells.pop(0)
    # Signs that stand below each other are set apart by spaces as well.
    while cells and (_JOINS.match(cells[0]) or _JOINS.match(formula[-1])):
        formula = f"{formula} {cells.pop(0)}"
    return Line(label, formula.rstrip(","), ", ".join(cells))


def _line(line: Line) -> str:
    label = f'<span class="label">{html.escape(line.label)}</span>' if line.label else ""
    note = f'<span class="note">{scripts(html.escape(line.note))}</span>' if line.note else ""
    return f'<p class="formula">{label}{mathml(line.formula)}{note}</p>'


def scripts(text: str) -> str:
    """Words with symbols among them, as HTML: what stands below or above a symbol is set there.

    A name in code, such as next_q_values, is no symbol: below stands a single letter, or words below a capital or a
    Greek letter.
    """
    return _ABOVE.sub(lambda match: _small("sup", match), _BELOW.sub(lambda match: _small("sub", match), text))


def _small(tag: str, match: re.Match[str]) -> str:
    return f"{match['base']}<{tag}>{match['script'].strip('{}()')}</{tag}>"


def mathml(formula: str) -> str:
    """Typeset one formula; its plain text goes along as an annotation, for whoever copies or searches it.

    Raises:
        FormulaError: a part of it is not in the notation of the texts.
    """
    plain = html.escape(formula)
    return (
        f'<math display="block"><semantics><mrow>{_row(formula)}</mrow>'
        f'<annotation encoding="text/plain">{plain}</annotation></semantics></math>'
    )


def _row(text: str) -> str:
    done: list[str] = []
    for kind, piece in _tokens(text):
        if kind in ("below", "above"):
            if not done:
                raise FormulaError(text)
            base = done.pop()
            tag = "msup" if kind == "above" else "munder" if base == _SUM else "msub"
            done.append(f"<{tag}>{base}<mrow>{_script(piece)}</mrow></{tag}>")
        else:
            done.append(piece)
    return "".join(done)


def _script(piece: str) -> str:
    """A part that is written small: without the characters that say so."""
    if piece[0] in "′*":
        return f'<mo lspace="0" rspace="0">{piece.replace("*", "∗")}</mo>'
    if piece[0] in "_^":
        inner = piece[1:]
        return _row(inner[1:-1] if inner[0] in "{(" else inner)
    return _row(piece.translate(_SMALL))


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """The parts of a formula: their kind, and the element of each; of a script the characters as they are."""
    position = 0
    words: list[str] = []
    apart = False  # whether a space has been read since the last part
    before = ""
    while position < len(text) or words:
        match = _TOKENS.match(text, position)
        if match is None and position < len(text):
            raise FormulaError(text[position:])
        kind = (match.lastgroup or "") if match else "end"
        piece = match[0] if match else ""
        if match and match["over"]:
            kind = "over"
        position += len(piece)
        if kind == "word" and len(piece) > 1:
            if not words and apart and _is_operand(before):
                yield "space", _SPACE
            words.append(piece)
            apart = False
            continue
        if kind == "space":
            apart = True
            continue
        if words:
            yield "word", f"<mi>{words[0]}</mi>" if len(words) == 1 else f"<mtext>{' '.join(words)}</mtext>"
            before, words = "word", []
        if match is None:
            return
        if kind in ("over", "number", "word") and apart and _is_operand(before):
            yield "space", _SPACE
        if kind in ("below", "above"):
            yield kind, piece
        elif kind == "sign":
            yield kind, _sign(piece, first=not _is_operand(before) and before not in (*")]}|",))
        else:
            yield kind, _element(kind, piece, match)
        before, apart = piece if kind == "sign" else kind, False


def _is_operand(before: str) -> bool:
    """Whether what comes next has to be set apart from what came before: two things side by side, and no sign."""
    return before in ("over", "number", "word", "below", "above", "∇")


def _sign(piece: str, *, first: bool) -> str:
    """A sign; a minus that comes first is one that negates, and stands close to what it negates."""
    if piece == "∇":
        return "<mi>∇</mi>"
    if piece == "|":
        return '<mo stretchy="false" lspace="0.1em" rspace="0.1em">|</mo>'
    if piece in "−-" and first:
        return '<mo form="prefix" lspace="0" rspace="0">−</mo>'
    said = html.escape(_OPERATORS.get(piece, piece))
    return f'<mo stretchy="false">{said}</mo>' if piece in _FENCES else f"<mo>{said}</mo>"


def _element(kind: str, piece: str, match: re.Match[str]) -> str:
    if kind == "number":
        return f"<mn>{piece.replace(' ', _THIN)}</mn>"
    if kind == "word":
        return _SUM if piece == "Σ" else f"<mi>{piece}</mi>"
    operator = piece.split(" ")[0]
    return f"<munder>{_SUM if operator == 'Σ' else f'<mi>{operator}</mi>'}<mrow>{_row(match['under'])}</mrow></munder>"
