"""Hidden properties of lesson 9: the ratio and both clipped losses, by value and gradient, and shuffled minibatches."""

import itertools
import math
from collections import Counter

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.testing import exercise, near
from grader.testing.tables import halves, some

CLIPS = st.sampled_from([0.1, 0.2, 0.3])
# None of them lies on 1 - clip or 1 + clip, where either gradient would be right.
RATIOS = (0.25, 0.5, 1.0, 1.05, 1.5, 2.0)
OLD = (0.125, 0.25, 0.5)
HALVES = halves(2)
SHAPES_OF_CHANGES = st.sampled_from([(5,), (7,), (3, 2), (1,)])


@st.composite
def changes(draw, further=HALVES):
    """Log-probabilities, old ones and advantages, of shape (N,) or (T, N), or of one step.

    Every longer example has a good and a bad action, each of them much likelier and much rarer than before, so that
    nobody can take one of the four cases for another.
    """
    shape = draw(SHAPES_OF_CHANGES)
    size = math.prod(shape)
    extra = max(0, size - 4)
    ratios = [2.0, 0.5, 2.0, 0.5, *draw(some(RATIOS, extra))]
    advantages = [2.0, 1.0, -3.0, -0.5, *draw(some(further, extra))]
    if size == 1:  # a step that has a gradient: without one, a loss may be a constant
        ratios, advantages = ratios[2:3], advantages[2:3]
    old = torch.tensor(draw(some(OLD, len(ratios))))
    new = torch.tensor(ratios) * old
    return tuple(part.reshape(shape) for part in (new.log(), old.log(), torch.tensor(advantages)))


def leaves(*parts):
    """Copies that take gradients."""
    return [part.clone().requires_grad_() for part in parts]


def gradient(leaf):
    """The gradient left in a leaf; zeros where there is none."""
    return torch.zeros_like(leaf) if leaf.grad is None else leaf.grad


def assert_graph(value):
    """Insist on something that backward can be called on."""
    graph = isinstance(value, torch.Tensor) and value.requires_grad
    assert graph, "a tensor with a graph, to call backward on"


# probability_ratio


@exercise("probability_ratio", weight=2)
@given(change=changes())
def test_ratio_of_new_to_old(student, change):
    """The ratio says how many times likelier each action is now, be it thousands of times: π / π_old, entry by entry; 1
    where nothing changed.

    Hint: You have two logarithms and need a quotient. Which of the two policies stands above the line?
    """
    new, old, _ = change
    got = student.probability_ratio(new, old)
    same = student.probability_ratio(old, old)
    more = student.probability_ratio(new, old - 8.0)
    assert got == near((new.exp() / old.exp()).tolist())
    assert same == near(torch.ones_like(old).tolist())
    assert more == near((new - old + 8.0).exp().tolist(), rtol=1e-3)


@exercise("probability_ratio", needs=("test_ratio_of_new_to_old",), weight=2)
@settings(max_examples=15)
@given(change=changes())
def test_only_the_new_policy_learns(student, change):
    """The gradient of the ratio is the ratio itself, in the new log-probabilities; it never reaches the old ones.

    Hint: One of the two log-probabilities comes from the past. Can a gradient reach it, and does one reach the other?
    """
    new, old = leaves(*change[:2])
    got = student.probability_ratio(new, old)
    assert_graph(got)
    got.sum().backward()
    assert gradient(new) == near((change[0] - change[1]).exp())
    assert gradient(old) == near(torch.zeros_like(old))


@exercise("probability_ratio", needs=("test_ratio_of_new_to_old",))
@settings(max_examples=5)
@given(change=changes(), shift=st.sampled_from([-1000.0, -800.0]))
def test_ratio_of_very_small_probabilities(student, change, shift):
    """Actions so rare that their probabilities round to 0, in float64 too, have a ratio all the same: it comes from the
    logarithms.

    Hint: Both probabilities round to 0 here, but their logarithms are ordinary numbers. In which order do you combine
    them?
    """
    new, old, _ = change
    there = student.put(new + shift), student.put(old + shift)
    assert student.probability_ratio(*there) == near((new - old).exp().tolist(), rtol=1e-3)
    for mine, theirs in zip((new + shift, old + shift), there):
        assert theirs.get() == near(mine)


# clipped_surrogate_loss


