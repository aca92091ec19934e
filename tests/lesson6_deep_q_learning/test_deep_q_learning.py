"""Hidden properties of lesson 6: targets, loss and target network, by value and by gradient."""

import copy

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.testing import exercise, near, read_only, strided
from grader.testing.networks import linear
from grader.testing.tables import halves, some, table

GAMMAS = st.sampled_from([0.0, 0.5, 0.9, 1.0])
HALVES = halves(3)


FLAGS = st.sampled_from(["mixed", "mixed", "all", "none"])
"""Which transitions of a batch are terminal. All or none of them is rare, and has to be right as well."""

ALL_OR_NONE = st.sampled_from(["all", "none"])


def flags(draw, rows):
    """Whether each transition of a batch is terminal; where these are mixed, at least one is and one is not."""
    which = draw(FLAGS) if rows > 1 else draw(ALL_OR_NONE)
    if which != "mixed":
        return [which == "all"] * rows
    return [True, False, *draw(some((False, True), rows - 2))]


BATCHES = st.sampled_from([(2, 3), (4, 3), (5, 2), (3, 3), (1, 3)])
"""(N, A)"""


@st.composite
def batches(draw, tables=1):
    """Rewards (N,), tables of values (N, A), flags (N,); N and A differ most of the time, and N is 1 now and then."""
    rows, actions = draw(BATCHES)
    rewards = draw(some(HALVES, rows))
    values = [draw(table(HALVES, rows, actions)) for _ in range(tables)]
    over = flags(draw, rows)
    as_floats = draw(st.booleans())
    terminated = torch.tensor(over, dtype=torch.float32 if as_floats else torch.bool)
    return torch.tensor(rewards), *map(torch.tensor, values), terminated


def needed_target(rewards, values, terminated, gamma):
    """Needed: r + gamma · value, row by row, and r where terminated."""
    rows = zip(rewards.tolist(), values, terminated.tolist())
    return [reward if over else reward + gamma * value for reward, value, over in rows]


# td_target


@exercise("td_target", weight=3)
@given(batch=batches(), gamma=GAMMAS)
def test_target_is_reward_and_best_next_value(student, batch, gamma):
    """The target is the reward plus gamma times the largest value of the next state, and the reward alone where the
    episode has terminated.

    Hint: Take one row of the printed batch and write its target down: the reward, and what the best next action is
    worth. Along which axis is that maximum?
    """
    rewards, values, terminated = batch
    got = student.td_target(rewards, values, terminated, gamma)
    assert got == near(needed_target(rewards, [max(row) for row in values.tolist()], terminated, gamma))


@exercise("td_target", needs=("test_target_is_reward_and_best_next_value",))
@settings(max_examples=8)
@given(batch=batches(), huge=st.sampled_from([1e6, -1e6]))
def test_nothing_comes_after_the_end(student, batch, huge):
    """Where the episode has terminated, the values of the next state do not matter, be they ever so large.

    Hint: In a terminated row only the reward counts. What do you do with the next values there, and is the flag the
    right way round?
    """
    rewards, values, terminated = batch
    values[terminated.bool()] = huge
    got = student.td_target(rewards, values, terminated, 0.5)
    assert got == near(needed_target(rewards, [max(row) for row in values.tolist()], terminated, 0.5))


@exercise("td_target", needs=("test_target_is_reward_and_best_next_value",))
@settings(max_examples=8)
@given(batch=batches(), scale=st.sampled_from([10.0, 100.0]))
def test_targets_have_no_bounds(student, batch, scale):
    """Rewards and values a hundred times as large give targets a hundred times as large: nothing is clipped.

    Hint: Is there a line that keeps rewards or values within limits? The lesson asks for none.
    """
    rewards, values, terminated = batch
    rewards, values = scale * rewards, scale * values
    got = student.td_target(rewards, values, terminated, 0.9)
    assert got == near(needed_target(rewards, [max(row) for row in values.tolist()], terminated, 0.9))


@exercise("td_target", needs=("test_target_is_reward_and_best_next_value",))
@settings(max_examples=5)
@given(batch=batches())
def test_target_leaves_its_inputs_alone(student, batch):
    """The tensors that `td_target` is given are afterwards as they were.

    Hint: Look for a line that writes in place, with `+=` or a name that ends in an underscore. Whose tensor does it
    change?
    """
    there = [student.put(part) for part in batch]
    student.td_target(*there, 0.9)
    for mine, theirs in zip(batch, there):
        assert theirs.get() == near(mine)


