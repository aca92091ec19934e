"""Hidden properties of lesson 2: returns, action values, and the two kinds of planning, against exact solutions.

Nothing here is random on the student's side, so no right answer fails by chance.
"""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.testing import exercise, near, read_only, strided

HALVES = st.integers(-6, 6).map(lambda n: n / 2)
GAMMAS = st.sampled_from([0.5, 0.9, 0.0])
# With these even the sum over all actions, in the place of their mean, comes to an end.
SMALL_GAMMAS = st.sampled_from([0.25, 0.125, 0.0])


# returns_to_go


def returns(rewards, gamma):
    """The definition: for every step a sum of its own, term by term."""
    return [sum(gamma**k * float(r) for k, r in enumerate(rewards[t:])) for t in range(len(rewards))]


@exercise("returns_to_go", weight=2)
@given(rewards=st.lists(HALVES, min_size=3, max_size=6))
def test_each_step_has_its_own_return(student, rewards):
    """The return from a step on is r_t + γ r_{t+1} + γ² r_{t+2} + …: its own reward counts fully, later ones less,
    earlier ones not at all.

    Hint: Start with the last step: what is still to come after it? Then go one step back, and see which number of the
    line before you can use.
    """
    # Three discounts in one example: with γ = 0 the rewards themselves must come back.
    gammas = [0.5, 0.9, 0.0]
    got = [student.returns_to_go(np.array(rewards), gamma) for gamma in gammas]
    for answer, gamma in zip(got, gammas):
        assert answer == near(returns(rewards, gamma))


@exercise("returns_to_go", needs=("test_each_step_has_its_own_return",), alike="places")
@given(
    rewards=st.lists(st.integers(-3, 3), min_size=2, max_size=5),
    kind=st.sampled_from(["list", "int array", "float32 array", "read-only array", "slice of an array"]),
)
def test_returns_of_lists_and_integers(student, rewards, kind):
    """Rewards may be a list or an array, of integers or floats: fractions in the returns are kept, and the rewards stay
    as they were.

    Hint: What type does your array of returns have? Returns have fractions even when the rewards are whole, and the
    rewards are not yours to change.
    """
    rewards = [*rewards, 1]  # an odd reward at the end, so that there are halves
    dtype = {"int array": np.int64, "float32 array": np.float32}.get(kind, np.float64)
    layout = {"list": list, "read-only array": read_only, "slice of an array": strided}.get(kind, np.asarray)
    kept = student.put(rewards if kind == "list" else layout(np.array(rewards, dtype)))
    got, after = student.returns_to_go(kept, 0.5), kept.get()
    if np.array_equal(got, np.rint(np.asarray(got, dtype=float))):
        # Cut off at every step or at the end: that all fractions are gone is a mistake of its own.
        assert got == near(returns(rewards, 0.5))
    assert got == near(returns(rewards, 0.5))
    assert list(after) == near([float(reward) for reward in rewards])


@exercise("returns_to_go", needs=("test_each_step_has_its_own_return",), weight=0.5)
def test_an_episode_of_one_step(student):
    """An episode of one step has one return, an array of one number: its reward.

    Hint: Go through your lines with one reward. Does anything look at a step that is not there, or drop the only one?
    """
    for reward in (0.5, -3.0, 5000.0):
        assert student.returns_to_go([reward], 0.5) == near([reward])


# Small worlds


@st.composite
def worlds(draw, terminal=False, sizes=((3, 2), (4, 3), (4, 2))):
    """P (S, A, S) and R (S, A), S and A different: an action leads to one state with probability 3/4, to another (or
    the same) with 1/4. Where `terminal` is set, the last state is.
    """
    states, actions = draw(st.sampled_from(sizes))
    P = np.zeros((states, actions, states))
    R = np.zeros((states, actions))
    for state, action in itertools.product(range(states), range(actions)):
        R[state, action] = draw(HALVES)
        for probability in (0.75, 0.25):
            P[state, action, draw(st.integers(0, states - 1))] += probability
    if terminal:
        P[-1], R[-1] = 0.0, 0.0
        P[-1, :, -1] = 1.0
    return P, R


