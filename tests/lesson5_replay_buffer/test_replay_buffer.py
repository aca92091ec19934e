"""Hidden properties of lesson 5: a right answer in any style passes, each common mistake fails."""

import itertools
from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.testing import exercise, near

PARTS = ("states", "actions", "rewards", "next_states", "dones")


def transition(tag, size=2):
    """A transition of which every part but action and done tells ``tag``, with ``size`` numbers in an observation."""
    state = tag + np.arange(size) / 4
    return state, tag % 3, tag / 2, state + 100, tag % 4 == 1


def row(state, action, reward, next_state, done):
    """A transition as plain numbers, to look it up with; all numbers here are exact in float32."""
    return (*map(float, state), float(action), float(reward), *map(float, next_state), float(done))


def rows(batch, count):
    """The rows of a batch as plain numbers. Columns (B, 1) are let through here: there is a property for shapes."""
    five = isinstance(batch, tuple | list) and len(batch) == 5
    assert five, f"five arrays: {', '.join(PARTS)}"
    for name, part in zip(PARTS, batch):
        whole = isinstance(part, np.ndarray) and part.ndim >= 1 and len(part) == count
        assert whole, f"five numpy arrays of {count} rows each, and these {name} are something else"
    states, actions, rewards, next_states, dones = (part.reshape(count, -1) for part in batch)
    return [row(s, a[0], r[0], n, d[0]) for s, a, r, n, d in zip(states, actions, rewards, next_states, dones)]


def filled(student, tags, *, capacity=None, size=2, seed=0):
    """A buffer with one transition for each tag, and these transitions as rows."""
    buffer = student.ReplayBuffer(capacity=capacity or len(tags), seed=seed)
    for tag in tags:
        buffer.push(*transition(tag, size))
    return buffer, [row(*transition(tag, size)) for tag in tags]


def tags(least, most):
    """Tags that all differ."""
    return st.lists(st.integers(0, 20), min_size=least, max_size=most, unique=True)


# ReplayBuffer.push


def see_all(buffer, wanted, whose, at_least=1):
    """Draw one transition at a time until every wanted one was seen; no other may come.

    One at a time, because then hardly anything can go wrong in ``sample`` that would be blamed on ``push``. At most
    four are stored, so that a right buffer fails with a probability of at most 4 · 0.75¹²⁰ < 1e-14.
    """
    left = set(wanted)
    for drawn in range(1, 121):
        (one,) = rows(buffer.sample(1), 1)
        assert one in wanted, f"one of {whose}, all its parts as they were pushed"
        left.discard(one)
        if not left and drawn >= at_least:
            return
    assert not left, f"each of {whose} now and then; {len(left)} of them did not come in 120 draws"


@exercise("ReplayBuffer.push", alike="draws")
@settings(max_examples=10)
@given(pushed=tags(1, 4), spare=st.integers(0, 3), size=st.integers(1, 3))
def test_remembers_what_was_pushed(student, pushed, spare, size):
    """What was pushed can be drawn: state, action, reward, next state and done, each in its place."""
    buffer, wanted = filled(student, pushed, capacity=len(pushed) + spare, size=size)
    see_all(buffer, wanted, "the transitions that were pushed")


@exercise("ReplayBuffer.push", weight=2, alike="draws")
@settings(max_examples=10)
@given(pushed=tags(2, 9), capacity=st.integers(1, 4))
def test_forgets_the_oldest(student, pushed, capacity):
    """A full buffer forgets the oldest transition for each new one: it holds the last `capacity` that were pushed."""
    buffer, wanted = filled(student, pushed, capacity=capacity)
    # What should have been forgotten is one in nine at least, and stays unseen in 30 draws less than once in 30 times;
    # in most of the ten examples it is half of all, and more than one.
    least = 30 if len(pushed) > capacity else 1
    see_all(buffer, wanted[-capacity:], f"the last {len(wanted[-capacity:])} transitions", least)


@exercise("ReplayBuffer.push", needs=("test_remembers_what_was_pushed",), alike="draws")
@settings(max_examples=10)
@given(pushed=tags(1, 3))
def test_keeps_copies(student, pushed):
    """What is stored stays as it was pushed, even when the caller goes on to reuse the arrays for the next step."""
    buffer = student.ReplayBuffer(capacity=len(pushed), seed=0)
    state, next_state = student.put(np.zeros(2)), student.put(np.zeros(2))
    for tag in pushed:
        # The same two arrays for every transition, with other numbers in them.
        state.fill(float(tag))
        next_state.fill(tag + 0.5)
        buffer.push(state, 0, 1.0, next_state, False)
    state.fill(-1.0)
    next_state.fill(-1.0)
    wanted = [row([tag, tag], 0, 1, [tag + 0.5] * 2, False) for tag in pushed]
    see_all(buffer, wanted, "the transitions with the numbers that they were pushed with")


