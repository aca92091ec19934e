"""Hidden properties of lesson 4: a right answer in any style passes, each common mistake fails."""

import itertools

import numpy as np
import torch
from gymnasium.spaces import Discrete
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from grader.testing import exercise, near, read_only, strided
from grader.testing.draws import different
from grader.testing.networks import (
    HIDDEN,
    GraphWatch,
    far_from_0,
    give_weights,
    in_words,
    linear,
    number,
    parameters,
    points,
    step,
    two_hidden_layers,
)
from grader.testing.networks import sizes as sizes_of

SCALE = 1000.0
"""Of the loss that an optimizer is shown: its gradients are then far above any usual eps of Adam."""
# Batch, observation and action sizes all differ, and none is the hidden size, so that no two axes can be mixed up.
SIZES = st.sampled_from([(4, 2, 3), (3, 2, 5), (2, 5, 4), (5, 3, 2), (3, 4, 1), (6, 3, 7)])
"""(O, A, N)"""


# DQN


@exercise("DQN", alike="compared")
@settings(max_examples=10)
@given(sizes=SIZES)
def test_one_value_for_each_action(student, sizes):
    """A network for O numbers and A actions turns a batch (N, O) into a tensor of values (N, A).

    Hint: Print the shape of what your network gives for the printed batch. How many rows go in, and how many values
    does each row need?
    """
    inputs, outputs, count = sizes
    got = student.DQN(inputs, outputs)(points(count, inputs, 0))
    assert isinstance(got, torch.Tensor), "a tensor"
    assert list(got.shape) == near([count, outputs])


@exercise("DQN", alike="compared")
@settings(max_examples=10)
@given(sizes=st.just((4, 2, 1)) | SIZES)
def test_number_of_parameters(student, sizes):
    """The module owns the parameters of three linear layers with 128 hidden units; for CartPole these are 17,410.

    Hint: Count layer by layer: inputs times outputs, and a bias for each output. Which layer is missing, too many, or
    hidden from the module?
    """
    inputs, outputs, _ = sizes
    needed = (inputs * HIDDEN + HIDDEN) + (HIDDEN * HIDDEN + HIDDEN) + (HIDDEN * outputs + outputs)
    count = sum(value.numel() for value in parameters(student.DQN(inputs, outputs)).values())
    assert count == needed


@exercise("DQN", weight=2, alike="compared")
@settings(max_examples=6)
@given(sizes=SIZES, seed=st.integers(0, 99), scale=st.sampled_from([1.0, 1000.0]))
def test_linear_relu_linear_relu_linear(student, sizes, seed, scale):
    """With given weights, the values are those of linear → ReLU → linear → ReLU → linear, and nothing after it, in
    training mode and in eval mode.

    Hint: Follow one observation through your forward pass and name what it meets, in order. What is the last thing that
    touches the values?
    """
    inputs, outputs, count = sizes
    oracle, x = two_hidden_layers(inputs, outputs, seed), scale * points(count, inputs, seed)
    network = student.DQN(inputs, outputs)
    assert sizes_of(network) == in_words(oracle.parameters())
    give_weights(network, oracle)
    kept = student.put(x)
    got, again, after = network(kept), network(kept), kept.get()
    steady = not isinstance(got, torch.Tensor) or torch.equal(got, again)
    assert steady, "the same values for the same observations, however often they are asked for"
    assert got == near(oracle(x), atol=1e-5 * scale)
    assert after == near(x)
    network.eval()
    assert network(x) == near(oracle(x), atol=1e-5 * scale), "the same values after `.eval()`"


@exercise("DQN", alike="compared")
@settings(max_examples=3)
@given(sizes=SIZES)
def test_networks_start_apart(student, sizes):
    """The first weights are random, and a second network has others: nothing in the constructor sets a seed.

    Hint: Two networks should not be twins. Does your constructor set a seed, or fill weights with a fixed number?
    """
    inputs, outputs, _ = sizes
    networks, states = [], [others_numbers(student)]
    for _ in range(2):
        networks.append(student.DQN(inputs, outputs))
        states.append(others_numbers(student))
    one, other = ([v for v in parameters(network).values() if v.squeeze().dim() > 1] for network in networks)
    constant = bool(one) and all(bool((value == value.flatten()[0]).all()) for value in one)
    assert not constant, "weights that differ from one another from the start"
    twins = bool(one) and all(map(torch.equal, one, other))
    assert not twins, "another network with other weights"
    # Numbers that are drawn move a generator on, the second time too; what is seeded twice stands where it stood.
    seeded = [kind for kind, *three in zip(("python", "numpy"), *states) if three[0] != three[1] == three[2]]
    assert not seeded, "global random numbers that nobody seeds"


