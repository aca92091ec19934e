"""Hidden properties: run a lesson's tests against a submission, and turn each into one result.

- ``runner``: runs pytest with ``plugin``.
- ``plugin``: gives every property a fresh session, and turns its outcome into a finding.
- ``order``: puts a property behind those that it needs.
- ``finding``: is the outcome of one property, with the words for it.
- ``counterexample``: writes the questions asked as code to paste.
- ``cases``: keeps an example, to put the same law to another program.
- ``known``: asks the known wrong programs, and remembers what each of them does.
- ``diagnosis``: finds the misconception that behaves like the student's code.
- ``answers``: decodes recorded answers, to display and compare them.
- ``examples``: asks the public examples instead of the properties.
"""
