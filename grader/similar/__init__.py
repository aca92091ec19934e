"""Submissions of a class that are alike: groups and pairs, and pages that show them side by side.

- ``run``: ``grader similar``: reads a class, compares every lesson, writes the pages.
- ``compare``: the submissions of one lesson, two by two.
- ``prints``: k-grams of code in which names do not count.
- ``groups``: n students with the same work are one entry.
- ``pages``: an index, and a page each.
- ``measure``: the figures behind the threshold.
"""
