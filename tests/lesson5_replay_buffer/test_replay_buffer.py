"""Hidden properties of lesson 5: a right answer in any style passes, each common mistake fails.

What is stored cannot be seen, only what is drawn. So that one mistake is paid for once, ``push`` is judged by what
comes in many batches together, which hardly depends on how they are drawn; and ``sample`` is judged by how a transition
comes back when nothing else is stored, whatever ``push`` may have done to it.
"""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.testing import exercise, near, read_only, strided
from grader.testing.buffers import (
    PARTS,
    after_a_batch,
    alone,
    batches,
    drawn,
    holding,
    how_often,
    left_in,
    places,
    row,
    rows,
    transition,
)

CAN_BE_READ = "test_five_parts"
COME_AGAIN = "test_takes_nothing_out"
ARE_WHOLE = "test_rows_stay_whole"
HAVE_THEIR_FLAGS = "test_flags_stay_in_their_rows"
ALL_AT_ONCE = "test_as_many_as_are_stored"
ALL_COME = "test_every_transition_has_its_turn"


def filled(student, count, *, capacity=None, seed=0, dones=()):
    """A buffer with transitions 1 to ``count``, and how each of them comes back when it is alone.

    That is the transition itself; if not, it is held against ``push`` by one property, and by no other.
    """
    stored = [alone(student.ReplayBuffer, transition(tag, tag in dones)) for tag in range(1, count + 1)]
    return holding(student.ReplayBuffer, count, capacity or count, seed, dones), stored


def has_length(buffer, length):
    """Tell if the buffer says that it holds so many."""
    try:
        return len(buffer) == length
    except Exception:
        return False


def gives_a_row(buffer):
    """Tell if a transition can be drawn."""
    try:
        return len(rows(buffer.sample(1), 1)) == 1
    except (Exception, AssertionError):
        return False


# ReplayBuffer.push


@exercise("ReplayBuffer.push", weight=0.5)
@settings(max_examples=10)
@given(capacity=st.integers(1, 4), more=st.integers(1, 3))
def test_takes_transitions(student, capacity, more):
    """`push` takes one transition after the other, more than the capacity too.

    Hint: Push into a small buffer until it is more than full, and watch your own lines. What happens at the push that
    no longer fits?
    """
    buffer = student.ReplayBuffer(capacity=capacity, seed=0)
    for tag in range(capacity + more):
        buffer.push(*transition(tag))
    # Of either, one is enough: the other may be wrong, or not written yet.
    holds = has_length(buffer, capacity) or gives_a_row(buffer)
    assert holds, "a buffer that has a length, or of which a transition can be drawn, after that"


@exercise("ReplayBuffer.push", weight=2, needs=("test_takes_transitions", CAN_BE_READ, COME_AGAIN), alike="compared")
@settings(max_examples=5)
@given(tag=st.integers(3, 9))
def test_remembers_what_was_pushed(student, tag):
    """What was pushed can be drawn: state, action, reward, next state and done, each in its place. The states may be
    read-only arrays, or parts of larger ones.

    Hint: Compare the row that came back with the one that was pushed, part by part. Where do two change places, or
    change their kind?
    """
    parts = [transition(tag, done) for done in (False, True)]
    got = [alone(student.ReplayBuffer, each) for each in parts]
    assert got == [row(*each) for each in parts]
    for layout in (read_only, strided):
        state, action, reward, next_state, done = transition(-tag, True)
        there = layout(state), action, reward, layout(next_state), done
        assert alone(student.ReplayBuffer, there) == row(*there)


@exercise("ReplayBuffer.push", needs=(ARE_WHOLE, HAVE_THEIR_FLAGS, ALL_AT_ONCE), alike="compared")
@settings(max_examples=3)
@given(count=st.integers(2, 3), done=st.integers(1, 2))
def test_remembers_every_transition(student, count, done):
    """All that was pushed can be drawn as long as there is room, and so can what came before an episode's end.

    Hint: Count the places that you fill and the places that you draw from. And does the end of an episode empty
    anything?
    """
    buffer, stored = filled(student, count, dones=[done])
    assert drawn(buffer, count, 16) == sorted(stored)


