"""``grader nbgrader init``: a folder in which nbgrader's own commands run on this course.

What is written is remembered with a digest in ``.grader.json``. Run again, the command brings up to date what is still
as it was written, and leaves alone, and names, what somebody has changed since. A file that was deleted comes back.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from grader.course import Course, Lesson
from grader.errors import CourseError
from grader.files import write
from grader.lessons.notebooks import grade_id, source_path
from grader.managed.folder import ManagedFolder, Memory, Step, Version
from grader.nbgrader import database

_STATE = ".grader.json"
_GITIGNORE = """\
# Marks, and what students have handed in, belong in no repository.
/gradebook.db*
/.db_password
/submitted/
/autograded/
/feedback/
/report/
/downloaded/
/grades.csv
"""


class State(msgspec.Struct, frozen=True):
    """The command's memory of a folder from its last run.

    Attributes:
        lessons: the lessons that are there.
        db_url: the gradebook's URL, without a password; "" for nbgrader's own choice.
        training: whether training checks are worth anything.
        files: what was written, each with its digest.
        unfinished: what a run that was cut off was about to write, each with its digest.
    """

    lessons: tuple[str, ...]
    db_url: str
    training: bool
    files: dict[str, str]
    unfinished: dict[str, str] = {}


def init(
    course: Course,
    folder: Path,
    *,
    lessons: Sequence[str] = (),
    db_url: str | None = None,
    training: bool | None = None,
) -> list[str]:
    """Write a course folder for nbgrader, or bring one up to date.

    Args:
        course: the course.
        folder: where to; empty, or such a folder already.
        lessons: lessons to have in it; none for all, or for those that are there.
        db_url: where the gradebook is, or None for what it was.
        training: whether training checks count, or None for what it was.

    Returns:
        What was done, a line for each file that was written or left alone.

    Raises:
        CourseError: the folder is something else, the URL is of no use here, or the course lacks a notebook.
    """
    if importlib.util.find_spec("nbgrader") is None:
        raise CourseError("nbgrader is not installed; run: pip install -e '.[nbgrader]'")
    before = _before(folder)
    if database.split(db_url or "")[1]:
        raise CourseError(f"--db-url has a password in it, which others could read in the folder; {database.HOW}")
    known_url, password = database.split(before.db_url if before else "")
    wanted = {course.lesson(name).name for name in lessons}
    wanted |= set(before.lessons) if before else set()
    kept = tuple(each.name for each in course.lessons if each.name in wanted or not wanted)
    state = State(
        lessons=kept,
        db_url=known_url if db_url is None else db_url,
        training=(before.training if before else True) if training is None else training,
        files={},
    )
    if state.db_url and (problem := database_problem(state.db_url)):
        raise CourseError(problem)
    made = dict(_files(course, state))  # all of it first: a mistake leaves nothing half done
    moved = _moved(folder, password) if password else []  # as earlier versions of this command left it
    known = {name: Version(digest) for name, digest in before.files.items()} if before else {}
    memory = Memory(known, unfinished=before.unfinished if before else {})
    managed = ManagedFolder(folder, memory, follows_links=True)  # source/ may be a link to a larger disk
    plan = managed.plan(made)

    def save(memory: Memory) -> None:
        files = {name: version.digest for name, version in memory.files.items()}
        now = msgspec.structs.replace(state, files=files, unfinished=memory.unfinished)
        if now != _before(folder):
            write(folder / _STATE, json.dumps(msgspec.structs.asdict(now), indent=1).encode())

    managed.apply(plan, save)
    (folder / "submitted").mkdir(exist_ok=True)
    said = moved
    for step in plan.steps:
        said.append(_in_words(step))
        if step.what in ("kept", "left alone"):
            said += _unsafe(folder, step.path, (folder / step.path).read_bytes())
    return said


def _in_words(step: Step) -> str:
    if step.what in ("kept", "left alone"):
        return f"left alone, because you have changed it: {step.path} (delete it to get a new one)"
    if step.what == "orphaned":
        return f"left alone, because you have changed it: {step.path} (it is no longer needed)"
    return f"{step.what}: {step.path}"


def _before(folder: Path) -> State | None:
    """The state stored in a folder; None for an empty one."""
    if folder.exists() and not folder.is_dir():
        raise CourseError(f"{folder} is a file, not a folder")
    try:
        return msgspec.json.decode((folder / _STATE).read_bytes(), type=State)
    except FileNotFoundError:
        if folder.is_dir() and any(folder.iterdir()):
            raise CourseError(
                f"{folder} is not empty, and not a folder that `grader nbgrader init` has made; name a new one"
            ) from None
        return None
    except (ValueError, RecursionError) as error:
        raise CourseError(f"{folder / _STATE} cannot be read ({error}); restore it, or name a new folder") from None


def _moved(folder: Path, password: str) -> list[str]:
    """Move the password out of the folder's config into the password file, unless there is one already."""
    if not (folder / database.FILE).exists():
        database.keep(folder, password)
    return [
        f"moved: the password of the gradebook, from {_STATE} into {database.FILE}, which only you may read; change it "
        "if this folder has been shared, backed up or put into a repository"
    ]


