"""Asking a student's code, and what happens when it does anything but answer."""

import os
import signal
import time
import tracemalloc
from pathlib import Path

import gymnasium
import numpy as np
import pytest
import torch

from grader.student import isolation, stopped
from grader.student.errors import GraderFault, StudentDied, StudentError
from grader.student.inprocess import Here
from grader.student.isolation import choose
from grader.student.levels import IsolationError
from grader.student.limits import Limits
from grader.student.processes import ZygoteClient
from grader.student.remote import Remote, RemoteModule
from grader.testing import read_only, strided
from grader.testing.environments import ScriptedEnv

# Ordinary questions, wherever the code runs


def test_calls(place, start):
    student = start(
        place,
        """
        import numpy as np
        def both(a, b=2, *rest, scale=1): return scale * (a + b + sum(rest))
        def kinds(*values): return [type(value).__name__ for value in values]
        class Counter:
            limit = 3
            def __init__(self): self.count = 0
            def add(self, n=1): self.count += n; return self
            def __len__(self): return self.count
            def __getitem__(self, key): return [key, self.count]
            def __iter__(self): return iter(range(self.count))
            def __call__(self, x): return x * self.count
        """,
    )
    assert student.both(1) == 3
    assert student.both(1, 2, 3, scale=0.5) == 3.0
    values = (None, True, 1, 1.0, "", b"", [], (), {}, np.zeros(1), np.float32(1), torch.zeros(1))
    assert student.kinds(*values) == [type(value).__name__ for value in values]
    counter = student.Counter()
    assert isinstance(counter, Remote)
    assert isinstance(counter.add(2), Remote)
    assert counter.add(n=1).count == 3
    assert (len(counter), counter.limit, counter["key"], list(counter), counter(2)) == (3, 3, ["key", 3], [0, 1, 2], 6)
    assert repr(counter) == "<Counter object of the student's code>"
    with pytest.raises(AttributeError):
        _ = counter._repr_pretty_  # libraries probe for such names, and must not ask over there
    array = student.put(np.zeros(2))
    array.fill(3)
    assert array.get().tolist() == [3, 3]


def test_results_that_are_not_plain_stay_there(place, start):
    student = start(
        place,
        """
        import torch
        from torch import nn
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = nn.Linear(2, 1)
            def forward(self, x): return self.layer(x)
        def squares(n):
            for i in range(n): yield i * i
        def forever():
            while True: yield 1
        class Int(int):
            def __eq__(self, other): return True
            __hash__ = int.__hash__
        class Loud(torch.Tensor):
            def __eq__(self, other): return True
        def lies(): return Int(3), [Int(4)], torch.zeros(2).as_subclass(Loud)
        """,
    )
    net = student.Net()
    assert isinstance(net, RemoteModule)
    net.load_state_dict({"layer.weight": torch.ones(1, 2), "layer.bias": torch.zeros(1)})
    assert net(torch.ones(1, 2)).item() == 2
    assert list(student.squares(4)) == [0, 1, 4, 9]
    endless = iter(student.forever())
    assert [next(endless) for _ in range(3)] == [1, 1, 1]
    three, four, zeros = student.lies()
    assert type(three) is type(four[0]) is int
    assert three != 4
    assert type(zeros) is torch.Tensor


EXCEPTIONS = {
    "ZeroDivisionError": "1 / 0",
    "SystemExit": "import sys; sys.exit(3)",
    "KeyError": "{}['missing']",
    "Own": "raise Own('mine')",
    "Mute": "raise Mute()",
    "Rude": "raise Rude()",
    "Endless": "raise Endless()",
    "ValueError": "raise ValueError('\\ud800 alone')",
    "OSError": "raise OSError('x' * 10**8)",
    "RecursionError": "f = lambda: f(); f()",
    "Anonymous": "raise Anonymous()",
    "StopIteration": "raise StopIteration",
    "GeneratorExit": "raise GeneratorExit",
    "Skipped": "import pytest; pytest.skip('no thanks')",
    "UnsatisfiedAssumption": "import hypothesis.errors; raise hypothesis.errors.UnsatisfiedAssumption",
    "UnicodeEncodeError": "return '\\ud800'",
    "WireError": "return 1 << 10_000",
    "MemoryError": "raise MemoryError",
}
RAISING = """
class Own(ValueError): pass
class Mute(Exception):
    def __str__(self): raise RuntimeError('no text')
class Rude(Exception):
    def __str__(self): raise SystemExit('no text')
class Endless(Exception):
    def __str__(self): return str(self)
class Meta(type):
    __name__ = property(lambda self: 1 / 0)
    __mro__ = property(lambda self: 1 / 0)
class Anonymous(Exception, metaclass=Meta): pass
"""


