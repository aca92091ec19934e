"""Lists and tables that are drawn at once: every value comes, shapes hold, and what shrinks is plain."""

from collections import Counter

from hypothesis import find, given, settings

from grader.testing.tables import halves, some, table

HALVES = halves(3)


def test_halves_begin_with_the_plainest() -> None:
    assert halves(1) == (0.0, 0.5, -0.5, 1.0, -1.0)


def test_every_value_comes_about_as_often() -> None:
    seen: Counter[float] = Counter()

    @settings(max_examples=60, database=None, derandomize=True)
    @given(numbers=some(HALVES, 20))
    def count(numbers: list[float]) -> None:
        assert len(numbers) == 20
        seen.update(numbers)

    count()
    # 1,200 draws of 13 values, 92 each on average; the first example is all zeros.
    assert set(seen) == set(HALVES)
    assert all(45 <= seen[value] <= 160 for value in HALVES)


def test_tables_have_their_shape_and_shrink_to_the_plainest() -> None:
    found = find(table(HALVES, 2, 3), lambda rows: rows[1][1] < 0)
    assert found == [[0.0, 0.0, 0.0], [0.0, -0.5, 0.0]]


def test_equal_values_of_another_kind_are_other_values() -> None:
    assert {type(value) for value in find(some((0, 1), 4), lambda _: True)} == {int}
    assert {type(value) for value in find(some((False, True), 4), lambda _: True)} == {bool}
    assert {type(row[0]) for row in find(table((0.0, 1.0), 2, 1), lambda _: True)} == {float}