def needed_surrogate(new, old, advantages, clip):
    """Needed: the loss and its gradient with respect to the new log-probabilities, entry by entry."""
    total, slopes = 0.0, []
    flat = [part.flatten().tolist() for part in (new, old, advantages)]
    for log_prob, old_log_prob, advantage in zip(*flat):
        ratio = math.exp(log_prob - old_log_prob)
        total += min(ratio * advantage, min(max(ratio, 1 - clip), 1 + clip) * advantage)
        enough = ratio > 1 + clip if advantage > 0 else ratio < 1 - clip
        slopes.append(0.0 if enough else -ratio * advantage / new.numel())
    return -total / new.numel(), torch.tensor(slopes).reshape(new.shape)


@exercise("clipped_surrogate_loss", weight=3)
@given(change=changes(), clip=CLIPS)
def test_loss_is_minus_the_smaller_product(student, change, clip):
    """The loss is −mean(min(ratio · A, clamped ratio · A)), one number, the ratio clamped to 1 − clip … 1 + clip.

    Hint: Take one entry of the printed case and write both products down. Which of the two counts, also where the
    advantage is negative?
    """
    got = student.clipped_surrogate_loss(*change, clip)
    assert got == near(needed_surrogate(*change, clip)[0])


@exercise("clipped_surrogate_loss", weight=3)
@given(change=changes(further=HALVES[1:]), clip=CLIPS)  # at 0, either product may be the smaller one
def test_gradient_stops_when_it_is_enough(student, change, clip):
    """A good action much likelier already, or a bad one much rarer already, has no gradient. All others have one: also
    those that went far in the wrong direction. Advantages and old log-probabilities are constants.

    Hint: For each of the four cases, good or bad action, much likelier or much rarer: should it still be pushed? Find
    the one where your loss disagrees.
    """
    new, old, advantages = leaves(*change)
    loss = student.clipped_surrogate_loss(new, old, advantages, clip)
    assert_graph(loss)
    loss.backward()
    assert gradient(new) == near(needed_surrogate(*change, clip)[1])
    assert gradient(old) == near(torch.zeros_like(old))
    assert gradient(advantages) == near(torch.zeros_like(old))


@exercise("clipped_surrogate_loss", needs=("test_loss_is_minus_the_smaller_product",))
@settings(max_examples=5)
@given(change=changes(), clip=CLIPS, times=st.integers(2, 3))
def test_surrogate_does_not_grow_with_the_batch(student, change, clip, times):
    """Every step given twice or three times leaves the loss as it is, and its inputs too.

    Hint: What happens to your loss when every step comes twice, or when advantages are large? Look at how the entries
    become one number.
    """
    change = *change[:2], 1024 * change[2]
    there = [student.put(torch.cat([part] * times)) for part in change]
    got = student.clipped_surrogate_loss(*there, clip)
    assert got == near(needed_surrogate(*change, clip)[0])
    for mine, theirs in zip(change, there):
        assert theirs.get() == near(torch.cat([mine] * times))


# clipped_value_loss


SHAPES_OF_ESTIMATES = st.sampled_from([(4,), (5,), (3, 2), (1,)])


@st.composite
def estimates(draw):
    """Values, old values and returns, of shape (N,) or (T, N); among them a value that went far the right way, one that
    went far the wrong way, and one that hardly moved. Quarters and sixteenths keep every comparison clear of a tie.
    """
    shape = draw(SHAPES_OF_ESTIMATES)
    count = math.prod(shape)
    extra = max(0, count - 3)
    old = torch.tensor(draw(some(HALVES, count)))
    moved = [2.25, -1.25, 0.25, *(number + 0.25 for number in draw(some(HALVES, extra)))]
    away = [4.0, 2.0, 3.0, *draw(some(HALVES, extra))]
    if count == 1:  # a value that has a gradient
        moved, away = moved[1:2], away[1:2]
    parts = old + torch.tensor(moved), old, old + torch.tensor(away) + 0.0625
    return tuple(part.reshape(shape) for part in parts)


def needed_value_loss(values, old, returns, clip):
    """Needed: the loss and its gradient with respect to the values, entry by entry."""
    total, slopes = 0.0, []
    for value, old_value, goal in zip(*(part.flatten().tolist() for part in (values, old, returns))):
        close = old_value + min(max(value - old_value, -clip), clip)
        total += max((value - goal) ** 2, (close - goal) ** 2)
        enough = close != value and abs(close - goal) > abs(value - goal)
        slopes.append(0.0 if enough else 2 * (value - goal) / values.numel())
    return total / values.numel(), torch.tensor(slopes).reshape(values.shape)


