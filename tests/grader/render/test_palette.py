"""One palette: colours are in one file, every name of one is defined where it is used, and text can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import grader
from grader.render.stylesheet import Where, stylesheet

PACKAGE = Path(grader.__file__).parent
PALETTE = PACKAGE / "render" / "palette.css.j2"
# Rules and templates. A figure of a lesson text is a file by itself, with colours for any ground (figures/style.py).
OTHERS = sorted({*PACKAGE.rglob("*.css"), *PACKAGE.rglob("*.j2")} - {PALETTE})
RULES: dict[Where, tuple[str, ...]] = {
    "page": ("render/report.css", "similar/pair.css", "render/film.css"),
    "cell": ("render/cell.css",),
    "notebook": ("render/notebook.css", "render/film.css"),
    "site": ("site/site.css",),
}
_LITERAL = re.compile(
    r"(?i)#[0-9a-f]{3,8}\b(?=[\s;,)\"'])|\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color|color-mix|light-dark)\("
)
_NAMES = pytest.importorskip("matplotlib.colors").CSS4_COLORS
_NAMED = re.compile(rf"(?i):[^;{{}}]*(?<![\w-])(?:{'|'.join(_NAMES)})(?![\w-])")


def literals(css: str) -> list[str]:
    """What defines a colour; keywords such as ``currentColor``, ``inherit`` and ``transparent`` do not."""
    css = re.sub(r"(?s)/\*.*?\*/", "", css)
    return [match[0] for pattern in (_LITERAL, _NAMED) for match in pattern.finditer(css)]


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.name)
def test_no_other_file_defines_a_colour(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    # Of a template, what styles something: the words of a page may be of any colour.
    styles = text if path.suffix == ".css" else "".join(re.findall(r'(?s)<style>.*?</style>|\bstyle="[^"]*"', text))
    styles += "".join(f"{name}:{value};" for name, value in re.findall(r'\b(fill|stroke)="([^"]*)"', text))
    assert literals(styles) == []


@pytest.mark.parametrize(
    "css",
    [
        "a { color: #fff; }",
        "a { color: White; }",
        "a { border: 1px solid rebeccapurple }",
        "a { background: rgb(0 0 0 / 10%); }",
        "a { color: color-mix(in srgb, currentColor 5%, transparent); }",
        "--ink:#123456;",
    ],
)
def test_such_a_colour_would_be_found(css: str) -> None:
    assert literals(css)
    assert not literals("#abc-target, .red { white-space: pre; color: var(--red); fill: currentColor; } /* #fff */")


@pytest.mark.parametrize("where", RULES)
def test_every_colour_that_rules_name_is_defined_where_they_hold(where: Where) -> None:
    css = stylesheet(where, *(PACKAGE / name for name in RULES[where]))
    assert set(re.findall(r"var\((--\w+)", css)) <= set(re.findall(r"(--\w+):", css))


def test_every_stylesheet_is_looked_at() -> None:
    assert {PACKAGE / name for names in RULES.values() for name in names} == set(PACKAGE.rglob("*.css"))


def test_a_piece_of_a_page_that_is_not_ours_colours_itself_only() -> None:
    for where, element in (("cell", ".grader-feedback"), ("notebook", ".grader-check")):
        selectors = re.findall(r"(?m)^[^-\s{}][^{}]*(?=\{)", stylesheet(where))
        assert selectors
        assert all(each.strip().endswith(element) for selector in selectors for each in selector.split(","))


def test_a_scheme_lacks_no_colour_of_another() -> None:
    light, dark, printed = map(set, (re.findall(r"(--\w+):", block) for block in schemes()))
    assert light == dark == printed


def test_both_colour_schemes_have_contrast() -> None:
    """WCAG AA: 4.5 to 1 for every colour that text is set in, on the backgrounds that it stands on."""

    def luminance(colour: str) -> float:
        full = colour if len(colour) == 6 else "".join(c * 2 for c in colour)
        parts = [int(full[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for block in schemes():
        colours = {name: luminance(value) for name, value in re.findall(r"--(\w+): #([0-9a-f]+)", block)}
        on_both = set(colours) - {"paper", "tint", "rule", "ghost", "mark"}
        pairs = [(name, ground) for name in on_both for ground in ("paper", "tint")]
        for name, ground in [*pairs, ("ink", "mark")]:
            dark, light = sorted((colours[name], colours[ground]))
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (name, ground)


def schemes() -> list[str]:
    """The declarations of a page of ours: in light, in dark, in print."""
    blocks = re.findall(r":root \{(.*?)\}", stylesheet("page"), re.DOTALL)
    assert len(blocks) == 3
    return blocks
