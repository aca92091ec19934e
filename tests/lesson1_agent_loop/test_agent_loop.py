"""Hidden properties of lesson 1: a right answer in any style passes, each common mistake fails."""

import numpy as np
from gymnasium.spaces import Discrete
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.testing import exercise, near, read_only, strided
from grader.testing.environments import ScriptedEnv, ScriptedPolicy
from grader.testing.near import numbers

EIGHTHS = st.integers(-16, 16).map(lambda n: n / 8)  # sums of these are exact, in float32 as well
ENDINGS = st.sampled_from(["terminated", "truncated", "both"])
REWARDS = st.lists(st.integers(-6, 6).map(lambda n: n / 2), min_size=1, max_size=5)
SEEDS = st.integers(0, 1000)
GAMMAS = st.sampled_from([0.5, 0.9, 0.25, 1.0, 0.0])


# lean_policy


@exercise("lean_policy")
@given(
    observation=st.lists(EIGHTHS, min_size=4, max_size=4),
    dtype=st.sampled_from([np.float32, np.float64]),
    scale=st.sampled_from([1.0, 2.0**-12, 2.0**10]),
)
def test_pushes_where_the_pole_falls(student, observation, dtype, scale):
    """`lean_policy` gives 1 when angle + angular velocity is above 0, and 0 when it is 0 or less.

    Hint: Work the printed observation out by hand: which two of its four numbers do you add, and what do you do when
    the sum is exactly 0?
    """
    needed = int(observation[2] + observation[3] > 0)
    assert student.lean_policy(scale * np.array(observation, dtype)) == near(needed)


@exercise("lean_policy", needs=("test_pushes_where_the_pole_falls",))
@given(observation=st.lists(EIGHTHS, min_size=4, max_size=4))
def test_answer_is_an_action(student, observation):
    """What `lean_policy` gives is an action that CartPole's `action_space` contains: a whole number, 0 or 1.

    Hint: Print the type of what you return. A comparison gives a truth value, and an action is a plain whole number.
    """
    got = student.lean_policy(np.array(observation, np.float32))
    assert Discrete(2).contains(got), "the int 0 or 1; neither a comparison's result nor a float is an action"


@exercise("lean_policy", needs=("test_pushes_where_the_pole_falls",), weight=0.5)
@settings(max_examples=5)
@given(observation=st.lists(EIGHTHS, min_size=4, max_size=4).map(lambda o: [*o[:3], o[3] or 0.5]))
def test_only_looks_at_the_observation(student, observation):
    """It only looks at the observation, which stays as it was; it may be read-only, or a part of a table.

    Hint: Look for a line that writes into the observation, or that counts on it being writable. Reading four numbers is
    all that is needed.
    """
    kept = student.put(np.array(observation))
    got = [student.lean_policy(kept) for _ in range(2)]
    assert kept.get() == near(observation)
    got += [student.lean_policy(layout(np.array(observation))) for layout in (read_only, strided)]
    assert got == near([int(observation[2] + observation[3] > 0)] * 4)


# run_episode


PARTS = ("state", "action", "reward", "next_state", "terminated", "truncated")


def play(student, env, policy, **seed):
    """Let the student play, and insist on a list of six-part transitions before looking into them."""
    transitions = student.run_episode(env, policy, **seed)
    assert isinstance(transitions, list | tuple), "a list of transitions"
    for transition in transitions:
        six = isinstance(transition, tuple) and len(transition) == len(PARTS)
        assert six, "a list of Transition, each with its six parts"
    return transitions


def told(transitions):
    """Transitions as plain numbers by name, to compare and to show them as a whole."""
    return [{"transition": i} | dict(zip(PARTS, map(_plain, step))) for i, step in enumerate(transitions)]


def _plain(part):
    """Numbers without their types, which are not what is asked for; of anything else, what it is."""
    if isinstance(part, bool | np.bool_):
        return bool(part)
    array = numbers(part)
    return type(part).__name__ if array is None else array.tolist()


@exercise("run_episode", weight=2)
@given(rewards=REWARDS)
def test_stops_at_the_end(student, rewards):
    """The episode is over when either flag is set: every step up to there is made, and none after it.

    Hint: Look at the condition of your loop. There are two flags that can end an episode, and either of them is enough.
    """
    # All ways to end in one example: a loop that waits for one flag and a loop that waits for both look different then.
    env = ScriptedEnv(rewards=rewards, ends=["terminated", "truncated", "both"])
    steps = []
    for _ in range(3):
        student.run_episode(env, ScriptedPolicy(actions=[1, 0]))
        steps.append(len(env.actions) - sum(steps))
    assert steps == near([len(rewards)] * 3)
    assert env.steps_after_end == 0, "a reset before the first step, and no step after the end"


