"""Check one's own work, in a terminal and in a notebook.

- ``check``: ``grader check`` and ``grader train``.
- ``hints``: hints, one at a time.
- ``notebook``: ``check(...)`` in a notebook.
- ``show``: how its outcome looks there.
- ``imports``: earlier lessons, imported in a notebook.
- ``kernel``: a notebook's own kernel as the place where code runs.
"""
