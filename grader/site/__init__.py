"""The site: the course's own texts as pages that are read in a browser, with nothing from elsewhere.

``make site`` builds it, from texts as they stand in the repository: nothing is written twice.

    texts, hints, solutions -> pages -> lesson, start -> markdown for Sphinx --+
    films/ ---------------------------> film ------------------------------+   |
    a wrong program, checked ---------> terminal ---------------------------+  |
                                                                               v
                                                      making -> Sphinx, MyST and Furo -> HTML

Sphinx with MyST, because it reads Markdown as GitHub does, searches without a server, and is maintained; Furo, because
it is small, prints, and asks for no font or script from elsewhere.

- ``making``: runs Sphinx over the prepared pages, and puts the site into its place.
- ``settings``: all that Sphinx is told.
- ``pages``: all pages, each made from a file, and every file that goes along.
- ``start``: the first page, around README.md.
- ``lesson``: a lesson's page, around its text.
- ``hints``: the hints of an exercise, folded away.
- ``film``: the film of a lesson, where it was made.
- ``formulas``: formulas in plain characters, typeset.
- ``links``: links in a text: what they lead to, and whether that may be shown.
- ``markdown``: the lines of a text: which are prose, code or formulas.
- ``markup``: what keys and narrow windows need, added to a page.
- ``terminal``: a picture of `grader check`, made of text.
"""
