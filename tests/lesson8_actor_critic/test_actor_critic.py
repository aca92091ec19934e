"""Hidden properties of lesson 8: a network with two heads, advantages, and a loss in three parts."""

import math
from collections import Counter

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.testing import exercise, near
from grader.testing.networks import (
    answers_with_large_weights,
    first_and_bounds,
    gradients_of,
    of_one_alone,
    points,
    shake,
    shaken,
)
from grader.testing.tables import halves, some, table

HALVES = halves(3)
# (O, A, N): three different numbers, so that no two axes can be mixed up.
SIZES = st.sampled_from([(4, 2, 3), (3, 2, 5), (2, 5, 4), (5, 3, 2), (6, 3, 7)])


# ActorCritic


# Every student's network has other weights and other names for them, so a misconception is recognised by the place at
# which a law breaks, and each mistake has a line of its own.


@exercise("ActorCritic", weight=2, alike="places")
@settings(max_examples=6)
@given(sizes=SIZES, seed=st.integers(0, 99))
def test_logits_and_values(student, sizes, seed):
    """A batch (N, O) gives a pair: logits (N, A) first, then values (N,), and neither (N, 1) nor a lone number. So it
    is for a batch of one, too.

    Hint: Print both shapes for a batch of three and for a batch of one. Which axis should be there and is not, or the
    other way round?
    """
    inputs, outputs, count = sizes
    model = student.ActorCritic(inputs, outputs)
    answers = [model(points(n, inputs, seed)) for n in (count, 1)]
    for answer, n in zip(answers, (count, 1)):
        pair = isinstance(answer, list | tuple) and len(answer) == 2
        assert pair, "a pair: logits, values"
        tensors = all(isinstance(part, torch.Tensor) for part in answer)
        assert tensors, "two tensors: logits, values"
        shapes = [list(part.shape) for part in answer]
        first = shapes[0] != [n] or shapes[1] != [n, outputs]
        assert first, "the logits first, then the values"
        kept = shapes[1] != []
        assert kept, "values that keep the axis of the batch, also in a batch of one"
        flat = n == 1 or shapes[1] != [n, 1]
        assert flat, "values in one axis (N,), not in a column (N, 1)"
        assert shapes == [[n, outputs], [n]]


@exercise("ActorCritic", needs=("test_logits_and_values",), weight=2, alike="places")
@settings(max_examples=1)
@given(inputs=st.sampled_from([4, 2, 5]), seed=st.integers(0, 99))
def test_answers_are_any_numbers(student, inputs, seed):
    """Logits and values have no bounds: with weights in the thousands they lie hundreds above 0 and below. Nothing
    stands behind the two last layers, no softmax, no log-softmax, no ReLU, no tanh.

    Hint: What is the last thing that happens to the logits, and to the values, before they are returned? Neither has
    bounds.
    """
    outputs = 2
    model = student.ActorCritic(inputs, outputs)
    # Weights drawn 24 times. Even if a network gave one number for all observations, it would lie beyond 100 on either
    # side with a probability of 0.49 or more, as the last layer's bias alone does; that in 24 draws one of the two
    # sides stays empty, for the logits or for the values, is a chance of 2e-7.
    logits, values = answers_with_large_weights(model, inputs, seed)
    first_and_bounds(logits, values)  # what a counterexample prints
    ones, columns = torch.ones(24, 8), torch.ones(24, outputs)
    shares = torch.allclose(logits.sum(dim=2), ones, atol=1e-3)
    assert not shares, "logits, not probabilities that add up to 1"
    log_shares = torch.allclose(logits.exp().sum(dim=2), ones, atol=1e-3)
    assert not log_shares, "logits, not log-probabilities: nothing behind the last layer"
    across = any(torch.allclose(each.sum(dim=1), columns, atol=1e-3) for each in (logits, logits.exp()))
    assert not across, "logits of each row on its own: nothing that adds up to 1 over the batch"
    assert bool((logits < 0).any()), "some logits below 0"
    free = bool((logits < -100).any() and (logits > 100).any())
    assert free, "logits without bounds: with weights in the thousands, some below -100 and some above 100"
    assert bool((values < 0).any()), "some values below 0"
    free = bool((values < -100).any() and (values > 100).any())
    assert free, "values without bounds: with weights in the thousands, some below -100 and some above 100"


