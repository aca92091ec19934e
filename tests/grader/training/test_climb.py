"""The probe ladder: a learner that is right comes to the top, and each mistake is found at its own rung."""

import contextlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from grader.course import find_root, load
from grader.errors import CourseError
from grader.grading.trainee import learnt_something_else
from grader.lessons import chaffs
from grader.report.probe import ProbeResult, RungResult
from grader.report.report import TrainingResult, TrainingSeed
from grader.student.budget import Budget
from grader.student.inprocess import Here
from grader.training.climb import climb, judged
from grader.training.ladders import LADDERS
from grader.verify import probes

COURSE = load(find_root(Path(__file__)))
LESSON = COURSE.lesson("6")
RULE = LESSON.training
WITH_LADDER = [lesson for lesson in COURSE.lessons if lesson.training and lesson.training.ladder]


def learner(change=lambda one: one, sign=1.0):
    """Q-learning by a table over the place of an observation's largest number; ``change`` alters a transition."""

    def train(env, *, max_steps, seed, device):
        rng = np.random.default_rng(seed)
        copies, columns = env.num_envs, np.arange(env.num_envs)
        table = np.zeros((env.single_observation_space.shape[0], int(env.single_action_space.n)))
        observations, _ = env.reset(seed=seed)
        over, steps = np.zeros(copies, bool), 0
        while steps + copies <= max_steps:
            here = observations.argmax(axis=1)
            greedy = (sign * table)[here].argmax(axis=1)
            actions = np.where(rng.random(copies) < 0.7, rng.integers(table.shape[1], size=copies), greedy)
            following, rewards, terminated, truncated, _ = env.step(actions)
            s, a, r, s2, ends, _, live = change(
                (here, actions, rewards, following.argmax(axis=1), terminated, truncated, ~over)
            )
            for i in columns[live]:
                target = r[i] + 0.98 * table[s2[i]].max() * (not ends[i])
                table[s[i], a[i]] += 0.1 * (target - table[s[i], a[i]])
            steps += int((~over).sum())
            observations, over = following, terminated | truncated
        return lambda observations: (sign * table)[observations.argmax(axis=1)].argmax(axis=1)

    return train


def climbing(train, submission="", **options):
    @contextlib.contextmanager
    def open_student():
        yield SimpleNamespace(train=train)

    return climb(
        RULE,
        course=COURSE,
        lesson=LESSON,
        open_student=open_student,
        cpu_seconds=lambda student: 0.0,
        submission=submission,
        **options,
    )


def test_a_right_learner_comes_to_the_top():
    told = []
    found = climbing(learner(), progress=lambda done, total: told.append((done, total)))
    assert found.verdict == "pass"
    assert {rung.verdict for rung in found.rungs} == {"pass"}
    assert found.failed is None
    assert told[0] == (0, len(found.rungs))


@pytest.mark.parametrize(
    ("change", "rung"),
    [
        (lambda t: (t[0], t[1], -t[2], *t[3:]), "reward"),
        (lambda t: (t[3], *t[1:]), "observation"),
        (lambda t: (t[0], t[1], t[2].clip(-1, 1), *t[3:]), "amount"),
        (lambda t: (*t[:3], t[0], *t[4:]), "later"),
        (lambda t: (*t[:4], t[4] | t[5], *t[5:]), "truncation"),
        (lambda t: (*t[:4], t[4] & False, *t[5:]), "termination"),
        (lambda t: (*t[:6], np.ones_like(t[6])), "between episodes"),
    ],
)
def test_each_mistake_is_found_at_its_own_rung(change, rung):
    found = climbing(learner(change))
    assert found.failed.name == rung
    assert found.means
    places = [each.verdict for each in found.rungs]
    assert places == ["pass"] * places.index("fail") + ["fail"] + ["skip"] * (len(places) - places.index("fail") - 1)
    assert found.failed.failed >= 2


def test_code_that_ends_in_an_exception_is_not_asked_again():
    def train(env, *, max_steps, seed, device):
        env.reset()
        return None

    found = climbing(train)
    assert found.verdict == "fail"
    assert found.message == "train returned None, not a policy that can be called"
    assert [rung.verdict for rung in found.rungs][:2] == ["fail", "skip"]


