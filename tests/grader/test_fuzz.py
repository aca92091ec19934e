"""`make fuzz`: every target is a test, what is too dear is a finding, and the table and the exit status say so."""

from __future__ import annotations

import importlib.util
import inspect
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parent
FUZZ = TESTS.parent / "fuzz"

sys.path.insert(0, str(FUZZ))
try:
    import drive
    import measure
    import starts
    import targets
    from measure import Cost
    from targets import TARGETS, Target

    spec = importlib.util.spec_from_file_location("fuzz_main", FUZZ / "__main__.py")
    assert spec is not None
    assert spec.loader is not None
    main = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(main)
finally:
    sys.path.remove(str(FUZZ))

TOY = """
from hypothesis import given, strategies as st

@given(st.binary())
def test_toy(data):
    if data == b"large":
        return len(bytearray(80 << 20))
    assert data != b"wrong", "said in one line\\nand another"
"""


@pytest.fixture
def toy(tmp_path: Path) -> Target:
    """A target of which two inputs are findings."""
    (tmp_path / "test_toy.py").write_text(TOY)
    return Target("toy", f"{tmp_path / 'test_toy.py'}::test_toy", raw=True)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_target_is_a_test_that_needs_nothing_but_its_arguments(target: Target) -> None:
    test = targets.test_of(target)
    assert test.is_hypothesis_test
    given = list(inspect.signature(test.hypothesis.inner_test).parameters)
    assert inspect.signature(test).parameters == {}
    assert not target.raw or given == ["data"]
    assert all(len(start) <= measure.LONGEST for start in starts.starts(target.name))
    assert starts.starts(target.name) == starts.starts(target.name) != []


def test_every_such_test_is_a_target() -> None:
    assert len({target.name for target in TARGETS}) == len(TARGETS)
    files = {target.file for target in TARGETS if target.file.name.startswith(("test_arbitrary_", "test_live_peer"))}
    assert files == {*TESTS.rglob("test_arbitrary_*.py"), *TESTS.rglob("test_live_peer*.py")}
    tests = {
        f"{file.relative_to(TESTS).as_posix()}::{name}"
        for file in files
        for name, value in vars(targets.module_of(file)).items()
        if getattr(value, "is_hypothesis_test", False)
    }
    assert len(tests) > 15
    assert tests <= {target.test for target in TARGETS}


def test_time_and_memory_have_their_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [Cost(0.9, 60).finding, Cost(1.1, 0).finding, Cost(0, 65).finding] == ["", "slow", "memory"]
    costs: list[Cost] = []
    clock = iter([10.0, 12.5])
    with monkeypatch.context() as patch:
        patch.setattr(measure.time, "process_time", lambda: next(clock))
        assert measure.measured(lambda size: len(bytearray(size)), costs.append)(80 << 20) == 80 << 20
    assert costs[0].seconds == 2.5
    assert 70 < costs[0].megabytes < 100
    with pytest.raises(ZeroDivisionError):
        measure.measured(lambda: 1 / 0, costs.append)()
    assert costs[1].megabytes < 10


def test_one_fault_is_kept_a_few_times_and_the_run_goes_on(tmp_path: Path) -> None:
    recorder = drive.Recorder(tmp_path)

    def run(data: bytes) -> None:
        recorder.tell(Cost(2.0 if data == b"slow" else 0.0, 70.0 if data == b"large" else 0.0))
        if data == b"stop":
            raise KeyboardInterrupt
        if data.startswith(b"x"):
            raise SystemExit(3)

    one = drive.guarded(run, recorder)
    for data in (*(b"x" * n for n in range(9)), b"slow", b"large", b"fine"):
        one(data)
    with pytest.raises(KeyboardInterrupt):
        one(b"stop")
    kept = [path.name.partition("-")[0] for path in (tmp_path / "suspects").iterdir()]
    assert sorted(kept) == ["crash", "crash", "crash", "memory", "slow"]
    assert json.loads((tmp_path / "record.json").read_bytes()) == {"tried": 11, "seconds": 2.0, "megabytes": 70.0}


def test_an_input_is_looked_at_without_the_fuzzer(toy: Target, capfd: pytest.CaptureFixture[str]) -> None:
    assert drive.replay(toy, b"right") == ""
    assert drive.replay(toy, b"wrong") == "AssertionError: said in one line"
    assert "test_toy" in capfd.readouterr().err
    assert drive.replay(toy, b"large").startswith("memory: ")