def q_values(P, R, V, gamma):
    """The definition of an action's value, one state, action and next state after the other."""
    states, actions = R.shape
    return np.array(
        [
            [R[s, a] + gamma * sum(P[s, a, s2] * V[s2] for s2 in range(states)) for a in range(actions)]
            for s in range(states)
        ]
    )


def value_of(P, R, policy, gamma):
    """The values under a policy, by solving the linear equations (I − γ P_π) V = R_π."""
    moves = np.einsum("sa,sat->st", policy, P)
    return np.linalg.solve(np.eye(len(R)) - gamma * moves, (policy * R).sum(axis=1))


def best_value(P, R, gamma):
    """The best values: the largest, state by state, over all policies that always do the same thing in a state."""
    states, actions = R.shape
    choices = itertools.product(range(actions), repeat=states)
    return np.max([value_of(P, R, np.eye(actions)[list(choice)], gamma) for choice in choices], axis=0)


# action_values


@exercise("action_values", weight=2)
@given(
    world=worlds(),
    values=st.lists(HALVES, min_size=4, max_size=4),
    gamma=st.sampled_from([0.5, 0.9]),
)
def test_reward_now_and_value_afterwards(student, world, values, gamma):
    """An action is worth its reward plus gamma times the mean of the next states' values, each weighted with its
    probability.

    Hint: Take one state and one action of the printed world. Which next states are possible, how likely is each, and
    how often does the reward come into the sum, discounted or not?
    """
    P, R = world
    V = np.array(values[: len(R)])
    got = student.action_values(P, R, V, gamma)
    assert got == near(q_values(P, R, V, gamma))
    # The same where everything costs, in float32.
    costs, ahead = R - 8.0, V - 8.0
    got = student.action_values(P.astype("float32"), costs.astype("float32"), ahead.astype("float32"), gamma)
    assert got == near(q_values(P, costs, ahead, gamma))
    # Large whole numbers; the values are odd, so that every action is worth a fraction.
    R, V = (2048 * R).astype(np.int64), (2048 * V).astype(np.int64) + 1
    got = student.action_values(P, R, V, gamma)
    assert got == near(q_values(P, R, V, gamma), rtol=1e-6)


@exercise("action_values", needs=("test_reward_now_and_value_afterwards",))
@settings(max_examples=5)
@given(world=worlds(terminal=True), gamma=GAMMAS)
def test_action_values_change_nothing(student, world, gamma):
    """The tables that `action_values` is given are afterwards as they were, so it can be asked twice.

    Hint: Is there a line that writes into P, R or V, such as one with `+=`? Tables that come in as arguments belong to
    the caller.
    """
    V = np.arange(len(world[1])) + 0.5
    there = [student.put(table) for table in (*world, V)]
    got = [student.action_values(*there, gamma) for _ in range(2)]
    for answer in got:
        assert answer == near(q_values(*world, V, gamma))
    for mine, theirs in zip((*world, V), there):
        assert theirs.get() == near(mine)


@st.composite
def plain_worlds(draw):
    """Worlds as a table in a file may hold them: rewards are whole numbers, and nobody can write to the arrays, which
    are parts of larger ones; now and then there is a single state.
    """
    P, R = draw(worlds(sizes=((3, 2), (1, 2), (1, 3))))
    return P, (2 * R).astype(np.int64)


def from_a_file(P, R):
    """These tables, not to be written to, and in parts of larger ones."""
    return read_only(strided(P)), read_only(strided(R))


@exercise("action_values", needs=("test_reward_now_and_value_afterwards",), weight=0.5)
@settings(max_examples=6)
@given(world=plain_worlds())
def test_action_values_of_plain_worlds(student, world):
    """It is the same where there is one state only, and where the tables are read-only parts of larger ones.

    Hint: Which of your lines counts on more than one state, or on tables that can be written to?
    """
    V = np.arange(len(world[1])) + 1.5
    assert student.action_values(*from_a_file(*world), read_only(V), 0.5) == near(q_values(*world, V, 0.5))


