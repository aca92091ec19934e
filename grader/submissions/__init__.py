"""What students hand in: found wherever it lies, and read whatever it is. Nothing of it is run here.

- ``students``: the students of a class, and what lies beside their folders.
- ``find``: a student's work on a lesson, of all that could be it, and what to say of the rest.
- ``walk``: everything that lies in a folder, within bounds.
- ``names``: which lesson the name of a file or folder speaks of.
- ``read``: one file, module or notebook, as a ``Submission``.
- ``notebook``: the code of a notebook.
- ``magics``: IPython's own lines, made into Python.
- ``moved``: answers where they would not run, moved to where they count.
- ``needed``: the statements of a module that the answers need; what else it holds is not run.
- ``statements``: what one statement of a module binds, uses and changes.
- ``untouched``: whether anybody has begun.
- ``work``: one student's work on one lesson, with all that it is judged by beside the tests.
- ``newer``: syntax that is newer than this Python's.
- ``remarks``: what is worth a line though it is graded as it is.
"""
