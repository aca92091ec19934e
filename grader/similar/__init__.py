"""Submissions of a class that are alike: groups and pairs, and pages that show them side by side.

- ``run``: ``grader similar``: reads a class, compares every lesson, writes the pages.
- ``compare``: the submissions of one lesson, two by two.
- ``prints``: k-grams of code, with names ignored.
- ``groups``: students with the same work, as one entry.
- ``pages``: an index, and a page each.
- ``measure``: the figures behind the threshold.
"""
