"""The site as it is built: complete, without secrets, without addresses elsewhere; and read in a real browser."""

from __future__ import annotations

import fcntl
import functools
import html
import html.parser
import http.server
import importlib.util
import json
import os
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import browser
import pytest

pytest.importorskip("sphinx", reason="the extra `site` is not installed")
pytest.importorskip("furo", reason="the extra `site` is not installed")

from grader.course import Course, load
from grader.errors import CourseError
from grader.lessons.stubs import MARKER, pristine
from grader.site.__main__ import main
from grader.site.making import SiteError, build
from grader.site.pages import Prepared, prepare
from grader.site.terminal import picture

# MyST uses a name of Sphinx's that the next but one version will not have.
pytestmark = pytest.mark.filterwarnings("ignore:'myst_parser")

ROOT = Path(__file__).parents[3]
COURSE = load(ROOT)
FIRST_LOAD = 300_000
"""Bytes that the first page may bring, without a film and before any compression."""


# The site is built once for all tests, also where several processes run them.


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A folder with a copy of the course's texts and films, and the site that is built from it."""
    folder = tmp_path_factory.getbasetemp()
    folder = (folder.parent if hasattr(request.config, "workerinput") else folder) / "site-of-the-course"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "site").exists():
            course = _copy(folder / "course")
            build(course, prepare(course, picture(course)), folder / "site", "https://example.org/course/")
    return folder


@pytest.fixture(scope="session")
def site(shared: Path) -> Path:
    return shared / "site"


@pytest.fixture(scope="session")
def course(shared: Path) -> Course:
    return load(shared / "course")


def _copy(to: Path) -> Course:
    """What the site is made from, with films of two lessons."""
    for name in ("exercises", "solutions", "grader", ".github", "tests/lesson1_agent_loop"):
        shutil.copytree(ROOT / name, to / name, ignore=shutil.ignore_patterns("__pycache__", "released"))
    for path in (*ROOT.glob("*.md"), ROOT / "tests" / "README.md", ROOT / "course.yml"):
        shutil.copyfile(path, to / path.relative_to(ROOT))
    (to / "films").mkdir()
    for number in (1, 6):
        film(to / "films", number)
    return load(to)


def film(folder: Path, number: int) -> None:
    """A film of three seconds, if PyAV is here to make it; otherwise a file that nobody can play."""
    path = folder / f"lesson{number}.mp4"
    path.write_bytes(b"no film")
    if importlib.util.find_spec("av"):
        import av
        import numpy as np

        with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
            stream = container.add_stream("libx264", rate=10, width=64, height=36, pix_fmt="yuv420p")
            for i in range(30):
                frame = av.VideoFrame.from_ndarray(np.full((36, 64, 3), 8 * i, np.uint8), format="rgb24")
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    (folder / f"lesson{number}.vtt").write_text("WEBVTT\n\n00:00.000 --> 00:03.000\nThe agent acts.\n")
    (folder / f"lesson{number}.txt").write_text("The agent acts.\n")


