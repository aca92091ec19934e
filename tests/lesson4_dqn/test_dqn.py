"""Hidden properties of lesson 4: a right answer in any style passes, each common mistake fails."""

import numpy as np
import torch
from gymnasium.spaces import Discrete
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from grader.testing import exercise, near

HIDDEN = 128
# Batch, observation and action sizes all differ, and none is the hidden size, so that no two axes can be mixed up.
SIZES = st.sampled_from([(4, 2, 3), (3, 2, 5), (2, 5, 4), (5, 3, 2), (3, 4, 1), (6, 3, 7)])
"""(O, A, N)"""


def weights(inputs, outputs, seed):
    """An oracle of the right architecture, with weights that the grader drew.

    The square weight is symmetric and both hidden biases are alike: so it does not matter in which order, by which
    names or which way round a student's module keeps its parameters, and shapes alone tell where each one belongs.
    """
    rng = torch.Generator().manual_seed(seed)
    oracle = nn.Sequential(
        nn.Linear(inputs, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, outputs)
    )
    with torch.no_grad():
        for layer in (oracle[0], oracle[2], oracle[4]):
            layer.weight.copy_(torch.randn(layer.weight.shape, generator=rng) / layer.in_features**0.5)
            layer.bias.copy_(torch.randn(layer.bias.shape, generator=rng) / 2)
        oracle[2].weight.copy_((oracle[2].weight + oracle[2].weight.T) / 2)
        oracle[2].bias.copy_(oracle[0].bias)
    return oracle


def by_size(shape):
    """What tells one parameter from the others, whichever way round it is kept."""
    return tuple(sorted(size for size in shape if size > 1))


def give_weights(network, oracle):
    """Put the oracle's weights into the student's network, by shape."""
    state = network.state_dict()
    sources = {by_size(value.shape): value for value in oracle.state_dict().values()}
    wanted = sorted(tuple(value.shape) for value in oracle.parameters())
    found = sorted(tuple(value.shape) for value in state.values())
    alike = sorted(map(by_size, found)) == sorted(map(by_size, wanted))
    assert alike, f"three linear layers, with weights and biases of the shapes {wanted}; these are {found}"
    new = {}
    for name, value in state.items():
        source = sources[by_size(value.shape)]
        new[name] = (source.T if source.dim() == 2 and source.shape != value.shape else source).reshape(value.shape)
    network.load_state_dict(new)


def points(count, size, seed):
    """Observations, (count, size) float32."""
    return torch.randn(count, size, generator=torch.Generator().manual_seed(seed))


# DQN


@exercise("DQN")
@settings(max_examples=10)
@given(sizes=SIZES)
def test_one_value_for_each_action(student, sizes):
    """A network for O numbers and A actions turns a batch (N, O) into values (N, A) that depend on the observation."""
    inputs, outputs, count = sizes
    got = student.DQN(inputs, outputs)(points(count, inputs, 0))
    assert isinstance(got, torch.Tensor), "a tensor"
    assert list(got.shape) == near([count, outputs])
    rows = student.DQN(inputs, outputs)(torch.stack([torch.zeros(inputs), torch.ones(inputs)]))
    assert not torch.equal(rows[0], rows[1]), "other values for another observation"


@exercise("DQN")
@settings(max_examples=10)
@given(sizes=st.just((4, 2, 1)) | SIZES)
def test_number_of_parameters(student, sizes):
    """The module owns the parameters of three linear layers with 128 hidden units; for CartPole these are 17,410."""
    inputs, outputs, _ = sizes
    needed = (inputs * HIDDEN + HIDDEN) + (HIDDEN * HIDDEN + HIDDEN) + (HIDDEN * outputs + outputs)
    count = sum(value.numel() for value in student.DQN(inputs, outputs).state_dict().values())
    assert count == near(needed)


@exercise("DQN", weight=2)
@settings(max_examples=6)
@given(sizes=SIZES, seed=st.integers(0, 99))
def test_linear_relu_linear_relu_linear(student, sizes, seed):
    """With given weights, the values are those of linear → ReLU → linear → ReLU → linear, and nothing after it."""
    inputs, outputs, count = sizes
    oracle, x = weights(inputs, outputs, seed), points(count, inputs, seed)
    network = student.DQN(inputs, outputs)
    give_weights(network, oracle)
    assert network(x) == near(oracle(x))


@exercise("DQN", needs=("test_linear_relu_linear_relu_linear",))
@settings(max_examples=4)
@given(sizes=SIZES, seed=st.integers(0, 99))
def test_network_is_the_whole_of_it(student, sizes, seed):
    """`self.network` is callable, and it is all that `forward` does."""
    inputs, outputs, count = sizes
    oracle, x = weights(inputs, outputs, seed), points(count, inputs, seed)
    model = student.DQN(inputs, outputs)
    give_weights(model, oracle)
    assert model.network(x) == near(oracle(x))