def others_numbers(student):
    """The states of the generators that torch's layers do not use."""
    return student.random_state("python"), student.random_state("numpy")


@exercise("DQN", needs=("test_one_value_for_each_action",), alike="compared")
@settings(max_examples=5)
@given(sizes=SIZES, seed=st.integers(0, 99))
def test_gradients_reach_everything(student, sizes, seed):
    """Gradients flow from the values back to every weight and bias.

    Hint: Which line of the forward pass cuts the values off from the weights, or leaves a layer out?
    """
    inputs, outputs, count = sizes
    network = student.DQN(inputs, outputs)
    values = network(points(count, inputs, seed).requires_grad_())
    flows = isinstance(values, torch.Tensor) and values.requires_grad
    assert flows, "values that gradients can flow back from"
    values.sum().backward()
    state, gradients = network.state_dict(), network.gradients()
    assert in_words(state[name] for name, gradient in gradients.items() if gradient is None) == ""


# make_optimizer


def compare_steps(student, make, seeds, lr):
    """Make the steps that the student's optimizer makes a second time, here, with Adam as it is published.

    Steps are compared where every gradient so far was 0, or so large that no usual eps counts.
    """
    start = far_from_0(seeds[0])
    model = student.put(start)
    optimizer = make(model)
    assert optimizer is not None, "an optimizer"
    ours = {name: value.detach().clone().requires_grad_() for name, value in start.named_parameters()}
    adam = torch.optim.Adam(ours.values(), lr=lr)
    clear = {name: torch.ones_like(value, dtype=torch.bool) for name, value in ours.items()}
    for seed in seeds:
        gradients, moved = step(model, optimizer, seed, lr, SCALE)
        for name, gradient in gradients.items():
            ours[name].grad = gradient
            clear[name] &= (gradient == 0) | (gradient.abs() > SCALE / 1000)
        before = {name: value.detach().clone() for name, value in ours.items()}
        adam.step()
        needed = torch.cat([((ours[name] - before[name]) / lr).detach().flatten() for name in ours])
        counts = torch.cat([clear[name].flatten() for name in ours])
        assert torch.where(counts, moved, needed) == near(needed, atol=1e-2)


@exercise("make_optimizer", weight=2, alike="compared")
@settings(max_examples=5)
@given(lr=st.sampled_from([0.1, 0.01, 0.03]), seed=st.integers(0, 99))
def test_first_step_of_adam(student, lr, seed):
    """The first step moves every weight by the learning rate, against the sign of its gradient: so does Adam.

    Movements are given in units of the learning rate.

    Hint: Look at the call that makes the optimizer: which kind is it, whose parameters does it get, and where does the
    learning rate go?
    """
    compare_steps(student, lambda model: student.make_optimizer(model, lr=lr), [seed], lr)


@exercise("make_optimizer", alike="compared")
@settings(max_examples=5)
@given(seed=st.integers(0, 99))
def test_learning_rate_is_a_thousandth(student, seed):
    """Where no learning rate is given, it is 0.001. Movements are given in units of it.

    Hint: What is the learning rate when the caller gives none? Look at what you pass on in that case.
    """
    compare_steps(student, student.make_optimizer, [seed], 0.001)


@exercise("make_optimizer", needs=("test_first_step_of_adam",), alike="compared")
@settings(max_examples=5)
@given(lr=st.sampled_from([0.1, 0.01]), seed=st.integers(0, 99))
def test_later_steps_of_adam(student, lr, seed):
    """Later steps are Adam's too: they go by running means of the gradient and of its square, without weight decay.

    Hint: The first step is right, the later ones are not. Which setting of your optimizer differs from what Adam does
    by itself?
    """
    compare_steps(student, lambda model: student.make_optimizer(model, lr), [seed, seed + 2, seed + 4], lr)


# greedy_action

GAP = 30.0
"""By how much the best action is better: enough that a draw by softmax finds no other one in a lifetime."""


@st.composite
def clear_cases(draw):
    """A network (N, O) → (N, A), and six observations in which one action is the best by far.

    Their numbers are fractions, in every second one all between -1 and 1; the values are now and then all negative.
    """
    inputs, outputs, _ = draw(SIZES)
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    matrix = rng.integers(-160, 161, (outputs, inputs)).astype(np.float32)
    model = linear(matrix, np.full(outputs, draw(st.sampled_from([0.0, -1000.0])), np.float32))
    found = []
    for _ in range(300):
        observation = rng.integers(-7, 8, inputs).astype(np.float32) / 8 + 0.0625
        observation *= 3 if len(found) % 2 else 1
        second, best = sorted((matrix @ observation).tolist())[-2:]
        if best - second >= GAP:
            found.append(observation)
        if len(found) == 6:
            return model, found
    # Two rows of this matrix are so much alike that their values are hardly ever that far apart.
    reject()


