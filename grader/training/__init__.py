"""Training checks: certify that a student's ``train`` learns, and not that a number came out.

- ``check``: decides by a lesson's rule.
- ``tasks``: what one run has to learn: an environment of the grader's, and before it a small task.
- ``disguise``: environments that nobody can control from memory.
- ``tabular``: environments with numbered states and actions, renumbered.
- ``meter``: what stands between ``train`` and the environment: it counts, records, and ends the budget.
- ``signs``: the small task for vector environments, in which only rewards say what is right.
- ``corridor``: the small task for tabular ones, in which every episode is cut off after one step.
"""
