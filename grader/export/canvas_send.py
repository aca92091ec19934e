"""Comments sent to Canvas, each once: by Canvas's own record of what is there already.

Before anything is sent, Canvas is asked for the submissions of the assignment with their comments; one whose reference
is there is not sent again. So a run that was cut off goes on where it stopped, from any machine, and nothing has to be
remembered here. Where an answer gets lost on the way, Canvas is asked again before the comment is sent once more.

Read off Canvas's documentation: too many requests are answered with 403 and the words ``Rate Limit Exceeded``, newer
ones with 429; both mean to wait. A page of a list names the next one in its ``Link`` header.

The token goes to the one address that the user gave, and into no message: of an error of the network only its kind is
told, because a library may quote what it was given.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from grader.errors import ClassError
from grader.export.canvas_comments import Comment
from grader.printable import one_line

VARIABLE = "CANVAS_TOKEN"
IdKind = Literal["id", "login_id", "sis_user_id"]

_WAITS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Seconds before each further try."""
_TIMEOUT = 60.0
_MOST_IN_A_ROW = 3
"""Students: if so many fail one after the other, the fault is not with them."""


class Sent(NamedTuple):
    """The fate of one comment: it was sent, it was there already, or why neither."""

    comment: Comment
    outcome: Literal["sent", "there", "failed"]
    why: str = ""


class _LostError(Exception):
    """Nothing came back, or nothing that says whether it was done."""


class Connection:
    """One assignment in Canvas.

    Args:
        url: where Canvas is, such as ``https://school.instructure.com``.
        token: an access token of somebody who may grade there.
        course: the course's number in Canvas.
        assignment: the assignment's.
        wait: waits for so many seconds.

    Raises:
        ClassError: the address or the token cannot be right, or the extra ``canvas`` is not installed.
    """

    def __init__(
        self, url: str, token: str, course: int, assignment: int, wait: Callable[[float], None] = time.sleep
    ) -> None:
        """Check the address and the token; nothing is asked yet."""
        try:
            from canvasapi.assignment import Assignment

            from grader.export.canvas_requests import requester
        except ModuleNotFoundError:
            raise ClassError("comments for Canvas need the extra 'canvas': pip install -e '.[canvas]'") from None
        self._where, self._wait = f"course {course}, assignment {assignment}", wait
        self._assignment = Assignment(requester(_address(url), _token(token), _TIMEOUT), _ids(course, assignment))
        self._user: dict[str, Any] = {}

    def find(self, by: IdKind) -> dict[str, list[str]]:
        """The comments on each submission, by the student's id.

        Args:
            by: which id: Canvas's own number, the login, or that of the student information system.

        Raises:
            ClassError: Canvas refuses, or does not answer.
        """
        found: dict[str, list[str]] = {}

        def read() -> None:
            for submission in self._assignment.get_submissions(include=["user", "submission_comments"]):
                user = getattr(submission, "user", None) or {}
                identity = str(user.get(by) or (submission.user_id if by == "id" else ""))
                if identity:
                    self._user[identity] = submission
                    found[identity] = _texts(submission)

        try:
            self._trying(read)
        except _LostError as error:
            raise ClassError(f"Canvas does not answer ({error}); nothing was sent") from None
        return found

    def send(self, comment: Comment) -> Sent:
        """Send one comment to a submission that was found, unless it turns out to be there.

        Raises:
            ClassError: Canvas refuses the token.
        """
        submission, lost = self._user[comment.identity], ""
        for pause in (0.0, *_WAITS[:2]):
            if lost:
                self._wait(pause)
            try:
                # A request of which nothing came back may have been obeyed.
                if lost and comment.reference in "\n".join(self._now(comment)):
                    return Sent(comment, "sent")
                self._trying(lambda: submission.edit(comment={"text_comment": comment.text}), lost_is_lost=True)
                return Sent(comment, "sent")
            except _LostError as error:
                lost = str(error)
            except _RefusedError as error:
                return Sent(comment, "failed", str(error))
        return Sent(comment, "failed", lost)

    def _now(self, comment: Comment) -> list[str]:
        one = self._user[comment.identity]
        found: list[str] = []

        def read() -> None:
            found.extend(_texts(self._assignment.get_submission(one.user_id, include=["submission_comments"])))

        self._trying(read)
        return found

    def _trying(self, request: Callable[[], object], *, lost_is_lost: bool = False) -> None:
        """Make a request; wait and try again where Canvas is busy."""
        from canvasapi import exceptions as canvas
        from requests.exceptions import RequestException

        for pause in (*_WAITS, None):
            try:
                request()
            except (canvas.InvalidAccessToken, canvas.Unauthorized):
                raise ClassError(
                    f"Canvas refuses the token in {VARIABLE}, or its owner may not see {self._where}"
                ) from None
            except canvas.ResourceDoesNotExist:
                raise _RefusedError(f"Canvas knows nothing there ({self._where})") from None
            except canvas.Forbidden as error:
                if not isinstance(error, canvas.RateLimitExceeded) and "rate limit" not in str(error).lower():
                    raise _RefusedError(f"Canvas does not allow it ({self._where})") from None
                if pause is None:
                    raise _RefusedError("Canvas was asked too often, and still does not want to be asked") from None
                self._wait(pause)
            except (canvas.CanvasException, RequestException, AttributeError, KeyError, TypeError, ValueError) as error:
                told = f"{type(error).__name__}: an error of the server, of the network, or no Canvas at all"
                if isinstance(error, canvas.BadRequest | canvas.Conflict | canvas.UnprocessableEntity):
                    raise _RefusedError(f"Canvas does not understand it ({type(error).__name__})") from None
                if lost_is_lost or pause is None or pause > _WAITS[1]:
                    raise _LostError(told) from None
                self._wait(pause)
            else:
                return