def _unsafe(folder: Path, name: str, data: bytes) -> list[str]:
    """Warn about an edited file that shows the password, or that lets it into a repository."""
    text = data.decode("utf-8", "replace")
    if name == "nbgrader_config.py" and database.has_password(text):
        return [
            f"{name} has a password in it, which others may read: {database.HOW}; then delete {name} to get a new one"
        ]
    if name == ".gitignore" and (folder / database.FILE).exists() and database.FILE not in text:
        return [f"add a line /{database.FILE} to {name}: it must not get into a repository"]
    return []


def database_problem(url: str) -> str | None:
    """The reason why a gradebook cannot be kept at this URL, in one line; None if no problem is known."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    try:
        kind = make_url(url).get_dialect()
        kind.import_dbapi()
    except (ArgumentError, NoSuchModuleError) as error:
        problem = " ".join(str(error).split())
        return f"this is not the URL of a database: {problem}; expected one like sqlite:////path/gradebook.db"
    except ModuleNotFoundError as error:
        name = error.name or str(error)
        package = {"psycopg": "'psycopg[binary]'", "psycopg2": "psycopg2-binary", "MySQLdb": "mysqlclient"}.get(
            name, name
        )
        return f"the driver of this database is not installed; run: pip install {package}"
    return None


def _files(course: Course, state: State) -> Iterator[tuple[str, bytes]]:
    """The content of every file, by its path in the folder."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    config = environment.get_template("config.py.j2").render(
        title=course.title,
        lesson=state.lessons[0],
        course_id=re.sub(r"[^a-z0-9]+", "-", course.title.lower()).strip("-"),
        db_url=state.db_url,
        course=str(course.root),
        training=state.training,
    )
    yield "nbgrader_config.py", config.encode()
    yield ".gitignore", _GITIGNORE.encode()
    for name in state.lessons:
        lesson = course.lesson(name)
        path = source_path(course, lesson)
        if not path.is_file():
            raise CourseError(f"{path.parent.name}/{path.name} does not exist; run `grader build`")
        text = path.read_text(encoding="utf-8")
        yield f"source/{name}/{name}.ipynb", (text if state.training else _untrained(text, lesson)).encode()
        for figure in sorted(set(re.findall(r"\bfigures/[\w.-]*\w", text))):
            yield f"source/{name}/{figure}", (course.stub(lesson).parent / figure).read_bytes()


def _untrained(notebook: str, lesson: Lesson) -> str:
    """The source notebook with a training check worth 0 points, so that nbgrader's totals leave it out too."""
    if lesson.training is None:
        return notebook
    data = json.loads(notebook)
    for cell in data["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        if marks.get("grade") and marks["grade_id"] == grade_id(lesson.training.exercise):
            marks["points"] = 0
            cell["source"] = [re.sub(r"# [\d.]+ points?", "# 0 points: not graded", line) for line in cell["source"]]
    return json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
