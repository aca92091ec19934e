"""The training check: the meter, the budget, the evaluation, and what must not pass."""

import contextlib
import types
from pathlib import Path
from typing import get_args

import msgspec
import numpy as np
import pytest
import torch

from grader.course import TrainingRule, find_root, load
from grader.errors import CourseError
from grader.report.report import without_times
from grader.student.errors import StudentDied, StudentError
from grader.student.inprocess import Here
from grader.student.limits import Limits
from grader.student.remote import Student
from grader.training import disguise
from grader.training.check import CONTROLS, check
from grader.training.disguise import Disguise, DisguisedEnv
from grader.training.meter import ActionError, BudgetSpent, Meter, MeteredEnv, as_actions
from grader.training.signs import SignsEnv
from grader.training.tasks import _LATEST, control_task, evaluate, training_task
from grader.verify import series

CARTPOLE = "CartPole-v1"
PLAIN = Disguise(np.ones(4), np.eye(4), np.arange(2))
RULE = TrainingRule(
    exercise="train",
    points=5,
    environment=CARTPOLE,
    environments=4,
    threshold=475,
    max_steps=400,
    episodes=20,
    hints=("h",),
)
COURSE = load(find_root(Path(__file__)))
LESSON = COURSE.lesson("6")


def metered(copies=3, max_steps=10_000):
    meter = Meter(max_steps)
    return MeteredEnv(DisguisedEnv(CARTPOLE, copies, PLAIN), meter), meter


def in_process(train):
    """A stand-in for a student: the function itself."""

    @contextlib.contextmanager
    def open_student():
        yield types.SimpleNamespace(train=train)

    return open_student


def judge(train, rule=RULE, **options):
    return check(rule, course=COURSE, lesson=LESSON, open_student=in_process(train), **options)


def balance(observations):
    """The line that solves the plain environment."""
    return (observations[:, 2] + observations[:, 3] > 0).astype(np.int64)


EASY = msgspec.structs.replace(RULE, threshold=400)


