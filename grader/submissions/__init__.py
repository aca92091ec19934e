"""What students hand in: found, read, and told from the stub. Nothing of it is run here.

- ``read``: one file, module or notebook, as a ``Submission``.
- ``notebook``: the code of a notebook.
- ``needed``: the statements of a module that the answers need, and those that they do not.
- ``untouched``: whether anybody has begun.
"""
