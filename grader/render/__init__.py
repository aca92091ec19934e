"""Views of reports. Pure functions, and the only place where words about a verdict are put together.

- ``terminal``: after ``grader check`` for a learner, after ``grader grade`` for an instructor.
- ``html``: pages for a student and a class, and cells of notebooks.
- ``stylesheet``: their colours, which are all in ``palette.css.j2``, with the rules of a page.
- ``fragment``: pieces for pages of other systems.
- ``curve``: learning curves as SVG.
- ``counting``: which lessons count, in words.
- ``words``: the sentences into which the data of a report, of a hint and of a running job is put.
- ``lines``: printing a line at a time.
"""