@pytest.fixture(autouse=True)
def one_thread():
    """As on the student's side: two threads that wait for each other use up processor time for nothing."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# The meter


def test_the_step_that_only_resets_is_not_counted():
    env, meter = metered(copies=3)
    env.reset(seed=0)
    counted, over, ended, returns = 0, np.zeros(3, bool), 0, []
    running = np.zeros(3)
    for _ in range(300):
        _, rewards, terminated, truncated, _ = env.step(np.ones(3, dtype=int))
        assert (rewards[over] == 0).all()
        counted += int((~over).sum())
        running += rewards
        over = terminated | truncated
        returns += list(running[over])
        running[over] = 0
        ended += int(over.sum())
    assert ended > 20
    assert meter.steps == counted < 900
    assert meter.episodes == ended
    steps, means = zip(*meter.curve())
    assert list(steps) == sorted(set(steps))
    assert steps[-1] <= meter.steps
    assert min(returns) <= min(means) <= max(means) <= max(returns)


def test_an_episode_that_a_reset_cuts_off_has_no_return():
    env, meter = metered(copies=2)
    for _ in range(5):
        env.reset(seed=1)
        for _ in range(3):
            env.step(np.zeros(2, dtype=int))
    assert (meter.steps, meter.episodes, meter.curve()) == (30, 0, ())


@pytest.mark.parametrize("episodes", [1, 99, 101, 5000])
def test_the_curve_is_short_and_loses_nothing(episodes):
    meter = Meter(10**9)
    for i in range(episodes):
        meter.count(130, np.array([float(i)]))
    curve = meter.curve()
    assert 1 <= len(curve) <= 100
    assert episodes < 100 or len(curve) >= 40
    assert [mean for _, mean in curve] == sorted(mean for _, mean in curve)
    assert curve[-1][0] == meter.steps


def test_the_budget_ends_before_it_is_overrun():
    env, meter = metered(copies=4, max_steps=21)
    env.reset(seed=0)
    for _ in range(5):
        env.step(np.array([0, 1, 0, 1]))
    with pytest.raises(BudgetSpent, match="21 environment steps"):
        env.step(np.array([0, 1, 0, 1]))
    assert meter.steps == 20
    assert meter.overrun


@pytest.mark.parametrize("misuse", [{"seed": -1}, {"seed": 1.5}, {"seed": True}, {"seed": 1, "options": {"low": 9}}])
def test_reset_refuses_in_words(misuse):
    env, _ = metered()
    with pytest.raises(ValueError, match=r"reset\(\)"):
        env.reset(**misuse)


def test_step_before_reset_is_refused_in_words():
    env, _ = metered()
    with pytest.raises(ValueError, match="call reset"):
        env.step(np.zeros(3, dtype=int))


# Actions


@pytest.mark.parametrize(
    "good", [np.array([0, 1, 1]), [0, 1, 1], (0, 1, 1), torch.tensor([0, 1, 1]), np.array([0, 1, 1], np.uint8)]
)
def test_whole_numbers_in_range_are_actions(good):
    actions = as_actions(good, 3, 2, "the policy")
    assert actions.dtype == np.int64
    assert actions.tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (None, "None"),
        (1, "type int"),
        ("011", "type str"),
        (object(), "type object"),
        (np.array([0, 1]), r"shape \(2,\)"),
        (np.array([[0], [1], [1]]), r"shape \(3, 1\)"),
        (np.array([0.0, 1.0, 1.0]), "dtype float64"),
        (torch.tensor([0.0, 1.0, 1.0], requires_grad=True), "dtype float32"),
        (np.array([False, True, True]), "dtype bool"),
        (np.array([0, 1, None]), "dtype object"),
        (np.array([0, 1, 2]), "the action 2"),
        (np.array([0, -1, 1]), "the action -1"),
        ([0, 1, 10**30], "out of range"),
        ([0, 1, [1]], "type list"),
        ([0, 1, True], "type bool"),
        ([0, 1], r"shape \(2,\)"),
        ({0: 1}, "type dict"),
    ],
)
def test_anything_else_is_the_students_failure_in_words(bad, words):
    with pytest.raises(ActionError, match=words):
        as_actions(bad, 3, 2, "the policy")
    result = judge(lambda env, **_: lambda observations: bad)
    assert result.verdict == "fail"
    assert result.seeds[0].message.startswith("the policy gave")


# The verdict


def test_evaluation_asks_once_a_time_step_for_all_episodes():
    shapes = []

    def policy(observations):
        shapes.append((observations.shape, observations.dtype))
        return balance(observations)

    returns = evaluate(policy, copies_of(PLAIN), 30, seed=4)
    assert set(shapes) == {((30, 4), np.dtype(np.float32))}
    assert returns.max() <= len(shapes) <= returns.max() + _LATEST
    assert returns.shape == (30,)
    assert 450 < returns.mean() <= 500


def copies_of(disguised):
    return lambda copies: DisguisedEnv(CARTPOLE, copies, disguised)


def in_step(policy, make, episodes, seed):
    """The plain evaluation: all episodes begin at once and keep their rows."""
    env = make(episodes)
    returns, running = np.zeros(episodes), np.ones(episodes, dtype=bool)
    observations, _ = env.reset(seed=seed)
    while running.any():
        observations, rewards, terminated, truncated, _ = env.step(policy(observations))
        returns += rewards * running
        running &= ~(terminated | truncated)
    env.close()
    return returns


@pytest.mark.parametrize("episodes", [1, 2, 30])
@pytest.mark.parametrize("seed", range(3))
def test_what_looks_at_each_row_alone_has_the_return_of_each_seed(seed, episodes):
    rng = np.random.default_rng(seed)
    disguised = disguise.draw(CARTPOLE, seed)
    for weights in rng.standard_normal((4, 4)):

        def linear(observations, weights=weights):
            return (observations @ weights > 0).astype(np.int64)

        made = evaluate(linear, copies_of(disguised), episodes, seed)
        assert made.tolist() == in_step(linear, copies_of(disguised), episodes, seed).tolist()
    answers = rng.integers(4, size=10)

    def look_up(observations):
        return answers[observations.argmax(axis=1)]

    def signs_of(copies):
        return SignsEnv(copies, seed)

    made = evaluate(look_up, signs_of, episodes, seed)
    assert made.tolist() == in_step(look_up, signs_of, episodes, seed).tolist()


def test_rows_change_places_and_do_not_begin_together():
    """The first copy's row is known by its start: it moves about while it waits, which it does in most evaluations."""
    waited = []
    for seed in range(8):
        seen = []

        def policy(observations, seen=seen):
            seen.append(observations)
            return balance(observations)

        evaluate(policy, copies_of(PLAIN), 30, seed)
        first, _ = DisguisedEnv(CARTPOLE, 30, PLAIN).reset(seed=seed)
        places = [int(at[0]) for each in seen if len(at := np.flatnonzero((each == first[0]).all(axis=1)))]
        assert len(places) < 3 or len(set(places)) > 1
        waited.append(len(places) - 1)
        still = (seen[1][:, None] == seen[0][None]).all(axis=2).sum()
        assert 15 <= still <= 25, "three of four groups wait"
    assert max(waited) > 10


