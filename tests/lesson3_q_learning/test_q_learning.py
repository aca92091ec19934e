"""Hidden properties of lesson 3: exploration by exact rules and by counting, updates by value and by what stays."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.testing import exercise, near, read_only, strided
from grader.testing.draws import counts

HALVES = st.integers(-6, 6).map(lambda n: n / 2)
SEEDS = st.integers(0, 10_000)


# epsilon_by_step


def line(step, start, end, decay_steps):
    """The definition, in two pieces."""
    return end if step >= decay_steps else start + (end - start) * step / decay_steps


@exercise("epsilon_by_step", weight=2)
@given(
    start=st.sampled_from([1.0, 0.75, 0.5]),
    end=st.sampled_from([0.0, 0.125, 0.25]),
    decay_steps=st.integers(2, 12),
    later=st.integers(1, 20),
)
def test_a_straight_line_and_then_level(student, start, end, decay_steps, later):
    """Epsilon begins at `start`, goes to `end` in a straight line of `decay_steps` steps, and stays there.

    Hint: Work out epsilon for the printed steps with pencil and paper: at 0, half way, at the end of the line, and
    later. Which one is off?
    """
    # One example shows the beginning, the slope, the last step of the line, its end, and what comes after it.
    steps = [0, 1, decay_steps - 1, decay_steps, decay_steps + later]
    got = np.array([student.epsilon_by_step(step, start, end, decay_steps) for step in steps])
    assert got == near([line(step, start, end, decay_steps) for step in steps])


@exercise("epsilon_by_step")
@settings(max_examples=10)
@given(start=st.sampled_from([0, 0.125]), end=st.sampled_from([0.5, 1]), decay_steps=st.integers(1, 8))
def test_the_line_may_rise(student, start, end, decay_steps):
    """Where `end` is above `start`, epsilon rises just as straight, and then stays at `end`.

    Hint: Here the end lies above the start. Which of your lines takes it for granted that epsilon falls?
    """
    steps = [0, decay_steps // 2, decay_steps, 3 * decay_steps + 1]
    got = np.array([student.epsilon_by_step(step, start, end, decay_steps) for step in steps])
    assert got == near([line(step, start, end, decay_steps) for step in steps])


# epsilon_greedy


def choices(student, q_values, epsilon, seed, times):
    """How often each action comes in so many draws from one generator, which lives on the student's side."""
    return counts(student.epsilon_greedy, q_values, epsilon, student.put(np.random.default_rng(seed)), times)


def one_above(best, actions=4):
    """Values of so many actions, the best one above 0 and the others below; none is the number of an action."""
    values = np.full(actions, -0.75)
    values[best] = 0.75
    return values


# Neither the first action nor the last is the best one, or it would not be seen which of them never comes.
INNER = st.sampled_from([1, 2])


@exercise("epsilon_greedy", weight=2, alike="draws")
@given(
    q_values=st.lists(HALVES, min_size=3, max_size=5, unique=True),
    dtype=st.sampled_from(["float64", "float32", "int64"]),
    layout=st.sampled_from([np.asarray, read_only, strided]),
    seed=SEEDS,
)
def test_without_epsilon_the_best(student, q_values, dtype, layout, seed):
    """With epsilon = 0 the answer is always the action with the largest value.

    Hint: With epsilon 0 nothing may be left to chance. What happens in your code when the number that is drawn is
    compared with 0, and where is the largest value then?
    """
    # Below 0 throughout, and close together: neither a search that begins at 0 nor a little noise may decide.
    whole = 2 * np.array(q_values) - 16
    q_values = (whole if dtype == "int64" else whole / 8).astype(dtype)
    came = choices(student, layout(q_values), 0.0, seed, 6)
    assert came == near(6 * np.eye(len(q_values))[q_values.argmax()])


@exercise("epsilon_greedy", alike="draws")
@settings(max_examples=6)
@given(better=st.integers(0, 3), seed=SEEDS)
def test_ever_so_little_better(student, better, seed):
    """Equally good means equal: with epsilon = 0, a value that is larger by ever so little wins alone.

    Hint: What counts as equal in your code? A tolerance, or a little noise, takes a better action for one of many.
    """
    # 1e-12 is far more than a rounding error of 1.5, and far less than what anybody adds or allows for.
    q_values = np.full(4, 1.5)
    q_values[better] += 1e-12
    came = choices(student, q_values, 0.0, seed, 24)
    assert came == near(24 * np.eye(4)[better])