# evaluate_policy


@st.composite
def policies(draw, world):
    """Probabilities (S, A) for a world: mostly mixed, now and then certain."""
    states, actions = world[1].shape
    kinds = {2: [(0.25, 0.75), (0.75, 0.25), (1.0, 0.0)], 3: [(0.25, 0.125, 0.625), (0.625, 0.25, 0.125), (0, 1.0, 0)]}
    return np.array([draw(st.sampled_from(kinds[actions])) for _ in range(states)], dtype=float)


@st.composite
def worlds_and_policies(draw, terminal=False):
    """A world and a policy in it."""
    world = draw(worlds(terminal))
    return *world, draw(policies(world))


def paying(R):
    """These rewards, all of them above 0: all values rise alike, and whoever stops too early is not seen by that."""
    return np.abs(R) + 0.5


@exercise("evaluate_policy", weight=2)
@given(case=worlds_and_policies(), gamma=SMALL_GAMMAS)
def test_values_under_the_policy(student, case, gamma):
    """Every state's value is the mean of its action values, weighted with the policy's probabilities, where the action
    values rest on the same state values.

    Hint: Do the action values and the state values fit together at the end? Each state's value is a mean, and the
    policy's row says how much each action counts.
    """
    P, R, policy = case[0], paying(case[1]), case[2]
    # The same world with its states in the opposite order shows who looks at one certain state.
    mirrored = P[::-1, :, ::-1].copy(), R[::-1].copy(), policy[::-1].copy()
    got = [student.evaluate_policy(*world, gamma) for world in ((P, R, policy), mirrored)]
    needed = value_of(P, R, policy, gamma)
    assert got == near([needed, needed[::-1]], rtol=0.0, atol=0.01)


@exercise("evaluate_policy", needs=("test_values_under_the_policy",), alike="places")
@settings(max_examples=6)
@given(case=worlds_and_policies(terminal=True), late=st.integers(4, 9).map(float))
def test_rewards_that_come_late(student, case, late):
    """With γ = 0.99 a long future counts: the values are as exact as with a smaller gamma, negative or positive.

    Hint: With a gamma near 1 values grow for hundreds of sweeps. What makes your sweeps end, and does it hold for
    negative values too?
    """
    P, R, policy = case
    needed = [value_of(P, sign * (R + late), policy, 0.99) for sign in (1, -1)]
    earned, paid = [student.evaluate_policy(P, sign * (R + late), policy, 0.99) for sign in (1, -1)]
    if np.abs(np.asarray([earned, paid], dtype=float) - needed).max() < 1.0:
        # Sweeps that stop at a change of 0.01 are as near as this.
        assert [earned, paid] == near(needed)
    assert earned == near(needed[0])
    assert paid == near(needed[1])


BUSY = {
    "two states pay in turn": lambda pair, others: {pair[0]: pair[1], pair[1]: pair[0]} | {s: s for s in others},
    "one state pays, the others lead round": lambda pair, others: {
        pair[0]: pair[0],
        **dict(zip([pair[1], *others], [*others, pair[1]])),
    },
    "one state pays, the others are ends": lambda pair, others: {s: s for s in [*pair, *others]},
}
"""Where the way leads on to from each state. Only what pays changes, and only a part of that never leaves its state."""


@st.composite
def busy_worlds(draw):
    """Worlds (P, R) in which one state or two go on paying, or costing, by their descriptions."""
    states, actions = draw(st.sampled_from([(4, 2), (5, 3)]))
    order = draw(st.permutations(range(states)))
    worlds = {}
    for kind, leads in BUSY.items():
        P, R = np.zeros((states, actions, states)), np.zeros((states, actions))
        for state, following in leads(order[:2], order[2:]).items():
            P[state, :, following] = 1.0
        R[order[: 2 if kind.startswith("two") else 1]] = 1.0
        worlds[kind] = P, R
        worlds[kind.replace("pay", "cost")] = P, -R
    # What one state gains another one loses, sweep by sweep.
    P, R = worlds["one state pays, the others are ends"]
    R = R.copy()
    R[order[1]] = -1.0
    worlds["one state pays and another one costs as much"] = P, R
    return worlds


