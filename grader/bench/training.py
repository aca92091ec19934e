"""Compare our deep Q-learning with Stable-Baselines3's: ``python -m grader.bench.training --seeds 5``.

The two alternate, each run in a fresh process with one thread, and what counts is the processor time of that process
(``getrusage``), imports and a first step of the optimizer excluded on both sides.

* Ours: the solution of lesson 6 on a disguised CartPole, tests of its own included, until ``train`` returns. The
  check's evaluation of 100 episodes after it is not counted, as it is not on the other side.
* Theirs: ``DQN`` with RL Baselines3 Zoo's tuned settings on the plain CartPole, until 100 greedy episodes have a mean
  return of 475, or the zoo's 50,000 steps are over. It is evaluated after every round of training, that is, every 256
  steps, and the processor time of these evaluations is measured and taken off.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import resource
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.course import TrainingRule, find_root, load
from grader.errors import CourseError
from grader.training.disguise import Disguise, draw
from grader.training.meter import Floats

INSTALL = "the comparison needs Stable-Baselines3; install it with: pip install 'deep-rl-for-beginners[bench]'"
_LESSON = "6"
_LEARNING_STARTS = 1000


def cpu_now() -> float:
    """Processor time of this process so far, user and system, in seconds."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def ours(seed: int) -> dict[str, Any]:
    """One run of the reference in this process."""
    import torch

    from grader.training.disguise import DisguisedEnv
    from grader.training.meter import Meter, MeteredEnv
    from grader.training.tasks import evaluate

    course, rule = _course()
    lesson = course.lesson(_LESSON)
    sys.path.insert(0, str(course.root / "solutions"))
    module = __import__(lesson.name)
    _warm_up()
    hidden = draw(rule.environment, seed)
    before = cpu_now()
    meter = Meter(rule.max_steps)
    env = MeteredEnv(DisguisedEnv(rule.environment, rule.environments, hidden), meter)
    policy = module.train(env, max_steps=rule.max_steps, seed=seed)
    seconds = cpu_now() - before

    def copies(number: int) -> DisguisedEnv:
        return DisguisedEnv(rule.environment, number, hidden)

    mean = float(evaluate(policy, copies, rule.episodes, seed + 1_000_000).mean())
    assert torch.get_num_threads() == 1
    return {"seconds": seconds, "steps": meter.steps, "mean": mean}


def theirs(seed: int) -> dict[str, Any]:
    """One run of Stable-Baselines3 in this process."""
    from stable_baselines3 import DQN
    from stable_baselines3.common.callbacks import BaseCallback

    from grader.training.disguise import DisguisedEnv
    from grader.training.tasks import evaluate

    _, rule = _course()
    plain = Disguise(scale=np.ones(4), mix=np.eye(4), actions=np.arange(2))

    def copies(number: int) -> DisguisedEnv:
        return DisguisedEnv(rule.environment, number, plain)

    class Bar(BaseCallback):
        """Stop training at the bar; ``seconds`` is the processor time of the callback itself."""

        seconds, mean = 0.0, 0.0

        def _on_rollout_start(self) -> None:
            if self.num_timesteps <= _LEARNING_STARTS:
                return
            before = cpu_now()
            self.mean = float(evaluate(self._act, copies, rule.episodes, seed + 1_000_000).mean())
            self.seconds += cpu_now() - before

        def _act(self, observations: Floats) -> NDArray[Any]:
            actions: NDArray[Any] = self.model.predict(observations, deterministic=True)[0]
            return actions

        def _on_step(self) -> bool:
            return self.mean < rule.threshold

    _warm_up()
    bar = Bar()
    before = cpu_now()
    model = DQN(
        "MlpPolicy",
        rule.environment,
        learning_rate=2.3e-3,
        batch_size=64,
        buffer_size=100_000,
        learning_starts=_LEARNING_STARTS,
        gamma=0.99,
        target_update_interval=10,
        train_freq=256,
        gradient_steps=128,
        exploration_fraction=0.16,
        exploration_final_eps=0.04,
        policy_kwargs={"net_arch": [256, 256]},
        seed=seed,
        device="cpu",
    )
    model.learn(50_000, callback=bar)
    return {"seconds": cpu_now() - before - bar.seconds, "steps": int(model.num_timesteps), "mean": bar.mean}


def _course() -> tuple[Any, TrainingRule]:
    course = load(find_root(Path.cwd()))
    rule = course.lesson(_LESSON).training
    if rule is None:
        raise CourseError("lesson 6 has no training check")
    return course, rule


def _warm_up() -> None:
    """Limit torch to one thread and take one optimizer step: the first one triggers more than a second of imports."""
    import torch

    torch.set_num_threads(1)
    layer = torch.nn.Linear(2, 2)
    optimizer = torch.optim.Adam(layer.parameters())
    layer(torch.ones(1, 2)).sum().backward()
    optimizer.step()


def _in_fresh_process(side: str, seed: int) -> dict[str, Any]:
    command = [sys.executable, "-P", "-m", "grader.bench.training", "--one", side, "--seed", str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no error message"]
        raise SystemExit(f"bench: the run of {side} with seed {seed} failed: {last[0]}")
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def main() -> None:
    """Print every run, the medians and their ratio.

    Raises:
        SystemExit: one line, where Stable-Baselines3 is missing or a run fails.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5, help="runs of each side (default: 5)")
    parser.add_argument("--one", choices=["ours", "sb3"], help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if importlib.util.find_spec("stable_baselines3") is None:
        raise SystemExit(f"bench: {INSTALL}")
    try:
        _, rule = _course()
    except CourseError as error:
        raise SystemExit(f"bench: {error}") from None
    if options.one:
        print(json.dumps({"ours": ours, "sb3": theirs}[options.one](options.seed)))
        return
    seconds: dict[str, list[float]] = {"ours": [], "sb3": []}
    print(f"{'':6}{'seed':>5}{'CPU s':>9}{'steps':>9}{'mean return':>13}")
    for seed in range(max(1, options.seeds)):
        for side, runs in seconds.items():
            result = _in_fresh_process(side, seed)
            runs.append(result["seconds"])
            short = "" if result["mean"] >= rule.threshold else "  below the bar"
            print(
                f"{side:6}{seed:5}{result['seconds']:9.2f}{result['steps']:9,}{result['mean']:13.1f}{short}", flush=True
            )
    median = {side: statistics.median(runs) for side, runs in seconds.items()}
    print(f"median CPU seconds: ours {median['ours']:.2f}, Stable-Baselines3 {median['sb3']:.2f}")
    print(f"ratio: ours needs {median['ours'] / median['sb3']:.3f} of Stable-Baselines3's")


if __name__ == "__main__":
    main()
