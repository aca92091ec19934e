"""The memory of what known wrong programs do, from one student to the next.

All of it depends on the course alone. As plain data, it can be kept from one run to the next as well: a law is a
function of a test module, which each run imports anew, so a case is kept without its law.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from grader.properties.cases import Case, Outcome

Key = TypeVar("Key")
Fact = TypeVar("Fact")

MOST = 50_000
"""Of one kind of facts, how many are remembered at most."""

_Cases = Mapping[str, Sequence[Case]]
_PlainCase = tuple[str, Mapping[str, Any], Sequence[Any], int, str | None]
_PlainCases = Mapping[str, Sequence[_PlainCase]]


class Facts(NamedTuple):
    """A memory as plain data; see ``Memory``. What cannot be written down is not in it."""

    cases: Mapping[str, _PlainCases]
    failing: Mapping[tuple[str, str], _PlainCases]
    outcomes: Mapping[tuple[str, str], Outcome]
    deaths: frozenset[tuple[str, str]]

    @classmethod
    def none(cls) -> Facts:
        """Nothing."""
        return cls({}, {}, {}, frozenset())

    def __bool__(self) -> bool:
        """Whether there are any."""
        return any(map(bool, tuple(self)))

    def __or__(self, other: Facts) -> Facts:
        """These and others."""
        return Facts(
            {**self.cases, **other.cases},
            {**self.failing, **other.failing},
            {**self.outcomes, **other.outcomes},
            self.deaths | other.deaths,
        )


class Memory:
    """The findings about the misconceptions of a lesson as it stands in one course with one salt.

    Attributes:
        cases: by exercise, the first examples that the solution is asked, by property.
        failing: by misconception and exercise, cases in which the misconception fails, by property.
        outcomes: by misconception and the digest of a case, the outcome of its law.
        deaths: of misconceptions and properties: over these laws, the program's process has ended.
        examples: by exercise, its public examples, which cost nothing to read.
    """

    def __init__(self) -> None:
        """Nothing is known."""
        self.cases: dict[str, _Cases] = {}
        self.failing: dict[tuple[str, str], _Cases] = {}
        self.outcomes: dict[tuple[str, str], Outcome] = {}
        self.deaths: set[tuple[str, str]] = set()
        self.examples: dict[str, Sequence[Case]] = {}
        self._digests: dict[int, tuple[Case, str | None]] = {}

    def digest(self, case: Case) -> str | None:
        """The case's digest, which takes longer to make than to remember."""
        if id(case) not in self._digests:
            self._remember(case, case.digest())
        return self._digests[id(case)][1]

    def _remember(self, case: Case, digest: str | None) -> None:
        if len(self._digests) >= MOST:
            self._digests.clear()
        self._digests[id(case)] = (case, digest)

    def facts(self, besides: Facts) -> Facts:
        """Give all that is known, as plain data.

        Args:
            besides: without these.
        """
        return Facts(
            {key: self._plain(cases) for key, cases in _new(self.cases, besides.cases) if _is_plain(cases)},
            {key: self._plain(cases) for key, cases in _new(self.failing, besides.failing) if _is_plain(cases)},
            {key: outcome for key, outcome in _new(self.outcomes, besides.outcomes) if _can_be_kept(outcome)},
            frozenset(death for death in self.deaths if death[0]) - besides.deaths,  # "" is a student
        )

    def _plain(self, found: _Cases) -> _PlainCases:
        return {
            name: [(c.property, c.arguments, c.drawn, c.seed, self.digest(c)) for c in cases]
            for name, cases in found.items()
        }

    def learn(self, facts: Facts, laws: Mapping[str, Callable[..., Any]]) -> None:
        """Add what another run has found out, as far as it is not known.

        Args:
            facts: what it has found out.
            laws: the laws of the lesson, by the name of the property. What needs another one is left out.
        """
        self._learn_cases(self.cases, facts.cases, laws)
        self._learn_cases(self.failing, facts.failing, laws)
        self.outcomes |= {key: outcome for key, outcome in facts.outcomes.items() if key not in self.outcomes}
        self.deaths |= facts.deaths

    def _learn_cases(
        self, mine: dict[Key, _Cases], theirs: Mapping[Key, _PlainCases], laws: Mapping[str, Callable[..., Any]]
    ) -> None:
        for key, found in theirs.items():
            if key not in mine and found.keys() <= laws.keys():
                mine[key] = {name: [self._case(plain, laws[name]) for plain in found[name]] for name in found}

    def _case(self, plain: _PlainCase, law: Callable[..., Any]) -> Case:
        name, arguments, drawn, seed, digest = plain
        case = Case(name, law, arguments, drawn, seed)
        # It is the digest under which the outcomes stand: made of copies of the same values, another may come out.
        self._remember(case, digest)
        return case


def _new(found: Mapping[Key, Fact], besides: Mapping[Key, Any]) -> Iterator[tuple[Key, Fact]]:
    return ((key, fact) for key, fact in found.items() if key not in besides)


def _is_plain(found: _Cases) -> bool:
    return all(_can_be_kept((case.arguments, case.drawn)) for cases in found.values() for case in cases)


def _can_be_kept(value: Any) -> bool:
    try:
        pickle.dumps(value)
    except Exception:
        return False
    return True
