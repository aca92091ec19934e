"""The figures of the lesson texts, one module per lesson; ``make figures`` draws them into exercises/figures/.

- ``lesson1``: who tells whom what.
- ``lesson2``: what the cells of a gridworld are worth.
- ``lesson3``: two walks along a cliff.
- ``lesson5``: a batch from a buffer.
- ``lesson6``: training runs.
- ``lesson7``: standardized returns.
- ``lesson8``: how far an advantage looks ahead.
- ``lesson9``: the clipped objective.
- ``curves``: learning curves of a reference.
- ``motion``: figures that move, unless motion is unwelcome.
- ``style``: one look for all.
"""
