"""The grader: the environment that a student's code acts in, and the judge of what it does.

How a submission flows::

    course.yml          -> course       -> Lesson, Exercise
    <student>/<lesson>/ -> submissions  -> source text, and notes about what was found and left out
    grading: rehearsal, then each submission:
        properties --+
        training   --+-- both ask a ``student``, who lives in a process of their own
                     v
                   report               -> pure data, one JSON form
                     |
            render, export, nbgrader    -> pages, terminal text, marks for other systems

Floors: a room imports from lower floors only (``tests/grader/test_house.py`` computes this from the imports):

    9  cli
    8  bench, commands, notebooks, site
    7  cluster, gradescope, learner, nbgrader, verify
    6  collect, films, grading, release, similar
    5  export, figures
    4  ledger, properties, render, submissions, training
    3  lessons, report
    2  course, managed, testing
    1  errors, files, printable, student, version

``student`` is on the lowest floor for another reason than the others: the process that runs student code imports it and
must not pull the rest of the grader in with it. That is why this file stays empty of imports as well.
"""