@exercise("ReplayBuffer.push", needs=("test_remembers_what_was_pushed",), alike="draws")
@settings(max_examples=5)
@given(half=st.integers(0, 4).map(lambda n: n + 0.5))
def test_keeps_every_reward_exactly(student, half):
    """A reward of 0.5 stays 0.5, even when the reward before it was the integer 1."""
    buffer = student.ReplayBuffer(capacity=3, seed=0)
    pushed = [(np.zeros(2), 0, reward, np.ones(2), False) for reward in (1, half, 4)]
    for parts in pushed:
        buffer.push(*parts)
    see_all(buffer, [row(*parts) for parts in pushed], "the transitions with the rewards that they were pushed with")


# ReplayBuffer.sample


@exercise("ReplayBuffer.sample", weight=2, alike="draws")
@given(pushed=tags(2, 6), spare=st.integers(0, 2), size=st.integers(1, 3), data=st.data())
def test_rows_stay_whole(student, pushed, spare, size, data):
    """Every row of a batch is one transition that was pushed, not parts mixed from several."""
    buffer, stored = filled(student, pushed, capacity=len(pushed) + spare, size=size)
    count = data.draw(st.integers(1, len(pushed)), label="batch_size")
    strange = [got for got in rows(buffer.sample(count), count) if got not in stored]
    assert not strange, "rows that are transitions which were pushed"


@exercise("ReplayBuffer.sample", weight=2, alike="draws")
@given(pushed=tags(1, 6), data=st.data())
def test_no_repeats(student, pushed, data):
    """No transition comes twice in a batch; so a batch as large as the buffer holds them all."""
    buffer, stored = filled(student, pushed)
    count = data.draw(st.integers(1, len(pushed)), label="batch_size")
    batch = rows(buffer.sample(count), count)
    assert len(set(batch)) == near(count)
    everything = sorted(rows(buffer.sample(len(pushed)), len(pushed)))
    assert everything == near(sorted(stored))


@exercise("ReplayBuffer.sample", needs=("test_rows_stay_whole",), alike="draws")
@given(count=st.integers(1, 4))
def test_equal_transitions_are_separate(student, count):
    """Transitions that happen to be equal are separate entries, which can come in the same batch."""
    buffer, stored = filled(student, [3] * count, capacity=6)
    batch = rows(buffer.sample(count), count)
    assert batch == near(stored)


@exercise("ReplayBuffer.sample", needs=("test_rows_stay_whole",), alike="draws")
@given(pushed=tags(1, 6), size=st.integers(1, 3), data=st.data())
def test_shapes(student, pushed, size, data):
    """A batch of B is five arrays of shapes (B, O), (B,), (B,), (B, O), (B,), in that order."""
    buffer, _ = filled(student, pushed, size=size)
    count = data.draw(st.integers(1, len(pushed)), label="batch_size")
    shapes = [part.shape for part in buffer.sample(count)]
    needed = [(count, size), (count,), (count,), (count, size), (count,)]
    assert shapes == needed, f"shapes {needed}"


@exercise("ReplayBuffer.sample", needs=("test_rows_stay_whole",), alike="values")
@given(dtype=st.sampled_from([np.float32, np.float64]), count=st.integers(1, 3))
def test_dtypes(student, dtype, count):
    """The arrays have the types that numpy gives a stack of what was pushed: actions stay integers, dones bools."""
    buffer = student.ReplayBuffer(capacity=3, seed=0)
    # Rewards that float32 has no room for: so even the values tell who turns everything into float32.
    pushed = [(np.full(2, tag, dtype), tag, tag * 1e39, np.full(2, -tag, dtype), tag == 1) for tag in range(1, 4)]
    for parts in pushed:
        buffer.push(*parts)
    got = [str(part.dtype) for part in buffer.sample(count)]
    needed = [str(np.array(column).dtype) for column in zip(*pushed)]
    assert got == needed, f"dtypes {', '.join(needed)}"


@exercise("ReplayBuffer.sample", needs=("test_rows_stay_whole",))
@given(pushed=tags(0, 4), spare=st.integers(1, 3), more=st.integers(1, 3))
def test_more_than_is_stored(student, pushed, spare, more):
    """A batch larger than what is stored is a ValueError, though there is room for more in the buffer."""
    buffer, _ = filled(student, pushed, capacity=len(pushed) + spare)
    with student.raises("ValueError"):
        buffer.sample(len(pushed) + more)


