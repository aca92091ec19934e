"""Student submissions: found anywhere in a student's folder, and read in any format. None of it is run here.

Of a class, nothing is parsed in the process that grades.

- ``students``: the students of a class, and other things beside their folders.
- ``apart``: keeps output out of the folders that submissions are read from.
- ``find``: a student's work on a lesson, chosen among all candidates.
- ``folder``: a student's folder as seen from one lesson: what names, places and definitions say.
- ``candidates``: the files that could be the work, each read.
- ``passed_over``: lines about the choice, and about what is there if there is no work.
- ``walk``: everything that lies in a folder, within bounds.
- ``names``: recognises the lesson in the name of a file or folder.
- ``read``: one file, module or notebook, as a ``Submission``.
- ``notebook``: the code of a notebook.
- ``magics``: IPython's own lines, turned into Python.
- ``moved``: moves answers to a place where they count.
- ``needed``: the statements of a module that the answers need; the others are not run.
- ``statements``: the names that one statement of a module binds, uses and changes.
- ``untouched``: tells work from the stub that it started as.
- ``work``: one student's work on one lesson, with everything that it is judged by besides the tests.
- ``newer``: syntax that is newer than this Python's.
- ``remarks``: remarks on source that is graded as it is.
- ``reader``: the process in which all of this is done for a class, from the grader's side.
- ``reading``: its program: a child per question, walled in and under limits.
- ``messages``: the plain data between the two.
- ``normal``: the form in which sources are compared (``grader.similar``); made in that process as well.
"""