class _Reader(html.parser.HTMLParser):
    """What a page loads, where it links to, what its parts are called, and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.names: set[str] = set()
        self.words: list[str] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._inside = tag if tag in ("script", "style") else ""
        self.names |= {given[name] for name in ("id", "name") if name in given}
        self.loads += [given[name] for name in ("src", "poster", "data") if name in given]
        self.loads += [part.split()[0] for part in given.get("srcset", "").split(",") if part.strip()]
        self.loads += outside_in_css(given.get("style", ""))
        rel = given.get("rel", "").split()
        if tag == "link" and {"stylesheet", "icon", "preload", "prefetch", "modulepreload", "manifest"} & set(rel):
            self.loads.append(given.get("href", ""))
        elif tag == "a" and "href" in given:
            self.links.append(given["href"])

    def handle_data(self, data: str) -> None:
        if self._inside == "style":
            self.loads += outside_in_css(data)
        elif self._inside != "script":
            self.words.append(data)
        self._inside = "" if self._inside in ("script", "style") else self._inside


def outside_in_css(css: str) -> list[str]:
    """All that a stylesheet loads."""
    css = re.sub(r"(?s)/\*.*?\*/", "", css)
    found = re.findall(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)", css)
    return [first or second for first, second in found]


@functools.cache
def read(path: Path) -> _Reader:
    return _Reader(path.read_text(encoding="utf-8"))


def is_elsewhere(address: str) -> bool:
    return address.startswith("//") or urlsplit(address).scheme not in ("", "data")


def test_each_lesson_has_its_page_and_its_downloads(site: Path) -> None:
    for lesson in COURSE.lessons:
        page = site / "exercises" / f"{lesson.name}.html"
        assert f"Lesson {lesson.number}: " in "".join(read(page).words)
        assert {f"{lesson.name}.py", f"{lesson.name}.ipynb"} <= set(read(page).links)
        stub = page.with_suffix(".py").read_bytes()
        assert stub == pristine(COURSE, lesson).encode()
        json.loads(page.with_suffix(".ipynb").read_bytes())


def test_what_is_committed_is_what_can_be_downloaded(site: Path) -> None:
    for lesson in COURSE.lessons:
        for ending in (".py", ".ipynb"):
            committed = COURSE.stub(lesson).with_suffix(ending)
            assert (site / "exercises" / committed.name).read_bytes() == committed.read_bytes()


def test_pages_for_instructors_and_authors(site: Path) -> None:
    pages = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    assert {"index.html", "404.html", "search.html", "SECURITY.html", "CONTRIBUTING.html"} <= pages
    assert {"exercises/index.html", "grader/index.html", "tests/index.html", "grader/DESIGN.html"} <= pages
    navigation = set(read(site / "index.html").links)
    assert pages - {"index.html", "404.html", "search.html"} <= navigation


def test_every_link_leads_somewhere(site: Path) -> None:
    broken = []
    for path in site.rglob("*.html"):
        for link in [*read(path).links, *read(path).loads]:
            if is_elsewhere(link) or link.startswith("data:"):
                continue
            here = f"/{path.relative_to(site).as_posix()}"
            parts = urlsplit(urljoin(here, link))
            target = site / unquote(parts.path).lstrip("/")
            target = target / "index.html" if target.is_dir() else target
            name = unquote(parts.fragment)
            if not target.is_file() or (name and target.suffix == ".html" and name not in read(target).names):
                broken.append(f"{here}: {link}")
    assert broken == []


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    found = []
    for path in site.rglob("*"):
        if path.suffix == ".html":
            loads = read(path).loads
        elif path.suffix in (".css", ".svg"):
            text = path.read_text(encoding="utf-8")
            loads = outside_in_css(text) + re.findall(r"<image[^>]*href=\"([^\"]*)", text)
        elif path.suffix == ".js":
            code = re.sub(r"(?s)/\*.*?\*/|(?m:(?<![:\"'])//.*$)", "", path.read_text(encoding="utf-8"))
            loads = re.findall(r"[\"'`](https?:)?(//[\w.-]+\.\w+)", code)
            # The names of XML's namespaces begin with this one, and nobody loads them.
            loads = [each for scheme, rest in loads if (each := f"{scheme}{rest}") != "http://www.w3.org"]
        else:
            continue
        found += [f"{path.relative_to(site)}: {each}" for each in loads if is_elsewhere(each)]
    assert found == []


@pytest.mark.parametrize(
    "page",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="//cdn.example/x.css">',
        '<style>@import "https://fonts.example/x";</style>',
        '<p style="background: url(https://t.example/1.gif)">',
        '<img srcset="https://t.example/1.gif 2x">',
    ],
)
def test_such_a_page_would_be_found(page: str) -> None:
    assert any(map(is_elsewhere, _Reader(page).loads))
    assert not any(map(is_elsewhere, _Reader('<a href="https://example.org">x</a><img src="a.png">').loads))


def lines_of(path: Path) -> set[str]:
    """The lines of a file as a reader sees them."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        text = "".join(read(path).words)
    elif path.suffix == ".ipynb":
        text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
    return {line.strip() for line in text.splitlines()}


