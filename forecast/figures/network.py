"""The network drawn: its layers as boxes from left to right, as high as they are wide, with their weights between.

The idea: a reader sees the size of what was trained before any number of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.figures.canvas import INK, MUTED, WIDE, look, new_figure, styled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["architecture"]

TALLEST = 1.6
"""Half the height of the largest layer."""


@styled
def architecture(layers: Sequence[dict[str, Any]], *, skip: int = 0, blocks: int = 1) -> Figure:
    """Draw a network from its inputs to its outputs.

    Parameters
    ----------
    layers : sequence of dict
        ``name``, ``size`` and ``weights`` of each layer, the inputs first: how many trained numbers lead to it.
    skip : int
        Trained numbers of the linear path that leads from the inputs to the outputs past all layers; 0: there is none.
    blocks : int
        How many such stacks follow each other, each given what the last one left unexplained.
    """
    figure = new_figure(WIDE, 2.9)
    ax = figure.add_subplot()
    ax.axis("off")
    largest = max(layer["size"] for layer in layers)
    heights = [max(0.16, TALLEST * np.log1p(layer["size"]) / np.log1p(largest)) for layer in layers]
    for place, (layer, half) in enumerate(zip(layers, heights, strict=True)):
        inner = 0 < place < len(layers) - 1
        _box(ax, place, half, colour=look("mlp").colour if inner else MUTED)
        ax.text(place, half + 0.12, f"{layer['size']:,}", ha="center", va="bottom", weight="bold", color=INK)
        ax.text(place, -half - 0.14, layer["name"], ha="center", va="top", color=INK)
        if place:
            _arrow(ax, place - 0.86, place - 0.14)
            ax.text(place - 0.5, 0.08, f"{layer['weights']:,}", ha="center", va="bottom", color=MUTED)
    if blocks > 1 and len(layers) > 2:
        ax.text((len(layers) - 1) / 2, TALLEST + 0.62, f"{blocks} such blocks, one after the other",
                ha="center", color=look("mlp").colour)  # fmt: skip
    if skip:
        _around(ax, len(layers) - 1, skip)
    ax.set_xlim(-0.6, len(layers) - 0.4)
    ax.set_ylim(-TALLEST - 1.0, TALLEST + 0.9)
    return figure


def _box(ax: Axes, place: int, half: float, *, colour: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    style = "round,pad=0,rounding_size=0.05"
    box = FancyBboxPatch(
        (place - 0.12, -half), 0.24, 2 * half, boxstyle=style, facecolor=colour, alpha=0.3, linewidth=0
    )
    ax.add_patch(box)


def _arrow(ax: Axes, start: float, end: float) -> None:
    ax.annotate("", (end, 0), (start, 0), arrowprops={"arrowstyle": "-|>", "color": MUTED, "linewidth": 1})


def _around(ax: Axes, last: int, weights: int) -> None:
    """Draw the path past all layers, below them."""
    below = -TALLEST - 0.62
    ax.plot([0, 0, last], [-0.9 * TALLEST - 0.35, below, below], color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
    ax.annotate("", (last, -0.9 * TALLEST - 0.35), (last, below), arrowprops={"arrowstyle": "-|>", "color": MUTED})
    ax.text(last / 2, below - 0.06, f"linear path past all layers: {weights:,}", ha="center", va="top", color=MUTED)