def is_exact(kind, values, needed, tol):
    """Fail if a value is further than tol / (1 − γ) from what is needed, and say what it looks like."""
    bound = tol / (1 - 0.9)
    # After two sweeps a state that pays 1 is worth 1.9, in the end 10.
    early = (
        "after a sweep or two" if np.abs(np.asarray(values, dtype=float)).max() < 2 else "before the values were there"
    )
    # A hundredth of the bound for rounding: an answer in float32 may stand just at the edge.
    assert values == near(needed, rtol=0.0, atol=1.01 * bound), (
        f"{[round(float(value), 6) for value in needed]} to within {bound:g}; where {kind}, it stopped {early}"
    )


@exercise("evaluate_policy", needs=("test_values_under_the_policy",), alike="places")
@settings(max_examples=6)
@given(worlds=busy_worlds(), tol=st.sampled_from([0.01, 0.1]))
def test_as_exact_as_the_tolerance(student, worlds, tol):
    """No state's value is further than tol / (1 − γ) from the true one, even where only one state is still changing.

    Hint: Which number do you compare with tol? One state that still changes is enough for the sweeps to go on, whatever
    the others do.
    """
    for kind, (P, R) in worlds.items():
        policy = np.full(R.shape, 1 / R.shape[1])
        is_exact(kind, student.evaluate_policy(P, R, policy, 0.9, tol), value_of(P, R, policy, 0.9), tol)


@exercise("evaluate_policy", needs=("test_values_under_the_policy",), alike="places")
@settings(max_examples=5)
@given(case=worlds_and_policies(), gamma=st.sampled_from([0.5, 0.25]))
def test_evaluation_changes_nothing(student, case, gamma):
    """The world and the policy are afterwards as they were, so a second evaluation gives the same values.

    Hint: Is there a line that writes into P, R or the policy? Or does a second call begin where the first one ended?
    """
    case = case[0], paying(case[1]), case[2]
    there = [student.put(table) for table in case]
    got = [student.evaluate_policy(*there, gamma) for _ in range(2)]
    for answer in got:
        assert answer == near(value_of(*case, gamma), rtol=0.0, atol=0.02)
    for mine, theirs in zip(case, there):
        assert theirs.get() == near(mine)


@exercise("evaluate_policy", needs=("test_values_under_the_policy",), weight=0.5, alike="places")
@settings(max_examples=6)
@given(world=plain_worlds(), data=st.data())
def test_evaluation_of_plain_worlds(student, world, data):
    """Rewards may be whole numbers, and the values have fractions all the same; so it is with one state only, and where
    the tables are read-only parts of larger ones.

    Hint: Print the type of your values. If they were made like a table of whole numbers, every fraction is cut off.
    """
    policy = data.draw(policies(world))
    world = world[0], np.abs(world[1]) + 1
    got = student.evaluate_policy(*from_a_file(*world), read_only(policy), 0.25)
    assert got == near(value_of(*world, policy, 0.25))


# greedy_policy


def tables(equal=False):
    """Action values (S, A); without equals, the actions of a state all differ."""

    def of_size(size):
        states, actions = size
        row = st.lists(HALVES, min_size=actions, max_size=actions, unique=not equal)
        return st.lists(row, min_size=states, max_size=states).map(np.array)

    return st.sampled_from([(4, 3), (5, 3), (2, 4)]).flatmap(of_size)


@exercise("greedy_policy", weight=2)
@given(Q=tables())
def test_best_action_in_every_state(student, Q):
    """In every row there is a single 1, at the state's most valuable action, be it ever so little better, and 0
    everywhere else.

    Hint: Look at one row of the printed table: where is its largest number, and where is your 1? Rows are states,
    columns are actions.
    """
    Q = Q - 4.0 * (np.arange(len(Q)) % 2)[:, None]  # every second row is negative throughout, or nearly
    needed = np.eye(Q.shape[1])[Q.argmax(axis=1)]
    assert student.greedy_policy(Q) == near(needed)
    close_together, far_apart = Q * 2.0**-40, Q * 2.0**20
    assert student.greedy_policy(close_together) == near(needed)
    assert student.greedy_policy(far_apart) == near(needed)
    assert student.greedy_policy((2 * Q).astype(np.int64)) == near(needed)
    assert student.greedy_policy(read_only(strided(Q))) == near(needed)
    assert student.greedy_policy(Q[:1]) == near(needed[:1])


