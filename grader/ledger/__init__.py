"""Marks as a ledger: what is added to the points that were earned, or taken off, by whom it was said, and why.

Two things say it: marks.yml, a small file of the instructor's beside the students' folders, and the late rule in
course.yml. Nothing that the grader judged is changed by either. What they say about each student is written beside the
reports, as ``ledger.json``, and applied when reports are read (``grader.report.settled``); so a changed entry moves
marks without grading anything again, and the table, the pages and every export agree.

- ``entries``: one entry of marks.yml.
- ``reading``: reads marks.yml; a mistake in it is one line with its number.
- ``cases``: all entries and the late rule together, as what they say about one student and one lesson.
- ``made``: the ledger of a class, from both.
- ``never_lower``: entries for marks that a regrade has lowered.
- ``stored``: the ledger beside the reports, with the seal of this course's grader.
"""
