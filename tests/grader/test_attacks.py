"""Hostile submissions, a few of each goal: the machinery of `make attacks`, which hands in all of them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
HERE = ROOT / "tests" / "attacks"
sys.path.insert(0, str(HERE))

import canaries  # noqa: E402
import catalogue  # noqa: E402
import table  # noqa: E402

ATTACKS = catalogue.attacks()
SAMPLE = [attack for attack in ATTACKS if attack.sample]


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The results of the sample, as this user."""
    path = tmp_path_factory.mktemp("attacks") / "results.json"
    command = [sys.executable, str(HERE), "--sample", "--only-here", "--jobs=1", f"--json={path}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert path.exists(), done.stdout + done.stderr
    user: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["users"][0]
    if not user["results"]:
        pytest.skip("; ".join(user["levels"].values()))
    return user


def test_no_attack_of_the_sample_reaches_its_goal(sampled: dict[str, Any]) -> None:
    assert [each for each in sampled["results"] if each["state"] != "held"] == []
    levels = [level for level, said in sampled["levels"].items() if not said.startswith("not run")]
    assert len(sampled["results"]) == len(levels) * len(SAMPLE)


def test_every_canary_of_the_sample_works(sampled: dict[str, Any]) -> None:
    assert table.silent(sampled) == []
    assert {each["attack"] for each in sampled["controls"]} == {attack.name for attack in SAMPLE}


def test_there_are_attacks_of_every_goal_and_some_of_each_in_the_sample() -> None:
    assert len(ATTACKS) > 100
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)
    assert {attack.goal for attack in SAMPLE} == set(catalogue.GOALS) == {attack.goal for attack in ATTACKS}


def test_a_header_names_a_canary_and_a_control_that_exist() -> None:
    known = set(re.findall(r"(?m)^``([\w-]+)``", canaries.__doc__ or ""))
    assert {attack.canary for attack in ATTACKS} <= known
    ways = re.compile("process only(, as root)?(, if the kernel lets anybody)?|naive|unescaped|right-answer|says .+")
    assert [attack.name for attack in ATTACKS if not ways.fullmatch(attack.control)] == []


def test_variants_of_an_attack_are_those_that_its_sample_names() -> None:
    for path in HERE.glob("*/*.py"):
        named = re.findall(r"(?m)^(each|sample): (.+)$", path.read_text(encoding="utf-8").split('"""')[1])
        fields = {name: set(words.split()) for name, words in named}
        assert fields.get("sample", set()) <= fields.get("each", {"yes"}), path


def test_a_header_that_lacks_something_is_refused() -> None:
    with pytest.raises(ValueError, match="read/x: its docstring does not say gains, control"):
        list(catalogue._variants("read", "x", "Do it.\n\ncanary: file", "pass", None))


# What shows that a goal was reached: each canary on what would be there then.


def cast(canary: str, **at: str) -> Any:
    attack = SimpleNamespace(name="an/attack", canary=canary, lesson="lesson1_numbers")
    return SimpleNamespace(attack=attack, student="student-001", mate="student-001-mate", token="mark123", at=at)


def run(tmp_path: Path, report: dict[str, Any] | None = None, said: str = "", **stage: Any) -> canaries.Run:
    out = tmp_path / "report"
    for student in ("student-001", "student-001-mate"):
        (out / student).mkdir(parents=True)
        usual = {"status": "graded", "score": 0.0, "message": "", "properties": [], "digest": student}
        made = usual | (report or {}) if student == "student-001" else usual
        (out / student / "lesson1_numbers.json").write_text(json.dumps(made))
    usual_stage = {"out": out, "top": tmp_path, "secrets": {"salt": "secret9"}, "heard": [], "processes": lambda: []}
    return canaries.Run(SimpleNamespace(**(usual_stage | stage)), 0, said, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("canary", "report"),
    [
        ("secret", {"properties": [{"printed": "it is secret9"}]}),
        ("says", {"message": "mark123"}),
        ("again", {"message": "mark123"}),
        ("memory", {"message": "b'VICTIM=victimmark123'"}),
        ("points", {"score": 0.5}),
        ("trained", {"training": {"points": 4.0, "max_steps": 9, "seeds": []}}),
        ("trained", {"training": {"points": 0.0, "max_steps": 9, "seeds": [{"steps": 10}]}}),
    ],
)
def test_a_report_fires_a_canary(canary: str, report: dict[str, Any], tmp_path: Path) -> None:
    assert canaries.fires(run(tmp_path / "reached", report), cast(canary))
    assert not canaries.fires(run(tmp_path / "held", {"training": None}), cast(canary))


