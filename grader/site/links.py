"""Links in a text: every file that one leads to is there, may be shown, and goes along."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from posixpath import normpath

from grader.errors import CourseError
from grader.site.markdown import prose

# The text of a link may have begun on the line above.
_LINK = re.compile(r"(?:\[(?P<text>[^\[\]]*))?\]\((?P<target>[^)\s#]+)(?P<anchor>#[^)\s]*)?\)")
_SECRET = re.compile(r"(?:solutions/.*|tests/lesson\d.*|\.grader-salt|\.grader-names\.csv|course\.yml)")
"""Not for students: a link to it would put it on the site."""


def targets(text: str) -> list[str]:
    """The files that a text's links lead to, as the text writes them; addresses of other sites are left out."""
    found = []
    for line, is_prose in zip(text.split("\n"), prose(text), strict=True):
        if is_prose:
            found += [match["target"] for match in _LINK.finditer(line) if not is_elsewhere(match["target"])]
    return found


def is_elsewhere(target: str) -> bool:
    """Whether a link leaves the repository."""
    return re.match(r"[a-z][a-z0-9+.-]*:|//", target) is not None


def linked(root: Path, page: PurePosixPath, text: str) -> list[PurePosixPath]:
    """The files of the repository that a page's links lead to.

    Args:
        root: the repository.
        page: the page's own path in it.
        text: its markdown.

    Raises:
        CourseError: a link leads nowhere, out of the repository, or to what students must not see.
    """
    found = []
    for target in targets(text):
        path = PurePosixPath(normpath(page.parent / target))
        if path.parts[0] == ".." or not (root / path).is_file():
            raise CourseError(f"{page} links to {target}, which is not a file of the repository; mend the link")
        if _SECRET.fullmatch(path.as_posix()):
            raise CourseError(f"{page} links to {path}, which the site must not show; take the link out")
        found.append(path)
    return found


def to_pages(text: str, titles: Mapping[str, str]) -> str:
    """Let links to a README lead to the page that it becomes, the index of its folder.

    A link that shows a file's name shows the title of its page instead.

    Args:
        text: the markdown.
        titles: of pages, by the paths of their files.
    """

    def renamed(match: re.Match[str]) -> str:
        target, said = match["target"], match["text"]
        if is_elsewhere(target):
            return match[0]
        target = re.sub(r"(^|/)README\.md$", r"\1index.md", target)
        before = "" if said is None else f"[{titles.get(said, said) if said == match['target'] else said}"
        return f"{before}]({target}{match['anchor'] or ''})"

    lines = zip(text.split("\n"), prose(text), strict=True)
    return "\n".join(_LINK.sub(renamed, line) if is_prose else line for line, is_prose in lines)