@pytest.mark.parametrize("kind", EXCEPTIONS)
def test_exceptions_are_answers(place, start, kind):
    student = start(place, RAISING + f"def f():\n    {EXCEPTIONS[kind]}\ndef g(): return 1\n")
    with pytest.raises(StudentError) as caught:
        student.f()
    assert caught.value.kind in (kind, "Exception")
    assert len(str(caught.value)) < 5000
    assert student.g() == 1


def test_an_exception_does_not_say_where_in_memory_things_lie(place, start):
    """It is another place in each run, and two reports of the same work are the same."""
    student = start(place, "class Thing: pass\ndef f(): raise ValueError(Thing(), 0x10)")
    with pytest.raises(StudentError, match=r"ValueError: \(<work\.Thing object>, 16\)"):
        student.f()


def test_the_line_that_raised_is_named(place, start):
    student = start(
        place,
        "\ndef f(x):\n    y = x + 1\n    return g(y)\n\ndef g(y):\n    return 1 / 0  # here\n\ndef fine(): pass\n",
    )
    with pytest.raises(StudentError) as caught:
        student.f(1)
    error = caught.value
    assert (error.kind, error.line, error.source) == ("ZeroDivisionError", 7, "return 1 / 0  # here")
    assert error.kinds[:3] == ("ZeroDivisionError", "ArithmeticError", "Exception")
    assert "line 4, in f" in error.trace
    assert "served" not in error.trace
    with student.raises("ArithmeticError"):
        student.f(1)
    with pytest.raises(AssertionError), student.raises("ValueError"):
        student.fine()
    with pytest.raises(StudentError), student.raises("ValueError"):
        student.f(1)