def differs(student, model, sizes, seed, part):
    """Whether a network answers two observations differently, in its logits (0) or values (1); with other weights, if
    not with these.
    """
    inputs, outputs, count = sizes
    x = points(count, inputs, seed)
    sets = (model if not k else shaken(student.ActorCritic, inputs, outputs, seed + 100 * k) for k in range(8))
    return any(not torch.equal(*each(x)[part][:2]) for each in sets)


@exercise("ActorCritic", needs=("test_logits_and_values",), alike="places")
@settings(max_examples=5)
@given(sizes=SIZES, seed=st.integers(0, 99))
def test_rows_are_on_their_own(student, sizes, seed):
    """What the network says about one observation does not depend on which others are in the batch, nor on how often it
    was asked before; and it does depend on the observation.

    Hint: Ask for one observation alone, then within a batch. Which operation looks along the axis of the batch, or
    remembers the call before?
    """
    inputs, outputs, count = sizes
    model, x = shaken(student.ActorCritic, inputs, outputs, seed), points(count, inputs, seed)
    kept = student.put(x)
    logits, values = model(kept)
    assert kept.get() == near(x)
    alone = [model(row.unsqueeze(0)) for row in x]
    assert torch.cat([one[0] for one in alone]).detach() == near(logits.detach(), atol=1e-4)
    assert torch.cat([one[1] for one in alone]).detach() == near(values.detach(), atol=1e-4)
    # Behind a ReLU, or far out on a tanh, two rows of one set of weights may be alike by luck; those of eight are not.
    assert differs(student, model, sizes, seed, 1), "other values for other observations"
    assert differs(student, model, sizes, seed, 0), "other logits for other observations"
    model.eval()
    for answer, now in zip((logits, values), model(x)):
        same = now.detach() == near(answer.detach(), atol=1e-4)
        assert same, "the same answers after `.eval()`"


@exercise("ActorCritic", needs=("test_logits_and_values",), alike="places")
@settings(max_examples=3)
@given(sizes=SIZES, seed=st.integers(0, 99))
def test_both_answers_can_be_learnt(student, sizes, seed):
    """Both answers send gradients to the network's weights. Some weights belong to the actor alone and some to the
    critic alone, so that each can learn what the other does not know.

    Hint: Which weights belong to the actor alone, and which to the critic alone? And is any of the two answers cut from
    its graph?
    """
    inputs, outputs, count = sizes
    x, found = points(count, inputs, seed), Counter()
    # Units may be dead for all of these observations, by luck with the weights: then others are asked.
    for k in range(8):
        model = shaken(student.ActorCritic, inputs, outputs, seed + 100 * k)
        owns = bool(model.state_dict())
        assert owns, "a module that owns its layers: a plain list of layers hides them"
        actor = gradients_of(model, x, 0, points(count, outputs, seed + 1))
        critic = gradients_of(model, x, 1, points(count, 1, seed + 2)[:, 0])
        # Entry by entry: one last layer with A + 1 outputs is right as well, and its weights are one tensor.
        found += Counter(of_one_alone(actor, critic))
        if min(found["the logits alone"], found["the values alone"]) > 0:
            break
    assert found["the logits alone"] > 0, "weights that only the logits depend on"
    assert found["the values alone"] > 0, "weights that only the values depend on"


