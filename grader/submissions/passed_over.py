"""Lines about a student's folder: why this file was graded, what was passed over, and what is there if nothing is."""

from __future__ import annotations

from grader.submissions.candidates import Candidate, is_twin
from grader.submissions.folder import ELSEWHERE, Folder
from grader.submissions.names import is_archive, is_notebook_name, lessons_said, stem_of
from grader.submissions.read import Submission
from grader.submissions.walk import Entry

_MOST_OTHERS = 3


def notes(folder: Folder, chosen: Candidate, others: list[Candidate], candidates: list[Candidate]) -> list[str]:
    """Lines about a choice.

    Args:
        folder: the student's folder.
        chosen: the file that is graded.
        others: other files with work in them.
        candidates: all that could be the work.
    """
    name, said = folder.shown(chosen.entry), []
    stubs = [each for each in candidates if each.submission.is_stub or each.submission.empty]
    stubs = [each for each in stubs if each.rank < chosen.rank or is_twin(chosen, each)]
    stubs = sorted((each for each in stubs if each.order < chosen.order), key=lambda each: each.rank >= chosen.rank)
    if stubs:
        what = folder.shown(stubs[0].entry)
        near = " beside it" if stubs[0].entry.parts[:-1] == chosen.entry.parts[:-1] else ""
        said.append(f"{name} was graded; {what}{near} is still the stub")
    if (chosen.rank == ELSEWHERE or folder.root) and (should := _should(folder, chosen)):
        said.append(f"{name} was graded; it should {should}")
    twins = [each for each in others if is_twin(chosen, each)]
    if twins or [each for each in candidates if is_twin(chosen, each) and each.has_work and each not in others]:
        said.append(f"{name} was graded; there is a notebook beside it")
    if rest := [each.entry for each in others if each not in twins]:
        said.append(f"{name} was graded; there is other work in {', '.join(folder.named(rest))}")
    for each in candidates:
        if each is not chosen and not each.submission.is_text:
            said.append(f"{name} was graded; {each.submission.problem}")
    return [*said, *beside(folder)]


def beside(folder: Folder) -> list[str]:
    """Lines about files that were not opened, or not seen."""
    notes = []
    archives = [each for each in folder.unclaimed() if is_archive(each.name)]
    if archives:
        what = "is an archive and was" if len(archives) == 1 else "are archives and were"
        notes.append(f"{', '.join(folder.named(archives))} {what} not opened; unpack what belongs to this lesson")
    if folder.walk.cut:
        notes.append("there are more files here than were looked through")
    return notes


def _should(folder: Folder, chosen: Candidate) -> str:
    """The place and the name that a file should have."""
    ending = ".ipynb" if is_notebook_name(chosen.entry.name) else ".py"
    name = f"{folder.lesson.name}{ending}"
    where = chosen.entry.parts[:-1]
    called = "" if chosen.entry.name == name else f"be called {name}"
    lies = "" if folder.flat or where == (folder.lesson.name,) else f"lie in {folder.lesson.name}/"
    return " and ".join(part for part in (lies, called) if part)


def missing(folder: Folder) -> Submission:
    """The submission if nothing could be the work, with what lies there all the same."""
    own = folder.lesson.name
    hidden = [each for each in folder.walk.hidden if own in lessons_said(stem_of(each.name), folder.lessons)]
    there = folder.unclaimed()
    mine = [each for each in folder.walk.entries if each.kind == "folder" and each.parts == (*folder.root, own)]
    others = [each for each in folder.walk.entries if folder.is_anothers(each) and not folder.lessons_around(each)]
    if not there and not hidden and 0 < len(others) <= _MOST_OTHERS and not folder.flat:
        there = others
    elsewhere = [] if folder.flat else [each for each in folder.defining_all() if each not in there]
    there += elsewhere
    there.sort(key=lambda each: (not is_archive(each.name), not stem_of(each.name)))
    named = [f"{name}{_what(folder, each)}" for each, name in zip(there, folder.named(there))]
    named += folder.named(there)[len(there) :]  # "and 3 more"
    named += [f"{folder.shown(each)} (which a program keeps for itself)" for each in hidden[:1]]
    if not (named or mine or folder.flat or folder.walk.cut):
        return Submission("", "nothing was handed in", "missing")
    more = " (there are more files here than were looked through)" if folder.walk.cut else ""
    there_is = f"; there is {', '.join(named)}" if named else ""
    problem = f"there is no {own}.py and no notebook{there_is}{more}"
    return Submission("", problem, "missing", passed_over=bool(named) or folder.walk.cut)


def _what(folder: Folder, entry: Entry) -> str:
    """The reason, in brackets, that an entry is not the work."""
    if is_archive(entry.name):
        return " (an archive: unpack it, or use `grader collect`)"
    if entry.kind == "link":
        return " (a link, which is not followed)"
    says = folder.lessons_around(entry)
    if folder.is_anothers(entry) or (says and folder.lesson.name not in says):
        all_there = bool(folder.wanted) and folder.wanted <= folder.defines(entry)
        return " (by its place or name another lesson's; it defines what this lesson asks for)" if all_there else ""
    if stem_of(entry.name):
        wanted = sorted(folder.wanted)
        return f" (which does not define {wanted[0]})" if wanted else ""
    return ""
