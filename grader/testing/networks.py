"""Networks with weights that anybody can make again, and laws of networks that live elsewhere.

A property puts such weights into a student's network and looks at what comes out; a counterexample does the same in a
line. So a ``network`` here is a torch module, or one of the student's on the other side of the boundary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from grader.student.tensors import empty_linear, torch
from grader.testing.near import numbers
from grader.testing.shown import shown

HIDDEN = 128


@shown
def points(count: int, size: int, seed: int) -> torch.Tensor:
    """Observations, (count, size) float32."""
    return torch.randn(count, size, generator=torch.Generator().manual_seed(seed))


@shown
def linear(matrix: Any, bias: Any) -> torch.nn.Sequential:
    """A network of one linear layer with these weights; no random number is drawn for it."""
    matrix, bias = (torch.as_tensor(part, dtype=torch.float32) for part in (matrix, bias))
    layer = empty_linear(matrix.shape[1], matrix.shape[0])
    with torch.no_grad():
        layer.weight.copy_(matrix)
        layer.bias.copy_(bias)
    return torch.nn.Sequential(layer)


@shown
def two_hidden_layers(inputs: int, outputs: int, seed: int) -> torch.nn.Sequential:
    """A network as in lesson 4, with weights that follow from ``seed``.

    The square weight is symmetric and both hidden biases are alike: so it does not matter in which order, by which
    names or which way round a module keeps its parameters, and shapes alone tell where each one belongs.
    """
    rng = torch.Generator().manual_seed(seed)
    sizes = ((inputs, HIDDEN), (HIDDEN, HIDDEN), (HIDDEN, outputs))
    first, second, last = (empty_linear(*size) for size in sizes)
    with torch.no_grad():
        for layer in (first, second, last):
            layer.weight.copy_(torch.randn(layer.weight.shape, generator=rng) / layer.in_features**0.5)
            layer.bias.copy_(torch.randn(layer.bias.shape, generator=rng) / 2)
        second.weight.copy_((second.weight + second.weight.T) / 2)
        second.bias.copy_(first.bias)
    return torch.nn.Sequential(first, torch.nn.ReLU(), second, torch.nn.ReLU(), last)


@shown
def parameters(network: Any) -> dict[str, torch.Tensor]:
    """A network's parameters by name, each of them once, however often it is used."""
    state = network.state_dict()
    return {name: state[name] for name in _gradients(network)}


@shown
def sizes(network: Any) -> str:
    """The sizes of a network's parameters in words, in an order of their own."""
    return in_words(parameters(network).values())


def in_words(tensors: Any) -> str:
    """The sizes of some tensors in words, in an order of their own."""
    return ", ".join(" × ".join(map(str, size)) for size in sorted(_by_size(tensor.shape) for tensor in tensors))


def _by_size(shape: Sequence[int]) -> tuple[int, ...]:
    """The sizes that tell one parameter from the others, whichever way round it is kept."""
    return tuple(sorted(size for size in shape if size > 1))


@shown
def give_weights(network: Any, source: torch.nn.Module) -> None:
    """Put the weights of ``source`` into a network of the same sizes, by shape."""
    sources = {_by_size(value.shape): value for value in source.state_dict().values()}
    new = {}
    for name, value in network.state_dict().items():
        found = sources.get(_by_size(value.shape), value)
        new[name] = (found.T if found.dim() == 2 and found.shape != value.shape else found).reshape(value.shape)
    network.load_state_dict(new)


def _gradients(network: Any) -> dict[str, torch.Tensor | None]:
    """The gradient of every parameter by name."""
    if isinstance(network, torch.nn.Module):
        return {name: parameter.grad for name, parameter in network.named_parameters()}
    return network.gradients()  # type: ignore[no-any-return]


class GraphWatch:
    """A hook that notes, each time a layer is used, if autograd keeps a graph of it.

    Attributes:
        building: what it noted.
    """

    def __init__(self) -> None:
        """Note nothing yet."""
        self.building: list[bool] = []

    def __call__(self, module: Any, inputs: Any) -> None:
        """Make a note; it is a hook before a layer's forward pass."""
        self.building.append(torch.is_grad_enabled())

    def __repr__(self) -> str:
        """The code that makes it again, as new."""
        return "GraphWatch()"


# Networks of any architecture.


def _drawn(state: dict[str, torch.Tensor], seed: int, gain: float) -> dict[str, torch.Tensor]:
    """Other weights for a network with this state, whatever its architecture."""
    rng, new = torch.Generator().manual_seed(seed), {}
    for name, value in state.items():
        spread = value.shape[-1] ** -0.5 if value.dim() > 1 else 0.5
        drawn = gain * spread * torch.randn(value.shape, generator=rng)
        new[name] = drawn if value.is_floating_point() else value
    return new


