"""Grade a class while everything goes wrong, and compare with the calm run: ``make chaos``.

    python tests/chaos [--submissions N] [--faults N] [--lesson L] [--seed N] [--isolation LEVEL] [--quick]

The class is graded once in peace. Then it is graded again, as its instructor would, with the same command each time,
until a run ends well; meanwhile one fault after another is done to it. In the end every submission has to be graded,
with the same report as in the calm run (but for times) and the same grades.csv; no report that was whole may have been
made twice; every run has to end as its faults say, with one line and without a traceback; no process and no temporary
file may be left. Exit status 1 if anything differs. Linux only.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import time
from pathlib import Path

import processes
from faults import KINDS, Kind
from ground import laid_out
from handed_in import hand_in
from ledger import Ledger
from runs import Faulty, Settings, calm

from grader.course import find_root, load


def main() -> int:
    """Do it, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=200, help="how many are graded (default 200)")
    parser.add_argument("--faults", type=int, default=60, help="how many are injected (default 60)")
    parser.add_argument("--lesson", action="append", help="may be repeated (default: 1 and 5)")
    parser.add_argument("--seed", type=int, default=0, help="decides on the class and on all faults (default 0)")
    parser.add_argument("--isolation", help="as of grader grade")
    parser.add_argument("--kind", action="append", help="only faults with this in their name; may be repeated")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="one process at a time, and one fault of six kinds",
    )
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    processes.adopt()
    draw = random.Random(options.seed)
    start = time.monotonic()
    with laid_out(find_root(Path.cwd())) as ground:
        course = load(ground.course)
        lessons = [course.lesson(name) for name in options.lesson or ("1", "5")]
        count = hand_in(course, ground.submitted, lessons, options.submissions, options.seed)
        wanted = [kind for kind in KINDS if not options.kind or any(part in kind.name for part in options.kind)]
        possible = [kind for kind in wanted if ground.mounted or not kind.mounts]
        settings = Settings(tuple(lesson.name for lesson in lessons), options.isolation, 1 if options.quick else None)
        peace = calm(ground, settings)
        print(f"calm run: {count} submissions, {peace.seconds:.0f} s", flush=True)
        ledger = Ledger()
        faulty = Faulty(ground, settings, peace, ledger, random.Random(options.seed))
        try:
            faulty.grade(_drawn(possible, options.faults, options.quick, draw), count)
            faulty.compare()
        finally:
            faulty.end()
    ledger.print_table()
    for kind in wanted:
        if kind not in possible:
            print(f"not tried, since this user can mount no disk: {kind.name}")
    print(f"{count} submissions, {ledger.injected} faults, {faulty.runs} runs, {time.monotonic() - start:.0f} s")
    for line in ledger.problems:
        print(f"  {line}")
    print("nothing differs" if not ledger.problems else f"{len(ledger.problems)} problems")
    return 1 if ledger.problems else 0


def _drawn(kinds: list[Kind], number: int, quick: bool, draw: random.Random) -> list[Kind]:
    """The faults of all runs, in some order: as many of each kind as it says, or one where it has to be quick."""
    if quick:
        chosen = [kind for kind in kinds if kind.quick]
    else:
        every = sum(kind.often for kind in kinds)
        chosen = [kind for kind in kinds for _ in range(max(1, round(kind.often * number / every)))]
        while len(chosen) < number:
            chosen.append(draw.choice(kinds))
    draw.shuffle(chosen)
    return chosen


if __name__ == "__main__":
    sys.exit(main())
