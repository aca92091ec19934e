"""Hidden properties of lesson 7: the policy, its samples, and the loss that improves it, by value and by gradient."""

import itertools
import math

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.student.errors import StudentError
from grader.testing import exercise, near
from grader.testing.networks import (
    bend,
    described,
    last_layers,
    linear,
    logits_with_large_weights,
    points,
    random_weights,
    without_gradient,
)
from grader.testing.tables import halves, some

HALVES = halves(3)


# PolicyNetwork. Its architecture is free, so these are laws of any network of logits.

# Batch, observation and action sizes all differ, so that no two axes can be mixed up.
SIZES = st.sampled_from([(4, 2, 3), (3, 2, 5), (2, 5, 4), (5, 3, 2), (6, 3, 7)])
"""(O, A, N)"""


def with_weights(student, sizes, seed, gain=1.0):
    """A student's network with weights of the grader's, and these weights."""
    return random_weights(student.PolicyNetwork, sizes[0], sizes[1], seed, gain)


def with_others(student, sizes, seed, gain=1.0):
    """The same with seven other sets of weights: with one set, rows may be alike or units dead by luck."""
    return (with_weights(student, sizes, seed + 100 * k, gain) for k in range(1, 8))


# Networks of other shapes have other logits, so a misconception is known by where it fails, and by what is said there.


@exercise("PolicyNetwork", weight=2, alike="compared")
@settings(max_examples=8)
@given(sizes=SIZES, seed=st.integers(0, 99))
def test_one_logit_for_each_action(student, sizes, seed):
    """A network for O numbers and A actions turns a batch (N, O) into logits (N, A), each row from its own observation
    and from no other one, and the same ones each time.

    Hint: Print the shape that goes into your network and the one that comes out. Is there a number for every action,
    and does a row depend on anything but its own observation?
    """
    inputs, outputs, count = sizes
    network, state = with_weights(student, sizes, seed)
    x = points(count, inputs, seed)
    try:
        together, again = network(x), network(x)
    except StudentError as error:
        try:
            network(points(count, outputs, seed))
        except StudentError:
            raise error from None
        raise AssertionError(
            "a network for O numbers; this one takes A numbers, as many as there are actions"
        ) from None
    assert isinstance(together, torch.Tensor), "a tensor"
    assert list(together.shape) == near([count, outputs])
    repeats = together == near(again.detach())
    assert repeats, "the same logits for the same observations each time"
    alone = torch.cat([network(row.unsqueeze(0)) for row in x])
    by_itself = together == near(alone.detach())
    assert by_itself, "rows that depend on their own observation only: the logits of a batch are those of its rows"
    # Where the grader's weights reach nothing, the first ones may be 0: the laws below judge that. Two rows may
    # be alike by luck, such as rows of zeros after a ReLU.
    others = (other(x) for other, _ in with_others(student, sizes, seed))
    differ = not state or any(not torch.allclose(*rows[:2]) for rows in itertools.chain([together], others))
    assert differ, "other logits for another observation"


@exercise("PolicyNetwork", needs=("test_one_logit_for_each_action",), weight=2, alike="compared")
@settings(max_examples=3)
@given(sizes=SIZES, seed=st.integers(0, 99))
def test_logits_are_any_real_numbers(student, sizes, seed):
    """Logits have no bounds: with large weights they lie far apart, and some are below 0. Nothing squeezes them at the
    end, no softmax or log-softmax, no ReLU, no tanh.

    Hint: What is the last thing that your forward pass does? Logits may be as large or as negative as they like.
    """
    # Weights drawn 16 times. Even where every logit is the same for all observations, each draw has one below 0 with
    # probability 3/4 or more (there are two actions at least), so that none has one is a chance of 2e-10. That all
    # are between -1 and 1 by chance, or that exp adds up to 1 in all 16 draws, is less likely still.
    owns = len(with_weights(student, sizes, seed)[1]) > 0
    assert owns, "a module that owns its weights"
    logits = logits_with_large_weights(student.PolicyNetwork, sizes[0], sizes[1], seed)
    assert described(logits) == "any real numbers"