@exercise("DQN", needs=("test_one_value_for_each_action",))
@settings(max_examples=5)
@given(sizes=SIZES, seed=st.integers(0, 99))
def test_gradients_reach_everything(student, sizes, seed):
    """Gradients flow from the values back to the observation and to every weight and bias."""
    inputs, outputs, count = sizes
    oracle, weigh = weights(inputs, outputs, seed), points(count, outputs, seed + 1)
    network = student.DQN(inputs, outputs)
    give_weights(network, oracle)
    x, same = (points(count, inputs, seed).requires_grad_() for _ in range(2))
    values = network(x)
    flows = isinstance(values, torch.Tensor) and values.requires_grad
    assert flows, "values that gradients can flow back from"
    (values * weigh).sum().backward()
    (oracle(same) * weigh).sum().backward()
    assert x.grad == near(same.grad)
    sizes_found = sorted(0.0 if grad is None else float(grad.norm()) for grad in network.gradients().values())
    assert sizes_found == near(sorted(float(parameter.grad.norm()) for parameter in oracle.parameters()), rtol=1e-3)


# make_optimizer


def compare_steps(student, optimizer, model, seeds, lr):
    """Make the steps that ``optimizer`` makes a second time, here, with Adam as it is published."""
    names = list(model.state_dict())
    ours = {name: value.clone().requires_grad_() for name, value in model.state_dict().items()}
    adam = torch.optim.Adam(ours.values(), lr=lr)
    for seed in seeds:
        model.zero_grad()
        (model(points(5, 4, seed)) * points(5, 2, seed + 1)).sum().backward()
        gradients = model.gradients()
        for name, value in ours.items():
            value.grad = gradients.get(name)
        before = {name: value.detach().clone() for name, value in ours.items()}
        optimizer.step()
        adam.step()
        after = model.state_dict()
        for name in names:
            # Not the weights but how far they moved: what a small learning rate does would drown in the tolerance.
            moved = (after[name] - before[name]) / lr
            assert moved == near(((ours[name] - before[name]) / lr).detach(), atol=1e-2)


@exercise("make_optimizer", weight=2)
@settings(max_examples=4)
@given(lr=st.sampled_from([0.1, 0.01, 0.03]), seed=st.integers(0, 99))
def test_first_step_of_adam(student, lr, seed):
    """The first step moves every weight by the learning rate, against the sign of its gradient: so does Adam."""
    model = student.DQN(4, 2)
    compare_steps(student, student.make_optimizer(model, lr=lr), model, [seed], lr)


@exercise("make_optimizer")
@settings(max_examples=3)
@given(seed=st.integers(0, 99))
def test_learning_rate_is_a_thousandth(student, seed):
    """Where no learning rate is given, it is 0.001."""
    model = student.DQN(4, 2)
    compare_steps(student, student.make_optimizer(model), model, [seed], 0.001)


@exercise("make_optimizer", needs=("test_first_step_of_adam",))
@settings(max_examples=3)
@given(lr=st.sampled_from([0.1, 0.01]), seed=st.integers(0, 99))
def test_later_steps_of_adam(student, lr, seed):
    """Later steps are Adam's too: they go by running means of the gradient and of its square, without weight decay."""
    model = student.DQN(4, 2)
    compare_steps(student, student.make_optimizer(model, lr), model, [seed, seed + 2, seed + 4], lr)


# greedy_action


@exercise("greedy_action", weight=2)
@settings(max_examples=8)
@given(sizes=SIZES, seed=st.integers(0, 99), dtype=st.sampled_from([np.float32, np.float64]))
def test_most_valued_action(student, sizes, seed, dtype):
    """`greedy_action` gives the action whose value is highest in the given observation, float32 or float64."""
    inputs, outputs, _ = sizes
    oracle = weights(inputs, outputs, seed)
    model = student.DQN(inputs, outputs)
    give_weights(model, oracle)
    observations = points(6, inputs, seed)
    chosen = [student.greedy_action(model, x.numpy().astype(dtype)) for x in observations]
    for got, values in zip(chosen, oracle(observations).detach()):
        one = isinstance(got, bool | int | float | np.generic | np.ndarray | torch.Tensor) and np.size(got) == 1
        assert one, "one action"
        action = float(got)
        # Where two values are equal to rounding, either action is the best one.
        best = [i for i in range(outputs) if values[i] >= values.max() - 1e-4]
        assert action in best, f"action {' or '.join(map(str, best))}; the values are {values.tolist()}"


@exercise("greedy_action", needs=("test_most_valued_action",))
@settings(max_examples=5)
@given(sizes=SIZES, seed=st.integers(0, 99))
def test_action_is_an_int(student, sizes, seed):
    """The action is a plain whole number, which `env.action_space` contains; a tensor is not."""
    inputs, outputs, _ = sizes
    got = student.greedy_action(student.DQN(inputs, outputs), points(1, inputs, seed)[0].numpy())
    assert Discrete(outputs).contains(got), f"an int from 0 to {outputs - 1}"


@exercise("greedy_action", needs=("test_most_valued_action",))
@settings(max_examples=3)
@given(seed=st.integers(0, 99))
def test_no_graph(student, seed):
    """Choosing an action builds no graph: nobody will ask for a gradient, so autograd need not keep anything."""
    building = []

    def before_forward(module, inputs):
        building.append(torch.is_grad_enabled())

    model = student.DQN(4, 2)
    # On both: some answers call the one, some the other.
    model.register_forward_pre_hook(before_forward)
    model.network.register_forward_pre_hook(before_forward)
    student.greedy_action(model, points(1, 4, seed)[0].numpy())
    assert not any(building), "the forward pass under torch.no_grad()"