def test_what_the_fuzzer_prints_is_read() -> None:
    said = "INFO: x\n#2\tINITED cov: 2 ft: 2 corp: 1/1b\n#4096\tpulse  cov: 30 ft: 41 corp: 9/1Kb\n"
    assert main.figures(said) == (4096, 30)
    assert main.figures(f"{said}Done 5000 runs\nstat::number_of_executed_units: 5000\n") == (5000, 30)
    assert main.figures("Traceback") == (0, 0)


def _main(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["fuzz", *words])
    return int(main.main())


def test_the_table_and_the_exit_status_say_what_was_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = {
        "frames": main.Result("frames", 12_345, 12_000, 86, 0.0021, 2.0),
        "tags": main.Result("tags", 10, 9, 8, 1.5, 70.0, (("memory: 70 MB", "/f"),)),
        "names": main.Result("names", problem="ended with status 1 after 0 runs: it said nothing"),
    }
    asked: list[Any] = []

    def run(target: Target, out: Path, seconds: int) -> Any:
        asked.append((target.name, out, seconds))
        if target.name == "session":
            raise KeyboardInterrupt
        return results[target.name]

    monkeypatch.setattr(main, "run", run)
    monkeypatch.setattr(main.importlib.util, "find_spec", lambda name: True)
    out = ["--out", str(tmp_path)]
    assert _main(monkeypatch, *out, "--target", "frames") == 0
    said = capsys.readouterr().out
    assert "Nothing was found." in said
    assert re.search(r"(?m)^frames +12,345 +12,000 +86 +0 +2 ms +2 MB$", said)
    assert asked == [("frames", tmp_path, main.ALTOGETHER)]
    assert _main(monkeypatch, *out, "--target", "frames", "--target", "tags", "--seconds", "7") == 1
    said = capsys.readouterr().out
    assert "1 findings\n  tags: memory: 70 MB\n    make fuzz TARGET=tags INPUT=/f\n" in said
    assert asked[-1] == ("tags", tmp_path, 7)
    assert _main(monkeypatch, *out, "--target", "names") == 1
    assert "1 targets could not be run" in capsys.readouterr().out
    assert _main(monkeypatch, *out, "--target", "frames", "--target", "session") == 130
    assert "interrupted: 1 targets were not run to their end" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--target", "nothing"], "there is no target 'nothing'; there are frames, "),
        (["--seconds", "0"], "SECONDS is a number of seconds, at least 1"),
        (["--input", "/nowhere"], "INPUT is a file that a run has kept, and TARGET the one that it is for"),
        ([], "atheris, the fuzzer, is made for Linux on x86-64 with Python 3.11 to 3.13; this is "),
    ],
)
def test_what_cannot_be_done_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    monkeypatch.setattr(main.importlib.util, "find_spec", lambda name: None)
    assert _main(monkeypatch, *words) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"make fuzz: {says}")


def test_a_run_keeps_whole_files_and_nothing_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, toy: Target) -> None:
    def driven(target: Target, work: Path, seconds: int) -> tuple[str, int]:
        assert len(list((work / "corpus").iterdir())) == len(starts.starts("toy"))
        (work / "new" / "abc").write_bytes(b"new")
        (work / "suspects" / "crash-1").write_bytes(b"wrong")
        (work / "suspects" / "crash-2").write_bytes(b"right")
        (work / "record.json").write_text('{"tried": 4, "seconds": 0.5, "megabytes": 3}')
        return "#5\tDONE cov: 7 ft: 7\n", 0

    monkeypatch.setattr(main, "_driven", driven)
    monkeypatch.setattr(main, "look", lambda target, path: drive.replay(target, path.read_bytes()))
    got = main.run(toy, tmp_path / "out", 1)
    where = tmp_path / "out" / "toy"
    found = (("AssertionError: said in one line", str(where / "findings" / "crash-1")),)
    assert got == main.Result("toy", 5, 4, 7, 0.5, 3.0, found)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["toy"]
    assert (where / "corpus" / "abc").read_bytes() == b"new"
    assert [path.name for path in (where / "findings").iterdir()] == ["crash-1"]
    monkeypatch.setattr(main, "_driven", lambda *_: ("ModuleNotFoundError: torch", 1))
    assert main.run(toy, tmp_path / "out", 1).problem == "ended with status 1 after 0 runs: ModuleNotFoundError: torch"


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="the extra `fuzz` is not installed")
def test_the_fuzzer_itself_runs_a_target(tmp_path: Path) -> None:
    got = main.run(targets.find("frames"), tmp_path, 1)
    assert (got.findings, got.problem) == ((), "")
    assert got.runs >= got.tried > 0
    assert got.coverage > 20
