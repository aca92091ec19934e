"""The boundary between the grader and a student's code.

The folder holds both banks of the river and the ferry between them:

* the grader's side: ``session`` (questions and answers, ``Student`` and ``Remote``), ``split`` and ``inprocess`` (two
  ways to reach the student's side), ``isolation`` (how strongly it is walled in);
* the wire between: ``wire`` (frames and values), ``errors``;
* the student's side: ``zygote`` (a warm process that forks one child a session), ``ring`` (limits the child),
  ``scratch`` (the one folder that it may write to), ``served`` (stand-ins for what the grader owns), ``serve`` (the
  one file that imports student code).

Nothing in this folder is secret: it is all that the student's process can see of the grader.
"""
