"""Folders that a command writes, and brings up to date later, while people edit the files in between.

``grader release`` and ``grader nbgrader init`` both write such folders. They differ in what they do with a file that
somebody has changed or deleted: these policies are arguments of ``ManagedFolder``.

    folder.py  ``ManagedFolder``: plans what happens to each file, then does it
    merge.py   two people's changes of one text, put together
"""