def test_what_identifies_the_system_during_the_evaluation_fails():
    """It takes no step in training; where copies keep their rows and begin together, it balances the pole."""
    space = {"np": np}
    exec(series.IMPOSTORS["identifies the system during the evaluation"], space)
    together, apart = [], []
    for seed in range(3):
        make = copies_of(disguise.draw(CARTPOLE, seed))
        together.append(in_step(space["Identifies"](2), make, 100, seed + 7).mean())
        apart.append(evaluate(space["Identifies"](2), make, 100, seed + 7).mean())
    assert min(together) > 450
    assert max(together) > 475
    assert max(apart) < 150


@pytest.mark.parametrize("which", [training_task, control_task])
def test_tasks_follow_from_the_submission(which):
    def drawn(submission, i=0):
        task = which(LESSON.training, COURSE, LESSON, i, submission)
        env = task.environment(Meter(10))
        hidden = env._env.disguise.mix if which is training_task else env._env._right
        return task.seed, task.evaluation_seed, hidden.tolist()

    assert drawn("one") == drawn("one")
    for a, b in ((("one",), ("two",)), (("one",), ("",)), (("one", 0), ("one", 1))):
        assert all(x != y for x, y in zip(drawn(*a), drawn(*b), strict=True))


def test_passes_stop_at_the_last_that_is_needed(monkeypatch):
    monkeypatch.setattr(disguise, "draw", lambda *_: PLAIN)
    result = judge(lambda env, **_: balance, EASY)
    assert (result.verdict, result.points, result.message, result.hint) == ("pass", 5, "", "")
    assert [seed.verdict for seed in result.seeds] == ["pass"] * 3
    assert len({seed.seed for seed in result.seeds}) == 3
    assert len({seed.returns for seed in result.seeds}) == 3
    assert result.rule == EASY.in_words()


def test_failures_stop_when_too_few_are_left():
    result = judge(lambda env, **_: balance)
    assert (result.verdict, result.points, result.hint) == ("fail", 0, "h")
    assert [seed.verdict for seed in result.seeds] == ["fail"] * 3
    assert "0 of 3 runs" in result.message


def test_one_failure_does_not_decide(monkeypatch):
    monkeypatch.setattr(disguise, "draw", lambda *_: PLAIN)
    first = COURSE.secret(LESSON.name, "training", 0, "seed") % 2**31
    result = judge(lambda env, *, seed, **_: (lambda o: np.zeros(len(o), int)) if seed == first else balance, EASY)
    assert [seed.verdict for seed in result.seeds] == ["fail", "pass", "pass", "pass"]
    assert result.verdict == "pass"


def test_train_gets_what_the_contract_says():
    seen = []

    def train(env, *, max_steps, seed, device):
        seen.append(
            (env.num_envs, env.single_observation_space.shape, int(env.single_action_space.n), max_steps, device)
        )
        return balance

    judge(train, device="somewhere")
    assert set(seen) == {(4, (4,), 2, 400, "somewhere")}


def raises(error):
    def train(env, **_):
        env.reset(seed=0)
        env.step(np.zeros(4, dtype=int))
        raise error

    return train


@pytest.mark.parametrize(
    "error", [StudentError("ValueError", ("ValueError",), "no idea"), StudentDied("killed: too slow")]
)
def test_what_goes_wrong_on_the_students_side_fails_that_run(error):
    result = judge(raises(error))
    assert result.verdict == "fail"
    assert {seed.message for seed in result.seeds} == {str(error)}
    assert {seed.mean_return for seed in result.seeds} == {None}
    assert {seed.steps for seed in result.seeds} == {4}


def test_what_goes_wrong_on_our_side_is_an_error_and_costs_no_run_more():
    result = judge(raises(ZeroDivisionError("ours")))
    assert result.verdict == "error"
    assert len(result.seeds) == 1
    assert "ZeroDivisionError: ours" in result.message


