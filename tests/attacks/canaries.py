"""Canaries: what shows that an attack has reached its goal. Each looks at the world, and believes no word of a report.

``secret``    one of the stage's secrets stands in the attacker's own report
``says``      the attack's code got so far as to print its mark, which it does only behind the thing that it tries
``again``     the same; the mark was left by an earlier session of the same submission
``file``      there is a file with the attack's mark in its name, outside of its own folder
``changed``   a file that is watched is not as it was
``process``   a process with the attack's mark is still alive after the run
``byte``      the attack's mark came to somebody who listens
``victim``    another process was ended, stopped, or has other limits
``memory``    what only another process holds stands in the attacker's report
``object``    a semaphore, a queue or a shared segment was removed, or made
``points``    the submission has points, and it has answered nothing rightly
``trained``   training was passed by what has not learnt, or took more steps than it may
``page``      a page has an element, a handler or a link of the attacker's
``page-name`` the same, by way of the name of a folder
``terminal``  a control character comes to the terminal
``terminal-name``  the same, by way of the name of a folder
``cell``      a cell of a table begins like a formula that does something
``name``      nothing more: whether the run stopped is asked of every attack
``stopped``   the same

Asked of every attack (``stopped``): the run ended, the attacker has a report which is no fault of the grader's, and the
honest classmate beside it has the report that it has in a calm run.
"""

from __future__ import annotations

import csv
import json
import os
import re
import resource
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from stage import OUTSIDE, Cast, Stage

from grader.report.folders import folder_of

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_FORMULA = re.compile(r"\s*[=+\-@].*[(|!=]", re.DOTALL)
_LINKS = ("href", "src", "action", "formaction", "data", "srcdoc", "xlink:href")
_LIVE = ("script", "iframe", "object", "embed", "form", "base", "meta", "link", "svg", "math", "img", "style")


@dataclass
class Run:
    """What a run left.

    Attributes:
        stage: where it ran.
        status: its exit status.
        said: what it printed.
        calm: the report of an honest student when nobody attacks.
        pages: all pages that it has made, once somebody has looked.
    """

    stage: Stage
    status: int
    said: str
    calm: dict[str, Any] | None
    pages: list[str] | None = None

    def report(self, student: str, lesson: str) -> dict[str, Any]:
        """A report, or nothing."""
        path = folder_of(self.stage.out, student) / f"{lesson}.json"
        try:
            return json.loads(path.read_bytes())  # type: ignore[no-any-return]
        except (OSError, ValueError):
            return {}


def texts(value: Any) -> list[str]:
    """All texts of a report."""
    if isinstance(value, dict):
        return [text for part in value.values() for text in texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in texts(part)]
    return [value] if isinstance(value, str) else []


def fires(run: Run, cast: Cast) -> bool:
    """Whether the attack's canary shows that its goal was reached in this run."""
    report = run.report(cast.student, cast.attack.lesson)
    said = "\n".join(texts(report))
    stage, token = run.stage, cast.token
    match cast.attack.canary:
        case "secret":
            return any(secret in said for secret in stage.secrets.values())
        case "says" | "again":
            return token in said
        case "memory":
            return f"victim{token}" in said
        case "file":
            return is_marked(stage, token)
        case "changed":
            return is_changed(Path(cast.at["WATCHED"]))
        case "process":
            return any(token.encode()[:14] in name for _, name in stage.processes())
        case "byte":
            return any(token.encode() in heard for heard in stage.heard)
        case "victim":
            return is_touched(cast)
        case "object":
            return stage.kernel.changed(int(cast.at["KEY"]))
        case "points":
            return bool(report.get("score", 0) > 0)
        case "trained":
            return has_trained(report)
        case "page" | "page-name":
            return any(is_live(page, mark_of(cast)) for page in pages(run))
        case "terminal" | "terminal-name":
            return bool(_CONTROL.search(run.said.replace("\n", "")))
        case "cell":
            return any(_FORMULA.match(cell) for cell in cells(stage))
        case "stopped" | "name":
            return False
    raise ValueError(f"{cast.attack.name}: there is no canary {cast.attack.canary!r}")


def stops(run: Run, cast: Cast) -> str:
    """In which way the run did not get over the attack; "" if it did."""
    report = run.report(cast.student, cast.attack.lesson)
    if not report:
        return "no report"
    if report["status"] == "error" or any(p["verdict"] == "error" for p in report["properties"]):
        return f"a fault of the grader's: {report['message']}"
    if (report.get("training") or {}).get("verdict") == "error":
        return f"a fault of the grader's: {report['training']['message']}"
    if run.calm is not None and essence(run.report(cast.mate, "lesson1_numbers")) != essence(run.calm):
        return "the classmate's report is another one"
    return ""


