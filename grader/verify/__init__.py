"""The tests themselves, measured.

- ``verify``: right answers get full marks; misconceptions are caught and named.
- ``table``: what came of it, as data and as a table.
- ``mutants``: does every small change to a solution cost marks?
- ``bar``: what a training check does not notice.
- ``calibrate``: how often a right answer passes a training check.
- ``examples``: how many misconceptions the public examples catch.
- ``sample_class``: a class to try the grader on.
"""
