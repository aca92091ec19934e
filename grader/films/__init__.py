"""Films of the lessons: a run of the reference solution, and a script that says what is shown and said; ``make films``.

How a film comes about: ``lessonN`` here runs the lesson's solution and records numbers and series; the script
``exercises/films/lessonN.yml`` is a list of scenes, each with a picture (``show``) and captions (``say``). Numbers in
captions are placeholders, filled from the run, so that no caption can say what did not happen. How much is said sets
how long a scene lasts. A picture has moments, and draws in each what has moved.

- ``data``: numbers and series with their sources; placeholders.
- ``script``: reading a script, and everything that can be wrong with one.
- ``pace``: when each caption stands.
- ``captions``: lines, WebVTT, transcript.
- ``stage``: the surface that pictures are drawn on.
- ``show``: a picture in general.
- ``pictures``: all kinds of pictures.
- ``cart``: the cart with its pole.
- ``charts``: curves and dots.
- ``grids``: cells with values, arrows and walkers.
- ``sums``: a sum, row by row, beside a state.
- ``watched``: training runs that are watched.
- ``writes``: the exercises that a learner is about to write.
- ``lesson1``: the loop of agent and environment.
- ``lesson2``: sweeps over a gridworld.
- ``lesson3``: a walk along the cliff, and what the table says of it.
- ``lesson4``: a network at work.
- ``lesson5``: a buffer that fills, forgets, and is drawn from.
- ``lesson6``: two networks, and tests.
- ``lesson7``: chances of a push, and returns that push up or down.
- ``lesson8``: what the critic expects.
- ``lesson9``: the clipped objective, with ratios of a run.
- ``encode``: frames into H.264.
- ``film``: one film with all that belongs to it.
- ``sheet``: pictures as files, and all posters in one picture.
"""
