"""Draw the figures of all lessons, or of those named: ``python -m grader.figures [lesson3 ...]``."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
import time
from pathlib import Path

import grader.figures
from grader.course import find_root
from grader.errors import CourseError
from grader.figures.motion import moved
from grader.figures.style import RC


def main(wanted: list[str]) -> None:
    """Draw, and print where the pictures are.

    Raises:
        SystemExit: one line, where matplotlib is missing, this is no course, or there is no such lesson.
    """
    try:
        import matplotlib
    except ImportError:
        raise SystemExit("figures: install matplotlib first: pip install 'deep-rl-for-beginners[figures]'") from None
    matplotlib.use("svg")
    from matplotlib import pyplot

    there = sorted(module.name for module in pkgutil.iter_modules(grader.figures.__path__))
    there = [name for name in there if name.startswith("lesson")]
    for name in wanted:
        if name not in there:
            raise SystemExit(f"figures: {name!r} has no figures; choose from: {', '.join(there)}")
    try:
        folder = find_root(Path.cwd()) / "exercises" / "figures"
    except CourseError as error:
        raise SystemExit(f"figures: {error}") from None
    folder.mkdir(exist_ok=True)
    for name in wanted or there:
        module = importlib.import_module(f"grader.figures.{name}")
        for what, draw in module.FIGURES.items():
            start = time.perf_counter()
            with pyplot.rc_context(RC):
                figure = draw()
                path = folder / f"{name}_{what}.svg"
                beside = path.with_name(f".{path.name}")
                figure.savefig(beside, format="svg", metadata={"Date": None})
                if motion := getattr(module, "MOTION", {}).get(what):
                    beside.write_text(moved(beside.read_text(encoding="utf-8"), motion), encoding="utf-8")
                os.replace(beside, path)
                pyplot.close(figure)
            print(f"{path.relative_to(folder.parent.parent)}  {time.perf_counter() - start:.1f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