@exercise("ReplayBuffer.push", needs=(ARE_WHOLE, ALL_AT_ONCE), alike="compared")
@settings(max_examples=3)
@given(capacity=st.integers(2, 3), more=st.integers(1, 2))
def test_holds_no_more_than_capacity(student, capacity, more):
    """However many are pushed, each the end of an episode or not, only `capacity` transitions can be drawn.

    Hint: What in your code keeps the store from growing once the capacity is reached?
    """
    # Here each of them is the end of one; the next law pushes none that is.
    dones = range(1, capacity + more + 1)
    buffer = holding(student.ReplayBuffer, capacity + more, capacity, 0, dones)
    # What should have been forgotten is left out of all 24 batches less than once in 2²⁴ times.
    assert len(drawn(buffer, capacity, 24)) <= capacity


@exercise("ReplayBuffer.push", weight=2, needs=(ARE_WHOLE, ALL_AT_ONCE), alike="compared")
@settings(max_examples=2)
@given(capacity=st.integers(2, 3))
def test_forgets_the_oldest(student, capacity):
    """A full buffer forgets the oldest transition for each new one: it holds the last `capacity` that were pushed.

    Hint: The buffer is full and one more comes. Which place does your code give it, and whose place was that?
    """
    # 16 buffers, so that luck cannot choose the right one to be forgotten: it does so once in 2¹⁶ times.
    came = left_in(student.ReplayBuffer, capacity + 1, capacity, seeds=16)
    assert came == sorted(alone(student.ReplayBuffer, transition(tag)) for tag in range(2, capacity + 2))
    # … and once round again.
    buffer, stored = filled(student, 2 * capacity + 1, capacity=capacity)
    assert drawn(buffer, capacity, 8) == sorted(stored[-capacity:]), f"the last {capacity} of {2 * capacity + 1}"


@exercise("ReplayBuffer.push", needs=("test_remembers_what_was_pushed",), alike="compared")
@settings(max_examples=3)
@given(tag=st.integers(1, 9))
def test_keeps_copies(student, tag):
    """What is stored stays as it was pushed, even when the caller goes on to reuse the arrays for the next step.

    Hint: The caller fills the same array anew for the next step. What does your store hold: the numbers, or the
    caller's array?
    """
    came = []
    for dtype in (np.float32, np.float64):
        buffer = student.ReplayBuffer(capacity=2, seed=0)
        state, next_state = student.put(np.full(2, tag, dtype)), student.put(np.full(2, tag + 0.5, dtype))
        # One and the same transition, so that it does not matter which is drawn.
        for _ in range(2):
            buffer.push(state, 0, 1.0, next_state, False)
        unchanged = state.get(), next_state.get()
        assert unchanged == near(([tag] * 2, [tag + 0.5] * 2)), "the arrays of the caller as they were"
        state.fill(-1.0)
        next_state.fill(-1.0)
        came += batches(buffer, 1, 1)[0]
    wanted = [row([tag, tag], 0, 1, [tag + 0.5] * 2, False)] * 2
    assert came == wanted, f"{wanted}, for states of float32 and of float64"


@exercise("ReplayBuffer.push", needs=("test_remembers_what_was_pushed",), alike="compared")
@settings(max_examples=3)
@given(tenths=st.integers(1, 39).filter(lambda n: n % 10))
def test_keeps_the_value_of_every_reward(student, tenths):
    """A reward of 0.5 stays 0.5, even when the reward before it was the integer 1.

    Hint: Which type did your store take from the first reward? A fraction that comes later has to fit into it.
    """
    came = []
    for between in (tenths / 10, 70000.25):
        buffer = student.ReplayBuffer(capacity=3, seed=0)
        for reward in (5, between, 9.0):
            buffer.push(np.zeros(2), 0, reward, np.ones(2), False)
        # The one between comes in two of three pairs: in none of 16 batches less than once in 1e7 times.
        came += sorted({one[2] for one in drawn(buffer, 2, 16)} - {5.0, 9.0})
    needed = [tenths / 10, 70000.25]
    assert came == near(needed, rtol=1e-6), f"rewards {needed}, to float32 precision"


# ReplayBuffer.sample


