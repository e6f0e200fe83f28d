"""What can be searched: for each model the settings that are worth a try, and within which limits.

The idea: the first point of every space is the default, and a setting that the user named is not searched. A space asks
for lengths, seasons and the sign of values, never for more, and what only buys accuracy with time (members, steps) is
left to the preset.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.models.presets import RULES, kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecast.config import RunConfig
    from forecast.panel import Panel

__all__ = ["SEARCHED", "Choice", "Parameter", "Span", "grid", "label", "space_of"]

NETWORKS = ("mlp", "linear", "hybrid")
SEARCHED = (*NETWORKS, "arima", "theta", "croston", "tsb")
"""The models that have settings worth a search."""

HIDDEN_SIZES = ((16,), (32,), (64,), (128,), (32, 32), (64, 64), (128, 128))
LOOK_BACKS = (1.0, 1.5, 2.0, 3.0, 4.0)
"""In horizons, or in seasons where these are longer."""
MOST_SEEN = 0.5
"""A look-back is at most this share of the shortest past that is learned from."""
RATE_RANGE = 10.0
"""A learning rate is sought from a tenth to ten times that of the rule."""


@dataclass(frozen=True)
class Choice:
    """A setting that is one of several values, the default first.

    Parameters
    ----------
    setting : str
        Where it stands, such as ``models.mlp.hidden_sizes``.
    options : tuple
        Its values.
    """

    setting: str
    options: tuple[Any, ...]

    @property
    def default(self) -> Any:
        """What it is where it is not searched."""
        return self.options[0]


@dataclass(frozen=True)
class Span:
    """A setting that is a positive number, sought on a logarithmic scale.

    Parameters
    ----------
    setting : str
        Where it stands, such as ``models.mlp.learning_rate``.
    low, high : float
        Its limits.
    default : float or "auto"
        What it is where it is not searched.
    at : float
        The number that the default amounts to.
    """

    setting: str
    low: float
    high: float
    default: Any
    at: float


Parameter = Choice | Span


def space_of(
    model: str, settings: RunConfig, panel: Panel, horizon: int, *, shortest: int, transform: bool = True
) -> list[Parameter]:
    """Return what of a model can be searched.

    Parameters
    ----------
    model : str
        One of `SEARCHED`.
    settings : RunConfig
        What it is otherwise; a setting that is not at its default was named by the user and stays.
    panel : Panel
        What will be learned from, T values in each of S series.
    horizon : int
        Steps to forecast, H.
    shortest : int
        Values of the typical series before the first validation window.
    transform : bool
        Whether the transform of the network may be searched: other networks of the run share it.

    Examples
    --------
    >>> from forecast.config import RunConfig
    >>> from forecast.series import read_series
    >>> settings = RunConfig.model_validate({"models": {"theta": {}}})
    >>> [p.setting for p in space_of("theta", settings, read_series("nile").panel, 6, shortest=40)]
    ['models.theta.method']
    """
    section, place = getattr(settings.models, model, None), f"models.{model}"
    if model in NETWORKS:
        found = _network(model, settings, panel, horizon, shortest)
        if transform and settings.data.transform == "auto":
            found.append(Choice("data.transform", ("auto", "none", *_logarithm(panel))))
    elif model == "arima":
        found = [Choice(f"{place}.transform", ("auto", "none", *_logarithm(panel)))]
    elif model == "theta":
        found = [Choice(f"{place}.method", ("dynamic", "standard"))]
    else:
        names = ("alpha", "beta") if model == "tsb" else ("alpha",)
        found = [Span(f"{place}.{name}", 0.02, 0.5, 0.1, 0.1) for name in names]
    own = [p for p in found if p.setting.startswith(place)]
    named = {p.setting for p in own if getattr(section, p.setting.rpartition(".")[2]) != p.default}
    return [p for p in found if p.setting not in named]


def _network(model: str, settings: RunConfig, panel: Panel, horizon: int, shortest: int) -> list[Parameter]:
    """Return the settings of a network; its rate and loss lie around those of the rule for such a panel."""
    plan, place = RULES[kind_of(panel), settings.preset].plan, f"models.{model}"
    base = max(horizon, *panel.season_lengths, 1)
    look_backs = {max(3, round(k * base)) for k in LOOK_BACKS if k * base <= MOST_SEEN * shortest}
    others = tuple(name for name in ("mae", "mse", "huber") if name != plan.loss)
    found: list[Parameter] = [
        Choice(f"{place}.input_size", ("auto", *sorted(look_backs))),
        Span(
            f"{place}.learning_rate",
            plan.learning_rate / RATE_RANGE,
            plan.learning_rate * RATE_RANGE,
            "auto",
            plan.learning_rate,
        ),
        Span(f"{place}.weight_decay", 1e-4, 1.0, 0.01, 0.01),
        Choice(f"{place}.loss", ("auto", *others)),
        Choice(f"{place}.head", ("auto", "quantiles")),
    ]
    if model != "linear":
        found += [
            Choice(f"{place}.hidden_sizes", ("auto", *HIDDEN_SIZES)),
            Choice(f"{place}.activation", ("relu", "tanh", "gelu")),
            Choice(f"{place}.dropout", (0.0, 0.1, 0.3)),
        ]
    return [*found, Choice(f"{place}.prior", ("auto", "none"))] if model == "mlp" else found


def _logarithm(panel: Panel) -> tuple[str, ...]:
    """Return the logarithm as an option where every value has one."""
    return ("log",) if np.nanmin(panel.values) > 0 else ()


def grid(space: Sequence[Parameter]) -> list[dict[str, Any]] | None:
    """Return every point of a space, the defaults first; None where it has numbers without end.

    Examples
    --------
    >>> grid([Choice("models.theta.method", ("dynamic", "standard"))])
    [{'models.theta.method': 'dynamic'}, {'models.theta.method': 'standard'}]
    >>> grid([Span("models.croston.alpha", 0.02, 0.5, 0.1, 0.1)]) is None
    True
    """
    choices = [p for p in space if isinstance(p, Choice)]
    if len(choices) < len(space):
        return None
    names = [p.setting for p in choices]
    return [dict(zip(names, point, strict=True)) for point in product(*(p.options for p in choices))]


def label(value: Any) -> str:
    """Return a value as a text without brackets or quotes.

    Examples
    --------
    >>> label((32, 32)), label("auto"), label(0.003)
    ('32,32', 'auto', '0.003')
    """
    return ",".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