@shown
def random_weights(make: Callable[..., Any], inputs: int, outputs: int, seed: int, gain: float = 1.0) -> Any:
    """A network with weights that follow from ``seed``, and these weights."""
    network = make(inputs, outputs)
    state = _drawn(network.state_dict(), seed, gain)
    network.load_state_dict(state)
    return network, state


@shown
def logits_with_large_weights(make: Callable[..., Any], inputs: int, outputs: int, seed: int) -> torch.Tensor:
    """The logits of a network with large weights, drawn 16 times, for 16 observations each."""
    network, x, found = make(inputs, outputs), points(16, inputs, seed), []
    own = network.state_dict()
    for draw in range(16):
        network.load_state_dict(_drawn(own, 100 * draw + seed, 10.0))
        found.append(network(x).detach())
    return torch.cat(found)


@shown
def described(logits: torch.Tensor) -> str:
    """Say in words if all these logits have more in common than that they are real numbers."""
    # A softmax that is written out may overflow with large weights; its other rows tell what it is.
    logits = logits[torch.isfinite(logits).all(dim=1)]
    if not len(logits):
        return "numbers that are not finite"
    whole = bool(torch.allclose(logits.exp().sum(dim=1), torch.ones(len(logits)), atol=1e-3))
    lowest, highest = float(logits.min()), float(logits.max())
    if lowest >= 0 and highest <= 1:
        ones = bool(torch.allclose(logits.sum(dim=1), torch.ones(len(logits)), atol=1e-3))
        return "numbers from 0 to 1, which add up to 1 in every row" if ones else "numbers from 0 to 1"
    if lowest >= 0:
        return "numbers of which none is below 0"
    if lowest >= -1 and highest <= 1:
        return "numbers from -1 to 1, even with large weights"
    return "numbers of which exp adds up to 1 in every row" if whole else "any real numbers"


@shown
def last_layers(make: Callable[..., Any], inputs: int, outputs: int, seed: int) -> list[str]:
    """The parameters in which the logits of a network are linear: those of a last layer with nothing after it.

    The line goes from one side of 0 to the other, for 32 observations and three draws of all other weights, so that
    whatever bends there is seen to bend.
    """
    network, straight = make(inputs, outputs), None
    own = network.state_dict()
    for draw in range(3):
        state, steps = (_drawn(own, 100 * draw + seed + more, gain) for more, gain in ((0, 3.0), (7, 30.0)))
        network.load_state_dict(state)
        x = points(32, inputs, seed + draw)
        middle, found = network(x).detach(), set()
        for name in straight or state:
            value = state[name]
            ends = []
            for sign in (1, -1):
                moved = value + sign * steps[name] if value.is_floating_point() else value
                network.load_state_dict({**state, name: moved})
                ends.append(network(x).detach())
            size = float((ends[0] - ends[1]).abs().max())
            if size > 0.1 and float((ends[0] + ends[1] - 2 * middle).abs().max()) < 1e-3 * size:
                found.add(name)
        # Whatever bends once is not asked again.
        straight = found
        if not straight:
            break
    return sorted(straight or ())


@shown
def bend(network: Any, inputs: int, seed: int) -> float:
    """The distance of f(x + y) + f(0) from f(x) + f(y), in relation to that of f(x) from f(y).

    It is 0 for all that is linear up to a constant, whichever way it is written.
    """
    x, y = points(8, inputs, seed), points(8, inputs, seed + 1)
    both, zero, one, other = (network(each).detach() for each in (x + y, 0 * x, x, y))
    far = float((both + zero - one - other).abs().max())
    size = float((one - other).abs().max())
    return far / size if size else far * float("inf") if far else 0.0


@shown
def without_gradient(network: Any, state: dict[str, torch.Tensor], x: torch.Tensor, weigh: torch.Tensor) -> list[str]:
    """The parameters that have a say in the logits and get no gradient from them."""
    logits = network(x)
    (logits * weigh).sum().backward()
    without = []
    for name, gradient in _gradients(network).items():
        network.load_state_dict({**state, name: state[name] + 0.5})
        has_a_say = not torch.allclose(network(x), logits, atol=1e-4)
        reached = gradient is not None and bool(gradient.any())
        without += [name] if has_a_say and not reached else []
    return without


