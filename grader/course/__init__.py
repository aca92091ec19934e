"""The course as data.

- ``data``: the course, its lessons, exercises and limits, as frozen objects.
- ``salt``: what every random choice follows from: public in course.yml, a class's own beside it.
- ``code_names``: names for students by which nobody without the salt knows them.
- ``names``: the form of a lesson's name, its number, and the lessons that a word means.
- ``document``: a YAML file with its lines, for messages.
- ``reading``: course.yml and the hints of its lessons, read and checked.
"""

from grader.course.data import Course, Exercise, GradeGroup, LateRule, Lesson, TrainingRule
from grader.course.reading import find_root, load

__all__ = ["Course", "Exercise", "GradeGroup", "LateRule", "Lesson", "TrainingRule", "find_root", "load"]
