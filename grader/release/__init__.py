"""The students' copy: the course without its hidden tests, solutions and salt, as a folder of plain files.

- ``run``: ``grader release``: carries out an instructor's options, and reports the outcome.
- ``lessons``: chooses the lessons that are out.
- ``contents``: every file of a copy, by its path.
- ``films``: the lessons' films, where they are asked for.
- ``modules``: the part of the grader that goes along.
- ``course_yml``: course.yml without its secrets.
- ``folder``: the record of the release, and the folders that it refuses.
- ``git``: git's view of the folder.
"""
