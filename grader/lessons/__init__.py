"""The files of a lesson, made from one source: its solution, its text, and the list of its misconceptions.

- ``stubs``: what a student opens is the solution with every marked region taken out.
- ``notebooks``: nbgrader's source notebook, and the one that students open.
- ``cells``: a solution, cut into what becomes cells.
- ``text``: a text, cut where a notebook has cells.
- ``new``: the first files of a new lesson.
- ``chaffs``: known misconceptions, each a small edit to the solution.
- ``reference``: solutions as modules, for films and figures.
- ``laws``: the docstrings of properties: the law, and the hint below it.
"""