def test_a_student_that_does_not_even_open_fails():
    @contextlib.contextmanager
    def open_student():
        raise StudentError("SyntaxError", ("SyntaxError",), "invalid syntax", 3)
        yield

    result = check(RULE, course=COURSE, lesson=LESSON, open_student=open_student)
    assert result.verdict == "fail"
    assert "SyntaxError: invalid syntax (line 3)" in result.seeds[0].message


def test_a_policy_must_be_something_to_call():
    assert "returned None" in judge(lambda env, **_: None).seeds[0].message


def endless(env, **_):
    env.reset(seed=0)
    while True:
        env.step(np.zeros(4, dtype=int))


def test_a_run_that_overruns_its_budget_fails_in_words():
    result = judge(endless)
    assert result.verdict == "fail"
    assert result.seeds[0].steps <= RULE.max_steps
    assert "400 environment steps" in result.seeds[0].message


def test_who_notices_the_end_of_the_budget_may_return_a_policy(monkeypatch):
    monkeypatch.setattr(disguise, "draw", lambda *_: PLAIN)

    def train(env, **options):
        with contextlib.suppress(BudgetSpent):
            endless(env, **options)
        return balance

    assert judge(train, EASY).verdict == "pass"


def test_progress_is_told():
    told = []

    def train(env, **_):
        env.reset(seed=0)
        for _ in range(90):
            env.step(np.zeros(4, dtype=int))
        return balance

    judge(train, progress=lambda *news: told.append(news))
    points = [(steps, mean) for _, steps, mean in told if mean is not None]
    assert {run for run, _, _ in told} == {0, 1, 2}
    assert points
    assert all(0 < steps <= 400 and 5 < mean < 60 for steps, mean in points)
    assert len(told) - len(points) > 3 * 60, "also where no episode ends"


def test_the_end_of_every_run_is_told():
    told = []
    rule = msgspec.structs.replace(RULE, control_steps=100, control_tries=2, max_steps=100)
    judge(lambda env, **_: lambda o: np.zeros(len(o), dtype=np.int64), rule, told=lambda *news: told.append(news))
    assert [(small, i, run.verdict) for small, i, run in told] == [(True, 0, "fail"), (True, 1, "fail")]
    told.clear()
    result = judge(lambda env, **_: balance, told=lambda *news: told.append(news))
    assert [(small, i) for small, i, _ in told] == [(False, 0), (False, 1), (False, 2)]
    assert tuple(run for _, _, run in told) == result.seeds


# Through the boundary's own machinery, in this process


def through_the_wire(main, rule):
    sources = {name: COURSE.solution(COURSE.lesson(name)).read_text(encoding="utf-8") for name in LESSON.imports}
    sources[LESSON.name] = main
    place = Here()

    @contextlib.contextmanager
    def open_student():
        limits = Limits(cpu_seconds=60, call_seconds=600, memory_mb=3000, output_chars=1000)
        session = place.open(sources, LESSON.name, limits, record=False)
        session.begin(0)
        yield Student(session)
        session.close()

    return check(rule, course=COURSE, lesson=LESSON, open_student=open_student)


SOLUTION = COURSE.solution(LESSON).read_text(encoding="utf-8")
# A budget that lets the reference learn something and keeps the impostors' runs short.
SMALL = msgspec.structs.replace(LESSON.training, max_steps=6000, seeds=1, passes=1, control_steps=0)


@pytest.mark.parametrize("name", [name for name in series.IMPOSTORS if name != "rewards set to 0 in the buffer"])
def test_what_learnt_nothing_does_not_pass(name):
    """One run of each; `grader calibrate --impostors` makes more of them, with the whole budget."""
    result = through_the_wire(series.impostor(SOLUTION, name), SMALL)
    (seed,) = result.seeds
    assert (result.verdict, seed.message) == ("fail", "")
    assert seed.mean_return is not None
    assert seed.mean_return < 300


# The control


def test_the_control_comes_first_and_the_reference_passes_it():
    rule = msgspec.structs.replace(LESSON.training, max_steps=100, seeds=1, passes=1)
    result = through_the_wire(SOLUTION, rule)
    assert result.control.verdict == "pass"
    assert result.control.mean_return > 9
    assert result.control.steps <= rule.control_steps
    assert len(result.seeds) == 1
    assert "has to learn a small task, in which nothing but the rewards says what is right." in result.rule
    assert "It may try three times, with 6,000 steps each time, and has to succeed once." in result.rule