# double_dqn_target


@exercise("double_dqn_target", weight=3)
@given(batch=batches(tables=2), gamma=st.sampled_from([0.5, 0.9, 1.0]))
def test_one_network_chooses_and_the_other_values(student, batch, gamma):
    """The online network chooses the next action, and the target network says what that action is worth; where the
    episode has terminated, the target is the reward.

    Hint: Two tables come in. From which of them do you take the position of the best action, and from which its value?
    """
    rewards, online, target, terminated = batch
    # A choice between equals is free, so there are none: the later of two equal actions is a little better.
    online = online + 0.125 * torch.arange(online.shape[1])
    chosen = [values[choices.index(max(choices))] for choices, values in zip(online.tolist(), target.tolist())]
    got = student.double_dqn_target(rewards, online, target, terminated, gamma)
    assert got == near(needed_target(rewards, chosen, terminated, gamma))


@exercise("double_dqn_target", needs=("test_one_network_chooses_and_the_other_values",))
@settings(max_examples=8)
@given(batch=batches(tables=2), shift=st.sampled_from([-4.0, 8.0]), scale=st.sampled_from([1.0, 1024.0]))
def test_the_online_values_only_rank(student, batch, shift, scale):
    """The online network's values enter by their order alone: to add the same number to all of them, or to double
    them, changes no target. And what the target network says has no bounds.

    Hint: The online values say which action, and nothing else. Does one of their numbers find its way into your target?
    """
    rewards, online, target, terminated = batch
    rewards, target = scale * rewards, scale * target
    online = online + 0.125 * torch.arange(online.shape[1])
    chosen = [values[choices.index(max(choices))] for choices, values in zip(online.tolist(), target.tolist())]
    needed = needed_target(rewards, chosen, terminated, 0.5)
    shifted = student.double_dqn_target(rewards, online + shift, target, terminated, 0.5)
    doubled = student.double_dqn_target(rewards, 2 * online, target, terminated, 0.5)
    assert shifted == near(needed)
    assert doubled == near(needed)


@exercise("double_dqn_target", needs=("test_one_network_chooses_and_the_other_values",), weight=0.5)
@settings(max_examples=5)
@given(batch=batches(tables=2))
def test_double_target_leaves_its_inputs_alone(student, batch):
    """The tensors that `double_dqn_target` is given are afterwards as they were.

    Hint: Which line changes one of the tables that came in? Make a new tensor in its place.
    """
    there = [student.put(part) for part in batch]
    student.double_dqn_target(*there, 0.9)
    for mine, theirs in zip(batch, there):
        assert theirs.get() == near(mine)


# dqn_loss

SIZE = 3
ROWS = st.sampled_from([4, 5, 1])
FLOATS = st.sampled_from(["float32", "float64"])
KINDS_OF_FLAGS = st.sampled_from(["bool", "float32"])


def networks(draw, count=2):
    """Two different linear networks (N, 3) -> (N, count) with plain numbers for weights."""
    return [linear(draw(table(HALVES, count, SIZE)), draw(some(HALVES, count))) for _ in range(2)]


@st.composite
def losses(draw):
    """An online network, a target network and a batch of transitions as arrays.

    It has 4 or 5 rows and takes the first of two or three actions and the last, or it has one row. Types are those
    that a buffer may hand out: states are float32 as the environment's, rewards float32 or float64, flags bool or 0 and
    1.
    """
    count = draw(st.sampled_from([2, 3]))
    online, target = networks(draw, count)
    rows = draw(ROWS)
    actions = draw(some(range(count), rows))
    if rows > 1:
        actions[:2] = [0, count - 1]
    over = flags(draw, rows)
    return (
        online,
        target,
        (
            np.array(draw(table(HALVES, rows, SIZE)), np.float32),
            np.array(actions),
            np.array(draw(some(HALVES, rows)), draw(FLOATS)),
            np.array(draw(table(HALVES, rows, SIZE)), np.float32),
            np.array(over, draw(KINDS_OF_FLAGS)),
        ),
    )


def go_back(loss):
    """Send the gradient back from a loss."""
    learns = isinstance(loss, torch.Tensor) and loss.requires_grad
    assert learns, "a loss that gradients can flow back from"
    loss.backward()


def needed_loss(online, target, batch, gamma):
    """The loss with its graph, from the definition."""
    states, actions, rewards, next_states, terminated = (torch.tensor(part) for part in batch)
    taken = online(states)[torch.arange(len(states)), actions]
    with torch.no_grad():
        best = target(next_states).max(dim=1).values
    needed = needed_target(rewards, best.tolist(), terminated, gamma)
    return ((taken - torch.tensor(needed)) ** 2).mean()