@exercise("run_episode", needs=("test_stops_at_the_end",))
@given(more=st.integers(1, 9))
@settings(max_examples=1)
def test_an_episode_has_any_length(student, more):
    """An episode may be longer than CartPole's 500 steps: only the flags end it.

    Hint: Is there a number in your loop, or anything but the two flags, that ends it?
    """
    env = ScriptedEnv(rewards=[1.0] * (500 + more))
    student.run_episode(env, ScriptedPolicy(actions=[1, 0]))
    assert len(env.actions) == near(500 + more)


@exercise("run_episode")
@given(rewards=REWARDS)
def test_one_reward_for_each_step(student, rewards):
    """There is one transition for each step, in order, with the reward that this step earned.

    Hint: At which line is a transition appended? It should run once for every `step`, the last one included, and with
    the reward of that very step.
    """
    transitions = play(student, ScriptedEnv(rewards=rewards), ScriptedPolicy(actions=[1, 0]))
    assert [_plain(transition[2]) for transition in transitions] == rewards


@exercise("run_episode", weight=2, needs=("test_one_reward_for_each_step",))
@given(
    rewards=REWARDS,
    ends=ENDINGS,
    actions=st.lists(st.integers(0, 2), min_size=1, max_size=4),
    shut=st.booleans(),
)
def test_writes_down_what_happened(student, rewards, ends, actions, shut):
    """`run_episode` writes all six parts of each transition down as they were at that step.

    Hint: Take the first transition that differs and say for each part where it comes from. Which of the two states is
    the one the action was chosen in?
    """
    env = ScriptedEnv(rewards=rewards, ends=ends, observation_size=2, actions=3, read_only=shut)
    transitions = play(student, env, ScriptedPolicy(actions=actions), seed=0)
    for got, needed in zip(told(transitions), told(env.played), strict=True):
        assert got == needed


@exercise("run_episode")
@given(rewards=REWARDS, actions=st.lists(st.integers(0, 2), min_size=1, max_size=4))
def test_the_policy_decides(student, rewards, actions):
    """At each step the policy sees the current observation, and the environment gets the action that it chose.

    Hint: Which observation does your policy see at the second step, and does its answer reach the environment just as
    it is?
    """
    env, policy = ScriptedEnv(rewards=rewards, actions=3), ScriptedPolicy(actions=actions)
    student.run_episode(env, policy, seed=1)
    # A loop that asks for the next action at the end of each step asks once more than it needs; that is no mistake.
    asked = len(policy.given)
    assert asked in (len(rewards), len(rewards) + 1), "one question to the policy at each step"
    for seen, step in zip(policy.seen, env.played):
        assert seen == near(step.state)
    assert not env.bad_actions, "the action just as the policy gave it, one that `env.action_space` contains"
    taken = env.actions
    assert taken == near(policy.given[: len(rewards)])


@exercise("run_episode", needs=("test_writes_down_what_happened",))
@given(rewards=st.lists(st.just(1.0), min_size=1, max_size=3))
def test_keeps_copies(student, rewards):
    """The states in the transitions stay as they were, even when the environment reuses its array for the next one.

    Hint: The environment may fill the same array anew at every step. What do your earlier transitions show then?
    """
    env = ScriptedEnv(rewards=rewards, reuse=True)
    transitions = play(student, env, ScriptedPolicy(actions=[1, 0]))
    states, needed = ([(one["state"], one["next_state"]) for one in told(steps)] for steps in (transitions, env.played))
    assert states == needed, f"state and next state of each transition: {needed}"


@exercise("run_episode", needs=("test_stops_at_the_end",))
@given(seed=SEEDS, luck=st.integers(1, 9))
def test_passes_the_seed_on(student, seed, luck):
    """With a seed, `run_episode` starts where `env.reset(seed=seed)` starts.

    Hint: Follow the argument `seed` through your function: which call of the environment wants it?
    """
    needed, _ = ScriptedEnv(rewards=[1.0]).reset(seed=seed)
    env = ScriptedEnv(rewards=[1.0, 1.0], luck=luck)
    student.run_episode(env, ScriptedPolicy(actions=[0]), seed=seed)
    assert len(env.starts) == near(1)
    assert env.starts[0] == near(needed)