@exercise("greedy_policy")
@settings(max_examples=10)
@given(Q=tables(equal=True))
def test_one_of_the_best(student, Q):
    """Where several actions are equally good, one of them has probability 1, and only one.

    Hint: Two actions of a row are equally good here. How many 1s does your row have, and what do they add up to?
    """
    Q[0, :2] = Q[0].max()
    for values in (Q, Q - 8.0):  # the second time all are negative
        theirs = student.put(values)
        got, after = student.greedy_policy(theirs), theirs.get()
        chosen = np.asarray(got, dtype=float)
        assert chosen.shape == near(Q.shape)
        ones = (chosen == 1.0).sum(axis=1)
        assert ones == near(np.ones(len(Q))), "in every row a single 1, and 0 everywhere else"
        certain = bool((chosen.sum(axis=1) == 1.0).all() and (chosen >= 0.0).all())
        assert certain, "in every row a single 1, and 0 everywhere else"
        assert (chosen * values).sum(axis=1) == near(values.max(axis=1))
        assert after == near(values)


# value_iteration


def without_ties(terminal=False):
    """Worlds in which no two actions of a state are equally good, so that there is one best policy."""
    return worlds(terminal).map(
        lambda world: (world[0], world[1] + np.arange(world[1].size).reshape(world[1].shape) / 10)
    )


WAITS = st.integers(3, 5).flatmap(lambda states: st.permutations(range(states)))
"""In which order the states of a world to wait in lie."""


def world_to_wait_in(order, now, gamma):
    """A world in which the action ``now`` pays less than the 1 that comes at the end of the way, and more than that
    would be worth if it were discounted by a quarter more steps. Then nothing follows.
    """
    start, *way, end = order
    P, R = np.zeros((len(order), 2, len(order))), np.zeros((len(order), 2))
    P[start, now, end] = P[start, 1 - now, way[0]] = 1.0
    R[start, now] = gamma ** (1.25 * len(way))
    for state, following in zip(way, [*way[1:], end]):
        P[state, :, following] = 1.0
    R[way[-1]] = 1.0
    P[end, :, end] = 1.0
    return P, R


def is_clear(P, R, gamma):
    """Whether every state's best action is better than its others by more than a rounding."""
    ordered = np.sort(q_values(P, R, best_value(P, R, gamma), gamma), axis=1)
    return bool((ordered[:, -1] - ordered[:, -2] > 0.05).all())


def needs_a_view(world):
    """Whether what pays most at once is not the best here with γ = 0.99."""
    P, R = world
    at_once = value_of(P, R, np.eye(R.shape[1])[R.argmax(axis=1)], 0.99)
    return is_clear(P, R, 0.99) and bool((at_once < best_value(P, R, 0.99) - 0.1).any())


def shape_of(value):
    """The shape of a table of numbers, to be compared before anything is computed with it."""
    return np.shape(np.asarray(value, dtype=float))


@exercise("value_iteration", weight=2)
@given(world=without_ties(), gamma=st.sampled_from([0.5, 0.75, 0.0]))
def test_best_values(student, world, gamma):
    """Each state's value is that of the best policy: no policy earns more from there, and one earns as much.

    Hint: What does somebody do who always acts as well as possible? Look at the line that makes one number of a state's
    action values.
    """
    P, R = world
    for rewards in (R, R - 8.0):  # the second time everything costs
        values, policy = student.value_iteration(P, rewards, gamma)
        assert values == near(best_value(P, rewards, gamma))
        assert shape_of(policy) == near(R.shape)