@exercise("dqn_loss", weight=2)
@given(case=losses(), gamma=st.sampled_from([0.5, 0.9]))
def test_loss_is_the_mean_squared_td_error(student, case, gamma):
    """The loss is the mean over the batch of (Q(s, a) − target)², a being the action that was taken.

    Hint: Work out one transition: the value of the action that was taken, its target, and the square of the difference.
    Over how many such squares does your mean go, and how many transitions are there?
    """
    online, target, batch = case
    got = student.dqn_loss(student.put(online), student.put(target), batch, gamma)
    assert got == near(needed_loss(online, target, batch, gamma).item(), rtol=1e-3)


@exercise("dqn_loss", needs=("test_loss_is_the_mean_squared_td_error",), weight=2)
@given(case=losses())
def test_gradient_moves_the_value_of_the_action_taken(student, case):
    """The gradient of the loss reaches the online network through Q(s, a) alone; the target is a constant.

    Hint: The number is right and its gradient is not. Through which terms of the loss can a gradient reach the online
    network?
    """
    online, target, batch = case
    there = student.put(online)
    go_back(student.dqn_loss(there, student.put(target), batch, 0.9))
    needed_loss(online, target, batch, 0.9).backward()
    got = there.gradients()
    for name, parameter in online.named_parameters():
        assert got[name] is not None, "a gradient for every parameter of the online network"
        assert got[name] == near(parameter.grad, rtol=1e-3, atol=1e-4)


@exercise("dqn_loss", needs=("test_loss_is_the_mean_squared_td_error",))
@settings(max_examples=8)
@given(case=losses(), unusual=st.booleans())
def test_no_gradient_reaches_the_target_network(student, case, unusual):
    """After `backward` the online network has gradients and the target network has none.

    Hint: The target plays the part of something measured. Is it computed where autograd is watching?
    """
    online, target, batch = case
    there, constant = student.put(online), student.put(target)
    if unusual:
        batch = tuple(read_only(strided(part)) for part in batch)
        constant.eval()  # as many programs have a network that is not to learn
    go_back(student.dqn_loss(there, constant, batch, 0.9))
    needed_loss(online, target, batch, 0.9).backward()
    assert there.gradients()["0.bias"] == near(online[0].bias.grad, rtol=1e-3, atol=1e-4)
    for gradient in constant.gradients().values():
        none = gradient is None or not bool(gradient.any())
        assert none, "no gradient in the target network"


@exercise("dqn_loss", needs=("test_loss_is_the_mean_squared_td_error",))
@settings(max_examples=8)
@given(case=losses())
def test_one_network_in_both_places(student, case):
    """Where one and the same network stands in both places, the target is still a constant.

    Hint: With one network in both places it matters where the graph is cut, not which network is asked. Which part of
    your loss should have no graph?
    """
    online, _, batch = case
    there = student.put(online)
    go_back(student.dqn_loss(there, there, batch, 0.9))
    needed_loss(online, copy.deepcopy(online), batch, 0.9).backward()
    got = there.gradients()
    for name, parameter in online.named_parameters():
        assert got[name] is not None, "a gradient for every parameter of the online network"
        assert got[name] == near(parameter.grad, rtol=1e-3, atol=1e-4)


@exercise("dqn_loss", needs=("test_loss_is_the_mean_squared_td_error",))
@settings(max_examples=8)
@given(case=losses(), times=st.integers(2, 3))
def test_a_batch_twice_is_no_larger_loss(student, case, times):
    """The loss is a mean: every transition given twice or three times leaves it, and its gradient, as it is.

    Hint: What happens to your loss when every transition comes twice? Look at how the single squares become one number.
    """
    online, target, batch = case
    repeated = tuple(np.concatenate([part] * times) for part in batch)
    there = student.put(online)
    loss = student.dqn_loss(there, student.put(target), repeated, 0.5)
    needed = needed_loss(online, target, batch, 0.5)
    go_back(loss)
    needed.backward()
    assert loss == near(needed.item(), rtol=1e-3)
    assert there.gradients()["0.weight"] == near(online[0].weight.grad, rtol=1e-3, atol=1e-4)


