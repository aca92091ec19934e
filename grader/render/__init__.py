"""Views of a report: the terminal for a learner, pages for a student and a class. Pure functions of ``Report``.

``terminal`` needs only the base install; ``html`` needs the extra ``class`` (jinja2), so nothing is imported here.
"""