def secrets() -> set[str]:
    """The lines of solutions, hidden tests, wheats and chaffs that stand in no text and no stub."""
    found: set[str] = set()
    for path in (ROOT / "solutions").glob("*.py"):
        inside = False
        for line in path.read_text(encoding="utf-8").splitlines():
            if match := MARKER.match(line):
                inside = match["kind"] == "BEGIN"
            elif inside:
                found.add(line.strip())
    for pattern in ("lesson*/test_*.py", "lesson*/wheats/*.py", "lesson*/chaffs.yml"):
        for path in (ROOT / "tests").glob(pattern):
            found |= lines_of(path)
    public = [
        path for pattern in ("*.md", "exercises/*.md", "exercises/*.py", "*/README.md") for path in ROOT.glob(pattern)
    ]
    public += [ROOT / "grader" / "DESIGN.md", *(ROOT / "grader" / "student").glob("*.py")]
    return {line for line in found - set().union(*map(lines_of, public)) if len(line) > 15}


def test_no_page_shows_a_solution_or_a_hidden_test(site: Path) -> None:
    secret = secrets()
    assert len(secret) > 1000
    readable = [path for path in site.rglob("*") if path.suffix in (".html", ".py", ".ipynb", ".txt", ".js", ".md")]
    shown = {(path.name, line) for path in readable for line in lines_of(path) & secret}
    assert shown == set()
    assert lines_of(ROOT / "solutions" / "lesson3_q_learning.py") & secret, "this test would find it"


def test_a_film_is_shown_where_there_is_one(site: Path) -> None:
    for lesson in COURSE.lessons:
        page = (site / "exercises" / f"{lesson.name}.html").read_text(encoding="utf-8")
        assert ("<video" in page) == (lesson.number in (1, 6))
    assert "films/lesson1.mp4" in (site / "index.html").read_text(encoding="utf-8")
    assert (site / "films" / "lesson1.vtt").is_file()


def test_the_first_page_shows_a_check_as_it_is(site: Path) -> None:
    words = "".join(read(site / "index.html").words)
    for said in (
        "$ grader check 1",
        "✗ `discounted_return` is r₀ + γ r₁",
        "Your code behaves exactly like one that",
        "needed",
    ):
        assert said in words


def test_a_page_that_is_not_there_says_so_at_any_address(site: Path) -> None:
    reader = read(site / "404.html")
    assert set(reader.links) == {f"https://example.org/course/{name}.html" for name in ("index", "search")}
    assert [each for each in reader.loads if not each.startswith("data:")] == []


def test_the_site_is_the_same_every_time(site: Path, course: Course, tmp_path: Path) -> None:
    """From another folder and at another time: a page depends on the texts alone."""
    build(course, prepare(course, picture(course)), tmp_path / "again", "https://example.org/course/")

    def files(folder: Path) -> dict[str, bytes]:
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    assert files(tmp_path / "again") == files(site)


# What goes wrong is one line.

PAGE = Prepared({"index.md": b"# Title\n\nwords\n"}, {})


def test_a_fault_of_a_page_is_one_line_and_the_old_site_stays(tmp_path: Path) -> None:
    build(COURSE, PAGE, tmp_path / "site")
    before = (tmp_path / "site" / "index.html").read_bytes()
    with pytest.raises(SiteError, match=r"^index\.md:3: WARNING: .*nowhere\.md") as stopped:
        build(COURSE, Prepared({"index.md": b"# Title\n\n[a](nowhere.md)\n"}, {}), tmp_path / "site")
    assert "\n" not in str(stopped.value)
    assert (tmp_path / "site" / "index.html").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["site"], "nothing is left beside it"


@pytest.mark.parametrize("name", ["a file", "a folder"])
def test_what_is_no_site_is_not_replaced(tmp_path: Path, name: str) -> None:
    out = tmp_path / "out"
    if name == "a folder":
        out.mkdir()
    kept = out / "mine" if name == "a folder" else out
    kept.write_text("mine")
    with pytest.raises(SiteError, match="is there, and is no site that was built before; name another folder"):
        build(COURSE, PAGE, out)
    assert kept.read_text() == "mine"


def test_where_nothing_can_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(SiteError, match=r"/file/site cannot be written: "):
        build(COURSE, PAGE, tmp_path / "file" / "site")


def test_a_site_that_cannot_be_replaced_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "site"
    build(COURSE, PAGE, out)
    replace = os.replace

    def full(source: Path, target: Path) -> None:
        if source.name == "new":
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(SiteError, match=r"site cannot be written: No space left on device$"):
        build(COURSE, PAGE, out)
    assert (out / "index.html").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_text_that_is_missing_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "course.yml").write_text((ROOT / "course.yml").read_text(encoding="utf-8"))
    shutil.copytree(ROOT / "exercises", tmp_path / "exercises")
    with pytest.raises(CourseError, match=r"^README\.md cannot be read, and the site has a page of it: "):
        prepare(load(tmp_path), "")