@exercise("run_episode", alike="places")
@settings(max_examples=10)
@given(seed=st.none() | SEEDS)
def test_leaves_other_random_numbers_alone(student, seed):
    """`run_episode` neither seeds nor uses global random numbers: the seed belongs to `env.reset`.

    Hint: Is there a line that seeds, or draws from, random numbers that belong to everybody? The environment has a
    generator of its own.
    """
    before = student.random_state()
    env = ScriptedEnv(rewards=[1.0])
    student.run_episode(env, ScriptedPolicy(actions=[0]), seed=seed)
    assert len(env.starts) == 1, "an episode, of one step"
    assert student.random_state() == before, "global random numbers left alone"


@exercise("run_episode", needs=("test_stops_at_the_end",))
@given(luck=st.integers(1, 9))
def test_no_seed_no_reseeding(student, luck):
    """Without a seed, every episode starts afresh: nothing seeds the environment behind the caller's back.

    Hint: What does your reset get when the caller gave no seed? A number of your own choosing makes all episodes alike.
    """
    env = ScriptedEnv(rewards=[1.0], luck=luck)
    for _ in range(2):
        student.run_episode(env, ScriptedPolicy(actions=[0]))
    assert len(env.starts) == near(2)
    assert all(seed is None for seed in env.seeds), "reset(seed=None) when no seed was given"


# discounted_return


def discounted(rewards, gamma):
    """The definition, term by term."""
    return float(sum(gamma**t * reward for t, reward in enumerate(rewards)))


KINDS = ["list", "int array", "float32 array", "read-only array", "slice of an array"]


def of_kind(rewards, kind):
    """Whole rewards in what may hold them; the last two are float64."""
    if kind == "list":
        return rewards
    array = np.array(rewards, {"int array": np.int64, "float32 array": np.float32}.get(kind, np.float64))
    return {"read-only array": read_only, "slice of an array": strided}.get(kind, np.asarray)(array)


@exercise("discounted_return", weight=2)
@given(rewards=st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=6), gamma=GAMMAS)
def test_sum_of_discounted_rewards(student, rewards, gamma):
    """`discounted_return` is r₀ + γ r₁ + γ² r₂ + …, one number.

    Hint: Write the sum out for two rewards. Which power of gamma stands before the first one, and which before the
    second?
    """
    assert student.discounted_return(rewards, gamma) == near(discounted(rewards, gamma))


@exercise("discounted_return")
@given(gamma=GAMMAS)
def test_weight_of_each_reward(student, gamma):
    """A reward of 1 is worth 1 when it comes first, and γ to the power of k when it comes k steps later.

    Hint: Only one reward is not 0 here. Count the steps before it: that is how often it is discounted.
    """
    got = [student.discounted_return([0.0] * k + [1.0] + [0.0] * (3 - k), gamma) for k in range(4)]
    assert got == near([1.0, gamma, gamma**2, gamma**3])


@exercise("discounted_return", needs=("test_sum_of_discounted_rewards",))
@given(
    rewards=st.lists(st.integers(-3, 3), min_size=1, max_size=6),
    kind=st.sampled_from(KINDS),
    scale=st.sampled_from([1, 1024]),
)
def test_lists_arrays_and_integers(student, rewards, kind, scale):
    """Rewards may be a list or an array, of integers or floats; they are left as they were.

    Hint: Does your code change the rewards that it is given, or use something that only a list has, or only an array?
    """
    rewards = [scale * reward for reward in rewards]
    kept = student.put(of_kind(rewards, kind))
    assert student.discounted_return(kept, 0.5) == near(discounted(rewards, 0.5))
    assert list(kept.get()) == near([float(reward) for reward in rewards])


@exercise("discounted_return", needs=("test_sum_of_discounted_rewards",))
@given(gamma=GAMMAS)
def test_no_rewards_no_return(student, gamma):
    """An episode without rewards is worth 0.

    Hint: Go through your lines with an empty list. What is there to return when the loop does not run at all?
    """
    assert student.discounted_return([], gamma) == near(0.0)


# evaluate

