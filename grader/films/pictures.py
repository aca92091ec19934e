"""All kinds of pictures that a script may name."""

from __future__ import annotations

from grader.films.cart import Cart, Two
from grader.films.charts import Chart
from grader.films.grids import Grid
from grader.films.lesson1 import Loop
from grader.films.lesson3 import Cliff, Table, Update
from grader.films.lesson4 import Network
from grader.films.lesson5 import Buffer
from grader.films.lesson7 import Chances, Pushes
from grader.films.lesson8 import Critic
from grader.films.lesson9 import Clip
from grader.films.sums import Sum
from grader.films.writes import Writes

AnyPicture = (
    Buffer
    | Cart
    | Chances
    | Chart
    | Cliff
    | Clip
    | Critic
    | Grid
    | Loop
    | Network
    | Pushes
    | Sum
    | Table
    | Two
    | Update
    | Writes
)
"""``picture:`` in a script chooses one of them by its tag."""
