"""Pure data: the reports that grading makes and everything else reads, and what follows from them.

- ``report``: ``Report``, with one JSON form.
- ``numbers``: the whole numbers that a report may hold.
- ``film``: episodes of a student's agent, in it.
- ``band``: the learning curves of the reference, in it.
- ``probe``: the probe ladder: which part of a ``train`` is wrong.
- ``step``: the progress of grading one submission.
- ``mark``: the final mark: what was earned, and every adjustment with its reason.
- ``grade``: the grade of the term: groups of lessons, weights, the lowest marks dropped.
- ``settled``: reports with final marks.
- ``thin``: reports without what only a student's own page shows, of which thousands fit into memory.
- ``sorting``: the order and the standing of reports.
- ``trend``: attempts, and how the marks of a class moved from run to run.
- ``tally``: class statistics.
- ``items``: every property of a class as an item of a test: its difficulty, its discrimination.
- ``unnamed``: failures without a name, grouped by how the programs behave.
- ``spent``: the time that grading has taken.
- ``moves``: the marks that a run has moved, and why.
- ``due``: the lessons that count in totals.
- ``folders``: the place of a student's reports, and the student's name in them.
- ``seal``: tells reports that this course's grader made from all others.
"""
