"""What a student's process says wrongly is the student's: nothing but an answer gets past the session."""

import contextlib
import math

import gymnasium
import msgspec
import numpy as np
import pytest
import torch
from arbitrary import heads, ok, raised
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from grader.properties import cases, counterexample
from grader.properties.answers import last_answer, last_value
from grader.properties.finding import Finding, explain
from grader.student import replies
from grader.student.errors import StudentDied, StudentError
from grader.student.frames import Frame
from grader.student.remote import Remote, RemoteModule, Student
from grader.student.session import Session
from grader.student.wire import Encoder

OBJECT = ["r", 1, "Thing", "object"]


class Scripted:
    """A channel whose other side says what a script says, whatever it is asked."""

    def __init__(self, *heads, body=b""):
        self.frames = [Frame(msgspec.msgpack.encode(head), body) for head in heads]
        self.at = 0
        self.closed = False

    def exchange(self, question, answer_ask):
        self.at += 1
        return self.frames[min(self.at, len(self.frames)) - 1]

    def close(self):
        self.closed = True


# Each verb, as a property comes to ask it, and an answer that it may get.
ASKED = {
    "load": (lambda session: session.load({"work": ""}, "work"), None),
    "begin": (lambda session: session.begin(0), None),
    "call": (lambda session: Student(session).f(1), 1),
    "get": (lambda session: Remote(session, 1, "Thing").name, 1),
    "method": (lambda session: Remote(session, 1, "Thing").name, ["r", 0, "method", "method"]),
    "value": (lambda session: Remote(session, 1, "Thing").get(), 1),
    "item": (lambda session: Remote(session, 1, "Thing")[0], 1),
    "put": (lambda session: Student(session).put(1), OBJECT),
    "len": (lambda session: session.query("len", 1), 3),
    "iterate": (lambda session: next(iter(Remote(session, 1, "Thing"))), OBJECT),
    "next": (lambda session: session.query("next", 1), ["t", [True, 1]]),
    "gradients": (lambda session: RemoteModule(session, 1, "Net").gradients(), ["d", ["w", None]]),
    "random": (lambda session: Student(session).random_state(), "0" * 64),
    "grad_mode": (lambda session: Student(session).grad_mode(), True),
    "seconds": (lambda session: Student(session).cpu_seconds(), 1.0),
    "example": (lambda session: session.query("example", "1 + 1"), ["t", ["2", 2]]),
}

ARRAY = ["a", "b", [0], 0]
NO_ANSWER = {
    "the word alone": ["ok"],
    "too much": ["ok", 1, "", 1, 1],
    "an array for the word": [ARRAY, 1, "", 1],
    "a tensor for the word": [["T", "bool", [0], 0, False, -1], 1, "", 1],
    "an object for the word": [OBJECT, None, "", 1],
    "nothing for the word": [None, None, "", 1],
    "another word": ["okay", None, "", 1],
    "a list for what was printed": ["ok", None, ["l", []], 1],
    "a fraction for the graph": ["ok", None, "", 0.5],
    "an array for the kind": raised(kind=ARRAY),
    "a number among the bases": raised(bases=["l", ["E", 1]]),
    "a base for the bases": raised(bases="E"),
    "a line before the first": raised(line=-1),
    "a line beyond all files": raised(line=1 << 40),
    "an array for the message": raised(message=ARRAY),
    "an object that is none": ok(["r", 0, "method", "object"]),
    "an object with a negative number": ok(["r", -1, "Thing", "object"]),
    "an object of the grader's own numbers": ok(["h", 1]),
    "a lent object that is not": ok(["c", 1]),
    "a lent object with a list for its number": ok(["c", ["l", []]]),
    "a method within a value": ok(["l", [["r", 0, "method", "method"]]]),
    "a kind that is a list": ok(["r", 1, "Thing", ["l", []]]),
    "a key that cannot be one": ok(["d", [["l", []], 1]]),
    "outputs that are not there": ok(["T", "float32", [0], 0, True, 5]),
    "rows of nothing": ok(["a", "d", [400_000_000, 0], 0]),
    "a network": ok(["m", ["ReLU"], ["d", []]]),
}
WRONG = {
    "load": [1, OBJECT], "begin": [True, ["l", []]],
    "put": [1, ["l", []], None], "iterate": [1, None, ["l", []], ARRAY],
    "len": [["l", [1]], -1, 1.0, True, None, "3", ["i", "0x" + "f" * 100], OBJECT, ARRAY],
    "next": [None, 1, ["l", [True, 1]], ["t", [1, 1]], ["t", [True]], ["t", [OBJECT, 1]], OBJECT],
    "gradients": [None, 1, ["l", []], ["d", ["w", 1]], ["d", [1, None]], ["d", ["w", OBJECT]], OBJECT],
    "grad_mode": [None, 1, "True", OBJECT],
    "random": [None, 1, "x" * 100_000, OBJECT], "seconds": [1, -1.0, math.inf, math.nan, None, "1", OBJECT],
    "example": [1, ["l", ["2", 2]], ["t", [2, 2]], ["t", ["2"]], OBJECT],
}  # fmt: skip
MALFORMED = [(verb, head) for verb in ASKED for head in NO_ANSWER.values()]
MALFORMED += [(verb, ok(value)) for verb, values in WRONG.items() for value in values]
MALFORMED += [(verb, ok(["r", 0, "method", "method"])) for verb in ASKED if verb not in ("get", "method")]


