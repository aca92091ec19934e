"""Check one's own work, in a terminal and in a notebook.

- ``own``: a learner's own work: read, judged in this process, its outcome remembered.
- ``memory``: what earlier checks found, by content.
- ``check``: ``grader check`` and ``grader train``.
- ``others``: right answers in other styles, for when one's own is done.
- ``training``: how ``grader train`` shows a run while it goes on.
- ``page``: the page with curves and films that it leaves.
- ``probe``: ``grader train --probe``.
- ``problems``: the same for editors and bots: JSON, or a line per problem.
- ``status``: ``grader status``.
- ``watch``: ``grader watch``: deals with all that happens in one sitting.
- ``warm``: the process in which it judges.
- ``changes``: the exercises that an edit has changed.
- ``screen``: how it shows what it finds.
- ``keys``: single keys from a terminal.
- ``hints``: hints, one at a time.
- ``notebook``: ``check(...)`` in a notebook.
- ``show``: how its outcome looks there.
- ``imports``: earlier lessons, imported in a notebook.
- ``kernel``: a notebook's own kernel as the place where code runs.
"""
