"""Hidden properties: run a lesson's tests against a submission, and turn each into one result.

- ``runner``: runs pytest with ``plugin``.
- ``plugin``: gives every property a fresh session, and turns its outcome into a finding.
- ``order``: puts a property behind those that it needs.
- ``finding``: is the outcome of one property, with the words for it.
- ``counterexample``: writes the questions asked as a script, which prints what the report says came back.
- ``statements``: reads the record of a case as statements of that script.
- ``statement``: one of them.
- ``expressions``: how values, objects and calls are written in them.
- ``origin``: finds the expression that gives a value, among all that was answered.
- ``chance``: finds the random numbers that a script has to seed.
- ``forms``: writes values as ``print`` does, and finds the part in which two differ.
- ``code``: writes values as Python.
- ``layout``: breaks long lines, and makes loops of what is repeated.
- ``cases``: keeps an example, to put the same law to another program.
- ``known``: asks the known wrong programs.
- ``memory``: remembers what each of them does.
- ``diagnosis``: finds the misconception that behaves like the student's code.
- ``answers``: decodes recorded answers, to display and compare them.
- ``examples``: asks the public examples instead of the properties.
"""
