"""Pages without their pictures: what keeps tests that make runs cheap, and examples in docstrings as well.

The idea: painting takes most of the time of a run, and few tests look at a picture. `conftest` makes a plugin of this
file, for examples lie outside its folder.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from forecast import figures

if TYPE_CHECKING:
    from collections.abc import Iterator

PAINTED = {"browser", "figures", "notebooks", "report", "report_parts"}
"""Modules whose tests look at pictures; others make many runs, and painting would take most of their time."""


def unpainted_png(figure) -> bytes:
    """Stand in for `figures.to_png`."""
    return b"\x89PNG".ljust(24, b"\0")


def unpainted_svg(figure, *, placed: bool = False) -> bytes:
    """Stand in for `figures.to_svg`."""
    return b"<svg/>"


DRAWINGS = (
    *("architecture", "backtest_windows", "correlograms", "coverage_by_step", "error_by_cutoff", "error_by_step"),
    *("error_map", "error_tiles", "fan_chart", "importance_bars", "paired_errors", "ratio_curve", "ratio_dots"),
    *("reliability", "residual_panels", "scatter_of_series", "score_strip", "seasonal_lines", "single_windows"),
    *("training_curves", "whole_history", "window_bars"),
)
"""What draws the pictures of the page."""
DRAW = {name: getattr(figures, name) for name in DRAWINGS}


def leave_undrawn(patch: pytest.MonkeyPatch) -> None:
    """Let a page be made without any drawing, for tests of its words."""
    for name in DRAWINGS:
        patch.setattr(figures, name, lambda *_, **__: None)
    patch.setattr(figures, "to_png", unpainted_png)
    patch.setattr(figures, "to_svg", unpainted_svg)


@contextmanager
def drawn() -> Iterator[None]:
    """Let a run be as that of a user after all, but for the paint."""
    with pytest.MonkeyPatch.context() as patch:
        for name, draw in DRAW.items():
            patch.setattr(figures, name, draw)
        yield


@contextmanager
def pageless() -> Iterator[None]:
    """Make runs without a page: it takes as long as all else, and numbers do not ask for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("forecast.report.render", lambda folder, **_: None)
        yield


@pytest.fixture(scope="module")
def no_page():
    """Make all runs of a module without a page."""
    with pageless():
        yield


@pytest.fixture(scope="module", autouse=True)
def _unpainted(request):
    """Leave pictures undrawn where none is looked at."""
    folder, _, module = request.node.nodeid.removesuffix(".py").rpartition("/")
    with pytest.MonkeyPatch.context() as patch:
        if module.removeprefix("test_") not in PAINTED and folder != "forecast/figures":
            leave_undrawn(patch)
        yield