@exercise("epsilon_greedy", alike="draws")
@settings(max_examples=2)
@given(best=INNER, seed=SEEDS)
def test_with_epsilon_1_all_alike(student, best, seed):
    """With epsilon = 1 all actions come equally often, the best one too.

    Hint: Among which actions do you draw when you explore? Look at the first number and the last that your draw can
    give.
    """
    for actions in (4, 6):
        times = 60 * actions
        came = choices(student, one_above(best, actions), 1.0, seed, times)
        # Each count is binomial (60 n, 1/n), 60 on average. Outside of 18 to 110 it is with a probability of 3e-11,
        # and there are ten of them in each of two examples.
        even = bool(((came >= 18) & (came <= 110)).all())
        names = {0: "the first", actions - 1: "the last", best: "the best"}
        never = [names.get(action, "another") for action in np.flatnonzero(came == 0)]
        what = "always the same" if len(never) == actions - 1 else f"never: {', '.join(never)}" if never else "unevenly"
        assert even, f"each action about 60 times in {times}; these came {came.tolist()} times ({what})"


@exercise("epsilon_greedy", alike="draws")
@settings(max_examples=2)
@given(best=INNER, seed=SEEDS)
def test_epsilon_is_the_probability_of_exploring(student, best, seed):
    """With epsilon = 1/4 and four actions, the best one comes with probability 3/4 + 1/16, and each other with 1/16.

    Hint: Read your comparison aloud: with which probability is it true? And what do you do then, explore or not?
    """
    came = choices(student, one_above(best), 0.25, seed, 400)
    # Its count is binomial (400, 13/16), 325 on average: outside of 270 to 374 with a probability of 1e-10.
    enough = 270 <= came[best] <= 374
    # Where all actions come alike it is 100 on average, where exploring and not are exchanged 175.
    what = "always" if came[best] == 400 else "too often" if came[best] > 374 else "too seldom"
    what = "hardly" if came[best] < 50 else "as if epsilon were 1" if came[best] < 136 else what
    assert enough, f"about 325 times in 400 the best action; these came {came.tolist()} times ({what})"
    # Whoever explores with the number that decided to explore knows something of it: it is small. The count of each of
    # the others is binomial (400, 1/16), 25 on average: outside of 2 to 65 with a probability of 2e-10, and there are
    # three of them in each of two examples.
    others = np.delete(came, best)
    even = bool(((others >= 2) & (others <= 65)).all())
    assert even, f"each of the others about 25 times in 400; these came {came.tolist()} times (unevenly)"


@exercise("epsilon_greedy", alike="draws")
@settings(max_examples=3)
@given(low=st.sampled_from([0.0, -8.0]), best=st.sampled_from([(0, 2, 3, 4, 6), (1, 2, 3, 5, 6)]), seed=SEEDS)
def test_ties_are_broken_evenly(student, low, best, seed):
    """Of several equally good actions each comes equally often, and no other one.

    Hint: Several actions have the same largest value. Which of them does your line give, and does it ever give another?
    """
    q_values = np.full(7, low)
    q_values[list(best)] += 0.125
    came = choices(student, q_values, 0.0, seed, 240)
    # Each is binomial (240, 1/5), 48 on average: outside of 12 to 90 with a probability of 2e-10, and there are five of
    # them in each of three examples.
    ours = came[list(best)]
    even = bool(((ours >= 12) & (ours <= 90)).all() and ours.sum() == 240)
    if ours.sum() < 240:
        what = "others too" if ours.any() else "others only"
    elif ours.max() == 240:
        what = {0: "always the first", 4: "always the last"}.get(int(ours.argmax()), "always the same")
    else:
        what = "unevenly"
    assert even, f"actions {best} about 48 times each in 240; the actions came {came.tolist()} times ({what})"


@exercise(
    "epsilon_greedy",
    needs=("test_epsilon_is_the_probability_of_exploring", "test_ties_are_broken_evenly"),
    weight=0.5,
    alike="draws",
)
@settings(max_examples=1)
@given(best=st.sampled_from([(0, 2, 3, 4, 6), (1, 2, 3, 5, 6)]), seed=SEEDS)
def test_ties_leave_room_for_exploring(student, best, seed):
    """However many actions are equally good, epsilon is the probability of a random one.

    Hint: Several actions are the best. What is the probability that you explore at all, and is it still epsilon?
    """
    q_values = np.zeros(7)
    q_values[list(best)] = 0.125
    came = choices(student, q_values, 0.5, seed, 900)
    # Two of seven actions are not the best, so one of them comes with probability 1/7, 129 times on average. The count
    # is outside of 72 to 195 with a probability of 1e-8. Where each of the best gets the whole 1 - epsilon it is 43.
    others = 900 - int(came[list(best)].sum())
    enough = 72 <= others <= 195
    what = "too seldom" if others < 72 else "too often"
    assert enough, f"the two worse actions about 129 times in 900; all actions came {came.tolist()} times ({what})"