@exercise("ActorCritic", needs=("test_logits_and_values",), alike="places")
@settings(max_examples=3)
@given(sizes=SIZES, seed=st.integers(0, 99))
def test_an_optimizer_finds_all_weights(student, sizes, seed):
    """All weights are parameters of the module: two networks with the same `state_dict()` give the same answers.

    Hint: Print `state_dict()`. A layer that the module does not list is one that no optimizer finds.
    """
    inputs, outputs, count = sizes
    one, other = student.ActorCritic(inputs, outputs), student.ActorCritic(inputs, outputs)
    other.load_state_dict(one.state_dict())
    # Answers that begin at 0, as some do, are no evidence: all weights are moved by the same numbers.
    for model in (one, other):
        shake(model, seed)
    x = points(count, inputs, seed)
    mine, theirs = ([part.detach() for part in model(x)] for model in (one, other))
    for answer, twin in zip(mine, theirs):
        assert answer == near(twin)


@exercise("ActorCritic", needs=("test_logits_and_values",), weight=0.5, alike="places")
@settings(max_examples=2)
@given(sizes=SIZES)
def test_nobodys_random_numbers_are_seeded(student, sizes):
    """Nothing in the constructor seeds global random numbers, torch's, numpy's or Python's.

    Hint: Is there a line in the constructor that sets a seed? It does so for everybody's random numbers.
    """
    states = [[student.random_state(kind) for kind in ("torch", "numpy", "python")]]
    for _ in range(2):
        student.ActorCritic(*sizes[:2])
        states.append([student.random_state(kind) for kind in ("torch", "numpy", "python")])
    # Numbers that are drawn move a generator on, the second time too; what is seeded twice stands where it stood.
    seeded = [before != once == twice for before, once, twice in zip(*states)]
    assert seeded == [False, False, False], "global random numbers that nobody seeds"


@exercise("ActorCritic", needs=("test_logits_and_values",), alike="places")
@settings(max_examples=4)
@given(sizes=SIZES, seed=st.integers(0, 99))
def test_more_than_a_straight_line(student, sizes, seed):
    """Neither answer is a linear function of the observation: there is a hidden layer with a nonlinearity.

    Hint: What stands between the linear layers, on the way to the logits and on the way to the values?
    """
    inputs, outputs, count = sizes
    model, x = shaken(student.ActorCritic, inputs, outputs, seed), 3.0 * points(count, inputs, seed)
    both = model(torch.cat([x, -x, 0.0 * x]))
    for name, answer in zip(("logits", "values"), both):
        # Of a linear function, f(x) + f(-x) = 2 f(0).
        ahead, back, origin = answer.detach().split(count)
        bends = not torch.allclose(ahead + back, 2 * origin, rtol=1e-3, atol=1e-3)
        assert bends, f"{name} that bend: a nonlinearity between the layers"


# generalized_advantages


SHAPES = st.sampled_from([(4, 3), (5, 2), (3, 4)])
"""(T, N)"""
ENDS = (0, 0, 0, 1, 2, 3)
"""No end most of the time, else terminated, truncated, or both."""
ORDERS = {copies: st.permutations(range(copies)) for copies in (2, 3, 4)}


@st.composite
def rollouts(draw, endings=True, size=None):
    """The first five arguments, (T, N) each; T and N differ. Flags: in every example an episode is terminated and one
    is truncated, neither at the last step, and others end anywhere.
    """
    steps, copies = size or draw(SHAPES)
    numbers = [torch.tensor(draw(table(HALVES, steps, copies))) for _ in range(3)]
    flags = [torch.zeros(steps, copies, dtype=torch.bool) for _ in range(2)]
    if endings:
        ends = torch.tensor(draw(table(ENDS, steps, copies)))
        columns = draw(ORDERS[copies])
        for kind, (row, column) in enumerate(zip(draw(some(tuple(range(steps - 1)), 2)), columns), start=1):
            ends[row, column] = kind
        flags = [(ends == 1) | (ends == 3), (ends == 2) | (ends == 3)]
    if draw(st.booleans()):
        flags = [flag.float() for flag in flags]
    return *numbers, *flags


