"""Grade one upload in Gradescope's container, and make the zip that the container is built from.

- ``bundle``: the zip: one lesson, all that grading it takes, and nothing else.
- ``run``: what ``run_autograder`` starts: an upload becomes results.json.
- ``results``: a report as results.json.
"""
