"""The process in which ``grader watch`` judges: warm, so that a save costs the judging and no imports.

A process of its own and not a thread: code that never ends can be ended with it, and what a learner's code leaves
behind goes with it. It is started anew whenever it has ended, and nothing that it sends but plain data is used.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pdb
import signal
import sys
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from grader.course import Course, load
from grader.errors import UserError
from grader.learner import own as own_work
from grader.learner.changes import changed
from grader.properties.finding import Finding
from grader.report.report import Report

_TERMINAL = "CON" if sys.platform == "win32" else "/dev/tty"


class Judge:
    """A warm process that judges one lesson at a time.

    Args:
        course: the course.
        hears: called, on a thread of its own, with every message: ``("report", JSON)``, ``("problem", text)``,
            ``("found", name, exercise, says, verdict, done, total)``, ``("debugger",)``, ``("ended",)``.
    """

    def __init__(self, course: Course, hears: Callable[[tuple[Any, ...]], None]) -> None:
        self._course, self._hears = course, hears
        self._process: multiprocessing.process.BaseProcess | None = None
        self._pipe: Connection | None = None
        self._is_busy = False
        self.start()

    def start(self) -> None:
        """Start the process; what it imports, it imports while the learner reads."""
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(str(self._course.root), theirs), daemon=True)
        with _without_the_current_folder():
            self._process.start()
        theirs.close()
        self._is_busy = False

    def ask(self, lesson: str, first: tuple[str, ...]) -> None:
        """Judge this lesson; a judgement that is still going on is given up, because the file has changed."""
        if self._is_busy or self._process is None or not self._process.is_alive():
            self.stop()
            self.start()
        assert self._pipe is not None
        self._is_busy = True
        pipe = self._pipe
        pipe.send((lesson, first))

    def listen(self, stop: Callable[[], bool]) -> None:
        """Pass messages on until ``stop`` says so."""
        while not stop():
            pipe = self._pipe
            try:
                if pipe is None or not pipe.poll(0.05):
                    continue
                message = pipe.recv()
            except (EOFError, OSError):
                if pipe is self._pipe and not stop():
                    busy, self._pipe = self._is_busy, None
                    self._is_busy = False
                    if busy:
                        self._hears(("ended",))
                continue
            if pipe is not self._pipe:
                continue  # of a judgement that was given up
            if message[0] in ("report", "problem"):
                self._is_busy = False
            self._hears(message)

    def go_on(self) -> None:
        """Tell a process that waits for the terminal that it may have it."""
        if self._pipe is not None:
            self._pipe.send("go on")

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        pipe, self._pipe = self._pipe, None
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None
        if pipe is not None:
            pipe.close()


@contextlib.contextmanager
def _without_the_current_folder() -> Iterator[None]:
    """Have a process that starts meanwhile import nothing that lies in the current folder, as this one does not.

    A learner's own ``random.py`` beside the exercises would be taken for the standard library's.
    """
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before


def _serve(root: str, pipe: Connection) -> None:
    """The process: import everything once, then judge what is asked for."""
    # The terminal's Ctrl-C is for the one who shows things; this process is ended by it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    course: Course | None = None
    with contextlib.suppress(Exception):  # what is wrong is said in the place of a verdict
        course = _begin(root)
    with _debugger(pipe), contextlib.suppress(EOFError, OSError):
        while True:
            lesson, first = pipe.recv()
            try:
                course = course or _begin(root)
                report = _judged(course, lesson, first, pipe)
            except Exception as error:  # one line, and the next save is judged again
                pipe.send(("problem", _in_words(error)))
            else:
                pipe.send(("report", report.to_json()))


def _begin(root: str) -> Course:
    """Import what judging will need, and read the course."""
    from grader.grading import grade  # noqa: F401

    return load(Path(root))


def _in_words(error: Exception) -> str:
    return str(error) if isinstance(error, UserError) else f"the grader itself failed: {type(error).__name__}: {error}"


_sources: dict[str, str] = {}
"""The module of each lesson as it was judged last."""


def _judged(course: Course, name: str, first: tuple[str, ...], pipe: Connection) -> Report:
    done, failed = 0, set()

    def failing(finding: Finding, total: int) -> None:
        failed.add(finding.name)
        pipe.send(("found", finding.name, finding.exercise, finding.says, "fail", done + 1, total))

    def tell(finding: Finding, total: int) -> None:
        nonlocal done
        done += 1
        if finding.verdict != "fail" or finding.name not in failed:
            pipe.send(("found", finding.name, finding.exercise, finding.says, finding.verdict, done, total))

    lesson = course.lesson(name)
    own = own_work.read(course, lesson, missing=True)
    # What failed last is what the learner is at work on, and after it comes what has been edited.
    edited = changed(lesson, _sources.get(name, ""), own.submission.source)
    _sources[name] = own.submission.source
    return own_work.judge(course, own, first=(*first, *edited), tell=tell, failing=failing)


@contextlib.contextmanager
def _debugger(pipe: Connection) -> Iterator[None]:
    """Have ``breakpoint()`` ask for the terminal, and open it: this process has been given no other way to it."""

    def hook(*_: Any, **__: Any) -> None:
        try:
            lines, screen = open(_TERMINAL), open(_TERMINAL, "w")  # noqa: SIM115 - as long as somebody debugs
        except OSError:
            return  # nobody there who could type
        pipe.send(("debugger",))
        pipe.recv()
        pdb.Pdb(stdin=lines, stdout=screen).set_trace(sys._getframe(1))

    before, sys.breakpointhook = sys.breakpointhook, hook
    try:
        yield
    finally:
        sys.breakpointhook = before
