"""Feedback as comments in Canvas, against a small server that answers as Canvas does: each is sent once."""

from __future__ import annotations

import csv
import io
import json
import socket
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import tiny_course
from tiny_course import NUMBERS, hand_in
from typer.testing import CliRunner, Result

from grader.cli import app
from grader.course import salt
from grader.errors import ClassError
from grader.export import canvas_send
from grader.grading.one_student import grade_student
from grader.grading.pages import write_pages
from grader.grading.run import Run
from grader.report.step import silent
from grader.student.inprocess import Here

pytest.importorskip("canvasapi")

LESSON = "lesson1_numbers"
TOKEN = "7~a-secret-token"
WHO = {"student-001": "101", "student-002": "102", "student-003": "103", "student-004": "104"}
HOSTILE = NUMBERS.replace("2 * x", "'<script>' if x else 0")


class Canvas:
    """A server with one assignment. ``faults`` are answers given instead of the right ones, the next one first."""

    def __init__(self) -> None:
        self.comments: dict[str, list[str]] = {user: [] for user in WHO.values()}
        self.asked: list[str] = []
        self.faults: list[tuple[str, int, str]] = []
        self.obeys_and_says_nothing: set[str] = set()
        canvas = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                canvas.answer(self, "GET", "")

            def do_PUT(self) -> None:
                canvas.answer(self, "PUT", self.rfile.read(int(self.headers["Content-Length"])).decode())

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def answer(self, request: BaseHTTPRequestHandler, method: str, body: str) -> None:
        parts = urlsplit(request.path)
        self.asked.append(f"{method} {parts.path}")
        if self.faults and self.faults[0][0] == method:
            _, status, text = self.faults.pop(0)
            return self._send(request, status, text, {"Location": f"{self.url}/elsewhere"})
        if request.headers["Authorization"] != f"Bearer {TOKEN}":
            return self._send(
                request, 401, '{"errors": [{"message": "Invalid access token."}]}', {"WWW-Authenticate": "x"}
            )
        base = "/api/v1/courses/7/assignments/70/submissions"
        if parts.path == base:
            page = int(parse_qs(parts.query).get("page", ["1"])[0])
            users = list(self.comments)[2 * page - 2 : 2 * page]  # two a page: the rest is asked for
            more = {"Link": f'<{self.url}{base}?page={page + 1}>; rel="next"'} if page * 2 < len(self.comments) else {}
            return self._send(request, 200, json.dumps([self._submission(user) for user in users]), more)
        user = parts.path.removeprefix(f"{base}/")
        if user not in self.comments:
            return self._send(request, 404, '{"errors": [{"message": "not here"}]}')
        if method == "PUT":
            self.comments[user].append(parse_qs(body)["comment[text_comment]"][0])
            if user in self.obeys_and_says_nothing:
                self.obeys_and_says_nothing.remove(user)
                request.close_connection = True
                return None
        return self._send(request, 200, json.dumps(self._submission(user)))

    def _submission(self, user: str) -> dict[str, Any]:
        who = {"id": int(user), "login_id": f"login{user}", "sis_user_id": None}
        said = [{"comment": f"<p>{each}</p>"} for each in self.comments[user]]
        return {
            "id": int(user) + 1000,
            "user_id": int(user),
            "assignment_id": 70,
            "user": who,
            "submission_comments": said,
        }

    def _send(
        self, request: BaseHTTPRequestHandler, status: int, text: str, more: dict[str, str] | None = None
    ) -> None:
        data = text.encode()
        request.send_response(status)
        for name, value in (
            {"Content-Type": "application/json", "Content-Length": str(len(data))} | (more or {})
        ).items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(data)

    @property
    def puts(self) -> int:
        return sum(each.startswith("PUT") for each in self.asked)