@pytest.mark.parametrize("verb", ASKED)
def test_an_answer_is_taken(verb):
    ask, answer = ASKED[verb]
    session = Session(Scripted(ok(answer), ok(["t", [True, 1]])))
    ask(session)
    assert not session.channel.closed


@pytest.mark.parametrize(("verb", "head"), MALFORMED, ids=lambda value: value if type(value) is str else "")
def test_what_is_no_answer_ends_the_session_and_is_not_kept(verb, head):
    session = Session(Scripted(head))
    with pytest.raises(StudentDied, match="not an answer"):
        ASKED[verb][0](session)
    assert session.channel.closed
    assert [exchange.answer for exchange in session.transcript.exchanges] in ([], [Frame(b"", b"")])
    counterexample.write(session.transcript, "work")
    assert last_answer(session.transcript) == "no answer"
    # Nothing that comes later can be trusted either.
    with pytest.raises(StudentDied, match="not an answer"):
        session.query("random")


TENSOR = ["T", "float32", [], 0, True, 0]


@pytest.mark.parametrize(
    "answer",
    [
        None,
        1,
        ["l", []],
        ["l", [None, None]],
        ["l", [1]],
        ["l", [OBJECT]],
        ["l", [["a", "f", [2], 0]]],
        ["l", [["T", "float32", [1], 0, False, -1]]],
        ["l", [["T", "int32", [2], 0, False, -1]]],
        ["t", [None]],
    ],
)
def test_gradients_are_those_of_what_was_given(answer):
    channel = Scripted(ok(TENSOR))
    channel.frames = [Frame(channel.frames[0].head, bytes(4)), *Scripted(ok(answer), body=bytes(8)).frames]
    loss = Student(Session(channel)).loss(torch.zeros(2, requires_grad=True))
    with pytest.raises(StudentDied, match="not an answer"):
        loss.backward()


def test_right_gradients_are_taken():
    channel = Scripted(ok(TENSOR))
    gradient = ["T", "float32", [2], 0, False, -1]
    channel.frames = [Frame(channel.frames[0].head, bytes(4)), *Scripted(ok(["l", [gradient]]), body=bytes(8)).frames]
    x = torch.zeros(2, requires_grad=True)
    Student(Session(channel)).loss(x).backward()
    assert x.grad.tolist() == [0, 0]


def test_texts_of_an_exception_are_short_and_say_how_much_is_left_out():
    long = "x" * 900_000
    head = raised(kind=long[:60_000], bases=["l", ["E" * 1000] * 90], message=long[:90_000], source=long[:99_000])
    head[6] = long[:300_000]
    session = Session(Scripted(head))
    with pytest.raises(StudentError) as caught:
        Student(session).f()
    error = caught.value
    assert len(str(error)) < 3000
    assert len(error.trace) < 9000
    assert len(error.kinds) <= 20
    assert max(map(len, error.kinds)) < 300
    assert error.message.endswith("… (88,000 more characters)")


def test_answers_that_cannot_be_passed_on_are_the_students():
    big = Session(Scripted(ok("x" * ((1 << 20) - 100))))
    student = Student(big)
    text = student.f()
    with pytest.raises(StudentDied, match="cannot be passed on"):
        student.g(text, text)


def test_a_session_has_a_budget(monkeypatch):
    monkeypatch.setattr("grader.student.session._OBJECTS_CAP", 1000)
    student = Student(Session(Scripted(ok(["l", [1] * 300]))))
    for _ in range(3):
        student.f()
    with pytest.raises(StudentDied, match="more than 1,000 values"):
        student.f()


