"""The probe ladder in a terminal and in a sentence."""

import io

import msgspec
import pytest
from rich.console import Console

from grader.render.ladder import print_ladder, summary
from grader.report.probe import ProbeResult, RungResult

FAILED = ProbeResult(
    "fail",
    (
        RungResult("reward", "which of three actions pays", "pass", 0, 2),
        RungResult("observation", "another action in each of four situations", "pass", 1, 3),
        RungResult("truncation", "that an episode that was cut off could have gone on", "fail", 2, 3),
        RungResult("termination", "that nothing follows a termination", "skip"),
    ),
    means="A truncated episode is taken for one that is over. Look at the flag that is stored in `push`.",
    steps=9_000,
    seconds=2.5,
)


def printed(probe, width=60):
    stream = io.StringIO()
    print_ladder(probe, Console(file=stream, width=width, color_system=None), 2)
    return stream.getvalue().splitlines()


def test_a_line_a_rung_and_what_the_first_failure_means_at_sixty_columns():
    lines = printed(FAILED)
    assert max(map(len, lines)) <= 60
    assert [line for line in lines if line.strip()[0] in "✓✗–→"] == [
        "    ✓ reward: which of three actions pays",
        "    ✓ observation: another action in each of four situations",
        "    ✗ truncation: that an episode that was cut off could",
        "      → A truncated episode is taken for one that is over.",
        "    – termination: not asked yet",
    ]
    assert "`push`" in " ".join(lines)
    assert "(failed in 2 of 3 runs)" in " ".join(" ".join(lines).split())


def test_a_message_of_the_students_side_is_made_printable_and_bounded():
    nasty = msgspec.structs.replace(FAILED, message="\x1b[31mred" + "x" * 100_000)
    text = "\n".join(printed(nasty))
    assert "\x1b" not in text
    assert len(text) < 5_000
    assert "truncated episode" not in text


@pytest.mark.parametrize(
    ("probe", "words"),
    [
        (FAILED, "It fails at rung 3 of 4 of the probe ladder, truncation. A truncated episode"),
        (msgspec.structs.replace(FAILED, message="m"), "Rung 3 of the probe ladder, truncation, gave no policy: m"),
        (ProbeResult("pass", FAILED.rungs[:2]), "All 2 rungs of the probe ladder hold"),
        (ProbeResult("error", (), message="m"), "The probe ladder itself failed: m"),
    ],
)
def test_a_sentence_says_where_it_fails(probe, words):
    assert summary(probe).startswith(words)