@exercise("epsilon_greedy", needs=("test_without_epsilon_the_best",), alike="draws")
@settings(max_examples=4)
@given(seed=SEEDS)
def test_chance_comes_from_the_generator(student, seed):
    """All chance comes from `rng`: the same generator gives the same actions again and moves on, and global random
    numbers and the values stay as they were.

    Hint: Look at every line that draws something: whose generator is it? The one that was handed in should be the only
    one, and nobody makes it anew.
    """
    values = np.zeros(6)
    kept = student.put(values)
    before = student.random_state()
    runs = []
    for _ in range(2):
        rng = student.put(np.random.default_rng(seed))
        runs.append([student.epsilon_greedy(kept, 0.5, rng) for _ in range(24)])
    untouched = student.random_state() == before
    first, again = runs
    if not untouched:
        unused = rng.random() == np.random.default_rng(seed).random()
        chance = "global random numbers alone" if unused else "`rng` and global random numbers"
        assert chance == "`rng` alone", f"all chance from `rng`, not from {chance}"
    # A source that nobody seeds agrees with itself 24 times once in 6^24 runs.
    assert again == near(first)
    # Of 24 draws from 6 alike actions, all are the same once in 6^23 runs.
    assert len(set(first)) > 1, "other actions at other times: a generator that moves on"
    assert kept.get() == near(values)


# q_learning_update and sarsa_update


@st.composite
def updates(draw):
    """A table (S, A) whose values all differ, a transition in it, and the action that follows: not the best one, nor
    the one that was taken.
    """
    states, actions = draw(st.sampled_from([(5, 3), (4, 3), (3, 5)]))
    numbers = draw(st.permutations(range(states * actions)))
    # Squares: with numbers in equal distances, the middle one of three is their mean as well.
    dtype = draw(st.sampled_from(["float64", "float32"]))
    Q = np.array([number**2 / 2 for number in numbers], dtype=dtype).reshape(states, actions) - 2
    state, next_state = draw(st.permutations(range(states)))[:2]
    next_action = draw(st.sampled_from([a for a in range(actions) if a != Q[next_state].argmax()]))
    action = draw(st.sampled_from([a for a in range(actions) if a != next_action]))
    reward = draw(st.sampled_from([1.0, -1, 3.5, -100]))
    return Q, state, action, reward, next_state, next_action


ALPHAS = st.sampled_from([0.5, 0.25, 0.125])
DISCOUNTS = st.sampled_from([0.5, 0.9])


def after_update(Q, state, action, error, alpha):
    """The table with one entry changed."""
    table = Q.astype(float)
    table[state, action] += alpha * error
    return table


def both_ends(student, name, Q, *rest):
    """One update from a transition in the middle of an episode, and one from the same with which the episode ends: the
    tables afterwards, and the answers.
    """
    tables = [student.put(Q) for _ in range(2)]
    errors = [getattr(student, name)(table, *rest[terminated]) for table, terminated in zip(tables, (0, 1))]
    return [table.get() for table in tables], np.array(errors)


@exercise("q_learning_update", weight=3)
@given(case=updates(), alpha=ALPHAS, gamma=DISCOUNTS, scalars=st.booleans())
def test_learns_from_the_best_that_can_follow(student, case, alpha, gamma, scalars):
    """Q[state, action] goes the fraction alpha of its way to r + γ · the largest value of the next state, or to r where
    the episode has terminated; the answer is the TD error before the change; no other entry changes.

    Hint: Build the target first: what was earned, and what the best next action is worth if the episode goes on. Then
    go only a fraction of the way to it.
    """
    Q, state, action, reward, next_state, _ = case
    to = np.int64 if scalars else int
    flag = np.bool_ if scalars else bool
    there = [(to(state), to(action), reward, to(next_state), flag(end), alpha, gamma) for end in (False, True)]
    tables, errors = both_ends(student, "q_learning_update", Q, *there)
    old = float(Q[state, action])
    needed = [reward + gamma * float(Q[next_state].max()) - old, reward - old]
    for table, error in zip(tables, needed):
        assert table == near(after_update(Q, state, action, error, alpha))
    assert errors == near(needed)


