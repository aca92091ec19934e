"""The stage: a class with something to steal and something to break, all of it made for this and removed afterwards.

Everything on it may be read by every user of the machine, and the folder of the traps may be written by all. What holds
an attack back is then the grader's wall alone, and no permission of a file.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import lessons
from catalogue import Attack
from kernel import Kernel
from made import STUDENTS, At

PLACES = ("solution", "tests", "salt", "mate", "reports", "exchange", "home", "environment", "argument", "descriptor")
"""Where secrets lie."""

OUTSIDE = (Path(tempfile.gettempdir()), Path("/tmp"), Path("/dev/shm"), Path("/dev/mqueue"))
"""Places of the machine's own where an attack may leave something behind."""

_VICTIM = """
import ctypes, sys, time
ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1), 0, 0, 0)  # to be traced by anybody: only the wall is in the way
print(flush=True)
time.sleep(600)
"""
FRIEND = "student-000"
"""Hands in the solution of every lesson: its training shows that training can be passed."""


NAMED = frozenset({"name", "page-name", "terminal-name", "cell"})
"""Canaries of attacks that are the name of a folder."""


def student_of(number: int, attack: Attack) -> str:
    """The folder of an attack's student; surrogates stand for bytes that are no text."""
    usual = f"student-{number:03}"
    return STUDENTS.get(attack.each, usual) if attack.canary in NAMED else usual


@dataclass
class Cast:
    """One attack on the stage.

    Attributes:
        attack: the attack.
        student: its student's folder.
        mate: the folder of the honest classmate beside it.
        token: what is its own on this stage, and nowhere in what it handed in except in names of things to make.
        at: what the names of places in its text stand for.
        victim: the process that it may try to touch, and that process's secret is ``token`` with "victim" before it.
    """

    attack: Attack
    student: str
    mate: str
    token: str
    at: At = field(default_factory=dict)
    victim: subprocess.Popen[str] | None = None


