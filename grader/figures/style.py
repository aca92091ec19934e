"""One style for all figures: no background, and colours that are legible on white paper and on a dark screen."""

from __future__ import annotations

from typing import Any

INK = "#7d8590"
"""Text, axes and arrows."""
BLUE = "#3b82f6"
ORANGE = "#e07b00"
GREEN = "#2da44e"
GREY = "#9aa4af"
"""Elements in the background; lines in it may be thin or transparent."""

RC: dict[Any, Any] = {
    "axes.edgecolor": INK,
    "axes.facecolor": "none",
    "axes.labelcolor": INK,
    "axes.prop_cycle": f"cycler('color', ['{BLUE}', '{ORANGE}', '{GREEN}', '{GREY}'])",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlesize": "medium",
    "figure.constrained_layout.use": True,
    "figure.facecolor": "none",
    "font.size": 10,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "savefig.facecolor": "none",
    # The same picture is the same file: ids from a fixed word, text as text.
    "svg.fonttype": "none",
    "svg.hashsalt": "figures",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}
"""Matplotlib's settings for every figure."""