def test_ctrl_c_in_this_process_is_the_learners(start):
    student = start(Here(), "def f(): raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        student.f()


def test_keyboard_interrupt_over_there_is_only_an_exception(split, start):
    with pytest.raises(StudentError, match="KeyboardInterrupt"):
        start(split, "def f(): raise KeyboardInterrupt").f()


def test_printing_is_kept_apart_and_capped(place, start):
    student = start(
        place,
        r"""
        import sys
        def f(): print("hello"); print("error", file=sys.stderr); return 1
        def much(): print("x" * 10**6); return 2
        def odd(): print("\ud800"); return 3
        """,
    )
    assert student.f() == 1
    assert student._session.transcript.printed == "hello\nerror\n"
    assert student.much() == 2
    assert 400 <= len(student._session.transcript.printed) <= 420
    assert student.odd() == 3


def test_printing_past_the_capture_reaches_nobody(split, start, capfd):
    student = start(
        split,
        r"""
        import ctypes, os, sys
        def f():
            sys.__stdout__.write("one"); sys.__stdout__.flush()
            os.write(1, b"two"); os.write(2, b"three")
            ctypes.CDLL(None).puts(b"four"); ctypes.CDLL(None).fflush(None)
            return os.read(0, 9)
        """,
    )
    assert student.f() == b""
    out = capfd.readouterr()
    assert out.out + out.err == ""
    assert student._session.transcript.printed == ""


def test_an_example_starts_afresh(place, start):
    student = start(
        place,
        """
        import random, numpy, torch
        def draw(): return random.random(), numpy.random.rand(), torch.rand(1).item()
        """,
    )
    session = student._session
    before = student.random_state()
    assert student.random_state() == before
    first = student.draw()
    assert student.random_state() != before
    thing = student.put([1])
    session.begin(0)
    assert student.draw() == first
    with pytest.raises(StudentError):
        thing.get()
    session.begin(1)
    assert student.draw() != first


def test_arrays_can_be_read_only_and_not_contiguous_over_there(place, start):
    student = start(
        place,
        """
        def layout(array):
            return array.flags.writeable, array.flags.c_contiguous

        def of_a_step(env):
            return layout(env.reset()[0]), layout(env.step(0)[0])
        """,
    )
    array = np.ones(3)
    for sent in (array, read_only(array), strided(array)):
        assert (
            student.layout(sent) == student.layout(student.put(sent)) == (sent.flags.writeable, sent.flags.c_contiguous)
        )
    assert student.of_a_step(ScriptedEnv(rewards=[1.0])) == ((True, True), (True, True))
    assert student.of_a_step(ScriptedEnv(rewards=[1.0], read_only=True)) == ((False, True), (False, True))


def test_the_state_of_each_generator_and_of_autograd_can_be_asked_for(place, start):
    student = start(
        place,
        """
        import random
        import numpy as np
        import torch

        def draw(kind):
            {"python": random.random, "numpy": np.random.rand, "torch": lambda: torch.rand(1)}[kind]()

        def look():
            with torch.no_grad():
                return torch.is_grad_enabled()

        def switch_off():
            torch.set_grad_enabled(False)
        """,
    )
    kinds = ("python", "numpy", "torch")
    for drawn in kinds:
        before = {kind: student.random_state(kind) for kind in kinds}
        student.draw(drawn)
        assert [kind for kind in kinds if student.random_state(kind) != before[kind]] == [drawn]
    assert student.look() is False
    assert student.grad_mode()
    student.switch_off()
    student.look()
    assert not student.grad_mode()
    student._session.begin(0)
    assert student.grad_mode()


def test_torch_is_seeded_as_its_own_function_does_it_and_nothing_piles_up(place, start):
    student = start(
        place,
        """
        import torch
        def same(seed): return torch.equal(torch.rand(9), (torch.manual_seed(seed), torch.rand(9))[1])
        def piled_up(): return len(torch.cuda._queued_calls)
        """,
    )
    before = student.piled_up()
    for seed in range(5):
        student._session.begin(seed)
    assert student.piled_up() == before
    assert student.same(4)


def test_the_processor_time_of_both_sides_is_known(place, start):
    """Also where the student's process is not this one's child as far as this side of a sandbox can see."""
    here, there = time.process_time(), place.used()
    student = start(
        place,
        """
        import time
        def work(seconds):
            start = time.process_time()
            while time.process_time() < start + seconds: pass
        """,
    )
    student.work(0.5)
    student._session.close()
    here, there = time.process_time() - here, place.used() - there
    assert 0.5 <= here + there < 2
    assert (there >= 0.5) == isinstance(place, ZygoteClient)


# Things that the grader owns


class Door(gymnasium.Env):
    """Counts its steps, and ends after three."""

    observation_space = gymnasium.spaces.Box(-1, 1, (2,), np.float32)
    action_space = gymnasium.spaces.Discrete(3)
    secret = "not for students"

    def __init__(self):
        self.steps, self.seeds = 0, []

    def reset(self, *, seed=None, options=None):
        self.seeds.append(seed)
        return np.zeros(2, np.float32), {}

    def step(self, action):
        self.steps += 1
        if action == 2:
            raise ValueError("action 2 is broken")
        return np.full(2, self.steps, np.float32), 1.0, self.steps >= 3, False, {}


def test_a_lent_environment_stays_ours(place, start):
    student = start(
        place,
        """
        def run(env, policy):
            total, (observation, _) = 0.0, env.reset(seed=5)
            while True:
                observation, reward, terminated, truncated, _ = env.step(policy(observation))
                total += reward
                if terminated or truncated: return total
        def back(env): return env
        def bad(env): env.step(2)
        def peek(env): return env.secret
        def called(env): return type(env).__name__, type(env).__qualname__
        def same(env):
            drawn = [int(env.action_space.sample()) for _ in range(9)]
            return int(env.action_space.n), env.observation_space.shape, drawn
        """,
    )
    env, seen = Door(), []

    def policy(observation):
        seen.append(observation)
        return 1

    assert student.run(env, policy) == 3
    assert (env.steps, env.seeds, len(seen)) == (3, [5], 3)
    assert student.back(env) is env
    assert student.same(env) == student.same(env)
    assert student.same(env)[:2] == (3, (2,))
    assert student.called(env) == ("Env", "Env"), "a name like any other: no answer should hang on who asks"
    with pytest.raises(StudentError, match="ValueError: action 2 is broken"):
        student.bad(env)
    with pytest.raises(StudentError, match="AttributeError"):
        student.peek(env)


def test_what_goes_wrong_in_a_lent_function(place, start):
    student = start(
        place,
        """
        def use(f, x): return f(x)
        def swallow(f):
            for i in range(3):
                try: f(i)
                except BaseException: pass
            return 'nothing happened'
        def ok(): return 1
        """,
    )
    asked = []

    def fails(x):
        asked.append(x)
        assert x < 1, "one is too many"

    def missing(x):
        raise KeyError("\ud800")

    assert student.use(len, [1, 2]) == 2
    with pytest.raises(StudentError, match="KeyError"):
        student.use(missing, 1)
    # What a test asserts in there cannot be swallowed; nothing is asked of it afterwards.
    with pytest.raises(AssertionError, match="one is too many"):
        student.swallow(fails)
    assert asked == [0, 1]
    # Nor can what test frameworks raise, and the conversation goes on after it.
    with pytest.raises(pytest.skip.Exception):
        student.swallow(lambda x: pytest.skip("not today"))
    assert student.ok() == 1
    # A result that cannot cross is the test's fault, and nothing hangs.
    with pytest.raises(StudentError, match="TypeError"):
        student.use(lambda x: object(), 1)
    assert student.ok() == 1


def test_a_lent_function_cannot_ask_back(place, start):
    """Neither on purpose nor because an object of the student's was handed to it.

    The other side waits, and would take the question for an answer.
    """
    student = start(
        place,
        """
        class Sneaky:
            def __int__(self): return 1
            shape = ()
        def use(f): return f(Sneaky())
        def inner(): return 1
        """,
    )
    with pytest.raises(StudentError, match="only plain values"):
        student.use(lambda thing: thing.shape)
    with pytest.raises(StudentError, match="only plain values"):
        student.use(lambda thing: student.inner())
    assert student.inner() == 1


# Ways to die


DEATHS = {
    "exit": ("os._exit(0)", "ended the process itself, with exit status 0"),
    "segmentation fault": ("ctypes.string_at(0)", "SIGSEGV"),
    "stack overflow": (
        "sys.setrecursionlimit(10**9); f = lambda x: list(map(f, [x])); f(1)",
        "SIGSEGV|RecursionError|MemoryError",
    ),
    "abort": ("ctypes.CDLL(None).abort()", "ended"),
    "loop": ("\n    while True: pass", "still computing after 1 second of"),
    "loop that ignores the limit": (
        "signal.signal(signal.SIGXCPU, signal.SIG_IGN)\n    while True: pass",
        "still computing after 1 second of",
    ),
    "threads that compute": (
        "threads = [threading.Thread(target=lambda: [0 for _ in iter(int, 1)]) for _ in range(3)]"
        "\n    [thread.start() for thread in threads]; threads[0].join()",
        "still computing after 1 second of",
    ),
    "sleep": ("time.sleep(100)", "no answer within 2 seconds"),
    "closing everything": ("os.closerange(3, 100); return 1", "ended the process itself"),
    "rubbish": ("[os.write(fd, b'x' * 100) for fd in sockets()]; time.sleep(9)", "larger than allowed"),
    "an answer that is none": ("say(b'\\x91\\x01')", "not an answer"),
    "half an answer": ("os.write(sockets()[0], b'\\x09\\0\\0\\0\\0\\0\\0\\0ab'); os._exit(0)", "ended the process"),
    "half an answer, then silence": (
        "os.write(sockets()[0], b'\\x09\\0\\0\\0\\0\\0\\0\\0ab'); time.sleep(9)",
        "no answer",
    ),
    "byte by byte": (
        "\n    os.write(sockets()[0], b'\\0\\1\\0\\0\\0\\0\\0\\0')"
        "\n    for _ in range(1000): os.write(sockets()[0], b'x'); time.sleep(0.1)",
        "no answer within 2 seconds",
    ),
    "a flood of questions": ("\n    while True: lent(1)", "no answer within 2 seconds|still computing"),
    "questions whose answers it does not read": (
        "\n    ask = Encoder(list).frame(['ask', 1, '__call__', (1,), {}, False])"
        "\n    while True: send(socket.socket(fileno=os.dup(sockets()[0])), ask)",
        "no answer within 2 seconds|still computing",
    ),
    "a question about nothing": ("say(b'\\x96\\xa3ask\\x09\\x01\\x01\\x01\\x01')", "not allowed"),
    "a method that is not lent": ("lent._ask('__class__', (), {})", "not allowed"),
    "a method with no name": ("lent._ask([], (), {})", "not allowed"),
    "arguments that are none": ("lent._ask('__call__', 5, 5)", "TypeError"),
    "memory in C": ("return np.ones(1 << 33)", "MemoryError|Unable to allocate"),
    "memory bit by bit": ("\n    x = []\n    while True: x.append(np.empty(1 << 24))", "MemoryError"),
}  # fmt: skip
DYING = """
import ctypes, os, signal, socket, stat, sys, threading, time
import numpy as np
from grader.student.frames import Frame, send
from grader.student.wire import Encoder
def sockets():
    found = []
    for fd in range(64):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode): found.append(fd)
        except OSError: pass
    return found
def say(head):
    for fd in sockets(): send(socket.socket(fileno=os.dup(fd)), Frame(head, b""))
def f(lent):
    {}
def ok(): return 1
"""


@pytest.mark.parametrize("how", DEATHS)
def test_dying(any_split, start, how):
    code, words = DEATHS[how]
    # Processor time is short, but the clock may be generous where it is not what ends it: the machine may be busy.
    clock = 2 if "no answer" in words else 30
    student = start(any_split, DYING.format(code), cpu_seconds=1, call_seconds=clock, memory_mb=2000)
    begin = time.monotonic()
    with pytest.raises((StudentDied, StudentError), match=words) as caught:
        student.f(lambda x: x)
    assert time.monotonic() - begin < clock + 5
    if isinstance(caught.value, StudentDied):
        # It stays dead, and says the same again.
        with pytest.raises(StudentDied, match=words):
            student.ok()
    # The next one is none the worse for it.
    assert start(any_split, "def ok(): return 2").ok() == 2


def test_dying_while_it_is_loaded(any_split):
    limits = Limits(cpu_seconds=1, call_seconds=2, memory_mb=2000, output_chars=9)
    forged = DYING.format("pass") + "say(Encoder(list).frame(['ok', None, '', float('inf')]).head)\nos._exit(0)\n"
    for source in ("import os; os._exit(0)", "while True: pass", forged):
        with pytest.raises(StudentDied):
            any_split.open({"work": source}, "work", limits)
    for source in ("import sys; sys.exit()", "1/0", "def f(:", "\0", "import work2"):
        with pytest.raises(StudentError):
            any_split.open({"work": source}, "work", limits)


def test_a_second_answer_is_a_violation(any_split, start):
    student = start(any_split, DYING.format("say(Encoder(list).frame(['ok', 7, '', 1]).head); return 8"))
    assert student.f(1) == 7  # what it answers is its own affair
    time.sleep(0.2)
    with pytest.raises(StudentDied, match="nothing had been asked"):
        student.ok()


def test_changing_the_boundary_over_there_changes_nothing_here(any_split, start):
    student = start(
        any_split,
        """
        import sys
        from grader.student import lent as served
        from grader.student import server as serve
        from grader.student import wire
        class Liar:
            def __eq__(self, other): return True
        real, lie = wire.Encoder.frame, wire.Frame(b"\\x94\\xa2ok\\xc3\\xa0\\x01", b"")
        wire.Encoder.frame = lambda self, message: lie if type(message[1]) is Liar else real(self, message)
        served.ALLOWED["callable"] = {"__class__"}
        def f(): return Liar()
        """,
    )
    assert student.f() is True


FORGED = {
    "numbers for words": ["raised", 1, 2, 3, 4, 5, 6, 7],
    "too short": ["ok"],
    "too long": ["ok", 1, "", 1, 1],
    "no verdict": [None, 1, "", 1],
    "an endless line": ["raised", "E", ["l", ["E"]], "m", float("inf"), "", "", ""],
    "an endless graph": ["ok", 1, "", float("inf")],
    "an object for a graph": ["ok", 1, "", ["r", 1, "T", "object"]],
    "bases that are an object": ["raised", "E", ["r", 1, "T", "object"], "m", 1, "", "", ""],
    "an object without a number": ["ok", ["r", "1", "T", "object"], "", 1],
    "a lent object that is not": ["ok", ["c", 77], "", 1],
    "an array for a verdict": [["a", "b", [0], 0], 1, "", 1],
    "outputs that are not there": ["ok", ["T", "float32", [0], 0, True, 5], "", 1],
}


@pytest.mark.parametrize("what", FORGED)
def test_forged_answers_are_violations(any_split, start, what):
    message = repr(FORGED[what]).replace("inf", "9e999")
    source = DYING.format(f"import msgspec; say(msgspec.msgpack.encode({message}))")
    student = start(any_split, source)
    with pytest.raises(StudentDied, match="not an answer"):
        student.f(1)


def test_sleeping_a_little_at_every_call_ends_too(any_split, start):
    student = start(any_split, "import time\ndef f(): time.sleep(0.25)\n", call_seconds=0.5)

    def ask_often():
        for _ in range(20):
            student.f()

    with pytest.raises(StudentDied, match="altogether") as caught:
        ask_often()
    assert caught.value.timed_out


def test_large_answers_do_not_fill_the_grader(any_split, start):
    student = start(
        any_split,
        """
        import numpy as np
        big = np.zeros(1 << 24, np.uint8)
        def f(): return big
        def small(): return 1
        def ask(lent):
            for _ in range(30): lent(big)
        """,
        call_seconds=60,
        cpu_seconds=60,
    )
    session = student._session
    tracemalloc.start()
    for _ in range(12):
        session.begin(0)
        for _ in range(3):
            student.f()
    # What was too much is not kept in part: the answers that are missing might have been the telling ones.
    assert not session.transcript.exchanges
    session.begin(0)
    student.small()
    assert len(session.transcript.exchanges) == 1
    kept = []
    with pytest.raises(StudentDied, match="gave more to what the test had lent it"):
        student.ask(kept.append)
    assert 1 < len(kept) < 6
    kept.clear()
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 50e6
    assert peak < 200e6


def test_threads_do_not_use_up_the_machine(any_split, start):
    """A thread costs the machine a process number, however little memory it takes."""
    student = start(
        any_split,
        """
        import os, threading, time
        user = os.getuid
        def f():
            threading.stack_size(1 << 15)
            for i in range(20_000):
                try: threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
                except RuntimeError: return i
            return i
        """,
        cpu_seconds=20,
        call_seconds=60,
    )
    outside = Path("/proc/self/uid_map").read_text().split()[1:2]
    if student.user() == 0 or (os.geteuid() != 0 and outside == ["0"]):
        pytest.skip("the kernel does not count root's threads, and this is root, in here or outside its namespace")
    assert student.f() < (64 if os.geteuid() == 0 else 1000)


def test_one_live_child_at_a_time(any_split, start):
    first = start(any_split, "def f(): return 1")
    second = start(any_split, "def f(): return 2")
    assert second.f() == 2
    with pytest.raises(GraderFault, match="closed"):
        first.f()


def test_a_short_session_keeps_both_sides_on_one_processor(own_split, start):
    if not hasattr(os, "sched_getaffinity"):
        pytest.skip("this system has no way to say where a process may run")
    allowed = os.sched_getaffinity(0)
    source = "import os\ndef where(): return sorted(os.sched_getaffinity(0))"
    assert set(start(own_split, source).where()) == allowed
    student = start(own_split, source, short=True)
    assert len(student.where()) == 1
    assert set(student.where()) == os.sched_getaffinity(0)
    student._session.close()
    assert os.sched_getaffinity(0) == allowed
    start(own_split, source, short=True)
    start(own_split, source)  # closes the one before
    assert os.sched_getaffinity(0) == allowed
    with pytest.raises(StudentError):
        start(own_split, "1/0", short=True)
    assert os.sched_getaffinity(0) == allowed
    student = start(own_split, source, short=True)
    os.killpg(own_split._program.process.pid, signal.SIGKILL)
    with pytest.raises(GraderFault):
        [student.where() for _ in range(1000)]
    assert os.sched_getaffinity(0) == allowed


def test_an_open_question_is_not_waited_for_at_the_end(any_split, start):
    student = start(any_split, "import os, time\nos._exit = lambda status: time.sleep(100)\ndef f(): return 1\n")
    assert student.f() == 1
    begin = time.monotonic()
    student._session.close()
    assert time.monotonic() - begin < 5


@pytest.fixture
def own_split():
    """A place of a test's own, which it may break."""
    try:
        chosen = choose()
    except IsolationError as error:
        pytest.skip(str(error))
    with ZygoteClient(chosen) as split:
        yield split


@pytest.mark.parametrize(
    ("status", "lost"), [(signal.SIGKILL, 1), (signal.SIGTERM, 1), (signal.SIGSEGV, 0), (3 << 8, 0)]
)
def test_what_something_from_outside_has_ended_is_counted(any_split, start, monkeypatch, status, lost):
    student = start(any_split, "import os\n\n\ndef ends():\n    os._exit(0)\n")
    before, end = any_split.lost, any_split.end_child
    monkeypatch.setattr(any_split, "end_child", lambda *child, **how: end(*child, **how) | {"ended": int(status)})
    with pytest.raises(StudentDied):
        student.ends()
    assert any_split.lost - before == lost


def test_no_student_pays_for_the_time_in_which_the_grader_was_stopped(any_split, start, monkeypatch):
    """As if it was stopped and went on during every call: a stop is noticed when it ends."""
    source = "import time\n\n\ndef slow():\n    time.sleep(1.5)\n    return 5\n"
    student = start(any_split, source, call_seconds=1)
    monkeypatch.setattr(stopped, "since", lambda moment: True)
    assert [student.slow() for _ in range(3)] == [5, 5, 5]
    monkeypatch.setattr(stopped, "since", lambda moment: False)
    with pytest.raises(StudentDied, match="no answer within 1 second"):
        student.slow()


def test_nor_for_a_stop_while_the_grader_answers(any_split, start, monkeypatch):
    """The student's code asks for a step of an environment, and the grader is stopped before it has answered."""
    student = start(any_split, "def f(step):\n    return step(2)\n", call_seconds=1)

    def step(x):
        time.sleep(1.5)
        return 2 * x

    monkeypatch.setattr(stopped, "since", lambda moment: True)
    assert [student.f(step) for _ in range(3)] == [4, 4, 4]
    monkeypatch.setattr(stopped, "since", lambda moment: False)
    with pytest.raises(StudentDied, match="no answer within 1 second"):
        student.f(step)


def test_a_wait_begins_anew_once_for_each_stop(monkeypatch):
    now, went_on, waits = [100.0], [0.0], []
    monkeypatch.setattr(stopped, "since", lambda moment: went_on[0] > moment)
    monkeypatch.setattr(stopped.time, "monotonic", lambda: now[0])
    deadline = stopped.Deadline(lambda begun: waits.append(begun) or begun + 8)
    now[0] = 107.0
    assert deadline.left() == 1
    now[0], went_on[0] = 130.0, 129.0
    assert (deadline.left(), deadline.begun, waits) == (8, 130.0, [100.0, 130.0])
    now[0] = 138.0
    with pytest.raises(TimeoutError):
        deadline.left()


def test_the_end_of_a_stop_is_noticed():
    handler = signal.getsignal(signal.SIGCONT)
    try:
        signal.signal(signal.SIGCONT, signal.SIG_DFL)
        before = time.monotonic()
        stopped.watch()
        assert not stopped.since(before)
        os.kill(os.getpid(), signal.SIGCONT)
        assert stopped.since(before)
    finally:
        signal.signal(signal.SIGCONT, handler)


def test_a_zygote_that_was_killed_is_the_graders_fault_and_is_replaced(own_split, start):
    student = start(own_split, "def f(): return 1")
    zygote = own_split._program.process
    os.killpg(zygote.pid, signal.SIGKILL)
    zygote.wait(timeout=10)
    time.sleep(0.2)  # the kernel ends the child with it
    with pytest.raises(GraderFault, match="the process that starts student code has ended"):
        student.f()
    assert start(own_split, "def f(): return 2").f() == 2


def test_a_zygote_that_does_not_start_again_is_tried_once_more_and_leaves_its_own_last_words(
    own_split, start, monkeypatch
):
    starts = []

    def broken(*_):
        starts.append(1)
        return ["/bin/sh", "-c", f"echo no memory for number {len(starts)} >&2; exit 1"]

    with monkeypatch.context() as patch:
        patch.setattr(isolation, "command", broken)
        os.killpg(own_split._program.process.pid, signal.SIGKILL)
        with pytest.raises(GraderFault, match=r"has ended: no memory for number 1$"):
            start(own_split, "")  # to the one that was killed, then to a fresh one
        with pytest.raises(GraderFault, match=r"has ended: no memory for number 3$"):
            start(own_split, "")  # to a fresh one, then to another
    assert len(starts) == 3
    used = own_split.used()
    student = start(own_split, "def f(): return 2")
    assert student.f() == 2
    student._session.close()
    assert own_split.used() > used
