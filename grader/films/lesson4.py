"""The run behind the film of lesson 4, and its picture: a network at work."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from grader.films.data import Data, written
from grader.films.lesson1 import random_episodes, record_episode
from grader.films.pace import Times
from grader.films.show import Picture, Show, by_caption
from grader.films.stage import BLUE, GREEN, INK, MUTED, ORANGE, PAPER, Stage

_SEED, _EPISODES, _UPDATES = 0, 100, 100
_WISHED = (1.0, 2.0)
_ANGLES = np.linspace(-0.2, 0.2, 41)


def run(lesson: Any, data: Data) -> None:
    """Look for a state that comes twice; then move the values of one state, as the lesson's text does.

    Args:
        lesson: the reference solution.
        data: where to put what came of it.
    """
    import torch

    episodes = list(itertools.islice(random_episodes(_SEED), _EPISODES))
    seen = np.array([each.state for episode in episodes for each in episode])
    source = f"{_EPISODES} episodes of CartPole-v1 with random actions, seed {_SEED}"
    data.record("seen", f"states of {source}", angle=seen[:, 2], velocity=seen[:, 3])
    data.add("episodes", _EPISODES, "how many episodes the film's run plays")
    data.add("seen", len(seen), f"states in {source}")
    data.add("twice", len(seen) - len(np.unique(seen, axis=0)), f"states that came before, in {source}")
    record_episode(data, "episode", max(episodes, key=len), f"the longest of {source}")

    torch.manual_seed(_SEED)
    model = lesson.DQN(4, 2)
    source = f"DQN(4, 2) of lesson 4, torch seed {_SEED}"
    hidden: list[np.ndarray] = []
    hooks = [
        module.register_forward_hook(lambda module, given, gave: hidden.append(gave.detach().numpy()))
        for module in model.modules()
        if isinstance(module, torch.nn.ReLU)
    ]
    states = data.series("episode")["states"]
    with torch.no_grad():
        values = model(torch.as_tensor(states)).numpy()
    for hook in hooks:
        hook.remove()
    data.record("network", f"{source}, at the states of that episode", states=states, first=hidden[0], second=hidden[1],
                values=values)  # fmt: skip
    data.add("inputs", states.shape[1], "size of CartPole's observation")
    data.add("hidden", hidden[0].shape[1], f"hidden values of {source}")
    data.add("outputs", values.shape[1], f"values of {source}")
    data.add("parameters", sum(each.numel() for each in model.parameters()), f"parameters of {source}")

    state = torch.as_tensor(states[:1])
    around = state.repeat(len(_ANGLES), 1)
    around[:, 2] = torch.as_tensor(_ANGLES, dtype=torch.float32)
    optimizer = lesson.make_optimizer(model)
    history, wished = [], torch.tensor([_WISHED])
    with torch.no_grad():
        before = model(around)[:, 1].numpy()
    for _ in range(_UPDATES + 1):
        values = model(state)
        history.append(values.detach().numpy()[0])
        optimizer.zero_grad()
        ((values - wished) ** 2).mean().backward()
        if len(history) <= _UPDATES:
            optimizer.step()
    told = f"{_UPDATES} steps of make_optimizer on {source}, towards the values {_WISHED} of one state"
    left, right = np.array(history).T
    data.record("history", told, step=np.arange(_UPDATES + 1), left=left, right=right)
    with torch.no_grad():
        data.record("around", f"the second value at other angles, before and after {told}", angle=_ANGLES,
                    before=before, after=model(around)[:, 1].numpy())  # fmt: skip
    for name, value in (("left", left), ("right", right)):
        data.add(f"{name}.before", value[0], f"before {told}")
        data.add(f"{name}.after", value[-1], f"after {told}")
    data.add("updates", _UPDATES, "steps of the optimizer in the film's run")
    data.add("wished.left", _WISHED[0], "what the film's run moves the first value to")
    data.add("wished.right", _WISHED[1], "what the film's run moves the second value to")


class Network(Picture, frozen=True, forbid_unknown_fields=True, tag_field="picture", tag="network"):
    """A network at work on one state after another; each caption brings the next part.

    Attributes:
        parts: how many parts are there with the first caption: 1 is the observation, 2 and 3 the hidden values, 4 the
            values of the actions.
        slow: how many frames a state stands.
    """

    parts: int = 1
    slow: int = 6

    def show(self, stage: Stage, data: Data, times: Times) -> Show:
        """Draw four columns; the hidden values are squares, the brighter the larger."""
        from matplotlib.colors import LinearSegmentedColormap

        series = data.series("network", "states", "first", "second", "values")
        names = ("position", "velocity", "angle", "ang. velocity")
        inputs = []
        for i, name in enumerate(names):
            y = 176 + 86 * i
            stage.text(40, y - 18, name, size=24, ha="left", color=MUTED)
            inputs.append(stage.moving(stage.text(170, y + 18, "", size=34, ha="right")))
        colours = LinearSegmentedColormap.from_list("lit", [PAPER, BLUE])
        layers, labels = [], []
        for left, column in ((400, "first"), (720, "second")):
            most = 0.6 * float(series[column].max())
            square = stage.paper.imshow(np.zeros((16, 8)), extent=(left, left + 160, 460, 140), cmap=colours,
                                        vmin=0, vmax=most)  # fmt: skip
            layers.append((stage.moving(square), series[column]))
            for i in range(17):
                (line,) = stage.paper.plot([left, left + 160], [140 + 20 * i] * 2, color=PAPER, linewidth=2)
                stage.moving(line)
            for i in range(9):
                (line,) = stage.paper.plot([left + 20 * i] * 2, [140, 460], color=PAPER, linewidth=2)
                stage.moving(line)
            label = stage.text(left + 80, 500, f"{series[column].shape[1]} numbers", color=MUTED)
            labels.append(stage.moving(label))
        stage.paper.set(xlim=(0, 1280), ylim=(720, 0), aspect="auto")
        arrows = []
        for left, right in ((250, 380), (580, 700), (900, 1010)):
            arrow = stage.paper.annotate("", xy=(right, 300), xytext=(left, 300),
                                         arrowprops={"arrowstyle": "-|>", "color": MUTED, "linewidth": 4,
                                                     "mutation_scale": 30})  # fmt: skip
            arrows.append(stage.moving(arrow))
        outputs = []
        for y, name, colour in ((240, "push left", ORANGE), (350, "push right", GREEN)):
            label = stage.moving(stage.text(1240, y - 26, name, ha="right", color=colour))
            outputs.append((label, stage.moving(stage.text(1240, y + 18, "", size=40, ha="right", weight="bold"))))
        caption = by_caption(times)
        states = len(series["states"])

        def draw(moment: int) -> None:
            at, parts = divmod(moment, 8)
            for text, value in zip(inputs, series["states"][at], strict=True):
                text.set_text(written(float(value), "+.2f"))
            for i, (square, values) in enumerate(layers):
                square.set_data(values[at].reshape(16, 8) if parts > i + 1 else np.zeros((16, 8)))
            for i, arrow in enumerate(arrows):
                arrow.set_visible(parts > i + 1)
            for i, label in enumerate(labels):
                label.set_visible(parts > i + 1)
            best = int(series["values"][at].argmax())
            for i, (label, text) in enumerate(outputs):
                label.set_visible(parts > 3)
                text.set_text(written(float(series["values"][at][i]), "+.3f") if parts > 3 else "")
                text.set_color(INK if i == best else MUTED)

        return Show(lambda frame: 8 * (frame // self.slow % states) + min(max(caption(frame), 0) + self.parts, 4), draw)
