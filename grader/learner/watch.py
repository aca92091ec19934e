"""``grader watch``: judge a lesson whenever its file is saved, in a process that is warm."""

from __future__ import annotations

import contextlib
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import watchfiles
from rich.console import Console

from grader.course import Course, Lesson
from grader.errors import CourseError
from grader.learner import hints, memory
from grader.learner.keys import Keys
from grader.learner.screen import Lines, Redrawn, Screen
from grader.learner.status import standings
from grader.learner.warm import Judge
from grader.printable import one_line
from grader.render import words
from grader.report import sorting as order
from grader.report.report import Report

_SLOW_SECONDS = 10.0
"""After so long without an answer it is said that saving the file again gives the check up."""


def watch(course: Course, wanted: str, console: Console, *, plain: bool = False) -> None:
    """Watch a lesson, and those after it, until the learner has enough.

    Args:
        course: the course.
        wanted: the lesson, or "" for the one that was watched last, or the first unfinished one.
        console: where to print.
        plain: print lines instead of redrawing, also in a terminal.

    Raises:
        CourseError: there is no such lesson, or no folder to watch.
    """
    lesson = course.lesson(wanted) if wanted else _where_one_was(course)
    folder = course.stub(lesson).parent
    if not folder.is_dir():
        raise CourseError(f"there is no folder {folder}, so there is nothing to watch")
    has_keys = console.is_terminal and sys.stdin.isatty() and not plain
    _Watch(course, lesson, console, Redrawn(console) if has_keys else Lines(console), has_keys).run()


def _where_one_was(course: Course) -> Lesson:
    watched = memory.read(course).watched
    found = standings(course)
    for each in found:
        if each.lesson.name == watched and each.command:
            return each.lesson
    return next((each.lesson for each in found if each.command), course.lessons[0])