# Whole rewards are ints here: what adds them up must not take its type from the first one.
MIXED = st.integers(-6, 6).map(lambda n: n / 2 if n % 2 else n // 2) | st.just(1024)
SCRIPTS = st.lists(st.lists(MIXED, min_size=1, max_size=5), min_size=1, max_size=4)


@exercise("evaluate", weight=2, needs=("test_stops_at_the_end", "test_one_reward_for_each_step"))
@given(rewards=SCRIPTS, ends=ENDINGS, seed=st.none() | SEEDS)
def test_one_return_for_each_episode(student, rewards, ends, seed):
    """`evaluate` gives one number an episode, in order: the plain sum of its rewards, without discounting.

    Hint: Add the rewards of one printed episode up by hand. Did gamma slip in, or a reward of the episode before?
    """
    env = ScriptedEnv(rewards=rewards, ends=ends)
    got = student.evaluate(env, ScriptedPolicy(actions=[0, 1]), len(rewards), seed=seed)
    assert got == near(np.array([sum(episode) for episode in rewards]))


@exercise("evaluate", needs=("test_one_return_for_each_episode",))
@given(episodes=st.integers(1, 4))
def test_gives_an_array(student, episodes):
    """The returns come as a numpy array of shape (episodes,), so that `.mean()` and comparisons work on it.

    Hint: The numbers are right. What are they held in when they are returned?
    """
    got = student.evaluate(ScriptedEnv(rewards=[[1.0], [2.0, 3.0]]), ScriptedPolicy(actions=[0, 1]), episodes, seed=0)
    assert isinstance(got, np.ndarray), "a numpy array"
    assert got == near(np.array([1.0, 5.0, 1.0, 5.0][:episodes]))


@exercise(
    "evaluate", needs=("test_one_return_for_each_episode", "test_leaves_other_random_numbers_alone"), alike="places"
)
@settings(max_examples=10)
@given(seed=st.none() | SEEDS)
def test_evaluation_leaves_other_random_numbers_alone(student, seed):
    """`evaluate` neither seeds nor uses global random numbers: the seed is for the environment.

    Hint: Is there a line that seeds everybody's random numbers? Who in your function really wants that seed?
    """
    before = student.random_state()
    student.evaluate(ScriptedEnv(rewards=[1.0]), ScriptedPolicy(actions=[0]), 2, seed=seed)
    assert student.random_state() == before, "global random numbers left alone"


def starts(student, episodes, seed, luck):
    """Where the episodes of one evaluation start, on a fresh environment."""
    env = ScriptedEnv(rewards=[1.0], luck=luck)
    returns = student.evaluate(env, ScriptedPolicy(actions=[0, 1]), episodes, seed=seed)
    assert returns == near(np.ones(episodes))
    # The steps are counted too: an evaluation that does not play has no starts to compare.
    assert len(env.actions) == near(episodes)
    return [float(start[1]) for start in env.starts]


@exercise("evaluate", needs=("test_one_return_for_each_episode", "test_no_seed_no_reseeding"))
@settings(max_examples=10)
@given(episodes=st.integers(4, 6), seed=SEEDS)
def test_episodes_start_differently(student, episodes, seed):
    """The episodes of one evaluation do not all start alike, or their mean would rest on a single start.

    Hint: Which seed does the second episode get? An environment that is seeded alike starts alike.
    """
    # A start is one of 999: four are all alike by chance once in 999³, and 10 examples once in 1e8 times.
    found = starts(student, episodes, seed, luck=1)
    assert len(set(found)) > 1, "different starts; these episodes are the same one again and again"


@exercise("evaluate", needs=("test_one_return_for_each_episode", "test_passes_the_seed_on"), alike="places")
@settings(max_examples=10)
@given(seed=SEEDS)
def test_a_seed_repeats_the_evaluation(student, seed):
    """The same seed gives the same episodes on a fresh environment, and another seed gives other ones.

    Hint: Run your evaluation twice in your head, with the same seed. Does the first episode get it, and do the later
    ones depend on nothing else?
    """
    first, again = starts(student, 3, seed, luck=1), starts(student, 3, seed, luck=2)
    assert again == near(first)
    # Where all episodes of an evaluation are one and the same, which is no matter here, two seeds give the same start
    # once in 999 times: so there are two other seeds, and 10 examples see that once in 1e5 times.
    others = [starts(student, 3, seed + more, luck=1) for more in (1, 2)]
    assert others != [first, first], "other episodes for another seed"


@exercise("evaluate", needs=("test_one_return_for_each_episode", "test_no_seed_no_reseeding"), alike="places")
@given(luck=st.integers(1, 9))
def test_without_a_seed_nothing_is_fixed(student, luck):
    """Without a seed, `evaluate` plays other episodes each time.

    Hint: What do you hand on when the seed is None? If you put a fixed number in its place, every evaluation sees the
    same episodes.
    """
    # None leaves the choice to the environment; whoever draws new seeds, from wherever, has other episodes as well.
    given = []
    for _ in range(2):
        env = ScriptedEnv(rewards=[1.0], luck=luck)
        returns = student.evaluate(env, ScriptedPolicy(actions=[0, 1]), 2)
        assert returns == near(np.ones(2))
        given.append([seed for seed in env.seeds if seed is not None])
    assert given[0] == [] or given[0] != given[1], "no seeds, or other ones in each evaluation"
