"""Turn submissions into reports: one submission, then a class.

- ``grade``: one student's work on one lesson: source text in, ``Report`` out.
- ``trainee``: a ``train`` that is to be judged, by its training check and its probe ladder.
- ``classroom``: a class: a folder of submissions in, a folder of reports out; kept, resumed, side by side.
- ``again``: which reports a run is about to make again, and why.
- ``run``: the settings that all students of a run share, and what a report depends on.
- ``desk``: where a student's work is taken from, and where the reports are put: folders, or a parcel.
- ``team``: the processes that do the jobs of a run, here or elsewhere.
- ``faults``: what becomes of a submission on which the grader itself failed.
- ``pages``: the table and the pages of a class, from the reports on it; what has not changed is left.
- ``register``: all reports of a class, thin, each read no more than once.
- ``register_file``: the register as it lies on disk.
- ``output``: the folder of reports, if it cannot be written to any more.
- ``rehearsal``: the course's own solutions come first, on the same way.
- ``own``: a program of the course's own, graded by the same way.
- ``salted``: the salt that a class is graded with; it is made at the first run.
- ``digest``: what a report depends on, in one number.
- ``unchanged``: tells that a student's folder is as it was, without opening anything.
- ``naming``: the search for the names of mistakes, and what it may cost.
- ``remembered``: what was found out about known wrong programs, on disk.
- ``history``: each mark that a run has moved, with the date and the reason.
- ``against``: which marks have moved since an earlier run, and why.
- ``dispute``: the page for a mark that is disputed.
- ``anonymous``: the pages and tables of a class under code names.
- ``origin``: what a report was made from, and where the time went.
- ``sessions``: sessions with a submission loaded.
- ``workers``: processes that grade side by side, from the outside.
- ``worker``: the program of such a process.
"""