def needed_advantages(rewards, values, next_values, terminated, truncated, gamma, lam):
    """Needed: the sum of the δs to come, weighted by powers of γλ, up to the end of the episode or of the data."""
    steps, copies = rewards.shape
    # As lists: to read an entry of a tensor takes far longer than to reckon with it.
    parts = (rewards, values, next_values, terminated, truncated)
    rewards, values, next_values, terminated, truncated = (part.tolist() for part in parts)

    def delta(t, n):
        after = 0.0 if terminated[t][n] else gamma * next_values[t][n]
        return rewards[t][n] + after - values[t][n]

    def advantage(t, n):
        total, weight = 0.0, 1.0
        for k in range(t, steps):
            total += weight * delta(k, n)
            weight *= gamma * lam
            if terminated[k][n] or truncated[k][n]:
                break
        return total

    return [[advantage(t, n) for n in range(copies)] for t in range(steps)]


@exercise("generalized_advantages", weight=4)
@given(rollout=rollouts(), gamma=st.sampled_from([0.5, 0.75]), lam=st.sampled_from([0.5, 0.25, 0.75]))
def test_advantages_with_ends_of_both_kinds(student, rollout, gamma, lam):
    """The advantage of a step is the sum of its δ and of those that follow in the same episode, the k-th weighted by
    (γλ)^k; δ counts the next state's value, but where the episode has terminated. (Rows are steps in time.)

    Hint: Do one column of the printed case by hand, the last step first. At each end, ask two questions: does the next
    state's value count, and does anything carry over?
    """
    got = student.generalized_advantages(*rollout, gamma, lam)
    assert got == near(needed_advantages(*rollout, gamma, lam))


@exercise("generalized_advantages")
@settings(max_examples=10)
@given(
    rollout=st.sampled_from([None, (1, 3), (2, 1)]).flatmap(lambda size: rollouts(endings=False, size=size)),
    gamma=st.sampled_from([0.5, 0.75]),
    lam=st.sampled_from([0.5, 0.25]),
)
def test_advantages_within_an_episode(student, rollout, gamma, lam):
    """Where no episode ends, the same: also the last step of the data counts the value of the state after it, be it the
    only step.

    Hint: No episode ends here. What does your last step count of the state after it, and what does it carry back?
    """
    got = student.generalized_advantages(*rollout, gamma, lam)
    assert got == near(needed_advantages(*rollout, gamma, lam))


@exercise("generalized_advantages")
@settings(max_examples=4)
@given(rollout=st.sampled_from([(3, 2), (3, 1)]).flatmap(lambda size: rollouts(endings=False, size=size)))
def test_where_every_step_is_the_last(student, rollout):
    """Where every step ends its episode, be it the only one, each advantage is the δ of its own step.

    Hint: Every step stands alone here. Which part of your recursion still reaches from one into the other, and what
    does a truncated step count?
    """
    for over in ((True, False), (False, True), (True, True)):
        flags = [torch.full_like(part, flag) for part, flag in zip(rollout[3:], over)]
        for steps in (3, 1):
            case = [part[:steps] for part in (*rollout[:3], *flags)]
            assert student.generalized_advantages(*case, 0.5, 0.75) == near(needed_advantages(*case, 0.5, 0.75))


@exercise("generalized_advantages")
@settings(max_examples=10)
@given(rollout=rollouts(), gamma=st.sampled_from([0.5, 0.9, 1.0]), lam=st.sampled_from([0.0, 1.0]))
def test_ends_of_lambda(student, rollout, gamma, lam):
    """With λ = 0 the advantage is δ alone. With λ = 1 it is all that was earned up to the end of the episode or of the
    data, discounted, plus the value there if it has not terminated, minus the step's own value.

    Hint: Put 0 and then 1 for λ into your recursion. Where does λ stand, and where does γ?
    """
    got = student.generalized_advantages(*rollout, gamma, lam)
    assert got == near(needed_advantages(*rollout, gamma, lam))