@exercise("dqn_loss", needs=("test_loss_is_the_mean_squared_td_error",), weight=0.5)
@settings(max_examples=6)
@given(case=losses())
def test_loss_leaves_the_batch_alone(student, case):
    """The arrays of the batch are afterwards as they were, so the same batch has the same loss again.

    Hint: Turning an array into a tensor may share its memory. Which line writes into it afterwards?
    """
    online, target, batch = case
    there = student.put(online), student.put(target), tuple(student.put(part) for part in batch)
    got = [student.dqn_loss(*there, 0.9).detach() for _ in range(2)]
    for mine, theirs in zip(batch, there[2]):
        assert theirs.get() == near(mine)
    assert got == near([needed_loss(online, target, batch, 0.9).item()] * 2, rtol=1e-3)


# update_target


def weights(network):
    """Every parameter by name, detached from the network."""
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


@st.composite
def two_networks(draw):
    """Two networks of one shape and two layers whose weights differ everywhere; those of the online one are not 0."""
    layers = [networks(draw), [linear(draw(table(HALVES, 2, 2)), draw(some(HALVES, 2))) for _ in range(2)]]
    online, target = (torch.nn.Sequential(*first, *second) for first, second in zip(*layers))
    with torch.no_grad():
        for theirs, mine in zip(target.parameters(), online.parameters()):
            mine.add_((mine == 0).float())
            theirs.add_((theirs == mine).float())
    return online, target


@exercise("update_target", weight=3)
@given(pair=two_networks(), tau=st.sampled_from([0.1, 0.25, 0.75]))
def test_target_moves_by_tau(student, pair, tau):
    """Every weight of the target network goes the fraction tau of its way to the online network's weight, in place,
    and the online network stays as it is.

    Hint: Try tau = 0.1: which of the two networks should hardly change? Look at which weight is multiplied with which
    share.
    """
    online, target = pair
    mine, theirs = student.put(online), student.put(target)
    student.update_target(theirs, mine, tau)
    moved, kept = theirs.state_dict(), mine.state_dict()
    for name, old in weights(target).items():
        assert moved[name] == near(old + tau * (weights(online)[name] - old))
        assert kept[name] == near(weights(online)[name])


@exercise("update_target")
@settings(max_examples=8)
@given(pair=two_networks())
def test_ends_of_tau(student, pair):
    """With tau = 0 the target network stays as it is; with tau = 1 it becomes a copy of the online one.

    Hint: Put 0 and 1 for tau into your line. What is left of the target network, and what of the online one?
    """
    online, target = pair
    mine, still, copied = student.put(online), student.put(target), student.put(target)
    student.update_target(still, mine, 0.0)
    student.update_target(copied, mine, 1.0)
    kept, copies = still.state_dict(), copied.state_dict()
    for name, old in weights(target).items():
        assert kept[name] == near(old)
        assert copies[name] == near(weights(online)[name])


@exercise("update_target")
@settings(max_examples=8)
@given(pair=two_networks(), later=st.sampled_from(HALVES))
def test_a_copy_is_not_the_same_network(student, pair, later):
    """After a copy with tau = 1, what the online network learns next does not reach the target network.

    Hint: After your update, do the two networks share a tensor? Numbers should be copied, and not the tensors that hold
    them.
    """
    online, target = pair
    mine, theirs = student.put(online), student.put(target)
    student.update_target(theirs, mine, 1.0)
    mine.load_state_dict({name: torch.full_like(tensor, later) for name, tensor in weights(online).items()})
    copied = theirs.state_dict()
    for name, tensor in weights(online).items():
        assert copied[name] == near(tensor)


@exercise("update_target", needs=("test_target_moves_by_tau",))
@settings(max_examples=5)
@given(pair=two_networks(), tau=st.sampled_from([0.25, 1.0]))
def test_target_network_stays_trainable_and_apart(student, pair, tau):
    """An update writes no gradient into either network, and both can learn from a loss afterwards.

    Hint: Does your update leave a trace in autograd: a gradient, a graph, a switch that stays off? It is only about
    numbers.
    """
    online, target = pair
    mine, theirs = student.put(online), student.put(target)
    student.update_target(theirs, mine, tau)
    for network in (mine, theirs):
        assert all(g is None or not bool(g.any()) for g in network.gradients().values()), (
            "no gradient in either network"
        )
    ones = torch.ones(4, SIZE)
    on = student.grad_mode()
    assert on, "autograd on again for whoever learns next"
    mine(ones).sum().backward()
    assert mine.gradients()["1.bias"] == near(torch.full((2,), 4.0))
    assert all(g is None or not bool(g.any()) for g in theirs.gradients().values()), "no gradient in the target network"
