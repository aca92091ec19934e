"""A browser to look at pages with: chromium without a window, spoken to over two pipes in its DevTools protocol.

No library is needed for that, and no port is opened: chromium reads file descriptor 3 and writes to 4, and each message
is JSON that ends with a zero byte.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from typing import Any

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--mute-audio"]
_FLAGS += [
    "--disable-background-networking",
    "--disable-component-update",
    "--autoplay-policy=no-user-gesture-required",
]
_PATIENCE = 60


class BrowserError(Exception):
    """The browser has ended, or does not answer."""


class Page:
    """One page of the browser.

    Attributes:
        complaints: what the page has written to the console as a warning or an error, and its uncaught exceptions.
        asked: every address that it has asked for.
        received: how many bytes came, of all that it has asked for.
    """

    def __init__(self, to_browser: int, from_browser: int) -> None:
        """Take the two ends of the pipes."""
        self._to, self._from = to_browser, from_browser
        self._read = b""
        self._number = 0
        self._session = ""
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.received = 0
        self._is_loaded = False
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")
        self.send("Network.setCacheDisabled", cacheDisabled=True)

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask for something, and return the answer."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']['message']}")
                return dict(answer["result"])

    def open(self, address: str, width: int = 1200, height: int = 900, *, dark: bool = False) -> None:
        """Go to a page, and wait until all of it is there."""
        self.complaints, self.asked, self.received, self._is_loaded = [], [], 0, False
        scale: dict[str, Any] = {"deviceScaleFactor": 1, "mobile": width < 600}
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, **scale)
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.send("Emulation.setEmulatedMedia", features=features)
        self.send("Page.navigate", url=address)
        end = time.monotonic() + _PATIENCE
        while not self._is_loaded and time.monotonic() < end:
            self._next()
        self.run("new Promise(done => setTimeout(done, 100))")  # scripts that begin when all is there

    def run(self, script: str) -> Any:
        """Evaluate an expression on the page; a promise is waited for."""
        done = self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in done:
            raise BrowserError(str(done["exceptionDetails"].get("exception", done["exceptionDetails"])))
        return done["result"].get("value")

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._read:
            if not select.select([self._from], [], [], _PATIENCE)[0]:
                raise BrowserError("the browser does not answer")
            if not (some := os.read(self._from, 1 << 20)):
                raise BrowserError("the browser has ended")
            self._read += some
        line, _, self._read = self._read.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        self._note(message.get("method", ""), message.get("params", {}))
        return message

    def _note(self, method: str, said: dict[str, Any]) -> None:
        if method == "Page.loadEventFired":
            self._is_loaded = True
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(str(said["exceptionDetails"].get("text")))
        elif method == "Runtime.consoleAPICalled" and said["type"] in ("error", "warning", "assert"):
            self.complaints.append(" ".join(str(each.get("value")) for each in said["args"]))
        elif method == "Log.entryAdded" and said["entry"]["level"] in ("error", "warning"):
            self.complaints.append(f"{said['entry']['text']} {said['entry'].get('url', '')}")
        elif method == "Network.requestWillBeSent":
            self.asked.append(said["request"]["url"])
        elif method == "Network.loadingFinished":
            self.received += int(said["encodedDataLength"])


@contextlib.contextmanager
def browser() -> Iterator[Page]:
    """A page in a browser of its own, which ends with the block."""
    read_here, write_there = os.pipe()
    read_there, write_here = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [PROGRAM, *_FLAGS, f"--user-data-dir={profile}", "--remote-debugging-pipe"]
        quiet = os.open(os.devnull, os.O_RDWR)
        # Above 3 and 4 first, so that neither end takes the other's place.
        high = [os.dup2(end, 50 + i, inheritable=False) for i, end in enumerate((read_there, write_there))]
        actions = [(os.POSIX_SPAWN_DUP2, high[0], 3), (os.POSIX_SPAWN_DUP2, high[1], 4)]
        actions += [(os.POSIX_SPAWN_DUP2, quiet, number) for number in (0, 1, 2)]
        process = os.posix_spawn(PROGRAM, command, {**os.environ}, file_actions=actions, setsid=True)
        for end in (*high, read_there, write_there, quiet):
            os.close(end)
        try:
            yield Page(write_here, read_here)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process, signal.SIGKILL)
            os.waitpid(process, 0)
            os.close(write_here)
            os.close(read_here)
