"""The tests themselves, measured. Files say which jobs there are and what their results mean; commands run them.

- ``verify``: right answers get full marks; misconceptions are caught and named.
- ``missing``: what a lesson still needs before a class gets it.
- ``mutants``: does every small change to a solution cost marks?
- ``bar``: what a training check does not notice.
- ``calibrate``: how often a right answer passes a training check.
- ``examples``: how many misconceptions the public examples catch.
- ``judge``: one program, by its properties until one fails, or by training alone.
- ``table``: what was measured, as data and as tables.
- ``sample_class``: a class to try the grader on.
"""
