"""Marks in the forms that other systems read.

An exporter is a module with one function ``export(reports, *, …) -> Exported``. It reads and writes no files: what it
needs beside reports comes as keywords, and whoever calls it writes the data and says the lines.

Of a class:

- ``csv``: one table for a spreadsheet.
- ``canvas``: one column of a gradebook that Canvas exported.
- ``moodle``: a table for Moodle's gradebook.

Of one report, where another system starts the grader (``grader.gradescope.results`` is one of these too):

- ``autolab``: what an Autolab autograder prints.
- ``github``: the result of a workflow's step; and the workflow itself, for every push.

What they share:

- ``exported``: the shape of all of them.
- ``marks``: reports as ``grader grade`` leaves them, and which of them are marks.
- ``ids``: the ids that students have elsewhere.
- ``table``: a CSV file in which one cell can be changed.
- ``canvas_comments``: feedback as comments on submissions in Canvas.
- ``canvas_send``: comments sent to Canvas, each once.
- ``canvas_requests``: what sends them: a package, with an end to waiting.
- ``anonymous``: reports under code names.
- ``feedback``: a zip of students' pages, and how Moodle finds whose they are; with more pages than fit into memory, it
  is written as they come, by a command of its own.

To add a system, with ``moodle`` as the example:

1. Find out from its importer or its documentation what an empty cell does, and how it tells who is who. The first
   docstring of the new module, ``grader/export/<system>.py``, says so and where you read it.
2. Write ``export`` there. ``by_student`` and ``sort_lessons`` (``grader.report.sorting``) bring reports into order;
   ``marks.mark`` is None where there is no mark, which is never a 0; ``csv.cell`` makes a name harmless for
   spreadsheets, ``csv.written`` a mark a cell; ``Ids.of`` is a student's id elsewhere, ``Ids.unknown`` says who has
   none. If nothing can be exported, raise ``ClassError`` with one line that says what to do.
3. Add a command to ``grader/commands/export.py``: its options, and ``_export``, which reads the reports, writes the
   file whole or not at all, says the lines, and ends with status 3 where a mark is missing.
4. Name the module in a line above, and tell instructors in ``grader/README.md``, under Marks elsewhere.
5. Add a test to ``tests/grader/export/test_export_tables.py``, with a file in ``tests/grader/golden/`` to compare with;
   ``tests/grader/sample_reports.py`` has reports, also one that the grader failed on.
"""
