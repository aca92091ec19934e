"""The course as an nbgrader course: nbgrader's own commands, with the grader's verdicts.

nbgrader stays what it is: it keeps the gradebook, releases, collects, shows and exports. Only one thing changes: where
``nbgrader autograde`` would run a student's notebook in the instructor's account, with the tests in the same kernel,
the verdict comes from ``grader grade``, which runs student code in a process of its own.

- ``make``: ``grader nbgrader init``: writes the course folder.
- ``database``: keeps the password of the gradebook's database out of the course folder's config.
- ``autograde``: nbgrader's autograde for this course, put in place by ``plug_in``.
- ``verdicts``: the class's reports, made in parallel while nbgrader goes through the students.
- ``classwork``: the process that makes them.
- ``restore``: turns a student's submission into a notebook that nbgrader can keep.
- ``page_text``: a student's text as HTML that can do nothing.
- ``beside``: bounds on the files beside a notebook that are kept.
- ``stage``: the stage that replaces nbgrader's ``Execute``: it writes a report into the outputs of cells.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any


def plug_in(config: Any) -> None:
    """Let nbgrader's autograde, on the command line and in the formgrader, get its verdicts from the grader.

    nbgrader_config.py calls this, with its settings. nbgrader has settings for its stages but none for the loop around
    them, which passes over students who handed in a module, renamed the notebook or broke it. So its class is replaced
    by a subclass of it, in both of the places that use it.
    """
    from nbgrader.apps import api, autogradeapp

    from grader.nbgrader.autograde import Autograde
    from grader.nbgrader.make import database_problem

    autogradeapp.Autograde = Autograde
    api.Autograde = Autograde
    find_alembic()
    if (url := config.CourseDirectory.get("db_url")) and (problem := database_problem(url)):
        raise SystemExit(f"nbgrader_config.py: {problem}")


def find_alembic() -> None:
    """Put this environment's programs on PATH: nbgrader starts ``alembic`` to create a gradebook.

    It is missing where somebody runs ``.venv/bin/nbgrader`` without activating the environment.
    """
    if shutil.which("alembic") is None:
        programs = str(Path(sys.executable).parent)
        os.environ["PATH"] = os.pathsep.join([programs, *filter(None, [os.environ.get("PATH")])])
