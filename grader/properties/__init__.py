"""Hidden properties: run a lesson's tests against a submission, and turn each into one result.

- ``runner``: runs pytest with ``plugin``.
- ``plugin``: gives every property a fresh session, and turns its outcome into a finding.
- ``counterexample``: writes what was asked as code that can be pasted.
- ``diagnosis``: finds the misconception that behaves like the student's code.
- ``answers``: reads answers back, to be shown and compared.
- ``examples``: asks the public examples in the place of the properties.
"""
