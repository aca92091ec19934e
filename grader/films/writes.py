"""The picture at the end of a film: what the learner is about to write."""

from __future__ import annotations

from grader.films.data import Data
from grader.films.pace import Times
from grader.films.show import Picture, Show, spread
from grader.films.stage import BLUE, INK, MUTED, Stage


class Writes(Picture, frozen=True, forbid_unknown_fields=True, tag_field="picture", tag="what you write"):
    """The exercises of the lesson, one after another, and how they are checked.

    Attributes:
        exercises: what each is for, by its name; a test compares the names with course.yml.
        check: the command that checks them.
    """

    exercises: dict[str, str]
    check: str

    def show(self, stage: Stage, data: Data, times: Times) -> Show:
        """Show them line by line."""
        top, gap = 130, min(80, 400 // (len(self.exercises) + 1))
        wide = max(map(len, self.exercises))
        lines = []
        for i, (name, purpose) in enumerate(self.exercises.items()):
            y = top + gap * i
            mono = {"family": "DejaVu Sans Mono", "ha": "left", "color": BLUE}
            left = stage.moving(stage.text(90, y, name, size=32, **mono))
            right = stage.moving(stage.text(130 + 19.5 * wide, y, data.fill(purpose), ha="left", color=INK))
            lines.append((left, right))
        y = top + gap * len(self.exercises) + 14
        prompt = stage.moving(stage.text(90, y, f"$ {self.check}", size=32, family="DejaVu Sans Mono", ha="left"))
        prompt.set_color(MUTED)

        def draw(moment: int) -> None:
            for i, line in enumerate(lines):
                for text in line:
                    text.set_visible(i < moment)
            prompt.set_visible(moment > len(lines))

        return Show(spread(len(lines) + 2, times.frames, rest=times.frames // 3), draw)