@exercise("ReplayBuffer.sample", needs=("test_takes_transitions",), alike="places")
@settings(max_examples=10)
@given(stored=st.integers(2, 4), size=st.integers(2, 3), data=st.data())
def test_five_parts(student, stored, size, data):
    """A batch of B has B rows and five parts: states, actions, rewards, next states and dones.

    Hint: Print what your `sample` returns. How many parts has it, and how many rows has each of them?
    """
    buffer = student.ReplayBuffer(capacity=stored, seed=0)
    for tag in range(1, stored + 1):
        buffer.push(*transition(tag, size=size))
    count = data.draw(st.integers(1, stored - 1), label="batch_size")
    rows(buffer.sample(count), count, size)


@exercise("ReplayBuffer.sample", needs=(CAN_BE_READ,), alike="places")
@settings(max_examples=10)
@given(stored=st.integers(2, 4), times=st.integers(2, 4))
def test_takes_nothing_out(student, stored, times):
    """Sampling leaves the buffer as it was: what was drawn can be drawn again.

    Hint: Draw twice from the same buffer. What does the first draw leave behind for the second?
    """
    buffer = student.ReplayBuffer(capacity=stored, seed=0)
    for tag in range(1, stored + 1):
        buffer.push(*transition(tag))
    for _ in range(times):
        rows(buffer.sample(stored - 1), stored - 1)


@exercise("ReplayBuffer.sample", needs=(COME_AGAIN,), weight=2, alike="places")
@settings(max_examples=3)
@given(stored=st.integers(3, 5), count=st.integers(2, 3))
def test_rows_stay_whole(student, stored, count):
    """Every row of a batch is one transition that was pushed, not parts mixed from several.

    Hint: A row belongs together. How many times does your code choose places, once for a batch or once for a part?
    """
    count = min(count, stored - 1)
    buffer, whole = filled(student, stored)
    # Where two parts are drawn each by itself, a batch is whole by chance once in 6 times or less, and 16 never are.
    came = [one for batch in batches(buffer, count, 16) for one in batch]
    # An empty place is told from a mixture: there is a property for each.
    strange = [one for one in came if one not in whole and any(map(any, (one[0], one[3])))]
    assert not strange, f"rows that are transitions which were pushed, and not {strange[:1]}"


@exercise("ReplayBuffer.sample", needs=(ARE_WHOLE,), weight=0.5, alike="places")
@settings(max_examples=2)
@given(stored=st.integers(3, 5))
def test_flags_stay_in_their_rows(student, stored):
    """Where some transitions ended their episode and others did not, each row has the flag of its own transition.

    Hint: The dones are a column like the others. Do they come from the same places, in the same order?
    """
    buffer, whole = filled(student, stored, dones=range(2, stored + 1, 2))
    others = [one for batch in batches(buffer, 2, 16) for one in batch if one not in whole]
    assert not others, f"rows with the flag that was pushed with them, and not {others[:1]}"


@exercise("ReplayBuffer.sample", needs=(ARE_WHOLE,), alike="compared")
def test_every_transition_has_its_turn(student):
    """Each of the stored transitions is drawn now and then, the newest and the oldest too, and not always the same.

    Hint: Which places can your draw give? Try the first and the last one with a buffer of three.
    """
    found = []
    for count in (3, 4):
        # One of four stays unseen in these 120 draws less than once in 1e14 times.
        found.append(places(student.ReplayBuffer, count, 24 * (count + 1)))
    if found in ([[0], [0]], [[2], [3]]):
        # At an end, or at a place that is there by chance: what is drawn from larger buffers tells.
        for count in range(5, 9):
            found.append(places(student.ReplayBuffer, count, 1))
    fixed = all(len(each) == 1 for each in found) and found not in (_ends(0), _ends(-1))
    assert not fixed, "another transition now and then"
    needed = [[0, 1, 2], [0, 1, 2, 3]]
    assert found == needed, f"places {needed} of buffers of 3 and of 4 transitions, where 0 is the oldest"


def _ends(place):
    """What comes if it is always the first one, or the last."""
    return [[list(range(count))[place]] for count in (3, 4, *range(5, 9))]


