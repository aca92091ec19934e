"""Measurements whose numbers the lesson texts and the README quote; each is a command that anyone can repeat.

- ``cluster``: a class on workers of Dask's beside the same without, and a simulation of sixty-four.
- ``films``: what films of agents add to a run, to a report and to a page.
- ``gpu``: grading with a CUDA GPU: whether it is right and walled in, and what it is worth.
- ``grading``: what a child, a call and a lesson's properties cost, and the boundary's share.
- ``nbgrader``: plain ``nbgrader autograde`` and ours, side by side.
- ``whole_class``: classes of ten submissions to ten thousand: a first run, a second, one change.
- ``watch``: from a save to a verdict, beside a cold check.
- ``training``: our deep Q-learning and Stable-Baselines3's, side by side.
"""