@exercise("PolicyNetwork", needs=("test_logits_are_any_real_numbers",), alike="compared")
@settings(max_examples=3)
@given(sizes=SIZES, seed=st.integers(0, 99))
def test_nothing_after_the_last_layer(student, sizes, seed):
    """After the last linear layer there is nothing: where the weights of that layer move in a straight line, so do the
    logits.

    Hint: Follow the numbers from the last linear layer to the return. What happens to them on the way?
    """
    # Which weights are the last layer's depends on the architecture: some are.
    straight = last_layers(student.PolicyNetwork, sizes[0], sizes[1], seed)
    assert straight, "a linear layer that comes last, with nothing after it"


@exercise("PolicyNetwork", needs=("test_one_logit_for_each_action",), alike="compared")
@settings(max_examples=5)
@given(sizes=SIZES, seed=st.integers(0, 99))
def test_more_than_a_linear_map(student, sizes, seed):
    """The network has a nonlinearity between its layers; linear after linear would be one linear layer again.

    Hint: What stands between your linear layers? Two of them in a row are no more than one.
    """
    inputs, outputs, _ = sizes
    network, state = with_weights(student, sizes, seed, gain=2.0)
    others = (other for other, _ in with_others(student, sizes, seed, gain=2.0))
    bends = any(bend(each, inputs, seed) > 1e-3 for each in itertools.chain([network], others))
    # A single linear layer has (O + 1) · A weights.
    single = 0 < sum(value.numel() for value in state.values()) <= (inputs + 1) * outputs
    assert bends or not single, "a hidden layer, and a nonlinearity after it"
    assert bends, "a network that is not linear: a nonlinearity between its layers"


@exercise("PolicyNetwork", needs=("test_one_logit_for_each_action",), alike="compared")
@settings(max_examples=4)
@given(sizes=SIZES, seed=st.integers(0, 99))
def test_an_optimizer_finds_all_weights(student, sizes, seed):
    """All weights are parameters of the module: two networks with the same state_dict give the same logits.

    Hint: Print `state_dict()` of your network. Does it list every layer that the forward pass uses?
    """
    one, state = with_weights(student, sizes, seed)
    other = student.PolicyNetwork(sizes[0], sizes[1])
    other.load_state_dict(state)
    x = points(sizes[2], sizes[0], seed)
    owns = len(state) > 0
    assert owns, "a module that owns its weights"
    same = other(x) == near(one(x).detach())
    assert same, "the same logits from two networks with the same state_dict"


@exercise("PolicyNetwork", needs=("test_one_logit_for_each_action",), weight=0.5, alike="compared")
@settings(max_examples=3)
@given(sizes=SIZES, seed=st.integers(0, 99))
def test_eval_mode_changes_nothing(student, sizes, seed):
    """The logits after `.eval()` are those from before it.

    Hint: Which of your layers acts differently in training and in evaluation? Then the policy that is evaluated is not
    the one that learnt.
    """
    network, _ = with_weights(student, sizes, seed)
    x = points(sizes[2], sizes[0], seed)
    before = network(x)
    network.eval()
    same = before == near(network(x).detach())
    assert same, "the same logits after `.eval()`"


@exercise("PolicyNetwork", needs=("test_one_logit_for_each_action",), weight=0.5, alike="places")
@settings(max_examples=2)
@given(sizes=SIZES)
def test_nobodys_random_numbers_are_seeded(student, sizes):
    """Nothing in the constructor seeds global random numbers, torch's, numpy's or Python's.

    Hint: Is there a line in the constructor that sets a seed? It does so for everybody's random numbers.
    """
    states = [[student.random_state(kind) for kind in ("torch", "numpy", "python")]]
    for _ in range(2):
        student.PolicyNetwork(*sizes[:2])
        states.append([student.random_state(kind) for kind in ("torch", "numpy", "python")])
    # Numbers that are drawn move a generator on, the second time too; what is seeded twice stands where it stood.
    seeded = [before != once == twice for before, once, twice in zip(*states)]
    assert seeded == [False, False, False], "global random numbers that nobody seeds"


