"""Gradients across the boundary are those that torch gives without one, in value and in kind."""

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from grader.student.errors import StudentDied, StudentError

SOURCE = """
import torch
from torch import nn

def square(x): return (x ** 2).sum()
def several(a, b, c): return (a * b).sum() + (c.exp() * a).mean()
def unused(a, b): return (a * 2).sum()
def pair(a, b): return a * b, {"sum": (a + b, [a.mean()])}
def same(a): return a
def twice(a):
    b = a * 3
    return b, b
def kept(x): return x.detach() * 2
def without(x):
    with torch.no_grad(): return x * 2
def whole(x): return x.argmax(), x.to(torch.int64), x > 0
def kind(x): return x.requires_grad, x.is_leaf, str(x.dtype), torch.is_grad_enabled()
def in_place(x):
    x = x + 0
    x.mul_(2)
    return x.sum()
def own(x): return x * nn.Parameter(torch.tensor(2.0))
def double(x): return (x.double() ** 3).sum()
def inner(x):
    (g,) = torch.autograd.grad((x ** 3).sum(), x, create_graph=True)
    return (g ** 2).sum()

class Broken(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x): return x * 2
    @staticmethod
    def backward(ctx, g): raise ValueError("no gradient today")
class Dying(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x): return x * 2
    @staticmethod
    def backward(ctx, g):
        import os
        os._exit(0)
def broken(x): return Broken.apply(x).sum()
def dying(x): return Dying.apply(x).sum()

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two, self.spare = nn.Linear(3, 4), nn.Linear(4, 2), nn.Linear(1, 1)
    def forward(self, x): return self.two(torch.tanh(self.one(x)))
def loss(net, x, y): return nn.functional.mse_loss(net(x), y)
def step(net):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
    optimizer.step()
"""

HERE = {}
exec(SOURCE, HERE)


@pytest.fixture
def student(place, start):
    return start(place, SOURCE)


def leaves(*values, requires=True):
    return [torch.tensor(value, requires_grad=requires) for value in values]


