"""What students get: the course without its hidden tests, its solutions and its salt, as a folder of plain files.

- ``run``: ``grader release``: from an instructor's wishes to the lines that say what was done.
- ``lessons``: which lessons are out.
- ``contents``: every file of a copy, by its path.
- ``modules``: the part of the grader that goes along.
- ``course_yml``: course.yml without what students must not have.
- ``folder``: what is remembered of the folder, and what it must not be.
- ``git``: what git knows of it.
"""
