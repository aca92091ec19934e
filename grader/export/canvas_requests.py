"""Requests to Canvas by the package canvasapi, which is an extra, with an end to waiting: by itself it has none."""

from __future__ import annotations

from typing import Any

from canvasapi.requester import Requester
from requests import Response, Session


class _Steady(Session):
    """Gives each request a time by which something has to come back, and follows no redirect.

    A redirect could take a comment elsewhere, or make a question of what was to be written.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds
        self.auth = _as_it_is  # else a ~/.netrc would take the token's place

    def request(self, *parts: Any, **options: Any) -> Response:
        return super().request(*parts, **{**options, "timeout": self._seconds, "allow_redirects": False})


def _as_it_is(request: Any) -> Any:
    return request


def requester(url: str, token: str, seconds: float) -> Requester:
    """Make what sends requests.

    Args:
        url: where Canvas is.
        token: the access token.
        seconds: how long one answer may take.
    """
    made = Requester(url, token)
    made._session = _Steady(seconds)
    return made