class _RefusedError(ClassError):
    """Canvas has answered, and the answer is no."""


def deliver(
    connection: Connection, comments: Sequence[Comment], by: IdKind, tell: Callable[[int], None] = lambda done: None
) -> Iterator[Sent]:
    """Send what is not there yet.

    Args:
        connection: to the assignment.
        comments: what is meant to be there.
        by: which ids the comments have.
        tell: called with how many are done.

    Yields:
        What became of each, in their order.

    Raises:
        ClassError: Canvas refuses, or several in a row failed; what was sent has been given out before.
    """
    there, failed = connection.find(by), 0
    for done, each in enumerate(comments):
        tell(done)
        if each.identity not in there:
            yield Sent(each, "failed", f"nobody in this assignment has the {by} {one_line(each.identity, 60)}")
            continue
        if any(each.reference in text for text in there[each.identity]):
            yield Sent(each, "there")
            continue
        sent = connection.send(each)
        yield sent
        failed = failed + 1 if sent.outcome == "failed" else 0
        if failed >= _MOST_IN_A_ROW:
            raise ClassError(f"{failed} comments in a row could not be sent ({sent.why}); the same command goes on")


def _texts(submission: Any) -> list[str]:
    return [str(each.get("comment", "")) for each in getattr(submission, "submission_comments", None) or ()]


def _ids(course: int, assignment: int) -> dict[str, int]:
    return {"id": assignment, "course_id": course}


def _address(url: str) -> str:
    parts = urlsplit(url.strip())
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise ClassError(f"{one_line(url, 200)!r} is no address of a Canvas: https://… is expected")
    if parts.username or parts.password or parts.query or "/api/" in parts.path:
        raise ClassError("give the address of Canvas alone, such as https://school.instructure.com")
    return url.strip().rstrip("/")


def _token(token: str) -> str:
    if not token:
        raise ClassError(f"no token: put one from Canvas (Account, Settings, New Access Token) into {VARIABLE}")
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise ClassError(f"what is in {VARIABLE} is no token of Canvas")
    return token


def summary(sent: Iterable[Sent]) -> str:
    """The numbers of those that were sent, were there already, and failed."""
    outcomes = [each.outcome for each in sent]
    told = f"{outcomes.count('sent'):,} sent, {outcomes.count('there'):,} there already"
    return told + (f", {outcomes.count('failed'):,} failed" if "failed" in outcomes else "")
