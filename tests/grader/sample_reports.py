"""Reports with everything in them that an exporter has to cope with, written by hand so that golden files stay put."""

from __future__ import annotations

from pathlib import Path

from grader.course import Course
from grader.report.report import (
    Counterexample,
    Isolation,
    Misconception,
    PropertyResult,
    Report,
    TrainingResult,
    TrainingSeed,
)
from grader.report.seal import sealed

GOLDEN = Path(__file__).parent / "golden"
FENCE = "```\n</code></pre><script>alert(1)</script>"


def report(student: str, lesson: str = "lesson5_replay_buffer", score: float = 7.5, **parts: object) -> Report:
    """A report with a mark and nothing else."""
    settings = {"title": "Experience replay", "status": "graded", "max_score": 10.0}
    settings |= {"isolation": Isolation("strong", ("bubblewrap", "rlimits")), "device": "cpu"}
    return Report(student=student, lesson=lesson, score=score, **(settings | parts))  # type: ignore[arg-type]


def mixed() -> Report:
    """One property of every kind, hostile texts, and a training check that passed on two of three runs."""
    properties = (
        PropertyResult("test_a", "ReplayBuffer.push", "`push` keeps what it is given.", "pass", 10 / 3, 10 / 3),
        PropertyResult(
            "test_b",
            "ReplayBuffer.push",
            "A full buffer forgets the oldest.",
            "fail",
            0.0,
            10 / 3,
            counterexample=Counterexample((), "lesson5_replay_buffer", (), f"buffer.push(1)\nprint(buffer)  # {FENCE}"),
            got="<b>nothing</b>",
            needed="the last `capacity` of them",
            misconception=Misconception("forgets_the_newest", "forgets the newest"),
            hint="Which one has to go?",
            printed="\x1b[31mred\x1b[0m\x07",
        ),
        PropertyResult(
            "test_c", "ReplayBuffer.sample", "No row twice.", "skip", 0.0, 10 / 3, needed="the exercise push"
        ),
    )
    seeds = (
        TrainingSeed(1, "pass", 5600, 40, 492.0, curve=((800, 22.0), (2400, 130.5), (5600, 480.0))),
        TrainingSeed(2, "fail", 9000, 90, 110.0, curve=((9000, 80.0),)),
        TrainingSeed(3, "pass", 6400, 44, 500.0),
    )
    training = TrainingResult(
        "train", "At least 2 of 3 runs must reach 475.", 475.0, 9000, "pass", 4.0, 4.0, "cpu", seeds, hint="Patience."
    )
    return report(
        "student-001", score=7.33, max_score=14.0, properties=properties, training=training, notes=("one line skipped",)
    )


def broken(student: str = "student-002", lesson: str = "lesson5_replay_buffer") -> Report:
    """A report of which one property has no verdict by the grader's own fault; its score is not a mark."""
    properties = (
        PropertyResult("test_a", "ReplayBuffer.push", "Kept.", "pass", 5.0, 5.0),
        PropertyResult("test_b", "ReplayBuffer.push", "Full.", "error", 0.0, 5.0, got="secret/path: out of memory"),
    )
    return report(student, lesson, score=5.0, properties=properties)


def store(course: Course, folder: Path, *reports: Report) -> Path:
    """Put reports where the grader would, as the course's own."""
    for each in reports:
        path = folder / each.student / f"{each.lesson}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sealed(course, each).to_json())
    return folder


CANVAS_TEMPLATE = (
    '\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Notes,Experience replay (101),"Essay, short (102)",'
    "Experience replay Current Score,Final Score\r\n"
    ",,,,,,Manual Posting,,,\r\n"
    "    Points Possible,,,,,,10,5,(read only),(read only)\r\n"
    '"One, Student",11,s-001,student-001,A,"likes ""quotes"", and\nlines",,4,,\r\n'
    '"Two, Student",12,s-002,student-002,A and B,,3.5,,35,35\r\n'
    '"Three, Student",13,s-003,student-003,A,,EX,N/A,,\r\n'
    '"Four, Student",14,s-004,student-004,A,,,,,\r\n'
    '"Student, Test",15,,,A,,,,,\r\n'
).encode()