def test_outside_of_a_course_the_command_ends_with_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match=r"^site: .*course\.yml") as end:
        main([])
    assert "\n" not in str(end.value)


# In a browser.

needs_browser = pytest.mark.skipif(not browser.PROGRAM, reason="chromium is not installed")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def page() -> Iterator[browser.Page]:
    with browser.browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@needs_browser
def test_every_page_is_quiet_fits_a_phone_and_asks_nobody_else(site: Path, address: str, page: browser.Page) -> None:
    said: list[str] = []
    for path in sorted(site.rglob("*.html")):
        name = path.relative_to(site).as_posix()
        page.open(f"{address}{name}", width=390)
        said += [f"{name}: {each}" for each in page.complaints]
        said += [f"{name} asks {each}" for each in page.asked if not each.startswith((address, "data:"))]
        if (width := page.run("document.documentElement.scrollWidth")) > 390:
            said.append(f"{name} is {width} pixels wide")
    assert said == []


@needs_browser
def test_the_first_page_is_light(site: Path, address: str, page: browser.Page) -> None:
    page.open(f"{address}index.html")
    asked = {urlsplit(each).path.lstrip("/") for each in page.asked if not each.startswith("data:")}
    assert "index.html" in asked
    assert not any(each.endswith(".mp4") for each in asked)
    assert sum((site / each).stat().st_size for each in asked if not each.startswith("films/")) < FIRST_LOAD


@needs_browser
def test_a_search_finds_a_lesson(address: str, page: browser.Page) -> None:
    page.open(f"{address}search.html?q=overestimate+double")
    page.open(f"{address}search.html?q=replay+buffer")
    found = "[...document.querySelectorAll('#search-results li a')].map(a => a.textContent)"
    page.run(f"new Promise(done => {{ const wait = () => {found}.length ? done() : setTimeout(wait, 50); wait() }})")
    assert "Lesson 5: Experience replay" in page.run(found)


@needs_browser
@pytest.mark.parametrize(
    ("name", "width", "dark"),
    [
        ("index.html", 1200, False),
        ("index.html", 390, True),
        ("exercises/lesson6_deep_q_learning.html", 1200, True),
        ("exercises/lesson6_deep_q_learning.html", 390, False),
        ("grader/index.html", 1200, False),
        ("search.html", 390, True),
        ("404.html", 390, True),
    ],
)
def test_axe_finds_no_barrier(address: str, page: browser.Page, name: str, width: int, dark: bool) -> None:
    axe = pytest.importorskip("axe_core_python", reason="axe-core is not installed")
    script = (Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    page.open(f"{address}{name}", width=width, dark=dark)
    page.run("document.querySelectorAll('details').forEach(each => each.open = true)")
    page.run(f"{script};0")
    assert page.run("axe.run().then(done => done.violations.map(v => v.id + ': ' + v.nodes[0].html))") == []


@needs_browser
def test_the_film_plays_and_shows_its_captions(address: str, page: browser.Page) -> None:
    pytest.importorskip("av", reason="PyAV, which makes the film, is not installed")
    page.open(f"{address}exercises/lesson1_agent_loop.html")
    page.run("window.film = document.querySelector('video'); film.muted = true; 0")
    assert page.run("film.textTracks[0].mode") == "disabled", "captions are in the picture, and would be there twice"
    page.run("film.textTracks[0].mode = 'showing'")
    page.run("film.play().then(() => new Promise(done => film.ontimeupdate = () => film.currentTime > .3 && done()))")
    assert page.run("film.videoWidth") == 64
    assert page.run("[...film.textTracks[0].activeCues].map(cue => cue.text)") == ["The agent acts."]


@needs_browser
def test_keys_open_the_navigation_where_there_is_no_room_for_it(address: str, page: browser.Page) -> None:
    page.open(f"{address}exercises/index.html", width=390)
    left = "document.activeElement.closest('.sidebar-drawer')?.getBoundingClientRect().left"
    for _ in range(4):
        for kind in ("keyDown", "keyUp"):
            page.send("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
    page.run("new Promise(done => setTimeout(done, 500))")  # it slides in
    assert page.run(left) == 0
