"""Places to run student code in, started once and shared: a zygote takes seconds, a session of it milliseconds."""

import contextlib
import textwrap

import msgspec
import pytest

from grader.grading import workers
from grader.student.inprocess import Here
from grader.student.isolation import choose
from grader.student.levels import IsolationError
from grader.student.limits import Limits
from grader.student.processes import ZygoteClient
from grader.student.remote import Student

LIMITS = Limits(cpu_seconds=4, call_seconds=10, output_chars=400)


# Each of these takes minutes. What is begun last would keep one processor busy while the other one has nothing to do.
LONG = ("test_golden_reports.py", "test_chaos.py", "test_attacks.py", "test_nbgrader.py", "test_lost_workers.py")


def pytest_collection_modifyitems(items):
    """Have the longest tests begin first."""
    items.sort(key=lambda item: item.path.name not in LONG)


@pytest.fixture(scope="session", autouse=True)
def _caches_of_their_own(tmp_path_factory):
    """What is remembered between runs of the grader is not the user's own while its tests run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _one_process_that_grades():
    """A class is graded by one process, unless a test asks for more: the tests are run side by side already."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "count", lambda: 1)
        yield


@pytest.fixture(scope="session")
def _walled_in():
    """Gives the place at a level, and ends all of them."""
    with contextlib.ExitStack() as stack:
        places = {}

        def at(level):
            if level not in places:
                try:
                    places[level] = stack.enter_context(ZygoteClient(choose(wanted=level)))
                except IsolationError as error:
                    places[level] = str(error)
            if isinstance(places[level], str):
                pytest.skip(places[level])
            return places[level]

        yield at


@pytest.fixture(scope="session", params=["strong", "embedded"])
def split(request, _walled_in):
    """Every way of running student code in a process of its own that may be used for grading."""
    return _walled_in(request.param)


@pytest.fixture(scope="session", params=["strong", "embedded", "in this process"])
def place(request, _walled_in):
    """Every way of running student code; for code that harms nobody."""
    return Here() if request.param == Here.isolation.level else _walled_in(request.param)


@pytest.fixture(scope="session")
def any_split(_walled_in):
    """The best isolation that there is, for what does not depend on the level."""
    try:
        return _walled_in(choose().level)
    except IsolationError as error:
        pytest.skip(str(error))


@pytest.fixture
def start():
    """Opens a session at a place: ``start(place, source, **changed_limits)`` gives the student's module."""
    with contextlib.ExitStack() as stack:

        def student(place, source, *, short=False, **limits):
            sources = {"work": textwrap.dedent(source)}
            session = place.open(sources, "work", msgspec.structs.replace(LIMITS, **limits), short=short)
            stack.callback(session.close)
            session.begin(0)
            return Student(session)

        yield student
