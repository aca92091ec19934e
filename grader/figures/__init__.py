"""The figures of the lesson texts, one module per lesson; ``make figures`` draws them into exercises/figures/.

- ``lesson1``: who tells whom what.
- ``lesson2``: what the cells of a gridworld are worth.
- ``lesson3``: two walks along a cliff.
- ``lesson4``: values that move together.
- ``lesson5``: a buffer at work, and a batch from it.
- ``lesson6``: two networks that follow each other, and training runs.
- ``lesson7``: returns that push, as they are and standardized.
- ``lesson8``: how far an advantage looks ahead, and what an end cuts off.
- ``lesson9``: the clipped objective.
- ``curves``: learning curves of a reference.
- ``motion``: figures that move, unless motion is unwelcome.
- ``style``: one look for all.
"""