@pytest.mark.parametrize("name", series.IMPOSTORS)
def test_nothing_that_does_not_learn_from_rewards_gets_past_the_control(name):
    result = through_the_wire(series.impostor(SOLUTION, name), LESSON.training)
    assert result.verdict == result.control.verdict == "fail"
    assert result.seeds == ()
    assert result.points == 0
    assert result.hint
    assert result.control.mean_return < 7.5
    assert f"earned {result.control.mean_return:.1f} an episode" in result.message


@pytest.mark.parametrize(("tries", "words"), [(1, " an episode."), (2, "the better of two tries"), (3, "three tries")])
@pytest.mark.parametrize("bad_luck", [0, 1, 2, 3])
def test_whoever_fails_the_control_is_given_another_one(bad_luck, tries, words):
    tasks = []

    def train(env, **_):
        right = env._env._right
        tasks.append(tuple(right))
        return lambda o: right[o.argmax(axis=1)] if len(tasks) > bad_luck else np.zeros(len(o), dtype=np.int64)

    rule = msgspec.structs.replace(RULE, control_steps=100, control_tries=tries, max_steps=100, seeds=1, passes=1)
    result = judge(train, rule)
    assert result.control.verdict == ("pass" if bad_luck < tries else "fail")
    assert len(tasks) == len(set(tasks)) == min(bad_luck + 1, tries)
    assert (words in result.message) == (bad_luck >= tries)
    said = {
        1: "It may try once, with 100 steps.",
        2: "It may try two times, with 100 steps each time, and has to succeed once.",
        3: "It may try three times, with 100 steps each time, and has to succeed once.",
    }
    assert said[tries] in result.rule


def test_a_fault_of_the_graders_at_a_later_try_is_no_failure_of_the_students():
    tries = []

    def train(env, **_):
        tries.append(env)
        if len(tries) == 2:
            raise ZeroDivisionError("ours")
        return lambda o: np.zeros(len(o), dtype=np.int64)

    assert judge(train, msgspec.structs.replace(RULE, control_steps=100)).verdict == "error"


def test_what_gives_no_policy_on_the_control_is_not_asked_again():
    asked = []

    def train(env, **_):
        asked.append(env)

    assert judge(train, msgspec.structs.replace(RULE, control_steps=100)).verdict == "fail"
    assert len(asked) == 1


def test_what_fails_on_the_control_says_so_in_words():
    rule = msgspec.structs.replace(RULE, control_steps=100)
    result = judge(lambda env, **_: None, rule)
    assert result.message.startswith("Not trained on CartPole-v1 yet")
    assert "train returned None" in result.message
    assert (judge(endless, rule).control.steps, judge(raises(ZeroDivisionError("ours")), rule).verdict) == (
        100,
        "error",
    )


def test_two_runs_of_the_same_differ_in_their_times_alone():
    rule = msgspec.structs.replace(SMALL, max_steps=2500)
    one, two = (msgspec.json.decode(msgspec.json.encode(through_the_wire(SOLUTION, rule))) for _ in range(2))
    assert without_times(one) == without_times(two)
    assert one["seeds"][0]["steps"] > 2000


def test_the_end_of_the_budget_reaches_code_on_the_other_side():
    main = "def train(env, **_):\n    env.reset(seed=0)\n    while True:\n        env.step([0] * env.num_envs)\n"
    result = through_the_wire(main, SMALL)
    assert "before its 6,000 environment steps were used up" in result.seeds[0].message


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ("Nowhere-v1", "`Nowhere` doesn't exist"),
        ("Pendulum-v1", "actions are not numbered from 0"),
        ("Blackjack-v1", "observations are not vectors"),
        ("CliffWalking-v1", "no time limit, so a policy could walk on for ever: set episode_steps"),
    ],
)
def test_an_environment_that_cannot_be_had_is_a_mistake_in_the_course(environment, says):
    rule = msgspec.structs.replace(RULE, environment=environment, episode_steps=None)
    with pytest.raises(CourseError, match=f"^lesson6_deep_q_learning: training: environment: .*{says}") as caught:
        training_task(rule, COURSE, LESSON, 0)
    assert "\n" not in str(caught.value)


def test_whoever_allows_a_small_task_has_words_for_it():
    (allowed,) = (field.type for field in msgspec.structs.fields(TrainingRule) if field.name == "control")
    assert CONTROLS.keys() == set(get_args(allowed))
    for name in CONTROLS:
        assert TrainingRule("train", 1, CARTPOLE, 475, 400, control_steps=10, control=name).in_words()
