"""Marks in the forms that other systems read. Each exporter is a pure function of reports.

- ``csv``: one table for a spreadsheet.
- ``canvas``: one column of a gradebook that Canvas exported.
- ``moodle``: a table for Moodle's gradebook.
- ``autolab``: what an Autolab autograder prints.
- ``github``: a workflow for every push, and the results of its steps.
- ``marks``: reports as ``grader grade`` leaves them, and which of them are marks.
- ``ids``: the ids that students have elsewhere.
- ``table``: a CSV file in which one cell can be changed.
"""