@exercise("q_learning_update", needs=("test_learns_from_the_best_that_can_follow",))
@settings(max_examples=10)
@given(case=updates(), alpha=ALPHAS, lower=st.sampled_from([128, 0]))
def test_a_step_that_stays(student, case, alpha, lower):
    """Where an action leads back into the same state, the target is made of the values from before the change, be they
    all below 0. The table may be a part of a larger one.

    Hint: The row that you read and the entry that you change are in the same place here. In which order does your code
    do the two?
    """
    Q, state, _, reward, _, _ = case
    # Below 0 throughout, as where every step costs something; or not: then a search for the best that begins at 0 is
    # told from code that lets nothing follow.
    Q = Q - Q.dtype.type(lower)
    best = int(Q[state].argmax())
    there = student.put(strided(Q))
    got, table = student.q_learning_update(there, state, best, reward, state, False, alpha, 0.5), there.get()
    needed = reward + 0.5 * Q[state, best] - Q[state, best]
    assert table == near(after_update(Q, state, best, needed, alpha))
    assert got == near(needed)


@exercise("q_learning_update", needs=("test_learns_from_the_best_that_can_follow",))
@settings(max_examples=8)
@given(case=updates(), huge=st.sampled_from([1e6, -1e6]))
def test_nothing_follows_the_end(student, case, huge):
    """Where the episode has terminated, the values of the next state do not matter, be they ever so large.

    Hint: After the last step there is no next state. Which line still looks its values up, and what are they multiplied
    with?
    """
    Q, state, action, reward, next_state, _ = case
    Q[next_state] = huge
    there = student.put(Q)
    got, table = student.q_learning_update(there, state, action, reward, next_state, True, 0.5, 1.0), there.get()
    needed = reward - Q[state, action]
    assert got == near(needed)
    assert table == near(after_update(Q, state, action, needed, 0.5))


@exercise("sarsa_update", weight=3)
@given(case=updates(), alpha=ALPHAS, gamma=DISCOUNTS, scalars=st.booleans())
def test_learns_from_the_action_that_follows(student, case, alpha, gamma, scalars):
    """Q[state, action] goes the fraction alpha of its way to r + γ · the value of the next action in the next state, or
    to r where the episode has terminated; the answer is the TD error before the change; no other entry changes.

    Hint: Sarsa learns from what the agent will really do. Which entry of the next state's row is that?
    """
    Q, state, action, reward, next_state, next_action = case
    to = np.int64 if scalars else int
    flag = np.bool_ if scalars else bool
    start = to(state), to(action), reward, to(next_state), to(next_action)
    tables, errors = both_ends(
        student, "sarsa_update", Q, *((*start, flag(end), alpha, gamma) for end in (False, True))
    )
    old = float(Q[state, action])
    needed = [reward + gamma * float(Q[next_state, next_action]) - old, reward - old]
    for table, error in zip(tables, needed):
        assert table == near(after_update(Q, state, action, error, alpha))
    assert errors == near(needed)


@exercise("sarsa_update")
@settings(max_examples=8)
@given(case=updates(), alpha=ALPHAS)
def test_no_action_after_the_end(student, case, alpha):
    """Where the episode has terminated no action follows: `next_action` may be None, and the target is the reward.

    Hint: What does your code do with a next action that is None? There is nothing to look up once the episode has
    terminated.
    """
    Q, state, action, reward, next_state, _ = case
    there = student.put(Q)
    got = student.sarsa_update(there, state, action, reward, next_state, None, True, alpha, 0.9)
    table, needed = there.get(), reward - Q[state, action]
    assert got == near(needed)
    assert table == near(after_update(Q, state, action, needed, alpha))


@exercise("sarsa_update", needs=("test_learns_from_the_action_that_follows",))
@settings(max_examples=10)
@given(case=updates(), alpha=ALPHAS)
def test_the_same_action_again(student, case, alpha):
    """Where the next state and action are the same again, the target is made of the value from before the change. The
    table may be a part of a larger one.

    Hint: The value that you change is also the value that you look up here. Is your target complete before anything is
    written?
    """
    Q, state, action, reward, _, _ = case
    there = student.put(strided(Q))
    got, table = student.sarsa_update(there, state, action, reward, state, action, False, alpha, 0.5), there.get()
    needed = reward + 0.5 * Q[state, action] - Q[state, action]
    assert table == near(after_update(Q, state, action, needed, alpha))
    assert got == near(needed)