@exercise("clipped_value_loss", weight=3)
@given(estimate=estimates(), clip=st.sampled_from([0.5, 1.0]))
def test_value_loss_is_the_larger_square(student, estimate, clip):
    """The loss is the mean of the larger of (V − G)² and (near − G)², where near is the old value moved towards the new
    one by no more than clip.

    Hint: Take one value and write both squared errors down. Do you choose entry by entry, or between two means?
    """
    # Of the two means the second one is the larger; and with one value further off the first one is.
    values, *constants = estimate
    further = values.clone()
    further.view(-1)[-1 if len(values) == 1 else 1] -= 2.0
    got = student.clipped_value_loss(*estimate, clip)
    got_further = student.clipped_value_loss(further, *constants, clip)
    assert got == near(needed_value_loss(*estimate, clip)[0])
    assert got_further == near(needed_value_loss(further, *constants, clip)[0])


@exercise("clipped_value_loss", weight=3)
@given(estimate=estimates(), clip=st.sampled_from([0.5, 1.0]))
def test_value_gradient_stops_when_it_is_enough(student, estimate, clip):
    """A value that has moved far enough in the right direction has no gradient; the others have. Old values and returns
    are constants.

    Hint: A value that moved far towards its return has done enough; one that moved away has not. Which of them does
    your loss still pull, and are the others constants?
    """
    values, old, returns = leaves(*estimate)
    loss = student.clipped_value_loss(values, old, returns, clip)
    assert_graph(loss)
    loss.backward()
    assert gradient(values) == near(needed_value_loss(*estimate, clip)[1])
    assert gradient(old) == near(torch.zeros_like(old))
    assert gradient(returns) == near(torch.zeros_like(old))


@exercise("clipped_value_loss", needs=("test_value_loss_is_the_larger_square",))
@settings(max_examples=5)
@given(estimate=estimates(), times=st.integers(2, 3))
def test_value_loss_does_not_grow_with_the_batch(student, estimate, times):
    """Every step given twice or three times leaves the loss as it is, and its inputs too.

    Hint: What happens to your loss when every step comes twice? Look at the last thing you do to the squares.
    """
    estimate = [1024 * part for part in estimate]
    there = [student.put(torch.cat([part] * times)) for part in estimate]
    got = student.clipped_value_loss(*there, 0.5)
    assert got == near(needed_value_loss(*estimate, 0.5)[0])
    for mine, theirs in zip(estimate, there):
        assert theirs.get() == near(torch.cat([mine] * times))


# minibatches. Which numbers come is luck, so a misconception is recognised by the place at which a law breaks, and each
# mistake has a line of its own.


def epoch(student, size, minibatch_size, rng):
    """One epoch as lists of ints, whether it comes as a list or from an iterator."""
    batches = [np.asarray(batch) for batch in student.minibatches(size, minibatch_size, rng)]
    indices = all(batch.ndim == 1 and batch.dtype.kind in "iu" for batch in batches)
    assert indices, "arrays of whole numbers, one axis each"
    return [batch.tolist() for batch in batches]


SHAPES = st.sampled_from([(7, 3), (6, 3), (5, 2), (2, 5), (9, 4), (4, 1), (3, 3), (1, 1)])
"""(size, minibatch_size), with and without a rest."""


@exercise("minibatches", weight=3, alike="places")
@settings(max_examples=10)
@given(shape=SHAPES, seed=st.integers(0, 99))
def test_every_index_once(student, shape, seed):
    """Every index from 0 to size − 1 comes exactly once in an epoch, in each of twenty epochs.

    Hint: Deal the indices out like cards. Can one of them come twice in an epoch, or not at all?
    """
    rng, size = student.put(np.random.default_rng(seed)), shape[0]
    epochs = [sorted(i for batch in epoch(student, *shape, rng) for i in batch) for _ in range(20)]
    # First what holds for all twenty together, and does not depend on luck.
    seen = sorted({index for indices in epochs for index in indices})
    beyond = [index for index in seen if not 0 <= index < size]
    assert beyond == [], "indices from 0 to size - 1"
    assert seen == list(range(size)), "every index from 0 to size - 1"
    twice = any(len(set(indices)) < len(indices) for indices in epochs)
    missing = any(len(set(indices)) < size for indices in epochs)
    assert not (twice and missing), "every index once: in some epochs some come twice, and others never"
    assert not twice, "every index once: in some epochs some come twice"
    assert not missing, "every index once: in some epochs some never come"