def answers(student, gap, best):
    """The different answers to 70 questions about one observation in which one of three actions is better by ``gap``.

    What a right answer says is always the same, so there is one.
    """
    model = student.put(linear([[0.0, 0.0]] * 3, [gap * (action == best) for action in range(3)]))
    return different(student.greedy_action, model, np.zeros(2, np.float32), times=70)


@exercise("greedy_action", weight=0.5, alike="places")
def test_never_another_action(student):
    """Of three actions, the one that is better than the others by far is taken, and every time.

    Hint: One of the three values is the largest by far. Is that the action that you give, and may anything on the way
    to it be drawn at random?
    """
    found = [answers(student, GAP, best) for best in range(3)]
    wavers = any(len(each) > 1 for each in found)
    assert not wavers, "the same action every time, where it is better by far"
    assert found == [{0}, {1}, {2}], "the action that is better by far"


@exercise("greedy_action", weight=2, needs=("test_never_another_action",), alike="compared")
@settings(max_examples=8)
@given(case=clear_cases())
def test_most_valued_action(student, case):
    """`greedy_action` gives the action whose value is highest in the given observation, float32 or float64.

    Hint: Compare the values of the printed observation by hand. Is it the values that you compare, and along which
    axis?
    """
    model, observations = case
    theirs = student.put(model)
    # Each of the six in its own type and layout.
    kinds = itertools.product((np.float32, np.float64), (np.asarray, read_only, strided))
    there = [layout(x.astype(dtype)) for x, (dtype, layout) in zip(observations, kinds, strict=True)]
    chosen = [number(student.greedy_action(theirs, x)) for x in there[:4]]
    theirs.eval()  # of a network without dropout this changes nothing
    chosen += [number(student.greedy_action(theirs, x)) for x in there[4:]]
    assert chosen == [int(model(torch.tensor(x)).argmax()) for x in observations]


@exercise("greedy_action", weight=0.5, needs=("test_never_another_action",), alike="places")
def test_same_action_every_time(student):
    """The same observation gets the same action, however often it is asked for, be another one nearly as good.

    Hint: Is anything drawn at random on the way to the answer? A greedy action is the same whenever it is asked for.
    """
    wavers = [any(len(answers(student, gap, best)) > 1 for best in range(3)) for gap in (1.0, 0.001)]
    assert not wavers[0], "the same action every time, where it is better by 1"
    assert not wavers[1], "the same action every time, where it is better by a little"


@exercise("greedy_action", needs=("test_most_valued_action",), alike="compared")
@settings(max_examples=5)
@given(case=clear_cases())
def test_action_is_an_int(student, case):
    """The action is a plain whole number, which `env.action_space` contains; a tensor is not.

    Hint: Print the type of what you return. An index in a tensor is not yet a number that an environment takes.
    """
    model, observations = case
    got = student.greedy_action(student.put(model), observations[0])
    kind = "int" if Discrete(model[0].out_features).contains(got) else type(got).__name__
    assert kind == "int"


@exercise("greedy_action", needs=("test_most_valued_action",), alike="places")
@settings(max_examples=3)
@given(case=clear_cases())
def test_no_graph(student, case):
    """Choosing an action builds no graph: nobody will ask for a gradient, so autograd need not keep anything.

    Hint: Nobody learns from this forward pass. How do you tell torch so, before the network is called?
    """
    watch = GraphWatch()
    model, observations = case
    theirs = student.put(model)
    # On its layer: some answers call the network, some its forward.
    theirs[0].register_forward_pre_hook(watch)
    student.greedy_action(theirs, observations[0])
    building = watch.building
    assert building == [False] * len(building), "the forward pass under torch.no_grad()"


@exercise("greedy_action", needs=("test_most_valued_action",), weight=0.5, alike="places")
@settings(max_examples=3)
@given(case=clear_cases())
def test_leaves_all_as_it_was(student, case):
    """Afterwards all is as it was: the observation, and whether autograd is on.

    Hint: Something is different after the call: the observation, or whether autograd is on. Which of your lines
    switches or writes, and does it put things back?
    """
    model, observations = case
    kept = student.put(observations[0])
    chosen = number(student.greedy_action(student.put(model), kept))
    assert chosen == int(model(torch.tensor(observations[0])).argmax())
    assert kept.get() == near(observations[0])
    on = student.grad_mode()
    assert on, "autograd on again for whoever learns next"
