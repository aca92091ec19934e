"""Hidden properties: run a lesson's tests against a submission, and turn each into one result.

``runner`` runs pytest with ``plugin``; ``counterexample`` writes what was asked as code; ``chaffs`` reads the known
misconceptions, and ``diagnosis`` finds the one that behaves like the student's code.
"""