@exercise("generalized_advantages", needs=("test_advantages_with_ends_of_both_kinds",))
@settings(max_examples=8)
@given(rollout=rollouts(), huge=st.sampled_from([1024.0, -1024.0]))
def test_nothing_crosses_an_end(student, rollout, huge):
    """What stands in `next_values` where the episode has terminated does not matter, be it ever so large; nor does
    what happens after an end, of either kind, reach the steps before it.

    Hint: The row after an end belongs to another episode. Which of your two lines lets something of it through?
    """
    rewards, values, next_values, terminated, truncated = (part.clone() for part in rollout)
    next_values[terminated.bool()] = huge
    over = terminated.bool() | truncated.bool()
    # In every column, the row after the first end belongs to the reset. A wrong mask lets its reward through.
    for n in range(rewards.shape[1]):
        ends = over[:, n].nonzero().flatten().tolist()
        if ends and ends[0] + 1 < len(rewards):
            rewards[ends[0] + 1, n] = 100.0
    got = student.generalized_advantages(rewards, values, next_values, terminated, truncated, 0.5, 0.5)
    assert got == near(needed_advantages(rewards, values, next_values, terminated, truncated, 0.5, 0.5))


@exercise("generalized_advantages", needs=("test_advantages_with_ends_of_both_kinds",))
@settings(max_examples=8)
@given(rollout=rollouts(), scale=st.sampled_from([10.0, 100.0]))
def test_advantages_have_their_own_scale(student, rollout, scale):
    """Rewards and values a hundred times as large give advantages a hundred times as large: nothing is clipped, and
    nothing is normalised.

    Hint: Is there a line that normalises or limits advantages? That comes later in the lesson, if at all.
    """
    scaled = (*(scale * part for part in rollout[:3]), *rollout[3:])
    got = student.generalized_advantages(*scaled, 0.5, 0.5)
    assert got == near(needed_advantages(*scaled, 0.5, 0.5), atol=1e-4)


@exercise("generalized_advantages", needs=("test_advantages_with_ends_of_both_kinds",))
@settings(max_examples=5)
@given(rollout=rollouts())
def test_advantages_leave_their_inputs_alone(student, rollout):
    """The tensors that `generalized_advantages` is given are afterwards as they were.

    Hint: Which line writes into a tensor that came in? Begin with a tensor of your own.
    """
    there = [student.put(part) for part in rollout]
    got = student.generalized_advantages(*there, 0.5, 0.5)
    for mine, theirs in zip(rollout, there):
        assert theirs.get() == near(mine)
    assert got == near(needed_advantages(*rollout, 0.5, 0.5))


# actor_loss and critic_loss


PAIR_SHAPES = st.sampled_from([(2, 3), (3,), (5,), (4, 3), (1,)])


@st.composite
def pairs(draw):
    """Two tensors of one shape, (N,) or (T, N), with the entries of both signs; the first is a leaf with gradient."""
    # Two axes first: the smallest example then shows who adds up over only one of them.
    shape = draw(PAIR_SHAPES)
    size = math.prod(shape)
    first = draw(some(HALVES, size))
    # At least one above 0 and one below: who mixes up signs, or drops one, is seen.
    more = max(0, size - 2)
    second = [2.0, -1.0, *draw(some(HALVES, more))][:size]
    # Turned round, so that these two can lie anywhere.
    turn = draw(st.integers(0, size - 1))
    return torch.tensor(first).reshape(shape), torch.tensor(second[turn:] + second[:turn]).reshape(shape)


@st.composite
def choices(draw):
    """Log-probabilities, below 0, and advantages."""
    first, advantages = draw(pairs())
    return -(first.abs() + 0.5), advantages


def assert_graph(value):
    """Insist on something that backward can be called on."""
    graph = isinstance(value, torch.Tensor) and value.requires_grad
    assert graph, "a tensor with a graph, to call backward on"


