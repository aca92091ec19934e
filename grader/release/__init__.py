"""What students get: the course without its hidden tests, its solutions and its salt, as a folder of plain files.

run.py         ``grader release``: questions, then the files, then what was done
lessons.py     which lessons are out afterwards
contents.py    every file of a copy, made from the course as it is now
course_yml.py  course.yml without its secrets
modules.py     the part of the grader that goes along
folder.py      what is remembered of a folder, what it must not be, and its policies for other people's edits
git.py         whether a folder would be published, and whether it has changes that are not committed
"""