@exercise("PolicyNetwork", needs=("test_one_logit_for_each_action",), alike="places")
@settings(max_examples=3)
@given(sizes=SIZES, seed=st.integers(0, 99))
def test_gradients_reach_every_weight(student, sizes, seed):
    """Gradients flow from the logits back to every weight that has a say in them.

    Hint: Which line of the forward pass takes the numbers out of the graph, or makes a new tensor of them?
    """
    inputs, outputs, count = sizes
    x, weigh = points(count, inputs, seed), points(count, outputs, seed + 1)
    network, state = with_weights(student, sizes, seed)
    flows = network(x).requires_grad
    assert flows, "logits that gradients can flow back from"
    without = set(without_gradient(network, state, x, weigh))
    others = with_others(student, sizes, seed)
    while without and (other := next(others, None)):
        without &= set(without_gradient(*other, x, weigh))
    assert not without, "no weight that has a say and no gradient"


# sample_action

# The policies of these tests show their logits: observation i is one-hot and picks column i of the weights.
STATES = 3
PROBABILITIES = tuple(itertools.permutations([0.05, 0.1, 0.25, 0.6]))
"""Of four actions, in every order."""


@st.composite
def policies(draw, shifts=(-2.0, 0.5, 3.0)):
    """A linear policy (N, 3) -> (N, 4) and its probabilities (3, 4). Its logits are not normalised."""
    rows, moved = draw(some(PROBABILITIES, STATES)), draw(some(shifts, STATES))
    logits = torch.tensor(rows).log() + torch.tensor(moved).unsqueeze(1)
    return linear(logits.T, torch.zeros(4))[0], rows


def one_hot(states):
    """Observations (N, 3) for a list of state numbers."""
    return torch.eye(STATES)[states]


def drawn(answer, count, outputs):
    """The two parts of an answer, after insisting on their kind: the actions as an array of whole numbers."""
    two = isinstance(answer, tuple | list) and len(answer) == 2
    assert two, "two things: actions and log_probs"
    actions, log_probs = answer
    known = isinstance(actions, torch.Tensor | np.ndarray | list | tuple)
    assert known, "actions as a tensor (N,)"
    array = np.asarray(actions.detach() if isinstance(actions, torch.Tensor) else actions)
    assert list(array.shape) == near([count])
    whole = array.dtype.kind in "iu" and bool(((array >= 0) & (array < outputs)).all())
    assert whole, f"whole numbers from 0 to {outputs - 1}"
    return array.astype(np.int64), log_probs


# Which actions are drawn is luck, so what a law compares here is what has to come out whichever they are.


BATCHES = st.one_of(some(tuple(range(STATES)), count) for count in (5, 6, 7))
ONE = some(tuple(range(STATES)), 1)


@exercise("sample_action", weight=2, alike="draws")
@given(policy=policies(), states=BATCHES | ONE, seed=st.integers(0, 99))
def test_log_probs_of_the_actions_drawn(student, policy, states, seed):
    """`sample_action` gives N actions and N log-probabilities: entry i is log π(a|s) of the action i that was drawn.

    Hint: Take row i of the printed case: which action was drawn there, and which entry of that row's log-probabilities
    do you give back?
    """
    layer, rows = policy
    generator = torch.Generator().manual_seed(seed)
    actions, log_probs = drawn(student.sample_action(student.put(layer), one_hot(states), generator), len(states), 4)
    assert isinstance(log_probs, torch.Tensor), "log_probs as a tensor, for a loss is made of them"
    assert log_probs == near([math.log(rows[state][action]) for state, action in zip(states, actions)])