@pytest.mark.parametrize(
    ("ask", "says", "timed_out"),
    [
        ("while True: lent(0)", "more than 50,000 times; is there a loop that does not end", True),
        ("while True: lent([0.5] * 9000)", "gave more to what the test had lent it", False),
        ("while True: lent(numpy.zeros(10**6))", "gave more to what the test had lent it", False),
        ("while True: lent([[i] for i in range(5000)])", "gave more to what the test had lent it", False),
    ],
)
def test_what_is_lent_keeps_no_more_than_its_budget(place, start, ask, says, timed_out):
    student = start(place, f"import numpy\ndef f(lent):\n    {ask}", cpu_seconds=60, call_seconds=60)
    kept = []
    with pytest.raises(StudentDied, match=says) as died:
        student.f(kept.append)
    assert died.value.timed_out is timed_out
    # Whatever the code makes of it over there: the session is at its end.
    with pytest.raises(StudentDied, match=says):
        student.f(kept.append)


def test_each_case_has_a_budget_of_its_own(any_split, start, monkeypatch):
    monkeypatch.setattr("grader.student.session._ASKS_CAP", 10)
    student = start(any_split, "def f(lent):\n    for _ in range(9): lent(0)\n    return 1")
    for seed in range(3):
        student._session.begin(seed)
        assert student.f(lambda x: None) == 1


# Arbitrary messages, well formed and nearly so

LENT = gymnasium.make("CartPole-v1")


def use(value):
    """What a test may do with an answer, as far as it is the session that it goes to."""
    for item in value if isinstance(value, list | tuple) else [value]:
        if isinstance(item, Remote):
            for do in (len, iter, lambda it: next(iter(it)), lambda it: it.name, lambda it: it(1), lambda it: it.get()):
                with contextlib.suppress(TypeError):
                    do(item)


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(heads, min_size=1, max_size=5), st.sampled_from(sorted(ASKED)))
@example([["ok"]], "call")
@example([ok(["d", [["T", "float32", [0], 0, False, 0], None]])], "call")
@example([ok(["n", "Pair", ["one"], [["d", [["T", "float32", [0], 0, True, 0], None]]]])], "call")
@example([ok(["s", [["x", "q", bytes(8)], ["t", [0, 0]]]])], "call")
@example([ok(["d", [["r", 1, "A", "A"], 1, ["r", 2, "A", "A"], 2]])], "call")
def test_whatever_is_said_is_an_answer_or_the_students_fault(heads, verb):
    def session():
        made = Session(Scripted(*heads))
        assert made._lend(LENT)[1] == 1
        return made

    ours = session()
    with contextlib.suppress(StudentError, StudentDied):
        use(ASKED[verb][0](ours))
        student = Student(ours)
        value = student.f(1, key=[2])
        use(value)
        student.g(value)
    finding = Finding("test_law", "f", "Law.", 1.0)
    for left in (last_value(ours.transcript), {"a": last_value(ours.transcript), "b": 1}):
        explain(finding, AssertionError(), ("==", left, {"a": 0, "b": 1}), "")
        for alike in (None, lambda transcript: True):
            written = counterexample.write(ours.transcript, "work", "", finding, alike)
            assert len(written.script.code) < 100_000
    last_answer(ours.transcript)

    def law(student):
        value = student.f(1, key=[2])
        use(value)
        assert student.g(value) == 1

    outcome = cases.ask(cases.Case("test_f", law, {}, [], 0), Session(Scripted(ok(None), *heads)))
    cases.alike([outcome], [outcome], "values")


def test_the_strategy_makes_answers_too():
    """What the test above lets through is not only what is refused at once."""
    taken = []

    @settings(max_examples=600, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(heads)
    def look(head):
        with contextlib.suppress(StudentError, StudentDied):
            taken.append(Student(Session(Scripted(head))).f())

    look()
    assert len(taken) > 20


def test_every_verb_of_the_other_side_has_a_shape():
    from grader.student.server import Server

    verbs = {name.removeprefix("_do_") for name in vars(Server) if name.startswith("_do_")}
    assert verbs == {*replies._SHAPES, "backward"}


def test_an_encoded_answer_of_every_kind_is_still_one():
    values = [1, 1.5, "text", [1.0] * 100, {"a": (1, 2)}, {1, 2}, np.zeros((2, 0)), torch.zeros(3), b"b", 1 << 100]
    for value in values:
        frame = Encoder(list).frame(["ok", value, "", 1])
        channel = Scripted()
        channel.frames = [frame]
        got = Student(Session(channel)).f()
        assert type(got) is type(value)
