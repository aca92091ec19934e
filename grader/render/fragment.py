"""Pieces of a report as plain HTML, for pages of other systems that take only some of it and no style sheet.

Everything that a student's code may have said is escaped, after what would act on the reader was made visible, and
long texts are cut: other systems have limits of their own.
"""

from __future__ import annotations

import re
from html import escape

from grader.printable import amount, clip, count, number, one_line, visible
from grader.render import words
from grader.render.curve import description, thin
from grader.render.marks import sentence
from grader.report.report import PropertyResult, Report, TrainingResult
from grader.report.settled import mark_of

FAILED = "The grader itself failed, so this is not a mark. Your work is kept; tell your instructor."
HELD = "The grader itself failed when it judged your work again; until that is mended, the mark of before stands."

_MOST_TEXT = 1500
_MOST_CODE = 6000
_POINTS = 5


def prose(sentence: str) -> str:
    """A sentence in which words between backticks are set as code."""
    parts = re.split(r"`([^`\n]+)`", " ".join(clip(visible(sentence), _MOST_TEXT).split()))
    return "".join(f"<code>{escape(part)}</code>" if i % 2 else escape(part) for i, part in enumerate(parts))


def code(source: str) -> str:
    """Text as it is, in a box."""
    return f"<pre><code>{escape(clip(visible(source).rstrip(), _MOST_CODE))}</code></pre>"


def result(judged: PropertyResult) -> str:
    """One property that does not pass: the law, what is wrong, a hint, the case that shows it, and what came back.

    Nothing for one that passes: its heading says the law already.
    """
    if judged.verdict == "pass":
        return ""
    parts = [f"<p>{prose(judged.says)}</p>"]
    if judged.verdict == "skip":
        first = f" Must pass first: {prose(judged.needed)}." if judged.needed else ""
        parts.append(f"<p>Not judged yet.{first}</p>")
    if judged.verdict == "error":
        parts.append("<p>The grader itself failed here; this is no fault of yours.</p>")
    if judged.verdict != "fail":
        return "".join(parts)
    if judged.misconception:
        parts.append(f"<p><strong>{prose(words.diagnosis(judged.misconception))}</strong></p>")
    if judged.hint:
        parts.append(f"<p><em>Hint:</em> {prose(judged.hint)}</p>")
    said = (
        ("Try it yourself", words.script(judged.counterexample)),
        ("Got", words.got(judged)),
        ("Needed", judged.needed),
        ("Traceback", judged.trace),
        ("Printed", judged.printed),
    )
    parts += [f"<p>{label}:</p>{code(text)}" for label, text in said if text]
    return "".join(parts)


def training(trained: TrainingResult) -> str:
    """The training check: its rule, and every run with its curve in words."""
    parts = [f"<p>{prose(trained.rule)}</p>"]
    if trained.message:
        parts.append(f"<p>{prose(trained.message)}</p>")
    if trained.hint and trained.verdict == "fail":
        parts.append(f"<p><em>Hint:</em> {prose(trained.hint)}</p>")
    runs = []
    for seed in trained.seeds:
        went = {"pass": "reached the bar", "fail": "did not reach the bar"}.get(seed.verdict, "was not judged")
        told = f"<strong>Seed {seed.seed} {went}.</strong> {prose(description(seed, trained, thin(seed.curve)))}"
        way = thin(seed.curve, _POINTS)
        if len(way) > 2:
            told += " On the way: " + ", ".join(f"{number(y, 1)} at step {x:,.0f}" for x, y in way) + "."
        if seed.message:
            told += f" {prose(seed.message)}"
        runs.append(f"<li>{told}</li>")
    return "".join([*parts, "<ul>", *runs, "</ul>"]) if runs else "".join(parts)


def summary(report: Report) -> str:
    """The summary above everything else: the mark, or why there is none, notes, and the isolation of the code."""
    if report.has_error:
        # Why it failed is for the instructor: it may quote files that students have no business with.
        parts = [f"<p><strong>{FAILED}</strong></p>"]
    else:
        of = f"{number(report.score)} of {amount(report.max_score, 'point')}"
        parts = [f"<p><strong>{escape(one_line(report.title))}: {of}.</strong></p>"]
        if adjusted := sentence(mark_of(report)):
            parts.append(f"<p>{prose(adjusted)}.</p>")
        if report.message:
            parts.append(f"<p>{prose(report.message)}</p>" if "\n" not in report.message else code(report.message))
        if failed := sum(judged.verdict == "fail" for judged in report.properties):
            parts.append(f"<p>{count(failed, 'property', 'properties')} to mend; begin with the first one below.</p>")
    if report.held:
        parts.append(f"<p>{HELD}</p>")
    parts += [f"<p>Note: {prose(note)}</p>" for note in report.notes]
    if report.isolation:
        walls, protects = words.isolation(report.isolation, report.device), words.protects(report.isolation)
        parts.append(f"<p>Isolation: {escape(one_line(walls))}{' – ' + escape(protects) if protects else ''}.</p>")
    return "".join(parts)
