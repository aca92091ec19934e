"""Read other systems' downloads by their naming schemes: the student, the assignment, and the newer of several files.

Read off the systems' own sources, where they have any:

* Canvas, ``lib/content_zipper.rb`` (``get_filename``, ``add_upload_submission``):
  ``<name>[_LATE]_<user>_<attachment>_<file>``, where the name is "family name first" in lower case, word characters
  only; ``anon_<id>`` is a student who is anonymous; text and links are ``…_<user>_text.html`` and ``…_link.html``. A
  file that is handed in again becomes ``<file>-1``, ``-2`` (``Attachment.make_unique_filename``).
* Moodle, ``mod/assign/classes/downloader.php``: ``<full name>_<participant>_assignsubmission_file/<path>``, with
  another underscore at the end before 4.0; without folders ``…_assignsubmission_file_<file>``; ``onlinetext`` for
  ``file`` where text was typed. The number is a participant's in one assignment, and another one in the next.
* Gradescope: ``assignment_<n>_export/submission_<n>/`` and ``submission_metadata.yml``, which says who handed it in.
* nbgrader, ``exchange/default/submit.py``: ``<student>+<assignment>+<timestamp>[+<random>]/``; the name of a student
  may have a plus in it (``collect.py``).
* Blackboard, as the help of nbgrader's ``plugins/zipcollect.py`` shows it:
  ``<assignment>_<student>_attempt_<timestamp>[_<file>]``.
* GitHub, ``gh classroom clone student-repos`` (``student-repos.go``):
  ``<assignment>-submissions/<assignment>-<login>/``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import yaml

from grader.collect.entries import MB, Entry, stem
from grader.collect.handins import Download, Handin, Person, Tops, strays, under

METADATA = "submission_metadata.yml"
_LARGEST_METADATA = 100 * MB


def _most(matches: Mapping[str, object], tops: Tops) -> bool:
    """Whether a system made a folder, to which other things may have been added later."""
    return bool(matches) and 2 * len(matches) >= len(tops)


_CANVAS = re.compile(
    r"(?:(?P<name>\w+?)_)?(?P<late>LATE_)?(?P<user>\d+|anon_[A-Za-z0-9]+)_"
    r"(?:(?P<attachment>\d+)_(?P<file>.+)|(?P<online>text|link)\.html)",
    re.DOTALL,
)


def _canvas(name: str, tops: Tops) -> Download | None:
    matches = {top: match for top in tops if (match := _CANVAS.fullmatch(top))}
    if not _most(matches, tops):
        return None
    by_user: dict[str, list[re.Match[str]]] = {}
    for match in matches.values():
        by_user.setdefault(match["user"], []).append(match)
    handins = []
    for user, found in by_user.items():
        anonymous = user.startswith("anon_")
        person = Person(
            f"canvas:{user}",
            found[0]["name"] or user,
            "" if anonymous else user,
            {} if anonymous else {"Canvas user id": user},
        )
        entries: list[Entry] = []
        for match in found:
            version = (match["attachment"] or "").zfill(20)
            file = match["file"] or f"{match['online']}.html"
            entries += (dataclasses.replace(e, version=version) for e in under(file, tops[match.string]))
        handins.append(
            Handin(
                (person,),
                tuple(sorted(entries, key=lambda e: e.version)),
                version=max(entry.version for entry in entries),
                late=any(match["late"] for match in found),
                online=any(match["online"] for match in found),
            )
        )
    return Download("Canvas", name, tuple(handins), strays(tops, matches))


_MOODLE = re.compile(
    r"(?P<name>.+?)(?:_(?P<number>\d+))?_assignsubmission_(?P<type>[a-z0-9]+)(?:_(?P<file>.*))?", re.DOTALL
)


def _moodle(name: str, tops: Tops) -> Download | None:
    matches = {top: match for top in tops if (match := _MOODLE.fullmatch(top))}
    if not _most(matches, tops):
        return None
    by_person: dict[tuple[str, str], list[re.Match[str]]] = {}
    for match in matches.values():
        by_person.setdefault((match["name"], match["number"] or ""), []).append(match)
    names = [full_name for full_name, _ in by_person]
    handins, said = [], []
    for (full_name, number), found in by_person.items():
        # The number is of this assignment alone: it says who is who only where the name does not.
        alone = names.count(full_name) == 1 and full_name.casefold() != "participant"
        person = Person(f"moodle:{full_name}" + ("" if alone else f":{number}"), full_name, number)
        if not alone and full_name.casefold() != "participant" and number:
            said.append(f"there are several {full_name!r}; {number} is this one's number in this assignment only")
        entries = [e for match in found for e in under(match["file"] or "file", tops[match.string])]
        online = any(match["type"] == "onlinetext" for match in found)
        handins.append(Handin((person,), tuple(entries), online=online))
    return Download("Moodle", name, tuple(handins), strays(tops, matches), tuple(said))


class _AnyTag(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Load Ruby's YAML, ignoring its class tags."""


def _untagged(loader: Any, suffix: str, node: Any) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node)
    return loader.construct_sequence(node) if isinstance(node, yaml.SequenceNode) else loader.construct_scalar(node)


_AnyTag.add_multi_constructor("!", _untagged)


