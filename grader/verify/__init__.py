"""Measure the tests themselves. Files list the jobs and interpret their results; commands run them.

- ``verify``: right answers get full marks; misconceptions are caught and named.
- ``missing``: lists what a lesson still needs before a class gets it.
- ``mutants``: checks that every small change to a solution costs marks.
- ``bar``: the gaps of a training check.
- ``calibrate``: pass rate and cost of right answers in a training check.
- ``series``: the programs that it runs, references and impostors.
- ``journal``: the runs that are done, kept while others are still to come.
- ``probes``: the probe ladder: right answers pass it, and each slip is blamed on the right rung.
- ``examples``: the share of misconceptions that the public examples catch.
- ``salts``: judges every known program with many salts.
- ``corners``: the grid of corners: the property that visits each corner of legal input, or a reason.
- ``visits``: finds the corners that each property visits.
- ``draft``: the draft of a misconception, from failures without a name.
- ``on_device``: programs and attempts that show whether grading on a GPU is right and walled in.
- ``only``: the few programs that somebody asks for by name.
- ``judge``: one program, by its properties until one fails, or by training alone.
- ``table``: the measurements, as data and as tables.
- ``sample_class``: a class to try the grader on.
"""