@exercise("ReplayBuffer.sample", needs=("test_rows_stay_whole",), weight=2, alike="draws")
def test_every_batch_is_equally_likely(student):
    """Every transition, and every pair of them, is drawn equally often, the newest and the oldest like the others."""
    # Seven pushes into a buffer of five, so that a buffer that starts again at the front has done so.
    buffer, pushed = filled(student, range(7), capacity=5, seed=1)
    drawn = Counter(frozenset(rows(buffer.sample(2), 2)) for _ in range(800))
    # Each of the 10 pairs comes Binomial(800, 0.1) times, 80 on average. P(below 38) and P(above 130) are 1.7e-8 each,
    # summed term by term, so a right answer fails with a probability below 4e-7.
    rare = [pair for pair in map(frozenset, itertools.combinations(pushed[-5:], 2)) if not 38 <= drawn[pair] <= 130]
    counts = sorted((drawn[pair] for pair in rare), reverse=True)
    assert not rare, f"each of the 10 pairs about 80 times in 800 batches of two; some came {counts} times"


@exercise("ReplayBuffer.sample", needs=("test_rows_stay_whole",), alike="draws")
@settings(max_examples=10)
@given(seed=st.integers(0, 3))
def test_a_seed_repeats_the_batches(student, seed):
    """The same seed gives the same batches, another seed other ones, and the batches of one buffer differ."""

    def batches(seed):
        buffer, _ = filled(student, range(8), seed=seed)
        return [rows(buffer.sample(4), 4) for _ in range(6)]

    first = batches(seed)
    assert batches(seed) == near(first)
    # Four of eight can be chosen in 70 ways: six batches are all alike by chance once in 70⁵ > 1e9.
    assert any(batch != first[0] for batch in first), "another batch each time"
    # … and six batches agree with six others by chance once in 70⁶ > 1e11.
    assert batches(seed + 1) != first, "other batches for another seed"


@exercise("ReplayBuffer.sample", needs=("test_rows_stay_whole",), alike="places")
@settings(max_examples=10)
@given(pushed=tags(2, 4), seed=st.integers(0, 3) | st.none())
def test_own_random_numbers(student, pushed, seed):
    """The buffer draws from a generator of its own, and neither uses nor seeds the global ones."""
    before = student.random_state()
    buffer, stored = filled(student, pushed, seed=seed)
    assert set(rows(buffer.sample(2), 2)) <= set(stored), "transitions that were pushed"
    assert student.random_state() == before, "global random numbers left alone"


@exercise("ReplayBuffer.sample", needs=("test_rows_stay_whole", "test_no_repeats"), alike="draws")
@given(pushed=tags(1, 5), data=st.data())
def test_takes_nothing_out(student, pushed, data):
    """Sampling leaves the buffer as it was: what was drawn can be drawn again, and pushing goes on as before."""
    buffer, stored = filled(student, pushed)
    for _ in range(2):
        buffer.sample(data.draw(st.integers(1, len(pushed)), label="batch_size"))
    assert sorted(rows(buffer.sample(len(pushed)), len(pushed))) == near(sorted(stored))
    buffer.push(*transition(21))
    after = sorted([*stored[1:], row(*transition(21))])
    assert sorted(rows(buffer.sample(len(pushed)), len(pushed))) == near(after)


# ReplayBuffer.__len__


@exercise("ReplayBuffer.__len__", weight=2)
@given(pushes=st.integers(0, 8), capacity=st.integers(1, 5))
def test_length_is_what_is_stored(student, pushes, capacity):
    """`len` grows by one with each push, from 0 up to the capacity, and stays there."""
    buffer = student.ReplayBuffer(capacity=capacity)
    assert len(buffer) == near(0)
    for count in range(1, pushes + 1):
        buffer.push(*transition(count))
        assert len(buffer) == near(min(count, capacity))


@exercise("ReplayBuffer.__len__", needs=("test_length_is_what_is_stored",))
@given(pushed=tags(1, 6), capacity=st.integers(1, 5), data=st.data())
def test_sampling_leaves_the_length(student, pushed, capacity, data):
    """Sampling does not change the length."""
    buffer, _ = filled(student, pushed, capacity=capacity)
    stored = min(len(pushed), capacity)
    buffer.sample(data.draw(st.integers(1, stored), label="batch_size"))
    assert len(buffer) == near(stored)