def test_no_run_begins_when_the_time_is_used_up():
    def train(env, *, max_steps, seed, device):
        raise AssertionError

    assert climbing(train, budget=Budget(0.0)) is None


def test_a_run_that_the_clock_cuts_off_blames_no_rung():
    budget = Budget(60.0)

    def train(env, *, max_steps, seed, device):
        budget.give_back(-120.0)
        return None

    assert climbing(train, budget=budget) is None


def rungs(number):
    return LADDERS["deep Q-learning"][1].rungs[:number]


@pytest.mark.parametrize(
    ("votes", "least", "verdicts"),
    [
        ([(True, True)], 1, ["pass", "pass"]),
        ([(True, True)], 2, None),
        ([(True, True), (True, True)], 2, ["pass", "pass"]),
        ([(True, False)], 1, None),
        ([(True, False), (True, False)], 1, ["pass", "fail"]),
        ([(True, False), (True, True)], 1, None),
        ([(True, False), (True, True), (True, True)], 1, ["pass", "pass"]),
        ([(True, False), (False, False)], 1, None),  # whether the first one fails is not known yet
        ([(True, False), (False, False), (True, True)], 1, ["pass", "fail"]),
        ([(False, False), (False, True)], 1, ["fail"]),
    ],
)
def test_two_of_three_runs_decide_unless_the_first_ones_are_clean(votes, least, verdicts):
    found = judged(rungs(2), votes, least)
    assert (found if found is None else [each.verdict for each in found]) == verdicts


def test_a_result_comes_back_from_its_json():
    import msgspec

    found = ProbeResult("fail", (RungResult("reward", "n", "fail", 2, 2), RungResult("later", "n", "skip")), "m", "", 5)
    assert msgspec.json.decode(msgspec.json.encode(found), type=ProbeResult) == found


@pytest.mark.parametrize("lesson", WITH_LADDER, ids=lambda lesson: lesson.name)
def test_every_slip_is_a_module_and_names_a_rung(lesson):
    found = probes.programs(COURSE, lesson, slips=True, right=False)
    assert len(found) >= 20
    assert len({each.name for each in found}) == len(found)
    solution = COURSE.solution(lesson).read_text(encoding="utf-8")
    for each in found:
        compile(each.source, each.name, "exec")
        assert each.source != solution
    assert sum(each.rung == "" for each in found) <= len(found) / 10


def test_programs_that_climb_can_be_asked_for_by_name():
    wheat = sorted(chaffs.wheats(COURSE, LESSON))[0]
    found = probes.programs(COURSE, LESSON, slips=True, right=True, only=["minus", wheat])
    assert [each.name for each in found] == [f"wheat {wheat}", "minus"]
    with pytest.raises(CourseError, match=f"{LESSON.name} has no program named 'plus'"):
        probes.programs(COURSE, LESSON, slips=True, right=False, only=["plus"])


def test_a_slip_of_a_lesson_is_blamed_through_the_boundary():
    slip = next(each for each in chaffs.slips(COURSE, LESSON) if each.name == "minus")
    program = probes.Program(slip.name, slip.source(COURSE.solution(LESSON).read_text(encoding="utf-8")), slip.rung)
    with Here() as place:
        found = probes.run(COURSE, LESSON, program, 0, place, lambda step: None)
    assert found.failed.name == slip.rung == "reward"
    assert found.steps > 0
    assert found.seconds > 0
    row = probes.rows([program], 1, {"minus, climb 1": found})[0]
    assert row.good
    assert probes.in_words([row], {"minus, climb 1": found}) == [
        "1 of 1 slips (100 %) are blamed on the right rung; 1 of 1 climbs end there"
    ]


def test_a_lesson_without_a_ladder_is_said_so():
    with pytest.raises(CourseError, match="lesson1_agent_loop has no probe ladder"):
        probes.programs(COURSE, COURSE.lesson("1"), slips=True, right=True)


@pytest.mark.parametrize(("mean", "climbed"), [(20.0, True), (None, False)])
def test_a_train_that_learnt_something_else_is_asked_and_one_that_ended_in_an_error_is_not(mean, climbed):
    run = TrainingSeed(seed=1, verdict="fail", steps=5, episodes=1, mean_return=mean)
    failed = TrainingResult("train", "r", 475.0, 100, "fail", 0.0, 5.0, "cpu", seeds=(run,))
    assert learnt_something_else(failed) == climbed
