"""The grader: the environment that a student's code acts in, and the judge of what it does.

This file stays empty of imports. The process that runs student code imports ``grader.student`` and must not pull the
rest of the grader in with it.
"""
