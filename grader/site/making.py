"""Build the site with Sphinx in a temporary folder, and put it into its place when it is whole."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util.console import strip_colors
from sphinx.util.docutils import docutils_namespace, patch_docutils

from grader.course import Course
from grader.errors import UserError
from grader.render.stylesheet import stylesheet
from grader.site import markup
from grader.site.pages import Prepared
from grader.site.settings import settings

_HERE = Path(__file__).parent
_MARK, _MADE = ".nojekyll", b"Built by `make site`, which may replace this folder.\n"
"""A file of every site by which it is known again. Its name has GitHub Pages serve folders that begin with _."""


class SiteError(UserError):
    """The site cannot be built or put into its place; the message is one line that says why."""


def build(course: Course, prepared: Prepared, out: Path, address: str = "") -> None:
    """Build the site.

    Args:
        course: the course.
        prepared: the pages, and the files beside them.
        out: the folder of the site; one that is there is replaced if it is an earlier site, or empty.
        address: where the site will be, if that is known; for the page that is shown where there is none.

    Raises:
        SiteError: a page has a fault, such as a link that leads nowhere; or ``out`` is something else's folder.
    """
    _check(out)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        _write(work / "sources", prepared.sources)
        _write(work / "beside", {**prepared.beside, _MARK: _MADE})
        css = stylesheet("site", _HERE / "site.css")
        _write(work / "static", {"site.css": css.encode()})
        _run(work, settings(course, address, work / "beside", work / "static"))
        _replace(out, work / "html")


def _check(out: Path) -> None:
    mark = out / _MARK
    is_ours = mark.is_file() and mark.read_bytes() == _MADE
    if out.exists() and not is_ours and (not out.is_dir() or any(out.iterdir())):
        raise SiteError(f"{out} is there, and is no site that was built before; name another folder: OUT_SITE=…")


def _run(work: Path, overrides: dict[str, Any]) -> None:
    """Let Sphinx make the pages.

    Raises:
        SiteError: it has warned of something.
    """
    warned = StringIO()
    sources = work / "sources"
    folders = (sources, None, work / "html", work / "read")
    try:
        # As sphinx-build does: what Sphinx registers with docutils ends with the block, and does not stand in the way
        # of a second run.
        with patch_docutils(), docutils_namespace():
            app = Sphinx(*folders, "html", confoverrides=overrides, status=None, warning=warned)
            app.build()
    except SphinxError as error:
        raise SiteError(f"Sphinx: {' '.join(str(error).split())}") from None
    said = [line for line in strip_colors(warned.getvalue()).splitlines() if line.strip()]
    if said:
        more = f" (and {len(said) - 1} more)" if len(said) > 1 else ""
        raise SiteError(said[0].replace(f"{sources}/", "") + more)
    for path in (work / "html").rglob("*.html"):
        page = markup.finished(path.read_text(encoding="utf-8"))
        is_first = path == work / "html" / "index.html"
        path.write_text(markup.later(page) if is_first else page, encoding="utf-8")
    _tidy(work / "html")


def _tidy(site: Path) -> None:
    """Remove what no page uses; Sphinx's note for its next run also holds the name of a temporary folder."""
    for path in [*site.rglob("*.map"), site / ".buildinfo"]:
        path.unlink()
    (site / "_sources").rmdir()


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


def _replace(out: Path, site: Path) -> None:
    """Put a finished site beside its place, and then into it; where that fails, what was there is there again."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as folder:
            new, old = Path(folder) / "new", Path(folder) / "old"
            shutil.copytree(site, new)
            if out.exists():
                os.replace(out, old)
            try:
                os.replace(new, out)
            except OSError:
                if old.exists():
                    os.replace(old, out)
                raise
    except OSError as error:
        raise SiteError(f"{out} cannot be written: {error.strerror or error}") from None
