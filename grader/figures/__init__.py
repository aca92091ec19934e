"""The figures of the lesson texts, one module a lesson; ``make figures`` draws them into exercises/figures/.

A module ``lessonN`` has a dict ``FIGURES``: what the figure shows, and a function that takes nothing and returns a
matplotlib Figure. A text refers to it as ``figures/lessonN_what_it_shows.svg``.
"""
