"""The commands of ``grader``, by who types them. Each is thin; the work is in the room behind it.

- ``learn``: check, train, hint.
- ``teach``: grade, rehearse, demo.
- ``around``: release, collect, similar, dispute.
- ``export``: marks for other systems, from the reports on a class.
- ``feedback``: students' pages in a zip: export feedback.
- ``canvas``: feedback as comments: export canvas-comments.
- ``anonymous``: a class under code names: export anonymous.
- ``services``: grading on other systems: export gradescope, github.
- ``nbgrader``: nbgrader init.
- ``author``: new, build, verify, draft-chaff, salts, corners, mutants, examples.
- ``author_training``: bar, probes, calibrate.
- ``jobs``: many jobs in parallel, under one progress bar.
- ``options``: arguments that mean the same everywhere, and how a command ends.
- ``teams``: who does the jobs of a command: this machine, or a cluster.
- ``progress``: the progress bar of a long run.
"""
