"""A property's view of student code: the module, and the objects that live on the student's side."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Literal, Protocol

from grader.student.errors import StudentError
from grader.student.tensors import torch


class Line(Protocol):
    """The three ways in which a property reaches the student's side; ``grader.student.session.Session`` is one."""

    def call(self, target: str | int, name: str | None, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call a name of the module, an object, or a method of either."""
        ...

    def get(self, target: str | int, name: str, type_name: str = "") -> Any:
        """Read an attribute; ``type_name`` is what to call its object in an error."""
        ...

    def query(self, verb: str, *rest: Any) -> Any:
        """Ask any other question."""
        ...


class Remote:
    """An object that lives on the student's side: methods, attributes, items, iteration and calls go there."""

    def __init__(self, session: Line, number: int, type_name: str) -> None:
        """Point at object ``number`` of ``session``."""
        self._session, self._number, self._type = session, number, type_name

    def __getattr__(self, name: str) -> Any:
        """Read an attribute or get a method. Names with an underscore are never remote: libraries probe for them."""
        if name.startswith("_"):
            raise AttributeError(name)
        return self._session.get(self._number, name, self._type)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._session.call(self._number, None, args, kwargs)

    def __getitem__(self, key: Any) -> Any:
        return self._session.query("item", self._number, key)

    def __iter__(self) -> Iterator[Any]:
        """Its items, one question each."""
        iterator = self._session.query("iterate", self._number)
        for _ in range(10_000):
            there, value = self._session.query("next", iterator._number)
            if not there:
                return
            yield value

    def get(self) -> Any:
        """The object's value as it is now, where it has a plain form."""
        return self._session.query("value", self._number)

    def __repr__(self) -> str:
        """The kind of the object."""
        return f"<{self._type} object of the student's code>"

    # Two remotes are the same only if they are the same object; no question is asked about it.
    __hash__ = object.__hash__


class RemoteObject(Remote):
    """Any object but an iterator, which has no length to ask for (``list`` would)."""

    def __len__(self) -> int:
        return int(self._session.query("len", self._number))


class RemoteModule(RemoteObject):
    """A network that lives on the student's side."""

    def gradients(self) -> dict[str, torch.Tensor | None]:
        """The gradient of every parameter by name; None for a parameter without one."""
        return self._session.query("gradients", self._number)  # type: ignore[no-any-return]


class RemoteFunction:
    """A function or class of the student's module.

    Args:
        session: the way there.
        name: its name in the module.
    """

    def __init__(self, session: Line, name: str) -> None:
        self._session, self.__name__ = session, name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._session.call(self.__name__, None, args, kwargs)


class Student:
    """A property's view of the student's module: its names, and a few helpers.

    Args:
        session: the way there; it has loaded the submission.
    """

    def __init__(self, session: Line) -> None:
        self._session = session

    def __getattr__(self, name: str) -> Any:
        """A function or class of the module."""
        if name.startswith("_"):
            raise AttributeError(name)
        return RemoteFunction(self._session, name)

    def put(self, value: Any) -> Any:
        """A copy of ``value`` on the student's side, to observe what student code does to it."""
        return self._session.query("put", value)

    def random_state(self, *kinds: Literal["python", "numpy", "torch"]) -> str:
        """A digest of the global random generators over there, of these or of all: the same until one is used."""
        return str(self._session.query("random", *kinds))

    def grad_mode(self) -> bool:
        """Whether everything that was called over there in this case left autograd on, as it was."""
        return bool(self._session.query("grad_mode"))

    def cpu_seconds(self) -> float:
        """Processor time of the process over there, as it says itself."""
        return float(self._session.query("seconds"))

    @contextlib.contextmanager
    def raises(self, kind: str) -> Iterator[None]:
        """Expect an exception of that class name or a subclass."""
        try:
            yield
        except StudentError as error:
            if kind not in error.kinds:
                raise
        else:
            raise AssertionError(f"a {kind} should have been raised here, and nothing was")