@exercise("minibatches", needs=("test_every_index_once",), weight=2, alike="places")
@settings(max_examples=16)
@given(shape=SHAPES, seed=st.integers(0, 99))
def test_only_the_last_may_be_shorter(student, shape, seed):
    """All minibatches have the size that was asked for; the last one holds what is left, and none is empty.

    Hint: Cut seven indices into threes by hand. How many pieces are there, and what do you do with the rest?
    """
    size, minibatch_size = shape
    lengths = [len(batch) for batch in epoch(student, *shape, np.random.default_rng(seed))]
    full, rest = divmod(size, minibatch_size)
    needed = [minibatch_size] * full + [rest] * bool(rest)
    assert lengths[:1] == needed[:1], "the first minibatch as long as was asked for"
    assert 0 not in lengths, "no empty minibatch"
    assert len(lengths) == len(needed), "as many minibatches as it takes"
    assert lengths == needed


@exercise("minibatches", needs=("test_every_index_once",), weight=2, alike="places")
@settings(max_examples=1)
@given(seed=st.integers(0, 99))
def test_all_orders_are_equally_likely(student, seed):
    """Every order of the indices comes equally often.

    Hint: Which orders can your shuffling give? Try three indices, and see if any order is left out.
    """
    rng = student.put(np.random.default_rng(seed))
    orders = Counter(tuple(index for batch in epoch(student, 3, 1, rng) for index in batch) for _ in range(300))
    # A right answer leaves one of the six orders out with a chance of 6 · (5/6)^300 = 1e-23.
    assert len(orders) > 1, "more than one order in 300 epochs"
    every = [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
    missing = [order for order in every if order not in orders]
    assert missing == [], "each of the six orders of three indices, now and then"
    # 300 draws of 6 orders, 50 each on average: one of six binomial counts lies outside of 15 to 100 with 1e-9.
    counts = [orders[order] for order in every]
    assert all(15 <= count <= 100 for count in counts), f"about 50 of each of the six orders; there are {counts}"


@exercise("minibatches", needs=("test_every_index_once",), alike="places")
@settings(max_examples=3)
@given(seed=st.integers(0, 99))
def test_a_minibatch_is_a_mixture(student, seed):
    """It is the indices that are shuffled, not blocks of them: a minibatch holds steps from everywhere.

    Hint: What is it that you shuffle: the indices, or pieces of neighbours?
    """
    batches = epoch(student, 40, 8, np.random.default_rng(seed))
    # Of these 35 pairs about 2 are neighbours in a right answer, and 18 less than once in 1e11 times (Poisson).
    shuffled = [index for batch in batches for index in batch] != list(range(40))
    assert shuffled, "indices that are not in order"
    pairs = [(one, other) for batch in batches for one, other in itertools.pairwise(batch)]
    blocks = sum((other - one) % 40 in (1, 39) for one, other in pairs) > len(pairs) / 2
    assert not blocks, "minibatches whose indices are not neighbours of one another"


@exercise("minibatches", needs=("test_every_index_once",), weight=2, alike="places")
@settings(max_examples=4)
@given(seed=st.integers(0, 99))
def test_chance_comes_from_the_generator(student, seed):
    """The same generator gives the same epochs again, and moves on, so that two epochs differ; global random numbers
    are left alone.

    Hint: Who shuffles in your code? The generator that was given should, and it should not be made anew for each epoch.
    """
    one, other = (student.put(np.random.default_rng(seed)) for _ in range(2))
    before = student.random_state()
    first, *later = [epoch(student, 40, 7, one) for _ in range(6)]
    unused = student.random_state() == before
    again = epoch(student, 40, 7, other)
    # Two epochs are alike by chance once in 40! times; where few orders can come, six hardly ever are.
    assert any(each != first for each in later), "another order in the epochs that follow"
    assert unused, "global random numbers left alone: `rng` is the only source"
    assert again == first