@exercise("ReplayBuffer.sample", needs=(ALL_COME,), alike="places")
@settings(max_examples=2)
@given(spare=st.integers(2, 4))
def test_draws_only_what_is_stored(student, spare):
    """As long as the buffer is not full, nothing is drawn from the places that are still empty.

    Hint: The buffer has room for more than it holds. Which of the two numbers do you draw from?
    """
    buffer, stored = filled(student, 2, capacity=2 + spare)
    # Two empty ones of four stay undrawn in 24 draws less than once in 1e7 times.
    strange = set(drawn(buffer, 1, 24)) - set(stored)
    assert not strange, f"one of the two transitions that were pushed, and not {sorted(strange)[:1]}"


@exercise("ReplayBuffer.sample", needs=(CAN_BE_READ,), alike="places")
@settings(max_examples=5)
@given(stored=st.integers(1, 5))
def test_as_many_as_are_stored(student, stored):
    """A batch may be as large as what is stored.

    Hint: The batch is exactly as large as what is stored. Look at the comparison that refuses batches, and at the range
    that you draw from.
    """
    buffer = student.ReplayBuffer(capacity=stored, seed=0)
    for tag in range(1, stored + 1):
        buffer.push(*transition(tag))
    rows(buffer.sample(stored), stored)


@exercise("ReplayBuffer.sample", needs=(COME_AGAIN, ALL_AT_ONCE), weight=2, alike="places")
@settings(max_examples=3)
@given(stored=st.integers(2, 5))
def test_no_repeats(student, stored):
    """No transition comes twice in a batch; so a batch as large as the buffer holds them all.

    Hint: What does your generator do with a place that it has drawn before in this batch?
    """
    buffer, _ = filled(student, stored)
    # With replacement two of two differ every other time; 24 batches without a repeat are rarer than 1e-7.
    repeats = [batch for batch in batches(buffer, stored, 24) if len(set(batch)) < stored]
    assert not repeats, f"{stored} different transitions, and not {repeats[:1]}"


@exercise("ReplayBuffer.sample", needs=(ALL_AT_ONCE,), alike="places")
@settings(max_examples=6)
@given(count=st.integers(2, 4), over=st.booleans())
def test_equal_transitions_are_separate(student, count, over):
    """Transitions that happen to be equal are separate entries, which can come in the same batch.

    Hint: Here two transitions hold the same numbers. Do you tell entries apart by what is in them, or by their place?
    """
    buffer = student.ReplayBuffer(capacity=count, seed=0)
    for _ in range(count):
        buffer.push(*transition(3, over))
    rows(buffer.sample(count), count)


@exercise("ReplayBuffer.sample", needs=(COME_AGAIN,), alike="compared")
@settings(max_examples=10)
@given(stored=st.integers(2, 6), size=st.integers(1, 3), data=st.data())
def test_shapes(student, stored, size, data):
    """A batch of B is five arrays of shapes (B, O), (B,), (B,), (B, O), (B,), in that order, also if B is 1.

    Hint: Print the shape of each of the five parts. Where does a batch of one lose its axis, and where are rows and
    columns exchanged?
    """
    buffer = student.ReplayBuffer(capacity=stored, seed=0)
    for tag in range(1, stored + 1):
        buffer.push(*transition(tag, size=size))
    for count in (data.draw(st.integers(1, stored - 1), label="batch_size"), 1):
        batch = buffer.sample(count)
        parts = batch if isinstance(batch, tuple | list) else [batch]
        shapes = [part.shape if isinstance(part, np.ndarray) else type(part).__name__ for part in parts]
        needed = [(count, size), (count,), (count,), (count, size), (count,)]
        assert shapes == needed, f"arrays of shapes {needed}"


KINDS = {"f": "floats", "i": "whole numbers", "u": "whole numbers", "b": "truth values"}


