"""Make the films of all lessons, or of those that are named: ``python -m grader.films [--out FOLDER] [6 ...]``."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from grader.course import find_root, load
from grader.errors import UserError


def main(words: list[str] | None = None) -> None:
    """Make them, with a line for each.

    Raises:
        SystemExit: one line, where a library is missing, this is no course, or a script is wrong.
    """
    parser = argparse.ArgumentParser(prog="python -m grader.films", description=__doc__)
    parser.add_argument("lessons", nargs="*", help="the lessons' numbers; all of them by default")
    parser.add_argument("--out", type=Path, default=Path("films"), help="the folder to write to")
    asked = parser.parse_args(words)
    try:
        import av  # noqa: F401
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise SystemExit(f"films: {error.name} is not installed: pip install 'deep-rl-for-beginners[films]'") from None
    from grader.films.film import Film
    from grader.films.script import path_of
    from grader.films.sheet import write_sheet

    try:
        course = load(find_root(Path.cwd()))
        every = [int(lesson.number) for lesson in course.lessons]
        written = [number for number in every if path_of(course, number).is_file()]
        if without := [str(number) for number in every if number not in written and not asked.lessons]:
            print(f"no film script for lesson {', '.join(without)}")
        for number in [int(course.lesson(each).number) for each in asked.lessons] or written:
            start = time.process_time()
            film = Film(course, number)
            film.make(asked.out)
            path = asked.out / f"lesson{number}.mp4"
            print(
                f"{path}  {film.seconds:.0f} s, {path.stat().st_size / 1e6:.2f} MB; "
                f"made in {time.process_time() - start:.0f} s of processor time",
                flush=True,
            )
        if sheet := write_sheet(asked.out, written):
            print(sheet)
    except UserError as error:
        raise SystemExit(f"films: {error}") from None
    except OSError as error:
        told = error.strerror or error
        raise SystemExit(f"films: nothing can be written to {asked.out} ({told}); name another folder: --out") from None


if __name__ == "__main__":
    main()
