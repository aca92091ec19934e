"""Training checks: certify that a student's ``train`` learns, and not that a number came out.

``check`` decides by a lesson's rule. ``tasks`` says what one run has to learn: an environment of the grader's behind a
``disguise`` (or renumbered, in ``tabular``), seen through a ``meter``; and, before it, the small task of ``signs``
(or of ``corridor``).
"""