@exercise("ReplayBuffer.sample", needs=(CAN_BE_READ,), alike="compared")
@settings(max_examples=10)
@given(dtype=st.sampled_from([np.float32, np.float64]), count=st.integers(1, 2))
def test_types(student, dtype, count):
    """Actions stay whole numbers; states are floats, rewards are numbers; dones are bools, or 0 and 1.

    Hint: Look at how each part becomes an array: do all five end up with one type? An action has to stay a whole
    number.
    """
    buffer = student.ReplayBuffer(capacity=3, seed=0)
    for tag in range(1, 4):
        buffer.push(np.full(2, tag, dtype), tag, tag + 0.5, np.full(2, -tag, dtype), tag == 1)
    states, actions, rewards, next_states, dones = map(np.asarray, _five(buffer.sample(count)))
    kinds = [KINDS.get(part.dtype.kind, "something else") for part in (states, actions, rewards, next_states)]
    kinds[2] = "numbers" if rewards.dtype.kind in "fiu" else kinds[2]  # whether they were cut is another property's
    kinds.append("truth values" if np.isin(dones, (0, 1)).all() else "something else")
    needed = ["floats", "whole numbers", "numbers", "floats", "truth values"]
    assert kinds == needed, ", ".join(f"{part} of {kind}" for part, kind in zip(PARTS, needed))


def _five(batch):
    """The five parts of a batch, also of one that has rows for columns."""
    return batch if len(batch) == 5 and all(isinstance(part, np.ndarray) for part in batch) else list(zip(*batch))


@exercise("ReplayBuffer.sample", needs=(CAN_BE_READ,), alike="places")
@settings(max_examples=10)
@given(stored=st.integers(0, 4), spare=st.integers(1, 3), more=st.integers(1, 3))
def test_more_than_is_stored(student, stored, spare, more):
    """A batch larger than what is stored is a ValueError, though there is room for more in the buffer.

    Hint: What do you compare the batch size with, and what does your code do when there are too few transitions?
    """
    buffer = student.ReplayBuffer(capacity=stored + spare, seed=0)
    for tag in range(1, stored + 1):
        buffer.push(*transition(tag))
    with student.raises("ValueError"):
        buffer.sample(stored + more)


@exercise("ReplayBuffer.sample", needs=(ALL_COME,), alike="compared")
@settings(max_examples=2)
@given(seed=st.integers(0, 99))
def test_neighbours_are_parted(student, seed):
    """Transitions that lie far apart come in the same batch as often as such that follow one another.

    Hint: Do you draw one starting place, or a place for every row? A slice always holds neighbours.
    """
    buffer, stored = filled(student, 5, seed=seed)
    # Half of all pairs are one apart in the ring of five places, half of them two: 40 of one kind are rarer than 1e-11.
    pairs = [[stored.index(one) for one in batch] for batch in batches(buffer, 2, 40)]
    apart = sorted({min((one - two) % 5, (two - one) % 5) for one, two in pairs if one != two})
    assert apart == [1, 2], "pairs that are 1 and such that are 2 places apart, in a ring of 5"


@exercise("ReplayBuffer.sample", needs=(ALL_COME,), weight=2, alike="places")
def test_every_batch_is_equally_likely(student):
    """Every transition, and every pair of them, is drawn equally often, the newest and the oldest like the others.

    Hint: Some transitions come more often than others. Is every stored place drawn with the same probability, the first
    and the last too?
    """
    buffer, stored = filled(student, 5, seed=1)
    pairs = how_often(buffer, stored, 2, 500)
    # Each of the 10 pairs comes Binomial(500, 0.1) times, 50 on average. P(below 18) and P(above 90) are 1.9e-8 each,
    # summed term by term, so a right answer fails with a probability below 4e-7.
    often = all(18 <= times <= 90 for times in pairs)
    assert often, f"each of the 10 pairs of 5 about 50 times in 500 batches of two; they came {pairs} times"
    # A shuffle that exchanges each place with any other one, and not with one of those still to come, prefers some: in
    # two of five places it hardly shows, in four of five one transition is left out twice as often as it should be.
    # Each is left out Binomial(400, 0.2) times, 80 on average: outside of 36 to 128 with a probability of 1.2e-9.
    fours = how_often(buffer, stored, 4, 400)
    alike = all(36 <= times <= 128 for times in fours)
    assert alike, f"each four of the 5 about 80 times in 400 batches of four; they came {fours} times"