@shown
def shaken(make: Callable[..., Any], inputs: int, outputs: int, seed: int) -> Any:
    """A network whose weights were all moved by numbers that follow from ``seed``.

    So nothing depends on how the weights begin: a tanh network without biases is an odd function, and one whose last
    layer begins at 0 gives nothing but zeros, and both are right.
    """
    network = make(inputs, outputs)
    shake(network, seed)
    return network


@shown
def shake(network: Any, seed: int) -> None:
    """Move all weights of a network by numbers that follow from ``seed``."""
    rng = torch.Generator().manual_seed(seed)
    state = network.state_dict()
    network.load_state_dict({name: value + torch.randn(value.shape, generator=rng) for name, value in state.items()})


@shown
def answers_with_large_weights(network: Any, inputs: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The logits and the values of a network with weights in the thousands, drawn 24 times, for 8 observations."""
    rng, x = torch.Generator().manual_seed(seed), points(8, inputs, seed)
    shapes = {name: value.shape for name, value in network.state_dict().items()}
    answers = []
    for _ in range(24):
        network.load_state_dict({name: 1e4 * torch.randn(shape, generator=rng) for name, shape in shapes.items()})
        answers.append([part.detach() for part in network(x)])
    logits, values = (torch.stack(parts) for parts in zip(*answers, strict=True))
    return logits, values


@shown
def first_and_bounds(logits: torch.Tensor, values: torch.Tensor) -> dict[str, Any]:
    """The first row of logits, and between what all of them lie; the same for values."""
    pairs = {"logits": logits, "values": values}
    first = {f"first {name}": part.flatten(0, -2)[0].tolist() for name, part in pairs.items()}
    return first | {f"{name} from, to": [float(part.min()), float(part.max())] for name, part in pairs.items()}


@shown
def gradients_of(network: Any, x: torch.Tensor, part: int, weigh: torch.Tensor) -> torch.Tensor:
    """All gradients of one answer's weighted sum, in one flat tensor; part 0 are the logits, 1 the values."""
    network.zero_grad()
    answer = network(x)[part]
    if not answer.requires_grad:
        raise AssertionError(f"{('logits', 'values')[part]} that gradients can flow back from")
    (answer * weigh).sum().backward()
    gradients = _gradients(network)
    state = network.state_dict()
    found = [torch.zeros_like(state[name]) if (g := gradients.get(name)) is None else g for name in sorted(state)]
    return torch.cat([torch.zeros(1), *(gradient.flatten() for gradient in found)])


@shown
def of_one_alone(logits: torch.Tensor, values: torch.Tensor) -> dict[str, int]:
    """The number of weights that only one of two answers depends on, from the gradients of both."""
    return {
        "the logits alone": int(((logits != 0) & (values == 0)).sum()),
        "the values alone": int(((values != 0) & (logits == 0)).sum()),
    }


@shown
def step(network: Any, optimizer: Any, seed: int, lr: float, scale: float) -> tuple[dict[str, Any], torch.Tensor]:
    """Make a step of an optimizer for a loss that follows from ``seed``.

    Returns:
        The gradients by name, and how far each weight moved, in units of the learning rate, one after the other.
    """
    before = {name: value.clone() for name, value in network.state_dict().items()}
    network.zero_grad()
    (scale * network(points(5, 2, seed)) * points(5, 2, seed + 1)).sum().backward()
    gradients = _gradients(network)
    gradients = {name: None if gradient is None else gradient.clone() for name, gradient in gradients.items()}
    optimizer.step()
    after = network.state_dict()
    # Not the weights but how far they moved: what a small learning rate does would drown in a tolerance.
    return gradients, torch.cat([((after[name] - before[name]) / lr).flatten() for name in gradients])


@shown
def far_from_0(seed: int) -> torch.nn.Sequential:
    """A network for an optimizer to change, with weights that are far from 0, so that their decay would show.

    Its first hidden unit is always off: no gradient moves that one's weights, but a decay does.
    """
    rng = torch.Generator().manual_seed(seed)
    first, second = empty_linear(2, 3), empty_linear(3, 2)
    network = torch.nn.Sequential(first, torch.nn.ReLU(), second)
    with torch.no_grad():
        for parameter in network.parameters():
            signs = 2.0 * torch.randint(0, 2, parameter.shape, generator=rng) - 1.0
            parameter.copy_(signs * torch.randint(12, 20, parameter.shape, generator=rng) / 4)
        first.bias[0] = -100.0
    return network


def number(action: Any) -> Any:
    """The one number of an action, in whatever it comes."""
    found = numbers(action)
    if found is None or found.size != 1:
        raise AssertionError("one action")
    plain = found.item()
    return int(plain) if plain.is_integer() else plain