def _gradescope(name: str, tops: Tops) -> Download | None:
    known: dict[str, Any] = {}
    said: list[str] = []
    folders = [top for top in tops if re.fullmatch(r"submission_\d+", top)]
    if METADATA in tops:
        known, problem = _metadata(tops[METADATA][0])
        said += [problem] if problem else []
    elif _most(dict.fromkeys(folders), tops):
        said.append(
            f"there is no {METADATA}, which names the student of each submission; folders are named after submissions"
        )
    else:
        return None
    handins = []
    for top in [each for each in tops if each in known or each in folders]:
        about = known.get(top)
        people = _submitters(about) or (Person(f"gradescope:{top}", top),)
        if known and not _submitters(about):
            said.append(f"{top}: {METADATA} does not name its student")
        when = about.get(":created_at") if isinstance(about, dict) else None
        number = re.sub(r"\D", "", top).zfill(20)
        handed_in = when if isinstance(when, datetime) and when.tzinfo else None
        version = f"{_instant(when)} {number}"
        handins.append(
            Handin(people, under(top, tops[top]), name, version=version, label=stem(top), handed_in=handed_in)
        )
    said += [f"{top}: named by {METADATA}, but not in the download" for top in known if top not in tops]
    matched = {METADATA: None, **dict.fromkeys(folders), **dict.fromkeys(known)}
    return Download("Gradescope", name, tuple(handins), strays(tops, matched), tuple(said))


def _metadata(entry: Entry) -> tuple[dict[str, Any], str]:
    try:
        if entry.path is None or entry.path.stat().st_size > _LARGEST_METADATA:
            return {}, f"{METADATA} {entry.problem or 'is too large'}"
        read = yaml.load(entry.path.read_bytes(), Loader=_AnyTag)
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return {}, f"{METADATA} is damaged; folders are named after submissions"
    if not isinstance(read, dict):
        return {}, f"{METADATA} names no submissions; folders are named after submissions"
    return {str(key): value for key, value in read.items()}, ""


def _submitters(about: Any) -> tuple[Person, ...]:
    listed = about.get(":submitters") if isinstance(about, dict) else None
    people = {}
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict):
            name, sid, email = (_text(each.get(key)) for key in (":name", ":sid", ":email"))
            ids = {kind: value for kind, value in (("sid", sid), ("email", email)) if value}
            identity = sid or email or name
            if identity:
                people[identity] = Person(f"gradescope:{identity}", name or identity, identity, ids)
    return tuple(people.values())


def _text(value: object) -> str:
    return str(value).strip() if isinstance(value, str | int) else ""


def _instant(when: object) -> str:
    """A time as text that sorts; times without a zone are taken as UTC."""
    if not isinstance(when, datetime):
        return ""
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    with contextlib.suppress(OverflowError):  # on the first and on the last day that there is
        when = when.astimezone(UTC)
    return when.isoformat(timespec="microseconds")


_NBGRADER = re.compile(
    r"(?P<student>.+)\+(?P<assignment>[^+]+)\+(?P<time>\d{4}-\d\d-\d\d[ _T]\d\d[:_-]\d\d[:_-]\d\d[^+]*?)"
    r"(?:\+(?P<random>[A-Za-z0-9_=-]+))?",
    re.DOTALL,
)
_BLACKBOARD = re.compile(
    r"(?P<assignment>.+)_(?P<student>[^_]+)_attempt_(?P<time>\d{4}(?:-\d\d){5})(?:_(?P<file>.+)|\.txt)?", re.DOTALL
)


def _nbgrader(name: str, tops: Tops) -> Download | None:
    return _timed("nbgrader", _NBGRADER, name, tops)


def _blackboard(name: str, tops: Tops) -> Download | None:
    return _timed("Blackboard", _BLACKBOARD, name, tops)


def _timed(system: str, pattern: re.Pattern[str], name: str, tops: Tops) -> Download | None:
    """Read names of student, assignment and time; files that agree in all three were handed in at once."""
    matches = {top: match for top in tops if (match := pattern.fullmatch(top))}
    if not _most(matches, tops):
        return None
    together: dict[tuple[str, ...], list[re.Match[str]]] = {}
    for top, match in matches.items():
        once = top if "file" not in match.re.groupindex else ""
        together.setdefault((match["student"], match["assignment"], match["time"], once), []).append(match)
    handins = []
    for (student, assignment, time, _), found in together.items():
        person = Person(f"{system.casefold()}:{student}", student, "", {"username": student})
        files = [(match.groupdict().get("file") or "attempt.txt", tops[match.string]) for match in found]
        entries = tuple(entry for file, below in files for entry in under(file, below))
        handins.append(Handin((person,), entries, assignment, version=re.sub(r"[_T]", " ", time), label=time))
    return Download(system, name, tuple(handins), strays(tops, matches))


def _github(name: str, tops: Tops) -> Download | None:
    slug = name.removesuffix("-submissions")
    found = {top: stem(top.removeprefix(f"{slug}-")) for top in tops if top.startswith(f"{slug}-")}
    matches = {top: login for top, login in found.items() if login}
    if slug == name or not slug or not _most(matches, tops):
        return None
    handins = [
        Handin((Person(f"github:{login}", login, "", {"GitHub login": login}),), under(top, tops[top]), slug)
        for top, login in matches.items()
    ]
    return Download("GitHub", name, tuple(handins), strays(tops, matches))


SYSTEMS: tuple[Callable[[str, Tops], Download | None], ...] = (
    _gradescope,
    _canvas,
    _moodle,
    _nbgrader,
    _blackboard,
    _github,
)
"""Each gives what it recognises in the content of a folder of that name, or None."""
