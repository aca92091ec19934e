"""All kinds of pictures that a script may name."""

from __future__ import annotations

from grader.films.cart import Cart, Two
from grader.films.charts import Chart
from grader.films.grids import Grid
from grader.films.lesson1 import Loop
from grader.films.writes import Writes

Any_ = Cart | Two | Chart | Grid | Loop | Writes
"""``picture:`` in a script chooses one of them by its tag."""