@exercise("sample_action", needs=("test_log_probs_of_the_actions_drawn",), alike="compared")
@settings(max_examples=3)
@given(policy=policies(shifts=(3.5, 5.0, 200.0)), seed=st.integers(0, 99))
def test_each_action_has_one_log_prob(student, policy, seed):
    """Whenever an action is drawn for an observation, its log-probability is the same: log π(a|s).

    Hint: The same action in the same state has two different log-probabilities. What besides the logits has gone into
    them?
    """
    # A table (3, 4) has no luck in it: what was never drawn counts as right, and NaN stands for several answers.
    layer, rows = policy
    states = list(range(STATES)) * 400
    generator = torch.Generator().manual_seed(seed)
    actions, log_probs = drawn(student.sample_action(student.put(layer), one_hot(states), generator), len(states), 4)
    assert isinstance(log_probs, torch.Tensor), "log_probs as a tensor, for a loss is made of them"
    assert list(log_probs.shape) == near([len(states)])
    table = np.log(rows)
    for state in range(STATES):
        for action in range(4):
            found = log_probs.detach().numpy()[state::STATES][actions[state::STATES] == action]
            if found.size:
                table[state, action] = found[0] if np.allclose(found, found[0], atol=1e-3) else np.nan
    assert table == near(np.log(rows), rtol=1e-3)


@exercise("sample_action", weight=2, alike="draws")
@settings(max_examples=3)
@given(policy=policies(shifts=(3.5, 5.0)), seed=st.integers(0, 99))
def test_actions_come_as_often_as_the_policy_says(student, policy, seed):
    """Each action comes as often as the softmax of its row of logits says, each row drawn for itself.

    Hint: From what do you draw: from logits, probabilities, or their logarithms? And is there a draw of its own for
    every row?
    """
    # By Hoeffding a frequency over 4,000 draws is wrong by more than 0.05 once in 2e8; in 36 of them once in 7e6 times.
    layer, rows = policy
    there, states = student.put(layer), list(range(STATES)) * 4000
    generator = torch.Generator().manual_seed(seed)
    actions, _ = drawn(student.sample_action(there, one_hot(states), generator), len(states), 4)
    frequencies = np.array([np.bincount(actions[state::STATES], minlength=4) / 4000 for state in range(STATES)])
    # 4,000 equal draws, the likeliest action each time, or four actions all alike: no right answer comes near these.
    greedy = bool((frequencies[range(STATES), np.argmax(rows, axis=1)] == 1).all())
    single, row_by_row = len(set(actions.tolist())) > 1, bool((frequencies < 1).all())
    even = bool((np.abs(frequencies - 0.25) < 0.06).all())
    assert not greedy, "actions that are drawn, not the likeliest one each time"
    assert single, "a draw for every row; here all rows of the batch have one action"
    assert row_by_row, "a draw for every row; here all rows with the same observation have the same action"
    assert not even, "actions that come as often as the policy says, not all equally often"
    assert frequencies == near(rows, rtol=0, atol=0.05)


@exercise("sample_action", needs=("test_log_probs_of_the_actions_drawn",), weight=2, alike="draws")
@settings(max_examples=10)
@given(
    policy=policies(),
    states=BATCHES,
    weigh=some(HALVES, 7),
    seed=st.integers(0, 99),
)
def test_gradient_reaches_the_policy(student, policy, states, weigh, seed):
    """`log_probs` has its graph: a loss of it has the gradient of log softmax in the policy's weights.

    Hint: The log-probabilities have to know where they came from. Which step on the way from the logits cuts the graph,
    and does it have to?
    """
    layer, _ = policy
    there, weights = student.put(layer), torch.tensor(weigh[: len(states)])
    generator = torch.Generator().manual_seed(seed)
    actions, log_probs = drawn(student.sample_action(there, one_hot(states), generator), len(states), 4)
    flows = log_probs.requires_grad
    assert flows, "log_probs that gradients can flow back from"
    (log_probs * weights).sum().backward()
    ours = torch.log_softmax(layer(one_hot(states)), dim=1)[torch.arange(len(states)), torch.from_numpy(actions)]
    (ours * weights).sum().backward()
    gradients = there.gradients()
    for name, parameter in layer.named_parameters():
        assert gradients[name] is not None, "a gradient for every parameter of the policy"
        assert gradients[name] == near(parameter.grad, rtol=1e-3)


