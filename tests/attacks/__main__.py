"""Hand in all attacks, at every level and as every user, and print what they have reached: ``make attacks``.

The exit status is 0 if no attack has reached its goal and every canary was seen to work.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
# As a program, and as what `python tests/attacks` puts on the path: the attacks' own folder, and the grader.
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

import runs  # noqa: E402
import table  # noqa: E402
from catalogue import GOALS, Attack, attacks  # noqa: E402

from grader.student.isolation import choose  # noqa: E402
from grader.student.levels import IsolationError, Level  # noqa: E402

USER = 61_234
"""Nobody's user id, which the ordinary user's run takes when root starts it."""


def main() -> int:
    """Run the suite; the exit status."""
    options = _options()
    chosen = [each for each in attacks() if _is_chosen(each, options)]
    if not chosen:
        print("attacks: no attack is called so", file=sys.stderr)
        return 2
    if options.list:
        for each in chosen:
            print(f"{each.name:60} {each.says}")
        return 0
    # Ended from outside, it still takes away what it has put up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    users: list[dict[str, Any]] = [{"user": "root" if os.geteuid() == 0 else "user"}]
    _by_this_user(chosen, options, users)
    if os.geteuid() == 0 and not options.only_here:
        users.append(_by_another_user(options))
        _keep(options, users)
    text = table.written(chosen, users)
    print(text)
    if options.out:
        Path(options.out).write_text(text + "\n", encoding="utf-8")
    return 1 if table.failures(users) else 0


def _keep(options: argparse.Namespace, users: list[dict[str, Any]]) -> None:
    """Write the results so far: all of it takes minutes."""
    if options.json:
        result = {"machine": f"{platform.system()} {platform.release()}", "users": users}
        Path(options.json).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python tests/attacks", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("name", nargs="*", help=f"goals ({', '.join(GOALS)}) or beginnings of names; default: all")
    parser.add_argument("--sample", action="store_true", help="only a few of each goal, as `make test` does")
    parser.add_argument("--level", action="append", choices=runs.LEVELS, help="only this level; may be repeated")
    parser.add_argument("--only-here", action="store_true", help="as root: not as an ordinary user too")
    parser.add_argument("--jobs", type=int, default=2, help="number of parallel processes (default: 2)")
    parser.add_argument("--json", metavar="FILE", help="write all results as JSON")
    parser.add_argument("--out", metavar="FILE", help="write the table")
    parser.add_argument("--list", action="store_true", help="name the attacks, and run none")
    return parser.parse_args()


def _is_chosen(attack: Attack, options: argparse.Namespace) -> bool:
    named = not options.name or any(attack.name.startswith(name) for name in options.name)
    return named and (attack.sample or not options.sample)


def _by_this_user(chosen: list[Attack], options: argparse.Namespace, users: list[dict[str, Any]]) -> None:
    """All levels, then the controls, as the user that this process has: the last one of ``users``."""
    begun = time.monotonic()
    found = users[-1]
    found |= {"levels": {}, "results": [], "controls": [], "seconds": 0}
    calm = None
    levels: tuple[Level, ...] = tuple(options.level or runs.LEVELS)
    for level in levels:
        try:
            choose(wanted=level)
        except IsolationError as reason:
            found["levels"][level] = f"not run: {reason}"
            continue
        since = time.monotonic()
        calm = calm or runs.calm_report()
        for each in runs.attacked(chosen, level, calm, jobs=options.jobs):
            if isinstance(each, runs.Result):
                found["results"].append(vars(each))
            else:
                found["controls"].append(vars(each))
        found["levels"][level] = f"{time.monotonic() - since:.0f} s"
        print(f"attacks: {found['user']}, {level}: {found['levels'][level]}", file=sys.stderr)
        _keep(options, users)
    if calm is not None:
        found["controls"] += [vars(each) for each in runs.controlled(chosen, calm, jobs=options.jobs)]
    found["seconds"] = round(time.monotonic() - begun)
    _keep(options, users)


def _by_another_user(options: argparse.Namespace) -> dict[str, Any]:
    """The same in a process that has given root up, in a view of the files in which its Python can be reached."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        path = Path(folder) / "user.json"
        command = [sys.executable, str(HERE / "as_user.py"), str(USER), folder, *options.name]
        command += [f"--json={path}", f"--jobs={options.jobs}", *(["--sample"] if options.sample else [])]
        command += [f"--level={level}" for level in options.level or ()]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        try:
            users: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["users"]
        except (OSError, ValueError):
            return {"user": "user", "levels": {}, "results": [], "controls": [], "seconds": 0,
                    "not run": f"exit status {done.returncode} before the end"}  # fmt: skip
        return users[0]


if __name__ == "__main__":
    sys.exit(main())