def test_what_lies_about_fires_a_canary(tmp_path: Path) -> None:
    held = run(tmp_path)
    assert not canaries.fires(held, cast("file"))
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "x-mark123.txt").touch()
    assert canaries.fires(held, cast("file"))
    assert canaries.fires(run(tmp_path / "2", processes=lambda: [(7, b"sleepmark123")]), cast("process"))
    assert canaries.fires(run(tmp_path / "3", heard=[b"GET mark123"]), cast("byte"))
    assert canaries.fires(run(tmp_path / "4", said="1 student\x1b[2J"), cast("terminal"))
    assert not canaries.fires(run(tmp_path / "5", said="1 student\nä"), cast("terminal"))
    (tmp_path / "report" / "grades.csv").write_text("student,score\n=HYPERLINK(1),3\n")
    assert canaries.fires(held, cast("cell"))
    (tmp_path / "report" / "grades.csv").write_text("student,score\n'=HYPERLINK(1),3\n-1,3\n")
    assert not canaries.fires(held, cast("cell"))


@pytest.mark.parametrize(
    ("page", "live"),
    [
        ("<p>mark123</p>", False),
        ("<p title='mark123'>x</p>", False),
        ("&lt;script&gt;mark123&lt;/script&gt;", False),
        ("<script>let x = 'other'</script> mark123", False),
        ("<script>steal('mark123')</script>", True),
        ("<style>@import 'mark123'</style>", True),
        ("<b onclick=\"steal('mark123')\">", True),
        ("<a href=\"java\tscript:steal('mark123')\">", True),
        ("<a href='https://example.org/mark123'>", False),
        ("<img src='x' alt='mark123'>", True),
    ],
)
def test_what_acts_in_a_page_fires_a_canary(page: str, live: bool, tmp_path: Path) -> None:
    made = run(tmp_path)
    (tmp_path / "report" / "student-001" / "index.html").write_text(page)
    assert canaries.fires(made, cast("page")) is live


def test_a_run_that_was_stopped_is_seen(tmp_path: Path) -> None:
    one = cast("stopped")
    held = run(tmp_path)
    assert canaries.stops(held, one) == ""
    calm = {"status": "graded", "score": 0.0, "message": "", "properties": [], "digest": "another", "student": "x"}
    held.calm = calm
    assert canaries.stops(held, one) == ""
    held.calm = calm | {"score": 7.0}
    assert canaries.stops(held, one) == "the classmate's report is another one"
    assert "a fault of the grader's: why" in canaries.stops(
        run(tmp_path / "2", {"status": "error", "message": "why"}), one
    )
    (tmp_path / "report" / "student-001" / "lesson1_numbers.json").unlink()
    assert canaries.stops(held, one) == "no report"


def test_an_attack_that_got_through_and_a_canary_that_is_silent_are_in_the_summary() -> None:
    one = SAMPLE[0].name
    user: dict[str, Any] = {"user": "user", "levels": {"strong": "9 s"}, "seconds": 9}
    user["results"] = [{"attack": one, "level": "strong", "state": "reached", "why": "its canary"}]
    user["controls"] = [{"attack": one, "fired": False, "how": "", "counts": True}]
    text = table.written(SAMPLE[:1], [user])
    assert re.search(rf"(?m)^{re.escape(one)} +- +- +REACHED +- +SILENT$", text)
    assert "root, strong: not run: needs root" in text
    assert "user, strong: 1 attacks, 1 reached, 9 s" in text
    assert table.failures([user]) == [
        f"user, strong: {one}: its canary",
        f"user: {one}: its control has not fired",
    ]
    user["results"][0]["state"], user["controls"][0]["fired"] = "held", True
    assert table.failures([user]) == []


def test_a_canary_that_works_for_one_variant_is_none_that_is_silent() -> None:
    user: dict[str, Any] = {"user": "user", "levels": {}, "results": [], "controls": []}
    for name, fired in (("stop/memory[list]", False), ("stop/memory[text]", True), ("stop/crash[abort]", False)):
        user["controls"].append({"attack": name, "fired": fired, "how": "", "counts": True})
    assert table.silent(user) == ["stop/crash[abort]"]