@exercise("sample_action", needs=("test_actions_come_as_often_as_the_policy_says",), alike="places")
@settings(max_examples=4)
@given(policy=policies(), seed=st.integers(0, 99))
def test_the_generator_decides(student, policy, seed):
    """The actions come from the generator that is given and from nothing else: two equal generators draw the same
    actions, the next draw is another one, and torch's global random numbers are left alone.

    Hint: Look at the call that draws: does it know of the generator that was handed in, and does nobody seed it again?
    """
    layer, _ = policy
    there, observations = student.put(layer), student.put(one_hot(list(range(STATES)) * 100))
    one, other = (student.put(torch.Generator().manual_seed(seed)) for _ in range(2))
    before = student.random_state()
    first, _ = drawn(student.sample_action(there, observations, one), 3 * 100, 4)
    untouched = student.random_state() == before
    again, _ = drawn(student.sample_action(there, observations, other), 3 * 100, 4)
    after, _ = drawn(student.sample_action(there, observations, one), 3 * 100, 4)
    assert observations.get() == near(one_hot(list(range(STATES)) * 100))
    assert untouched, "global random numbers left alone: a generator was given"
    assert again == near(first), "the same actions from two generators with the same seed"
    # Two draws of an action agree with probability 0.435, so 300 of them never do.
    assert not np.array_equal(after, first), "another draw the second time; the generator moves on"
    # One observation by itself. Of 60 draws, all are the likeliest action once in 2e13 times.
    alone = [drawn(student.sample_action(there, one_hot([0]), one), 1, 4)[0].item() for _ in range(60)]
    assert len(set(alone)) > 1, "an action that is drawn anew for a single observation as well, not always the same"


@exercise("sample_action", needs=("test_actions_come_as_often_as_the_policy_says",), alike="places")
@settings(max_examples=3)
@given(policy=policies())
def test_without_a_generator_the_global_one(student, policy):
    """Without a generator the random numbers are torch's global ones, and nothing seeds them anew.

    Hint: What does your code do when the generator is None? Making one with a fixed seed gives the same actions each
    time.
    """
    layer, _ = policy
    there, observations = student.put(layer), one_hot(list(range(STATES)) * 100)
    states = [student.random_state()]
    draws = []
    for _ in range(2):
        draws.append(drawn(student.sample_action(there, observations), 3 * 100, 4)[0])
        states.append(student.random_state())
    assert not np.array_equal(*draws), "another draw the second time; nothing seeds the generator anew"
    assert len(set(states)) == 3, "actions from torch's global random numbers"


# standardize


SHAPES_OF_RETURNS = st.sampled_from([(3,), (2, 3), (4, 2), (5,), (2,)])
OFFSETS = st.sampled_from([0.0, 1.0, 20.0])


@st.composite
def spread_returns(draw):
    """Returns of one or two axes with some spread: a standard deviation of 0.5 or more."""
    shape = draw(SHAPES_OF_RETURNS)
    values = draw(some(HALVES, math.prod(shape)).filter(lambda v: np.std(v) >= 0.5))
    offset = draw(OFFSETS)
    return (torch.tensor(values) + offset).reshape(shape)


def standardized(returns, got):
    """Needed: with n or with n - 1 in the variance, whichever is nearer to what came back."""
    x = returns.double().numpy()
    both = [(x - x.mean()) / x.std(ddof=ddof) for ddof in (0, 1)]
    if not isinstance(got, torch.Tensor) or got.shape != returns.shape:
        return both[0]
    return min(both, key=lambda needed: np.abs(got.detach().numpy() - needed).max())


@exercise("standardize", weight=3, alike="places")
@given(returns=spread_returns())
def test_mean_0_and_standard_deviation_1(student, returns):
    """Standardized returns are (return − mean) / standard deviation, both taken over all entries together.

    Hint: Take mean and spread of what you return. Over which entries do you take them, and what do you divide by?
    """
    got = student.standardize(returns)
    assert got == near(standardized(returns, got), rtol=5e-3, atol=1e-4)


