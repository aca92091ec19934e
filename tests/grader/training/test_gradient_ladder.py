"""The ladder of policy gradients: a right learner comes to the top, and each mistake is found at its own rung."""

import contextlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from grader.course import find_root, load
from grader.training.climb import climb
from grader.training.rungs import Follows, Leans, Picks, Wavers

COURSE = load(find_root(Path(__file__)))
LESSON = COURSE.lesson("7")


class Habits:
    """Answers with these shares of the right action."""

    def __init__(self, **shares):
        self.shares = shares

    def chosen(self, situation):
        return 0

    def habits(self, situation, last=0.25):
        share = self.shares[situation]
        return np.array([share, 1.0 - share, 0.0])


class Chosen:
    """Answers with these roles of what is done."""

    def __init__(self, **roles):
        self.roles = roles

    def chosen(self, situation):
        return self.roles[situation]


def test_the_right_action_is_taken_in_all_situations_or_in_all_but_some():
    assert Picks("a", "b").holds(Chosen(a=0, b=0, c=1))
    assert not Picks("a", "b").holds(Chosen(a=0, b=2))
    assert Picks("a", "b", "c", but=1).holds(Chosen(a=0, b=2, c=0))
    assert not Picks("a", "b", "c", but=1).holds(Chosen(a=1, b=2, c=0))


def test_a_habit_is_more_than_half_or_more_than_what_is_asked():
    assert Leans("a", "b").holds(Habits(a=0.51, b=0.9))
    assert not Leans("a", "b").holds(Habits(a=0.5, b=0.9))
    assert Leans("b", least=0.75).holds(Habits(a=0.0, b=0.76))
    assert not Leans("a", "b", least=0.75).holds(Habits(a=0.76, b=0.74))


def test_few_habits_are_told_by_the_mean_of_the_most_frequent_shares():
    assert Wavers("a", "b", most=0.75).holds(Habits(a=0.5, b=1.0))
    assert not Wavers("a", "b", most=0.74).holds(Habits(a=0.5, b=1.0))
    assert Wavers("a", most=0.8).holds(Habits(a=0.2)), "the share of a wrong action counts as well"
    assert not Wavers("a", most=0.7).holds(Habits(a=0.2))


def test_what_a_batch_says_is_followed_a_little():
    assert Follows("a", "b", least=0.75).holds(Habits(a=0.5, b=1.0))
    assert not Follows("a", "b", least=0.76).holds(Habits(a=0.5, b=1.0))
    assert Follows("a", least=0.8).holds(Habits(a=0.2)), "the share of a wrong action counts as well"


def returns_to_go(rewards):
    """Undiscounted (T, E): these episodes are short."""
    return rewards[::-1].cumsum(axis=0)[::-1]


def standardized(returns):
    return (returns - returns.mean()) / (returns.std() + 1e-6)


def learner(
    worth=returns_to_go,
    ends=lambda terminated, truncated: terminated | truncated,
    counts=lambda reward, first: reward * first,
    kept=lambda probabilities: probabilities.argmax(axis=1),
):
    """REINFORCE on a table of logits over the place of an observation's largest number, with Adam's step sizes."""

    def train(env, *, max_steps, seed, device):
        rng, copies = np.random.default_rng(seed), env.num_envs
        logits = np.zeros((env.single_observation_space.shape[0], int(env.single_action_space.n)))
        mean, square, steps, updates = np.zeros_like(logits), np.zeros_like(logits), 0, 0

        def probabilities(here):
            raised = np.exp(logits[here] - logits[here].max(axis=1, keepdims=True))
            return raised / raised.sum(axis=1, keepdims=True)

        observations, _ = env.reset(seed=seed)
        while True:
            seen, taken, rewards, playing = [], [], [], []
            first, over = np.ones(copies, bool), np.zeros(copies, bool)
            while first.any() and steps + copies <= max_steps:
                here = observations.argmax(axis=1)
                actions = (probabilities(here).cumsum(axis=1) < rng.random((copies, 1))).sum(axis=1).clip(max=2)
                observations, reward, terminated, truncated, _ = env.step(actions)
                seen.append(here), taken.append(actions), rewards.append(counts(reward, first)), playing.append(first)
                steps += int((~over).sum())
                over = ends(terminated, truncated)
                first = first & ~over
            if first.any():
                break
            mask = np.array(playing)
            value = standardized(worth(np.array(rewards))[mask])
            gradient = np.zeros_like(logits)
            states, actions = np.array(seen)[mask], np.array(taken)[mask]
            np.add.at(gradient, states, -value[:, None] * probabilities(states))
            np.add.at(gradient, (states, actions), value)
            updates += 1
            mean, square = 0.9 * mean + 0.1 * gradient, 0.99 * square + 0.01 * gradient**2
            step = mean / (1 - 0.9**updates) / (np.sqrt(square / (1 - 0.99**updates)) + 1e-8)
            logits += 0.05 * step
            observations, _ = env.reset()
        return lambda observations: kept(probabilities(observations.argmax(axis=1)))

    return train


def climbing(train):
    @contextlib.contextmanager
    def open_student():
        yield SimpleNamespace(train=train)

    return climb(
        LESSON.training, course=COURSE, lesson=LESSON, open_student=open_student, cpu_seconds=lambda student: 0.0
    )


def test_a_right_learner_comes_to_the_top():
    found = climbing(learner())
    assert found.verdict == "pass", found.failed
    assert {rung.verdict for rung in found.rungs} == {"pass"}


@pytest.mark.parametrize(
    ("mistake", "rung"),
    [
        ({"counts": lambda reward, first: -reward * first}, "reward"),
        ({"kept": lambda probabilities: probabilities.argmin(axis=1)}, "best"),
        ({"counts": lambda reward, first: np.sign(reward) * first}, "amount"),
        ({"worth": lambda rewards: rewards}, "later"),
        ({"counts": lambda reward, first: reward}, "between episodes"),
        ({"ends": lambda terminated, truncated: terminated}, "truncation"),
        # The return of the whole episode in the place of that to go only makes noise, and so do returns that are not
        # standardized. A table averages it out; networks do not (`grader probes 7`).
    ],
)
def test_each_mistake_is_found_at_its_own_rung(mistake, rung):
    found = climbing(learner(**mistake))
    assert found.failed is not None
    assert found.failed.name == rung
    assert found.means