class Stage:
    """A class with attackers and their classmates.

    Args:
        attacks: who is handed in.
        open_wall: whether the wall will be absent: then the deadlines have passed as well, so that the course's own
            solutions stand in for earlier lessons.
    """

    def __init__(self, attacks: list[Attack], *, open_wall: bool) -> None:
        self.top = Path(tempfile.mkdtemp(prefix="grader-attacks-"))
        self.top.chmod(0o755)
        self.course, self.submissions, self.out = (self.top / name for name in ("course", "class", "report"))
        self.secrets = {place: f"secret{secrets.token_hex(8)}" for place in PLACES}
        self.kernel = Kernel()
        self.heard: list[bytes] = []
        self._open: list[socket.socket] = []
        self._lay_out(open_wall)
        self.ports = self._listen()
        self.cast = [self._enter(number, attack) for number, attack in enumerate(attacks, 1)]
        if any(attack.canary == "trained" and attack.control.startswith("says ") for attack in attacks):
            for name, text in lessons.SOLUTIONS.items():
                self.hand_in(FRIEND, name, text)

    def environment(self) -> dict[str, str]:
        """The environment of the grader: with a secret in it, and caches of its own."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
        return {**kept, "HOME": str(self.top / "home"), "XDG_CACHE_HOME": str(self.top / "cache"),
                "COURSE_PASSWORD": self.secrets["environment"], "COLUMNS": "300"}  # fmt: skip

    def _lay_out(self, open_wall: bool) -> None:
        lessons.write(self.course, self.secrets, due="2000-01-01T00:00:00Z" if open_wall else "2999-01-01T00:00:00Z")
        for name, place in (
            ("earlier/student-000/lesson1_numbers.json", "reports"),
            ("exchange/course/inbound/student-000+lesson1_numbers/work.py", "exchange"),
            ("home/.netrc", "home"),
            ("descriptor", "descriptor"),
        ):
            path = self.top / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.secrets[place] + "\n")
        for name in ("trap", "out", "class", "report", "cache"):
            (self.top / name).mkdir(exist_ok=True)
        (self.top / "trap").chmod(0o777)
        for folder in (self.submissions, self.out, self.top / "cache", self.top / "home", self.course):
            folder.chmod(0o777)

    def _listen(self) -> dict[str, str]:
        """Listen on every kind of address; what comes is kept in ``heard``."""
        name = f"grader-attacks-{secrets.token_hex(4)}"
        made: dict[str, tuple[str, int] | str] = {
            "PORT": ("127.0.0.1", 0),
            "UDP": ("127.0.0.1", 0),
            "SOCKET": f"{self.top}/trap/s",
            "ABSTRACT": f"\0{name}",
        }
        found = {}
        for place, address in made.items():
            family = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
            listener = socket.socket(family, socket.SOCK_DGRAM if place == "UDP" else socket.SOCK_STREAM)
            listener.bind(address)
            found[place] = str(listener.getsockname()[1]) if isinstance(address, tuple) else address.lstrip("\0")
            if place != "UDP":
                listener.listen(64)
            if place == "SOCKET":
                os.chmod(str(address), 0o777)
            self._open.append(listener)
            threading.Thread(target=self._hear, args=(listener, place), daemon=True).start()
        return found

    def _hear(self, listener: socket.socket, place: str) -> None:
        with contextlib.suppress(OSError):
            while True:
                if place == "UDP":
                    self.heard.append(listener.recv(1000))
                    continue
                connection, _ = listener.accept()
                with connection, contextlib.suppress(OSError):
                    connection.settimeout(5)
                    self.heard.append(connection.recv(1000))

    def _enter(self, number: int, attack: Attack) -> Cast:
        student = student_of(number, attack)
        token = f"mark{secrets.token_hex(6)}"
        cast = Cast(attack, student, f"student-{number:03}-mate", token)
        if attack.canary == "victim" or "$VICTIM" in attack.text:
            cast.victim = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _VICTIM, self.secrets["argument"]],
                env={"VICTIM": f"victim{token}"}, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
            assert cast.victim.stdout
            cast.victim.stdout.readline()
        watched = self.top / "trap" / f"watched-{number}"
        watched.write_text("as it was\n")
        os.utime(watched, (1e9, 1e9))
        key = self.kernel.plant(number, token)
        cast.at |= {
            "COURSE": str(self.course), "CLASS": str(self.submissions), "OUT": str(self.out), "STAGE": str(self.top),
            "HOME": str(self.top / "home"), "TRAP": str(self.top / "trap" / token), "TOKEN": token, "ECHO": token[::-1],
            "WATCHED": str(watched), "VICTIM": str(cast.victim.pid if cast.victim else 0), "KEY": str(key),
            "MATE": cast.mate, "EACH": attack.each, "PYTHON": sys.executable, **self.ports,
        }  # fmt: skip
        folder = self.submissions / student / attack.lesson
        folder.mkdir(parents=True)
        if attack.make:
            attack.make(folder, cast.at)
        else:
            (folder / f"{attack.lesson}.py").write_text(filled(attack.text, cast.at), encoding="utf-8")
        self.hand_in(cast.mate, lessons.LESSON, f"# {self.secrets['mate']}\n{lessons.NUMBERS}")
        return cast

    def hand_in(self, student: str, lesson: str, text: str) -> None:
        """Hand in an honest program."""
        path = self.submissions / student / lesson / f"{lesson}.py"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")

    def processes(self) -> Iterator[tuple[int, bytes]]:
        """The processes of the machine: number, and name and command line."""
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                yield int(folder.name), (folder / "comm").read_bytes() + (folder / "cmdline").read_bytes()

    def close(self) -> None:
        """Remove everything, processes that got away among it."""
        marks = [cast.token.encode()[:14] for cast in self.cast]
        for _ in range(20):
            left = [pid for pid, said in self.processes() if any(mark in said for mark in marks)]
            for pid in left:
                with contextlib.suppress(OSError):
                    os.kill(pid, 9)
            if not left:
                break
            time.sleep(0.1)
        for cast in self.cast:
            if cast.victim:
                cast.victim.kill()
                cast.victim.wait()
                if cast.victim.stdout:
                    cast.victim.stdout.close()
        for listener in self._open:
            listener.close()
        self.kernel.remove()
        for folder in OUTSIDE:
            for cast in self.cast:
                with contextlib.suppress(OSError):
                    (folder / cast.token).unlink()
        for path in self.top.rglob("*"):
            if path.is_dir() and not path.is_symlink():
                with contextlib.suppress(OSError):
                    path.chmod(0o755)
        shutil.rmtree(self.top, ignore_errors=True)


def filled(text: str, at: At) -> str:
    """A program with the places of the stage in it."""
    for name in sorted(at, key=len, reverse=True):
        text = text.replace(f"${name}", at[name])
    return text