def essence(report: dict[str, Any]) -> dict[str, Any]:
    """What of a report depends on the work alone."""
    apart = ("student", "isolation", "digest", "folder_state", "origin", "seal")
    return {key: value for key, value in report.items() if key not in apart}


def unescaped(run: Run, cast: Cast) -> bool:
    """Control: the canary of a page, a terminal or a table on what the report says, written out as it is."""
    said = "\n".join([cast.student, *texts(run.report(cast.student, cast.attack.lesson))])
    if cast.attack.canary.startswith("terminal"):
        return bool(_CONTROL.search(said.replace("\n", "")))
    if cast.attack.canary == "cell":
        return bool(_FORMULA.match(cast.student))
    return is_live(said, mark_of(cast))


def pages(run: Run) -> list[str]:
    """Every page that the run has made, read once."""
    if run.pages is None:
        run.pages = [path.read_text(encoding="utf-8") for path in run.stage.out.rglob("*.html") if path.is_file()]
    return run.pages


def cells(stage: Stage) -> Iterator[str]:
    """Every cell of every table that a run makes."""
    for path in filter(Path.is_file, (*stage.top.glob("report/*.csv"), *stage.top.glob("exports/*.csv"))):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                yield from row


def mark_of(cast: Cast) -> str:
    """What an element of the attacker's bears: names are the same on every stage."""
    return "alert('mark')" if cast.attack.canary == "page-name" else cast.token


def is_marked(stage: Stage, token: str) -> bool:
    """Whether a file has the mark in its name: on the stage, among temporary files, in shared memory."""
    names = (name for _, folders, files in os.walk(stage.top) for name in (*folders, *files))
    return any(token in name for name in names) or any((folder / token).exists() for folder in OUTSIDE)


def is_changed(path: Path) -> bool:
    """Whether a watched file is not as it was made."""
    found = path.lstat()
    return path.read_text() != "as it was\n" or found.st_mtime != 1e9 or found.st_mode & 0o777 != 0o644


def is_touched(cast: Cast) -> bool:
    """Whether the victim was ended, stopped, or has other limits than this process."""
    assert cast.victim is not None
    pid = cast.victim.pid
    if cast.victim.poll() is not None:
        return True
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    limit = resource.prlimit(pid, resource.RLIMIT_NOFILE) != resource.getrlimit(resource.RLIMIT_NOFILE)
    other = os.getpriority(os.PRIO_PROCESS, pid) != os.getpriority(os.PRIO_PROCESS, 0)
    if state in "Tt":
        os.kill(pid, signal.SIGCONT)
    return state in "Tt" or limit or other or os.sched_getaffinity(pid) != os.sched_getaffinity(0)


def has_trained(report: dict[str, Any]) -> bool:
    """Whether a report on training has points, or more steps than there are."""
    training = report.get("training") or {}
    steps = [seed["steps"] for seed in training.get("seeds", ())]
    return training.get("points", 0) > 0 or any(step > training["max_steps"] for step in steps)


class _Live(HTMLParser):
    """Looks for what acts in a page and bears a mark."""

    def __init__(self, token: str) -> None:
        super().__init__(convert_charrefs=True)
        self.token, self.found, self._inside = token, False, ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Look at the attributes: a handler, a link that runs, or an element that acts."""
        marked = any(self.token in (value or "") for _, value in attributes)
        for name, value in attributes:
            text = re.sub(r"[\x00-\x20]", "", value or "").casefold()
            runs = name in _LINKS and text.startswith(("javascript:", "data:text", "vbscript:"))
            self.found |= self.token in (value or "") and (name.startswith("on") or runs)
        self.found |= marked and tag in _LIVE
        self._inside = tag if tag in ("script", "style") else ""

    def handle_endtag(self, tag: str) -> None:
        """Leave a script."""
        self._inside = ""

    def handle_data(self, data: str) -> None:
        """Look into scripts and styles."""
        self.found |= bool(self._inside) and self.token in data


def is_live(page: str, token: str) -> bool:
    """Whether something in the page acts, and bears the mark."""
    if token.partition("'")[0] not in page:
        return False
    reader = _Live(token)
    reader.feed(page)
    reader.close()
    return reader.found
