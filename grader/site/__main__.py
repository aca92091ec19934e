"""Build the course's site: ``python -m grader.site [--out site] [--address https://…/]``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from grader.course import find_root, load
from grader.errors import UserError


def main(words: list[str]) -> None:
    """Build, and print where the site is and how large.

    Raises:
        SystemExit: one line, where this is no course, a page has a fault, or Sphinx is not installed.
    """
    parser = argparse.ArgumentParser(prog="site", description="Build the course's site from its texts.")
    parser.add_argument("--out", type=Path, default=Path("site"), help="its folder (default: site)")
    parser.add_argument("--address", default="", help="where it will be, for its 404 page: https://…/")
    options = parser.parse_args(words)
    try:
        from grader.site import film
        from grader.site.making import build
        from grader.site.pages import prepare
        from grader.site.terminal import picture
    except ImportError as error:
        raise SystemExit(
            f"site: {error.name} is not installed; install it first: pip install 'deep-rl-for-beginners[site]'"
        ) from None
    if options.address and not options.address.endswith("/"):
        options.address += "/"
    try:
        course = load(find_root(Path.cwd()))
        out = options.out.absolute()
        build(course, prepare(course, picture(course)), out, options.address)
    except UserError as error:
        raise SystemExit(f"site: {error}") from None
    films = sum(bool(film.of_lesson(course, lesson)) for lesson in course.lessons)
    pages = len(list(out.rglob("*.html")))
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    print(f"The site: {options.out}/index.html   {pages} pages, {films} films, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(sys.argv[1:])
