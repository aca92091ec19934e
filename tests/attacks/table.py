"""The table: attack by level and user, what was reached, and which canary was never seen to work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from catalogue import GOALS, Attack
from runs import LEVELS

_SIGNS = {"held": "held", "reached": "REACHED", "not run": "-"}


def failures(users: Sequence[dict[str, Any]]) -> list[str]:
    """What was reached, which canaries did not fire in their controls, and which user has not run at all."""
    lines = [
        f"{user['user']}, {each['level']}: {each['attack']}: {each['why']}"
        for user in users
        for each in user["results"]
        if each["state"] == "reached"
    ]
    for user in users:
        for name in silent(user):
            lines.append(f"{user['user']}: {name}: its control has not fired")
        if "not run" in user:
            lines.append(f"{user['user']}: {user['not run']}")
        elif not user["results"]:
            lines.append(f"{user['user']}: {'; '.join(map(str, user['levels'].values()))}")
    return lines


def silent(user: dict[str, Any]) -> list[str]:
    """Attacks whose canary has not fired where it had to; one canary serves all variants of an attack."""
    tried = [each for each in user["controls"] if each["counts"]]
    fired = {_family(each["attack"]) for each in tried if each["fired"]}
    return sorted({each["attack"] for each in tried if _family(each["attack"]) not in fired})


def _family(name: str) -> str:
    return name.partition("[")[0]


def written(attacks: Sequence[Attack], users: Sequence[dict[str, Any]]) -> str:
    """The whole table as text, with a summary at its end."""
    states = {
        (user["user"], each["level"], each["attack"]): each["state"] for user in users for each in user["results"]
    }
    controls = {each["attack"]: _control(user, each["attack"]) for user in reversed(users) for each in user["controls"]}
    columns = [(user, level) for user in ("root", "user") for level in LEVELS]
    width = max(len(each.name) for each in attacks)
    head = f"{'':{width}}  " + "".join(f"{f'{user} {level}':16}" for user, level in columns) + "control"
    lines = []
    for goal, words in GOALS.items():
        own = [each for each in attacks if each.goal == goal]
        if not own:
            continue
        lines += ["", f"{words} ({len(own)})", head]
        for each in own:
            cells = "".join(f"{_SIGNS[states.get((user, level, each.name), 'not run')]:16}" for user, level in columns)
            lines.append(f"{each.name:{width}}  {cells}{controls.get(each.name, '-')}")
    return "\n".join([*lines[1:], "", *_summary(attacks, users)])


def _control(user: dict[str, Any], name: str) -> str:
    own = [each for each in user["controls"] if each["attack"] == name]
    if any(each["fired"] for each in own):
        return "fires"
    return "SILENT" if any(each["counts"] for each in own) else "not here"


def _summary(attacks: Sequence[Attack], users: Sequence[dict[str, Any]]) -> list[str]:
    lines = []
    here = {user["user"]: user for user in users}
    for name, absent in (("root", "needs root"), ("user", "needs a second user")):
        user = here.get(name)
        for level in LEVELS:
            said = user["levels"].get(level, user.get("not run", "not asked for")) if user else f"not run: {absent}"
            own = Counter(each["state"] for each in user["results"] if each["level"] == level) if user else Counter()
            if own:
                said = f"{own['held'] + own['reached']} attacks, {own['reached']} reached, {said}"
            lines.append(f"{name}, {level}: {said}")
    for user in users:
        fired = len({each["attack"] for each in user["controls"] if each["fired"]})
        apart = sorted({each["attack"] for each in user["controls"] if not each["counts"]})
        lines.append(
            f"{user['user']}: {fired} canaries seen to work, {len(silent(user))} silent"
            + (f"; not tried here: {', '.join(apart)}" if apart else "")
            + f"; {user['seconds']} s in all"
        )
    wrong = failures(users)
    reached = sum(each["state"] == "reached" for user in users for each in user["results"])
    lines.append(f"{len(attacks)} attacks: {reached} reached")
    return [*lines, *(f"  {line}" for line in wrong)]
