"""One example of a property, kept so that the same law can be put to another program.

A case has what hypothesis drew; whatever program is asked, the test itself asks the questions and judges the answers.
So two programs can be compared although one names its layers, draws its random numbers or counts its steps in another
way: what counts is which law breaks, at which line of the test, and with which value.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import hashlib
import io
import pickle
import re
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from _pytest.assertion import util
from hypothesis.errors import UnsatisfiedAssumption
from hypothesis.strategies import DataObject

from grader.properties.answers import Thing, last_value, same
from grader.student.errors import GraderFault, StudentDied, StudentError
from grader.student.remote import Remote, Student
from grader.student.session import Session
from grader.student.tensors import is_array
from grader.testing import Alike
from grader.testing.near import Near, numbers

_KEPT_BYTES = 1 << 18
_NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?")


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a law for a program in one case.

    Attributes:
        verdict: ``pass``; ``fail``, an assertion; ``raised``, an exception of the program; ``died``, no answer.
        place: the line of the test, and the words of the assertion without their numbers; or the kind of exception.
        compared: the program's value in the comparison that failed, if it was one.
        answer: the program's last answer.
    """

    verdict: Literal["pass", "fail", "raised", "died"]
    place: str = ""
    compared: Any = None
    answer: Any = None


PASSED, DIED = Outcome("pass"), Outcome("died")


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One example of a property.

    Attributes:
        property: the property's name.
        law: the test below hypothesis; it is given ``arguments`` and ``student``.
        arguments: what was drawn before the test began, as it was then.
        drawn: what the test drew on its way, in order.
        seed: of the random numbers on the student's side.
    """

    property: str
    law: Callable[..., Any]
    arguments: Mapping[str, Any]
    drawn: Sequence[Any]
    seed: int

    def digest(self) -> str | None:
        """A name for the case that another case has only if it is the same; None if there is none."""
        # Nothing that is written here is ever read back.
        buffer = io.BytesIO()
        try:
            pickle.Pickler(buffer, protocol=4).dump((self.property, self.seed, dict(self.arguments), list(self.drawn)))
        except Exception:
            return None
        return hashlib.sha256(buffer.getvalue()).hexdigest()


class Drawing:
    """Stands in for hypothesis's ``data``, and keeps what is drawn."""

    def __init__(self, data: DataObject, drawn: list[Any]) -> None:
        self._data, self._drawn = data, drawn

    def draw(self, strategy: Any, label: Any = None) -> Any:
        """Draw, and keep a copy."""
        value = self._data.draw(strategy, label)
        self._drawn.append(copy.deepcopy(value))
        return value


class _Drawn:
    """Stands in for hypothesis's ``data``, and gives what was drawn before."""

    def __init__(self, drawn: Sequence[Any]) -> None:
        self._left = iter(drawn)

    def draw(self, strategy: Any, label: Any = None) -> Any:
        """The next value that was drawn before.

        Raises:
            UnsatisfiedAssumption: nothing was, because that program's answers led the test another way.
        """
        for value in self._left:
            return copy.deepcopy(value)
        raise UnsatisfiedAssumption


def recorded(
    name: str, law: Callable[..., Any], given: Mapping[str, Any], seed: int
) -> tuple[Case | None, dict[str, Any]]:
    """A case that keeps copies of what is given, and what the test is to be called with instead.

    There is none where something cannot be copied.
    """
    drawn: list[Any] = []
    call = {key: Drawing(value, drawn) if isinstance(value, DataObject) else value for key, value in given.items()}
    try:
        arguments = {
            key: _Drawn if isinstance(value, Drawing) else copy.deepcopy(value)
            for key, value in call.items()
            if not isinstance(value, Student)
        }
    except Exception:
        return None, call
    return Case(name, law, arguments, drawn, seed), call


def ask(case: Case, session: Session) -> Outcome:
    """Put the law to the program behind ``session``, in this case.

    Raises:
        GraderFault: the machinery failed.
    """
    drawn = _Drawn(case.drawn)
    arguments = {key: drawn if value is _Drawn else copy.deepcopy(value) for key, value in case.arguments.items()}
    compared: list[Any] = []
    try:
        session.begin(case.seed)
        with _comparisons(compared):
            case.law(student=Student(session), **arguments)
    except StudentDied:
        return DIED
    except StudentError as error:
        return Outcome("raised", error.kind)
    except UnsatisfiedAssumption:
        return Outcome("pass", "led elsewhere")
    except AssertionError as error:
        return _failed(case.law, error, compared[-1:], session)
    except (GraderFault, KeyboardInterrupt):
        raise
    except Exception as error:
        # The test could do nothing with the answer.
        place = f"{_line(case.law, error)} {type(error).__name__}"
        return Outcome("fail", place, answer=_kept(last_value(session.transcript)))
    return PASSED