@st.composite
def six_returns(draw):
    """Six returns of one or two axes, one of them far from the others."""
    values = torch.tensor(draw(st.permutations([0.0, 1.0, 2.0, 3.5, 4.0, 10.0])))
    shape = draw(st.sampled_from([(6,), (2, 3), (3, 2)]))
    return (draw(st.sampled_from([0.5, 1.0, 3.0, 200.0])) * values + draw(st.sampled_from([1.0, 5.0]))).reshape(shape)


@exercise("standardize", alike="compared")
@settings(max_examples=8)
@given(returns=six_returns())
def test_unit_and_zero_of_the_returns_do_not_matter(student, returns):
    """Twice the returns, or 20 more each, are standardized to the same numbers: these are distances from the mean,
    measured in standard deviations.

    Hint: If all returns double, or all grow by 20, nothing should change. Which number in your formula does not move
    along with the returns?
    """
    # What is compared is the same with n and with n − 1.
    got, twice, more = (student.standardize(values) for values in (returns, 2 * returns, returns + 20))
    assert isinstance(got, torch.Tensor), "a tensor"
    assert list(got.shape) == near(list(returns.shape))
    x, y = returns.double().flatten().numpy(), got.detach().double().flatten().numpy()
    divisor = (x.max() - x.min()) / (y[x.argmax()] - y[x.argmin()])
    becomes_0 = x.min() - divisor * y[x.argmin()]
    straight = np.allclose(y, (x - becomes_0) / divisor, atol=1e-2)
    assert straight, "equal distances between returns as equal distances between results"
    assert divisor > 0, "the largest number for the largest return"
    mean, scale = becomes_0, float(twice.detach().abs().sum() / got.detach().abs().sum())
    assert mean == near(x.mean(), rtol=5e-3), f"the mean, {x.mean():.4g}, as the return that becomes 0"
    growth = {0.5: "half as large", 1.0: "the same", 2.0: "twice as large"}
    said = [word for factor, word in growth.items() if abs(scale - factor) < 5e-3]
    of_twice = said[0] if said else "others"
    assert of_twice == "the same", "the same results for twice the returns"
    moved = float((more - got).detach().abs().max()) > 1e-2
    assert not moved, "the same results for returns that are all 20 larger"
    deviations = [x.std(ddof=ddof) for ddof in (0, 1)]
    deviation = min(deviations, key=lambda needed: abs(needed - divisor))
    assert divisor == near(deviation, rtol=5e-3), f"the standard deviation, {deviation:.4g}, to divide by"


@exercise("standardize", needs=("test_mean_0_and_standard_deviation_1",), weight=2, alike="places")
@settings(max_examples=10)
@given(value=st.sampled_from([0.0, 5.0, -3.5, 0.1]), shape=st.sampled_from([(3,), (2,), (2, 3)]))
def test_no_spread_is_no_catastrophe(student, value, shape):
    """A single return, and returns that are all equal, give finite numbers of the same shape: no NaN, no infinity.

    Hint: What is the standard deviation of equal returns, and of a single one? Look at what you divide by.
    """
    # Both in one example, the equal ones first: some code fails only at a single one, and other code at both.
    single, equal = student.standardize(torch.full((1,), value)), student.standardize(torch.full(shape, value))
    for got, needed, which in ((equal, shape, "returns that are all equal"), (single, (1,), "a single return")):
        assert isinstance(got, torch.Tensor), "a tensor"
        assert list(got.shape) == near(list(needed))
        finite = bool(torch.isfinite(got).all())
        assert finite, f"finite numbers, such as 0, for {which}"


@exercise("standardize", needs=("test_mean_0_and_standard_deviation_1",), alike="places")
@settings(max_examples=5)
@given(returns=spread_returns())
def test_standardize_leaves_its_input_alone(student, returns):
    """The returns that `standardize` is given are afterwards as they were.

    Hint: Which line writes into the tensor that came in? The caller still needs the returns as they were.
    """
    there = student.put(returns)
    student.standardize(there)
    assert there.get() == near(returns)