@pytest.fixture
def canvas(monkeypatch: pytest.MonkeyPatch) -> Iterator[Canvas]:
    made = Canvas()
    thread = Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    monkeypatch.setenv("CANVAS_TOKEN", TOKEN)
    monkeypatch.setenv("CANVAS_URL", made.url)
    monkeypatch.setenv("NO_PROXY", "*")
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits that there would have been."""
    found: list[float] = []
    real = canvas_send.Connection

    def connection(*arguments: Any) -> canvas_send.Connection:
        return real(*arguments, wait=found.append)

    monkeypatch.setattr(canvas_send, "Connection", connection)
    return found


@pytest.fixture
def comment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, waited: list[float]) -> Callable[..., Result]:
    """Types the command in a course with four students: right, wrong, hostile, and one who handed in nothing."""
    monkeypatch.delenv(salt.VARIABLE, raising=False)
    course = tiny_course.make(tmp_path / "course").of_class(make=True)
    monkeypatch.chdir(course.root)
    programs = (NUMBERS, NUMBERS.replace("2 * x", "x * x"), HOSTILE)
    for student, program in zip(WHO, programs, strict=False):
        hand_in(tmp_path / "in", student, LESSON, program)
    (tmp_path / "in" / "student-004").mkdir()
    for student in WHO:
        grade_student(Run(course, tmp_path / "in", tmp_path / "out", (LESSON,), train=False), student, Here(), silent)
    write_pages(course, tmp_path / "in", tmp_path / "out")
    ids = tmp_path / "ids.csv"
    with ids.open("w") as file:
        csv.writer(file).writerows([("folder", "id"), *WHO.items()])
    words = ["export", "canvas-comments", str(tmp_path / "out"), "--course", "7", "--ids", str(ids)]

    def typed(*more: str, assignment: str = "1=70") -> Result:
        done = CliRunner().invoke(app, [*words, "--assignment", assignment, *more])
        said = f"{done.output}{done.exception}"
        assert TOKEN not in said
        assert "Traceback" not in said
        return done

    return typed


def test_without_a_word_nothing_is_sent(comment: Callable[..., Result], canvas: Canvas) -> None:
    done = comment()
    assert done.exit_code == 0, done.output
    assert canvas.asked == []
    assert "student-002 (Canvas 102), assignment 70" in done.stdout
    assert "3 comments; nothing was sent" in done.stdout
    assert "student-004: missing" in done.stderr


def test_each_student_gets_one_comment_however_often_it_is_typed(
    comment: Callable[..., Result], canvas: Canvas
) -> None:
    done = comment("--send")
    assert (done.exit_code, canvas.puts) == (0, 3), (done.output, done.exception)
    assert "3 sent, 0 there already" in done.stdout
    (right,), (wrong,), (hostile,), none = canvas.comments.values()
    assert right.startswith("Lesson 1, Numbers: 3 of 3 points.")
    assert "does not hold" not in right
    assert "- double: `double` gives twice the number." in wrong
    assert "Your code behaves exactly like one that squares the number." in wrong
    assert "Hint: What is double of 3?" in wrong
    assert "<script>" not in hostile, "nothing that a student has made is written under somebody else's name"
    assert none == []
    again = comment("--send")
    assert (again.exit_code, canvas.puts) == (0, 3)
    assert "0 sent, 3 there already" in again.stdout


def test_a_run_that_was_cut_off_goes_on(comment: Callable[..., Result], canvas: Canvas) -> None:
    canvas.faults = [("PUT", 200, "{}"), ("PUT", 401, '{"errors": "gone"}')]
    canvas.comments["101"].append("Reference: of somebody else's")
    first = comment("--send")
    assert isinstance(first.exception, ClassError)
    assert "Canvas refuses the token in CANVAS_TOKEN" in str(first.exception)
    assert "1 sent" in first.stdout
    assert comment("--send").exit_code == 0
    assert [len(own) for own in canvas.comments.values()] == [2, 1, 1, 0]


def test_an_answer_that_gets_lost_makes_no_second_comment(
    comment: Callable[..., Result], canvas: Canvas, waited: list[float]
) -> None:
    canvas.obeys_and_says_nothing = {"102"}
    done = comment("--send")
    assert done.exit_code == 0, done.output
    assert [len(own) for own in canvas.comments.values()] == [1, 1, 1, 0]
    assert waited == [1.0]


@pytest.mark.parametrize("busy", [(429, ""), (403, "403 Forbidden (Rate Limit Exceeded)"), (502, "<html>"), (302, "")])
def test_a_server_that_is_busy_is_waited_for(
    comment: Callable[..., Result], canvas: Canvas, waited: list[float], busy: tuple[int, str]
) -> None:
    canvas.faults = [("GET", *busy), ("PUT", *busy)]
    done = comment("--send")
    assert done.exit_code == 0, (done.output, done.exception)
    assert [len(own) for own in canvas.comments.values()] == [1, 1, 1, 0]
    assert waited == [1.0, 1.0]
    assert "GET /elsewhere" not in canvas.asked


def test_who_cannot_be_reached_is_named_and_the_rest_goes_on(comment: Callable[..., Result], canvas: Canvas) -> None:
    canvas.faults = [("PUT", 403, "user not authorized")]
    del canvas.comments["103"]
    done = comment("--send")
    assert done.exit_code == 1
    assert "student-001: Canvas does not allow it (course 7, assignment 70)" in done.stderr
    assert "student-003: nobody in this assignment has the id 103" in done.stderr
    assert "1 sent, 0 there already, 2 failed" in done.stdout


def test_a_server_that_is_gone_ends_the_run(
    comment: Callable[..., Result], canvas: Canvas, waited: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    canvas.faults = [("PUT", 500, "")] * 20
    done = comment("--send")
    assert "3 comments in a row could not be sent" in str(done.exception)
    monkeypatch.setenv("CANVAS_URL", "http://127.0.0.1:9")
    waited.clear()
    done = comment("--send")
    assert isinstance(done.exception, ClassError)
    assert "Canvas does not answer (ConnectionError" in str(done.exception)
    assert waited == [1.0, 2.0]


def test_what_is_no_canvas_and_no_token_is_one_line(
    comment: Callable[..., Result], canvas: Canvas, monkeypatch: pytest.MonkeyPatch
) -> None:
    canvas.faults = [("GET", 200, "<html>no Canvas</html>")] * 20
    assert "no Canvas at all" in str(comment("--send").exception)
    canvas.faults = [("GET", 404, "{}")]
    assert "Canvas knows nothing there (course 7, assignment 70)" in str(comment("--send").exception)
    canvas.faults.clear()
    for url, why in (
        ("http://school.example", "https://"),
        ("https://me:word@school.example", "alone"),
        ("https://school.example/api/v1", "alone"),
        ("", "https://"),
    ):
        monkeypatch.setenv("CANVAS_URL", url)
        assert why in str(comment("--send").exception)
    monkeypatch.setenv("CANVAS_URL", canvas.url)
    for token, why in (("", "no token"), ("two words", "no token of Canvas"), ("7~ö", "no token of Canvas")):
        monkeypatch.setenv("CANVAS_TOKEN", token)
        assert why in str(comment("--send").exception)
    monkeypatch.setenv("CANVAS_TOKEN", "another-one")
    assert "refuses the token" in str(comment("--send").exception)
    assert canvas.puts == 0
    assert comment(assignment="1").exit_code == 2
    assert comment("--by", "name").exit_code == 2


def test_an_answer_that_never_comes_is_not_waited_for_for_ever(
    comment: Callable[..., Result], canvas: Canvas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canvas_send, "_TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        monkeypatch.setenv("CANVAS_URL", f"http://127.0.0.1:{deaf.getsockname()[1]}")
        assert "Canvas does not answer (ReadTimeout" in str(comment("--send").exception)


def test_students_are_found_by_their_login_too(comment: Callable[..., Result], canvas: Canvas, tmp_path: Path) -> None:
    text = io.StringIO()
    csv.writer(text).writerows((student, f"login{user}") for student, user in WHO.items())
    (tmp_path / "ids.csv").write_text(text.getvalue())
    assert comment("--send", "--by", "login_id").exit_code == 0
    assert [len(own) for own in canvas.comments.values()] == [1, 1, 1, 0]