class Programs:
    """The programs that are asked, in one session: where they run, only one can live at a time.

    A program whose process ends over a law is not asked about that law again: each time may cost a whole time limit.
    What it says of other laws does not depend on that, nor on what anybody else was asked before.

    Args:
        deaths: the laws over which each known program's process has ended, if that is to be remembered.
    """

    def __init__(self, deaths: set[tuple[str, str]]) -> None:
        self._session: Session | None = None
        self._name = ""
        self._deaths = deaths

    def ask(self, name: str, open_session: Callable[[], Session], case: Case) -> Outcome:
        """Put a case to the program of this name; it is opened if another one was asked before."""
        if (name, case.property) in self._deaths:
            return DIED
        if self._session is not None and self._name == name:
            outcome = ask(case, self._session)
            if outcome is not DIED:
                return outcome
            # The earlier cases may have used up what one session may take: which they were is not to matter.
        self.close()
        try:
            self._session, self._name = open_session(), name
            outcome = ask(case, self._session)
        except (StudentDied, StudentError):
            outcome = DIED
        if outcome is DIED:
            self._deaths.add((name, case.property))
            self.close()
        return outcome

    def close(self) -> None:
        """End the session that is open."""
        if self._session is not None:
            self._session.close()
            self._session = None


def _failed(law: Callable[..., Any], error: AssertionError, compared: Sequence[Any], session: Session) -> Outcome:
    """The outcome of a case that ended in this assertion; ``compared`` has the left side of its comparison."""
    words = _NUMBER.sub("#", said(error))
    value, answer = compared[0] if compared else None, last_value(session.transcript)
    if isinstance(value, _Numbers):
        value, answer = value.value, _as_numbers(answer)
    return Outcome("fail", f"{_line(law, error)} {words}".strip(), _kept(value), _kept(answer))


def said(error: AssertionError) -> str:
    """The words that the test itself gave to an assertion, "" if it gave none."""
    # Rewritten assertions put the test's own message first and what pytest makes of it after.
    message = str(error).partition("\nassert ")[0].strip()
    return "" if message.startswith("assert ") else message


class _Numbers(NamedTuple):
    """A value that was compared as a table of numbers, whatever holds them."""

    value: Any


def _as_numbers(value: Any) -> Any:
    """A value whose numbers may stand in lists, arrays or tensors, and be of any type, in one form."""
    found = numbers(value)
    if found is None and isinstance(value, list | tuple):
        return [_as_numbers(part) for part in value]
    return value if found is None else found


def _kept(value: Any) -> Any:
    """A value to keep and to compare.

    What lives on the student's side is only its kind. What is larger than any value of a test is like nothing else: a
    diagnosis keeps a hundred of them.
    """
    if isinstance(value, Remote):
        return Thing(value._type)
    return value if _bytes(value) <= _KEPT_BYTES else object()


def _bytes(value: Any) -> int:
    """The size of a value, as far as it is needed to see that it is too large."""
    if is_array(value):
        return 8 + value.nbytes
    if isinstance(value, str | bytes):
        return 8 + len(value)
    size = 8
    if isinstance(value, dict | list | tuple | set):
        for item in [*value, *value.values()] if isinstance(value, dict) else value:
            size += _bytes(item)
            if size > _KEPT_BYTES:
                break
    return size


def _line(law: Callable[..., Any], error: BaseException) -> str:
    """The innermost line of the test's file at which it happened."""
    file = Path(law.__code__.co_filename).name
    lines = [
        frame.f_lineno if line is None else line
        for frame, line in traceback.walk_tb(error.__traceback__)
        if Path(frame.f_code.co_filename).name == file
    ]
    return str(lines[-1]) if lines else "?"


@contextlib.contextmanager
def _comparisons(into: list[Any]) -> Iterator[None]:
    """Keep the left sides of comparisons that fail."""
    before = util._reprcompare
    util._reprcompare = lambda op, left, right: into.append(_side(left, right))
    try:
        yield
    finally:
        util._reprcompare = before


def _side(left: Any, right: Any) -> Any:
    """The left side of a comparison, to be kept: ``near`` asks for numbers, and not for what holds them."""
    found = numbers(left) if isinstance(right, Near) and not isinstance(left, Remote) else None
    # A single number may be an action, and the action 2 is not the number 2.0.
    return _Numbers(found) if found is not None and found.ndim else left


def alike(one: Sequence[Outcome], other: Sequence[Outcome], what: Alike) -> bool:
    """Tell if two programs do the same in the same cases of one property, as far as it matters there.

    Args:
        one: the outcomes of one program, case by case.
        other: those of the other.
        what: what matters (``grader.testing.exercise``).
    """
    if what == "draws":
        # A line that is seldom reached may not have been reached by one of them.
        places, others = ({(o.verdict, o.place) for o in said if o.verdict != "pass"} for said in (one, other))
        return bool(places) == bool(others) and (places <= others or others <= places)
    pairs = list(zip(one, other, strict=True))
    if any((left.verdict, left.place) != (right.verdict, right.place) for left, right in pairs):
        return False
    if what == "places":
        return True
    if not all(same(left.compared, right.compared) for left, right in pairs):
        return False
    return what == "compared" or all(same(left.answer, right.answer) for left, right in pairs)
