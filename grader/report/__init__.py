"""What grading makes and everything else reads: pure data, and what follows from it.

- ``report``: ``Report``, with one JSON form.
- ``step``: how far grading one submission has come.
- ``sorting``: the order and the standing of reports.
- ``tally``: what a class's reports say together.
- ``due``: which lessons count in totals.
"""
