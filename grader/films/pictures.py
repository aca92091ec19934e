"""All kinds of pictures that a script may name."""

from __future__ import annotations

from grader.films.cart import Cart, Two
from grader.films.charts import Chart
from grader.films.grids import Grid
from grader.films.lesson1 import Loop
from grader.films.lesson3 import Cliff, Table, Update
from grader.films.lesson4 import Network
from grader.films.lesson5 import Buffer
from grader.films.writes import Writes

Any_ = Buffer | Cart | Two | Chart | Cliff | Grid | Loop | Network | Table | Update | Writes
"""``picture:`` in a script chooses one of them by its tag."""