# policy_gradient_loss


SCALES = st.sampled_from([1.0, 4.0, 20.0])


@st.composite
def steps(draw):
    """Log-probabilities (N,), none above 0, and returns (N,) of both signs; the first three differ in each."""
    # With these three, no two of the ways to scale, cut or mix up the returns give the same loss.
    count = draw(st.integers(0, 2))
    log_probs = draw(some((-0.5, -1.0, -1.5, -2.0, -2.5, -3.0), count))
    returns = draw(some(HALVES, count))
    scale = draw(SCALES)
    return torch.tensor([-0.5, -2.0, -1.0, *log_probs]), scale * torch.tensor([1.5, -2.5, 5.5, *returns])


def needed_loss(log_probs, returns):
    """The definition, term by term."""
    pairs = list(zip(log_probs.tolist(), returns.tolist()))
    return -sum(log_prob * value for log_prob, value in pairs) / len(pairs)


@exercise("policy_gradient_loss", weight=2, alike="compared")
@given(case=steps())
def test_loss_is_minus_the_mean_of_the_products(student, case):
    """The loss is −mean( log π(a_t|s_t) · G_t ), one number; the returns G_t enter as they are.

    Hint: Write the loss of the first two steps down by hand. Is it a product of each pair, and how do the pairs become
    one number?
    """
    log_probs, returns = case
    assert student.policy_gradient_loss(log_probs, returns) == near(needed_loss(log_probs, returns))


@exercise("policy_gradient_loss", needs=("test_loss_is_minus_the_mean_of_the_products",), weight=2, alike="compared")
@settings(max_examples=10)
@given(case=steps())
def test_gradient_makes_good_actions_likelier(student, case):
    """The gradient of the loss in log π(a_t|s_t) is −G_t / N, with N steps in the batch: a step downhill makes an
    action with a positive return likelier, and one with a negative return less likely.

    Hint: An optimizer goes downhill. If the return is positive, in which direction does your loss push the
    log-probability, and is there a graph at all?
    """
    # The returns require grad as well: a loss that has its graph on the wrong side is not one without a graph.
    log_probs, returns = (part.requires_grad_() for part in case)
    loss = student.policy_gradient_loss(log_probs, returns)
    flows = isinstance(loss, torch.Tensor) and loss.requires_grad
    assert flows, "a loss that gradients can flow back from"
    loss.backward()
    assert log_probs.grad is not None, "a gradient in log_probs"
    assert log_probs.grad == near(-returns.detach() / len(returns))


@exercise("policy_gradient_loss", needs=("test_loss_is_minus_the_mean_of_the_products",), weight=0.5, alike="compared")
@settings(max_examples=4)
@given(log_prob=st.sampled_from([-0.5, -2.0]), value=st.sampled_from([3.0, -1.5, 2000.0]))
def test_loss_of_a_single_step(student, log_prob, value):
    """The loss of a single step is −log π(a|s) · G, one number, and its inputs stay as they are.

    Hint: One step is a mean of one thing. What in your formula needs a second step, or a limit?
    """
    there = [student.put(torch.tensor([number])) for number in (log_prob, value)]
    assert student.policy_gradient_loss(*there) == near(-log_prob * value)
    assert [float(each.get()) for each in there] == near([log_prob, value])


@exercise("policy_gradient_loss", needs=("test_gradient_makes_good_actions_likelier",), alike="compared")
@settings(max_examples=8)
@given(case=steps())
def test_returns_are_constants(student, case):
    """The returns are what was measured: no gradient flows into them.

    Hint: A return was measured, nobody can learn to change it. Where does a gradient find its way into it?
    """
    log_probs, returns = (part.requires_grad_() for part in case)
    loss = student.policy_gradient_loss(log_probs, returns)
    flows = isinstance(loss, torch.Tensor) and loss.requires_grad
    assert flows, "a loss that gradients can flow back from"
    loss.backward()
    none = returns.grad is None or not bool(returns.grad.any())
    assert none, "no gradient in the returns"