quietly = settings(
    derandomize=True, database=None, deadline=None, max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
numbers = st.lists(st.integers(-20, 20).map(lambda n: n / 4), min_size=2, max_size=2)


@quietly
@given(name=st.sampled_from(["square", "in_place", "double", "inner"]), x=numbers)
def test_of_one_tensor(student, name, x):
    ours, theirs = torch.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    needed, got = HERE[name](ours), getattr(student, name)(theirs)
    assert got.dtype is needed.dtype
    assert torch.equal(got, needed)
    needed.backward()
    got.backward()
    assert torch.equal(theirs.grad, ours.grad)


@quietly
@given(values=st.tuples(numbers, numbers, numbers), flags=st.tuples(st.booleans(), st.booleans(), st.booleans()))
def test_of_several_tensors_of_which_some_need_gradients(student, values, flags):
    def tensors():
        return [torch.tensor(value, requires_grad=flag) for value, flag in zip(values, flags)]

    ours, theirs = tensors(), tensors()
    needed, got = HERE["several"](*ours), student.several(*theirs)
    assert torch.equal(got, needed)
    assert got.requires_grad == needed.requires_grad == any(flags)
    if any(flags):
        (needed * 3).backward()
        (got * 3).backward()
    for one, other in zip(ours, theirs):
        assert (one.grad is None) == (other.grad is None)
        assert one.grad is None or torch.allclose(one.grad, other.grad)


def test_an_input_that_is_not_used_gets_none(student):
    a, b = leaves([1.0], [2.0])
    student.unused(a, b).backward()
    assert a.grad.tolist() == [2.0]
    assert b.grad is None


def test_of_several_outputs_in_any_container(student):
    a, b = leaves([1.0, 2.0], [3.0, 4.0])
    product, rest = student.pair(a, b)
    total, (mean,) = rest["sum"]
    (product.sum() + 10 * total.sum() + 100 * mean).backward()
    assert a.grad.tolist() == [3 + 10 + 50, 4 + 10 + 50]
    assert b.grad.tolist() == [1 + 10, 2 + 10]
    # Only one of them is used.
    a.grad = None
    student.pair(a, b)[1]["sum"][0].sum().backward()
    assert a.grad.tolist() == [1, 1]


def test_the_same_tensor_as_input_and_as_several_outputs(student):
    (a,) = leaves([1.0, 2.0])
    student.several(a, a, a).backward()
    needed = torch.tensor([1.0, 2.0], requires_grad=True)
    HERE["several"](needed, needed, needed).backward()
    assert torch.allclose(a.grad, needed.grad)
    a.grad = None
    one, other = student.twice(a)
    (one + 2 * other).sum().backward()
    assert a.grad.tolist() == [9, 9]
    a.grad = None
    student.same(a).sum().backward()
    assert a.grad.tolist() == [1, 1]


def test_gradients_pass_through_a_longer_graph_of_ours(student):
    (x,) = leaves([1.0, 2.0])
    student.square(student.own(x * 2)).mul(0.5).backward()
    assert torch.allclose(x.grad, 16 * x.detach())


def test_backward_twice_adds_up(student):
    (x,) = leaves([3.0])
    loss = student.square(x)
    loss.backward(retain_graph=True)
    loss.backward()
    assert x.grad.tolist() == [12.0]
    student.square(x).backward()
    assert x.grad.tolist() == [18.0]


def test_autograd_grad_works_too(student):
    (x,) = leaves([3.0])
    (gradient,) = torch.autograd.grad(student.square(x), x)
    assert gradient.tolist() == [6.0]
    assert x.grad is None


def test_what_is_cut_off_stays_cut_off(student):
    (x,) = leaves([1.0, 2.0])
    assert not student.kept(x).requires_grad
    assert not student.without(x).requires_grad
    assert not student.square(x.detach()).requires_grad
    with torch.no_grad():
        assert not student.square(x).requires_grad
        assert student.kind(x) == (False, True, "torch.float32", True)


def test_what_is_no_float_has_no_gradient(student):
    (x,) = leaves([1.0, -2.0])
    index, cut, above = student.whole(x)
    assert (index.item(), cut.tolist(), above.tolist()) == (0, [1, -2], [True, False])
    assert not any(value.requires_grad for value in (index, cut, above))
    assert student.same(torch.tensor([1, 2])).dtype is torch.int64


def test_the_student_sees_a_tensor_out_of_a_graph(student):
    """Not a leaf: code that writes to it in place, or that asks for its ``.grad``, behaves as it would in training."""
    (x,) = leaves([1.0])
    assert student.kind(x) == (True, False, "torch.float32", True)
    (wide,) = torch.zeros(1, 1, dtype=torch.float64, requires_grad=True)
    assert student.kind(wide)[2] == "torch.float64"


def test_an_exception_in_backward_is_the_students(student):
    (x,) = leaves([1.0])
    with pytest.raises(StudentError, match="no gradient today"):
        student.broken(x).backward()
    assert x.grad is None
    student.square(x).backward()
    assert x.grad.tolist() == [2.0]


def test_death_in_backward_is_a_death(any_split, start):
    student = start(any_split, SOURCE)
    (x,) = leaves([1.0])
    with pytest.raises(StudentDied, match="ended the process itself"):
        student.dying(x).backward()


@pytest.mark.parametrize("what", ["5", "[]", "[torch.ones(7)]", "['a']", "[object()]"])
def test_forged_gradients_are_errors_here(any_split, start, what):
    student = start(
        any_split, SOURCE + f"\nfrom grader.student.server import Server\nServer._do_backward = lambda *_: {what}\n"
    )
    (x,) = leaves([1.0, 2.0])
    loss = student.square(x)
    with pytest.raises((TypeError, RuntimeError, StudentError, StudentDied)):
        loss.backward()


# Networks


def oracle(state):
    network = HERE["Net"]()
    network.load_state_dict(state)
    return network


def test_gradients_of_a_network_over_there(student):
    network, x, y = student.Net(), torch.randn(5, 3), torch.randn(5, 2)
    ours = oracle(network.state_dict())
    assert set(network.gradients().values()) == {None}
    needed, got = HERE["loss"](ours, x, y), student.loss(network, x, y)
    assert torch.allclose(got, needed)
    needed.backward()
    got.backward()

    def compare():
        gradients = network.gradients()
        assert list(gradients) == [name for name, _ in ours.named_parameters()]
        for name, parameter in ours.named_parameters():
            assert (gradients[name] is None) == (parameter.grad is None), name
            assert parameter.grad is None or torch.allclose(gradients[name], parameter.grad, atol=1e-6), name

    compare()
    # They add up as torch's do, and stop at zero_grad.
    HERE["loss"](ours, 2 * x, y).backward()
    student.loss(network, 2 * x, y).backward()
    compare()
    student.step(network)
    HERE["step"](ours)
    for name, value in network.state_dict().items():
        assert torch.allclose(value, ours.state_dict()[name], atol=1e-6)
    network.zero_grad()
    assert set(network.gradients().values()) == {None}


def test_gradients_reach_the_input_of_a_network(student):
    network = student.Net()
    x = torch.randn(5, 3, requires_grad=True)
    network(x).pow(2).sum().backward()
    y = x.detach().requires_grad_()
    oracle(network.state_dict())(y).pow(2).sum().backward()
    assert torch.allclose(x.grad, y.grad, atol=1e-6)


def test_gradients_of_a_network_that_we_sent(student):
    ours = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    x, y = torch.randn(5, 3), torch.randn(5, 2)
    theirs = student.put(ours)
    student.loss(theirs, x, y).backward()
    HERE["loss"](ours, x, y).backward()
    for name, parameter in ours.named_parameters():
        assert torch.allclose(theirs.gradients()[name], parameter.grad, atol=1e-6)


def test_a_loss_of_ours_on_a_network_of_theirs_under_no_grad(student):
    network = student.Net()
    with torch.no_grad():
        values = network(torch.randn(5, 3))
    assert not values.requires_grad