def both_sides(function, first, second):
    """A loss, the gradients it leaves in both arguments (zeros for none), and whether it can be differentiated."""
    first, second = first.clone().requires_grad_(), second.clone().requires_grad_()
    loss = function(first, second)
    assert_graph(loss)
    loss.backward()
    return [torch.zeros_like(leaf) if leaf.grad is None else leaf.grad for leaf in (first, second)]


@exercise("actor_loss", weight=2)
@settings(max_examples=20)
@given(choice=choices())
def test_actor_loss_is_minus_the_mean_of_products(student, choice):
    """The loss is −mean(log π · A), one number, whatever shape the two tensors have together.

    Hint: Work the printed case out by hand: a product for each step, and then one number. Mind the sign.
    """
    log_probs, advantages = choice
    products = [p * a for p, a in zip(log_probs.flatten().tolist(), advantages.flatten().tolist())]
    assert student.actor_loss(log_probs, advantages) == near(-sum(products) / len(products))


@exercise("actor_loss", weight=2)
@settings(max_examples=20)
@given(choice=choices())
def test_a_better_action_becomes_likelier(student, choice):
    """A step against the gradient raises the log-probability of every action in proportion to its advantage, and lowers
    it where that is negative. No gradient flows into the advantages.

    Hint: For a positive advantage the log-probability should rise as the loss falls. Does it, and does a gradient also
    reach the advantages?
    """
    log_probs, advantages = choice
    actor, critic = both_sides(student.actor_loss, log_probs, advantages)
    assert actor == near(-advantages / advantages.numel())
    assert critic == near(torch.zeros_like(advantages))


@exercise("actor_loss", needs=("test_actor_loss_is_minus_the_mean_of_products",))
@settings(max_examples=5)
@given(choice=choices(), times=st.integers(2, 3))
def test_actor_loss_does_not_grow_with_the_batch(student, choice, times):
    """Every step given twice or three times leaves the loss as it is, and its inputs too.

    Hint: What happens to your loss when every step comes twice? Look at how many products become one number.
    """
    choice = choice[0], 1024 * choice[1]
    log_probs, advantages = (torch.cat([part] * times) for part in choice)
    there = student.put(log_probs), student.put(advantages)
    needed = -(choice[0] * choice[1]).mean()
    assert student.actor_loss(*there) == near(needed)
    assert there[0].get() == near(log_probs)
    assert there[1].get() == near(advantages)


@exercise("critic_loss", weight=2)
@settings(max_examples=20)
@given(pair=pairs())
def test_critic_loss_is_the_mean_square(student, pair):
    """The loss is mean((V − G)²), one number, whatever shape the two tensors have together.

    Hint: Take one value and its return: how far are they apart, and what do you do with that distance? Then think of
    all shapes that may come.
    """
    values, returns = pair
    squares = [(v - g) ** 2 for v, g in zip(values.flatten().tolist(), returns.flatten().tolist())]
    assert student.critic_loss(values, returns) == near(sum(squares) / len(squares))


@exercise("critic_loss", weight=2)
@settings(max_examples=20)
@given(pair=pairs())
def test_values_move_to_the_returns(student, pair):
    """The gradient moves every value towards its return; the returns are constants, and no gradient reaches them.

    Hint: Which of the two should move towards the other? Look at where your loss lets a gradient flow.
    """
    values, returns = pair
    critic, target = both_sides(student.critic_loss, values, returns)
    assert critic == near(2 * (values - returns) / values.numel())
    assert target == near(torch.zeros_like(returns))


@exercise("critic_loss", needs=("test_critic_loss_is_the_mean_square",))
@settings(max_examples=5)
@given(pair=pairs(), times=st.integers(2, 3))
def test_critic_loss_does_not_grow_with_the_batch(student, pair, times):
    """Every step given twice or three times leaves the loss as it is, and its inputs too.

    Hint: What happens to your loss when every step comes twice? A larger batch is no larger mistake.
    """
    pair = [1024 * part for part in pair]
    values, returns = (torch.cat([part] * times) for part in pair)
    there = student.put(values), student.put(returns)
    needed = ((pair[0] - pair[1]) ** 2).mean()
    assert student.critic_loss(*there) == near(needed)
    assert there[0].get() == near(values)
    assert there[1].get() == near(returns)