class _Watch:
    """One sitting. All that happens comes to one queue, and is dealt with in turn."""

    def __init__(self, course: Course, lesson: Lesson, console: Console, screen: Screen, has_keys: bool) -> None:
        self.course, self.lesson, self.console, self.screen = course, lesson, console, screen
        self.events: queue.Queue[tuple[Any, ...]] = queue.Queue()
        self.keys = Keys(lambda key: self.events.put(("key", key))) if has_keys else None
        self.judge = Judge(course, self.events.put)
        self.enough = threading.Event()
        self.seen: tuple[Any, ...] = ()
        self.report: Report | None = None
        self.failed: tuple[str, ...] = ()
        self.asked_at = 0.0  # 0 if nothing is being judged

    def run(self) -> None:
        """Deal with what happens until there is enough of it."""
        stop = self.enough.is_set
        threads = [
            threading.Thread(target=self._watch_files, daemon=True),
            threading.Thread(target=self.judge.listen, args=(stop,), daemon=True),
        ]
        if self.keys is not None:
            threads.append(threading.Thread(target=self.keys.listen, args=(stop,), daemon=True))
        try:
            with self.keys or contextlib.nullcontext():
                for thread in threads:
                    thread.start()
                self._go_to(self.lesson)
                while not stop():
                    self._deal(*self._next())
        finally:
            self.enough.set()
            self.judge.stop()
            for thread in threads:
                thread.join(2)

    def _next(self) -> tuple[Any, ...]:
        """The next event; ``("nothing",)`` now and then, so that Ctrl-C is heard on every system."""
        try:
            return self.events.get(timeout=0.5)
        except queue.Empty:
            return ("nothing",)

    def _watch_files(self) -> None:
        names = {lesson.name for lesson in self.course.lessons}

        def counts(_: watchfiles.Change, path: str) -> bool:
            return Path(path).stem in names and Path(path).suffix in (".py", ".ipynb")

        folder = self.course.stub(self.lesson).parent
        # An editor makes several changes of one save: they come together within some milliseconds.
        for changes in watchfiles.watch(
            folder, watch_filter=counts, debounce=60, step=15, stop_event=self.enough, recursive=False
        ):
            self.events.put(("changed", {Path(path).stem for _, path in changes}))

    def _deal(self, what: str, *rest: Any) -> None:
        if what == "changed":
            self._saved(*rest)
        elif what == "key":
            self._pressed(*rest)
        elif what == "found":
            name, *found = rest
            # Of laws that hold, news are those that did not hold before.
            if found[2] != "pass" or name in self.failed:
                self.screen.found(*found)
        elif what == "report":
            self._complete(Report.from_json(rest[0]))
        elif what == "problem":
            self.asked_at = 0.0
            self.screen.says(one_line(rest[0], 1000))
        elif what == "ended":
            self.asked_at = 0.0
            self.screen.says("Your code ended the process that checks it. Save it again to have it checked again.")
        elif what == "debugger":
            if self.keys is not None:
                self.keys.turn_off()
            self.screen.says("breakpoint() in your code; `c` goes on.")
            self.asked_at = 0.0
            self.judge.go_on()
        elif self.asked_at and time.monotonic() - self.asked_at > _SLOW_SECONDS:
            self.asked_at = 0.0
            self.screen.says("Still running. If it should not be, change the code and save it: that ends this check.")

    def _go_to(self, lesson: Lesson) -> None:
        self.lesson, self.report, self.failed, self.seen = lesson, None, (), ()
        remembered = memory.read(self.course)
        remembered.watched = lesson.name
        memory.save(self.course, remembered)
        self._changed()

    def _saved(self, names: set[str]) -> None:
        """Judge the lesson that was saved; one that this lesson imports counts as a part of it."""
        if names & {each.name for each in (*self.course.needs(self.lesson), self.lesson)}:
            self._changed()
        else:
            self._go_to(next(each for each in self.course.lessons if each.name in names))

    def _changed(self) -> None:
        """Judge the lesson, if its files are not what they were."""
        seen = tuple(self._files())
        if seen == self.seen:
            return
        self.seen = seen
        if self.keys is not None:
            self.keys.turn_on()
        self.screen.begins(self.lesson)
        self.asked_at = time.monotonic()
        self.judge.ask(self.lesson.name, self.failed)

    def _files(self) -> Iterator[tuple[str, bytes]]:
        for lesson in (*self.course.needs(self.lesson), self.lesson):
            for path in (self.course.stub(lesson), self.course.stub(lesson).with_suffix(".ipynb")):
                with contextlib.suppress(OSError):  # it is not there, or is just being replaced
                    yield path.name, path.read_bytes()

    def _complete(self, report: Report) -> None:
        self.asked_at = 0.0
        self.report = report
        self.failed = tuple(result.name for result in report.properties if result.verdict == "fail")
        if self.keys is not None:
            self.keys.turn_on()
        self.screen.finds(self.lesson, report)
        if order.is_full(report) or (report.public and report.properties and not self.failed and not report.message):
            self._done()

    def _done(self) -> None:
        """Go on to the next lesson, unless this one has still to learn something."""
        if self.lesson.training is not None:
            how = "t shows" if self.keys else f"`grader train {self.lesson.number}` shows"
            self.screen.says(f"Now write `{self.lesson.training.exercise}`; {how} whether it learns.")
            return
        following = self._following()
        if following is None:
            self.screen.says("That was the last lesson.")
            return
        shown = self.course.shown(self.course.stub(following))
        self.screen.says(f"Lesson {self.lesson.number} is done. Next, {shown}: save it to go on there.")

    def _following(self) -> Lesson | None:
        names = [each.name for each in self.course.lessons]
        return next(iter(self.course.lessons[names.index(self.lesson.name) + 1 :]), None)

    def _pressed(self, key: str) -> None:
        failure = order.first_failure(self.report) if self.report else None
        if key in ("q", "\x04"):
            self.enough.set()
        elif key == "h":
            taken = hints.take(self.course, self.lesson, failure.exercise if failure else "")
            if failure and taken.text == failure.hint and taken.number < taken.of:
                # That one stands on the screen already.
                taken = hints.take(self.course, self.lesson, failure.exercise)
            self.screen.says("\n" + words.hint(taken, again="--again"))
        elif key == "c" and self.report is not None:
            self.screen.finds(self.lesson, self.report)
        elif key == "a" and self.report is not None and isinstance(self.screen, Redrawn):
            self.screen.everything(self.lesson, self.report)
        elif key == "n":
            following = self._following()
            if following is None:
                self.screen.says("This is the last lesson.")
            else:
                self._go_to(following)
        elif key == "t" and self.lesson.training is not None:
            self._train()

    def _train(self) -> None:
        assert self.keys is not None
        self.keys.turn_off()
        command = [sys.executable, "-P", "-c", "from grader.cli import main; main()", "train", str(self.lesson.number)]
        self.console.clear()
        with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C ends the training, not the watch
            subprocess.run(command, cwd=self.course.root, check=False)
        self.keys.turn_on()
        if isinstance(self.screen, Redrawn):
            self.screen.keys(self.lesson)
