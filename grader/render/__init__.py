"""Views of reports. Pure functions, and the only place that words a verdict.

- ``terminal``: one report, after ``grader check`` for a learner.
- ``class_terminal``: a class, after ``grader grade`` for an instructor.
- ``html``: pages for a student and a class, and cells of notebooks.
- ``stylesheet``: their colours, which are all in ``palette.css.j2``, with the rules of a page.
- ``overview``: the parts of a class's page beside the marks.
- ``heat``: the map of a class, students by exercises.
- ``histogram``: the distribution of marks as SVG.
- ``fragment``: pieces for pages of other systems.
- ``curve``: learning curves as SVG.
- ``film``: films of a student's agent as animated SVG.
- ``scenes``: the scenes in them, and what is to be seen there in words.
- ``chart``: learning curves as text, for a terminal.
- ``counting``: the lessons that count, in words.
- ``marks``: final marks, in words.
- ``ladder``: the probe ladder, a line a rung.
- ``words``: the sentences that present a report, a hint or a running job.
- ``lines``: printing a line at a time.
"""