# entropy


TABLES = st.sampled_from([(2, 3), (4, 3), (5, 2), (1, 3)])
"""(N, A)"""


@st.composite
def preferences(draw):
    """Logits (N, A), N and A different."""
    rows, actions = draw(TABLES)
    logits = torch.tensor(draw(table(HALVES, rows, actions)))
    # Never all 0, not even in the smallest example: there, many a wrong formula gives the same number.
    return logits + torch.arange(1, actions + 1) / 2


def needed_entropy(logits):
    """Needed, with its graph: from the probabilities, in float64."""
    weights = (logits.double() - logits.double().max()).exp()
    probabilities = weights / weights.sum(dim=1, keepdim=True)
    return -(probabilities * probabilities.log()).sum(dim=1)


@exercise("entropy", weight=3)
@given(logits=preferences())
def test_entropy_of_each_row(student, logits):
    """One number for each row: −Σ π log π over all actions, with π = softmax(logits).

    Hint: Turn one row of logits into probabilities by hand and add the terms up. Over which axis does your sum go, and
    with which sign?
    """
    kept = student.put(logits)
    assert student.entropy(kept) == near(needed_entropy(logits))
    assert kept.get() == near(logits)


@exercise("entropy")
@settings(max_examples=6)
@given(actions=st.integers(2, 5), shift=st.sampled_from(HALVES))
def test_entropy_is_largest_where_nothing_is_preferred(student, actions, shift):
    """Equal logits, whatever they are, give log A. (The natural logarithm.)

    Hint: With equal logits every action has the same probability. What is your answer for two actions, and which
    logarithm does it come from?
    """
    rows = actions + 1
    got = student.entropy(torch.full((rows, actions), shift))
    assert got == near([math.log(actions)] * rows)


@exercise("entropy", needs=("test_entropy_of_each_row",), weight=2)
@settings(max_examples=15)
@given(logits=preferences(), data=st.data())
def test_entropy_has_its_gradient(student, logits, data):
    """The gradient leads to more undecided actors: it flows through every π and every log π.

    Hint: The number is right and the gradient is not. Both factors of each term depend on the logits: is one of them
    cut from the graph?
    """
    weigh = torch.tensor(data.draw(some((1.0, 2.0), len(logits))))
    mine, theirs = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    got = student.entropy(theirs)
    assert_graph(got)
    (got * weigh).sum().backward()
    (needed_entropy(mine) * weigh).sum().backward()
    assert theirs.grad == near(mine.grad)


@exercise("entropy", needs=("test_entropy_of_each_row",))
@settings(max_examples=6)
@given(sure=st.integers(0, 2), large=st.sampled_from([200.0, 1000.0]), sign=st.sampled_from([1, -1]))
def test_a_certain_action_has_no_entropy(student, sure, large, sign):
    """However far apart the logits are, entropy and gradient are finite: 0 where one action is certain, log 2 where two
    are equally likely and the third is out of the question.

    Hint: A probability that rounds to 0 has no logarithm. At which line does something infinite come up?
    """
    logits = torch.zeros(2, 3)
    logits[0, sure] = large
    logits[1, sure] = -large
    # Shifted far from 0 as a whole: that is the same policy.
    logits = (logits + sign * large).requires_grad_()
    got = student.entropy(logits)
    # Numbers around 2000 have no more than three decimals in float32.
    assert got == near([0.0, math.log(2)], atol=1e-3)
    assert_graph(got)
    got.sum().backward()
    assert logits.grad == near(torch.zeros(2, 3), atol=1e-3)