@exercise("ReplayBuffer.sample", needs=(ALL_COME,), alike="places")
@settings(max_examples=3)
@given(seed=st.integers(0, 3))
def test_a_seed_repeats_the_batches(student, seed):
    """The same seed gives the same batches, another seed other ones, and the batches of one buffer differ.

    Hint: Where is your generator made, and with what? It should be made once for a buffer, and then move on.
    """

    def six(seed):
        return batches(holding(student.ReplayBuffer, 8, 8, seed), 4, 6)

    first = six(seed)
    again = six(seed) == first
    assert again, "the same batches for the same seed"
    # Four of eight can be chosen in 70 ways: six batches are all alike by chance once in 70⁵ > 1e9.
    assert any(batch != first[0] for batch in first), "another batch each time"
    # … and six batches agree with six others by chance once in 70⁶ > 1e11.
    others = six(seed + 1) != first
    assert others, "other batches for another seed"


@exercise("ReplayBuffer.sample", needs=(CAN_BE_READ,), alike="compared")
@settings(max_examples=10)
@given(stored=st.integers(2, 4), seed=st.integers(0, 3) | st.none())
def test_own_random_numbers(student, stored, seed):
    """The buffer draws from a generator of its own, and neither uses nor seeds the global ones.

    Hint: Which line seeds or uses the random numbers that everybody shares? The buffer can have a generator of its own.
    """
    states = [student.random_state()]
    buffer = student.ReplayBuffer(capacity=stored, seed=seed)
    for tag in range(1, stored + 1):
        buffer.push(*transition(tag))
    states.append(student.random_state())
    buffer.sample(stored - 1)
    states.append(student.random_state())
    who = [name for name, one, two in zip(("a new buffer", "a sample"), states, states[1:]) if one != two]
    assert who == [], "global random numbers left alone"


@exercise("ReplayBuffer.sample", needs=("test_forgets_the_oldest", "test_no_repeats"), alike="places")
@settings(max_examples=1)
@given(stored=st.integers(4, 5))
def test_pushing_goes_on_after_sampling(student, stored):
    """After a batch was drawn, pushing goes on as if nothing had been drawn: the next transition finds room, or takes
    the place of the oldest.

    Hint: Does drawing move or reorder what is stored, or does your buffer keep something of a draw? What comes later
    has to be drawn like the rest.
    """
    every = sorted(alone(student.ReplayBuffer, transition(tag)) for tag in range(1, stored + 2))
    there = [each for each in after_a_batch(student.ReplayBuffer, stored, seeds=3, room=1) if each != every]
    assert not there, f"all {stored + 1} transitions that were pushed; after sampling, others were there"
    left = sorted(alone(student.ReplayBuffer, transition(tag)) for tag in range(2, stored + 2))
    wrong = [each for each in after_a_batch(student.ReplayBuffer, stored, seeds=12) if each != left]
    assert not wrong, f"the last {stored} transitions that were pushed; after sampling, others were left"


# ReplayBuffer.__len__


@exercise("ReplayBuffer.__len__", needs=("test_takes_transitions",))
@settings(max_examples=10)
@given(pushes=st.integers(0, 5), spare=st.integers(0, 2))
def test_length_grows_with_each_push(student, pushes, spare):
    """`len` is 0 at first, and one more with each push until the buffer is full.

    Hint: What is the length of an empty buffer, and what changes it? Look at what you count.
    """
    buffer = student.ReplayBuffer(capacity=max(1, pushes + spare))
    lengths = [len(buffer)]
    for tag in range(pushes):
        buffer.push(*transition(tag))
        lengths.append(len(buffer))
    assert lengths == list(range(pushes + 1))


@exercise("ReplayBuffer.__len__", needs=("test_takes_transitions",), alike="compared")
@settings(max_examples=6)
@given(capacity=st.integers(2, 4), more=st.integers(1, 2))
def test_length_stops_at_the_capacity(student, capacity, more):
    """`len` of a full buffer stays as it is: it says how many transitions can be drawn.

    Hint: How many transitions can be drawn from a full buffer? The number of all pushes keeps on growing.
    """
    buffer = student.ReplayBuffer(capacity=capacity)
    for tag in range(1, capacity + more + 1):
        buffer.push(*transition(tag))
    length = len(buffer)
    # A buffer that forgets nothing has lost its marks for that, and may say how long it is.
    if length != capacity and length != len(drawn(buffer, capacity, 24)):
        assert length == near(capacity)