@exercise("value_iteration", weight=2)
@given(
    case=st.tuples(without_ties(), st.sampled_from([0.9, 0.5])).filter(lambda case: is_clear(*case[0], case[1])),
    order=WAITS,
    now=st.integers(0, 1),
)
def test_the_policy_earns_the_best_values(student, case, order, now):
    """The policy takes one action in each state, and who acts by it earns what the best policy earns.

    Hint: From which values is your policy made: those that the sweeps ended with, or older ones? And does every row
    have exactly one 1?
    """
    world, gamma = case
    patient = world_to_wait_in(order, now, gamma)
    for P, R in (world, patient, (patient[0], patient[1] - 8.0)):
        _, policy = student.value_iteration(P, R, gamma)
        assert shape_of(policy) == near(R.shape)
        policy = np.asarray(policy, dtype=float)
        certain = bool(np.isin(policy, (0.0, 1.0)).all() and (policy.sum(axis=1) == 1.0).all())
        assert certain, "a policy with a single 1 in every row"
        assert value_of(P, R, policy, gamma) == near(best_value(P, R, gamma))


@exercise("value_iteration", alike="places")
@settings(max_examples=6)
@given(world=without_ties(terminal=True).filter(needs_a_view), late=st.integers(1, 6).map(float))
def test_best_values_far_ahead(student, world, late):
    """With γ = 0.99 a long future counts, be it of rewards or of costs: values and policy are still the best.

    Hint: With a gamma near 1 values take hundreds of sweeps. Does something stop yours early, or go wrong where all
    values are negative?
    """
    P, R = world
    most = [best_value(P, R + sign * late, 0.99) for sign in (1, -1)]
    got = [student.value_iteration(P, R + sign * late, 0.99) for sign in (1, -1)]
    assert got[0][0] == near(most[0])
    assert got[1][0] == near(most[1])
    for (_, policy), sign, needed in zip(got, (1, -1), most):
        assert shape_of(policy) == near(R.shape)
        assert value_of(P, R + sign * late, np.asarray(policy, dtype=float), 0.99) == near(needed)


@exercise("value_iteration", needs=("test_best_values",), alike="places")
@settings(max_examples=6)
@given(worlds=busy_worlds(), tol=st.sampled_from([0.01, 0.1]))
def test_best_values_as_exact_as_the_tolerance(student, worlds, tol):
    """No state's value is further than tol / (1 − γ) from the best, even where only one state is still changing.

    Hint: Which number do you compare with tol? A mean over the states hides the one that is still changing.
    """
    for kind, (P, R) in worlds.items():
        # All actions of a state are alike here: every policy is the best.
        is_exact(
            kind, student.value_iteration(P, R, 0.9, tol)[0], value_of(P, R, np.full(R.shape, 1 / R.shape[1]), 0.9), tol
        )


@exercise("value_iteration", needs=("test_best_values",), weight=0.5, alike="places")
@settings(max_examples=6)
@given(world=plain_worlds())
def test_planning_in_plain_worlds(student, world):
    """Rewards may be whole numbers, and the values have fractions all the same; so it is with one state only, and where
    the tables are read-only parts of larger ones.

    Hint: Print the type of your values after a sweep. Whole rewards do not make whole values.
    """
    values, policy = student.value_iteration(*from_a_file(*world), 0.25)
    assert values == near(best_value(*world, 0.25))
    assert shape_of(policy) == near(world[1].shape)


@exercise("value_iteration", needs=("test_best_values",))
@settings(max_examples=5)
@given(world=worlds(), gamma=st.sampled_from([0.5, 0.25]))
def test_planning_changes_nothing(student, world, gamma):
    """The world is afterwards as it was, so planning a second time gives the same values.

    Hint: Is there a line that writes into P or R? The world stays what it is, however long you plan in it.
    """
    there = [student.put(table) for table in world]
    got = [student.value_iteration(*there, gamma) for _ in range(2)]
    for values, _ in got:
        assert values == near(best_value(*world, gamma))
    for mine, theirs in zip(world, there):
        assert theirs.get() == near(mine)
