"""Which transforms a panel gets: by name, or by the one rule.

The idea: the rule stands in `choose_transforms` alone. It says for how many series each transform does something and
why, so that what was done can be printed and recorded at every cutoff.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from forecast.errors import ConfigError, DataError, nearest, shown
from forecast.transforms.base import Chain, Parts, groups_of, parts_of
from forecast.transforms.boxcox import BoxCox
from forecast.transforms.differencing import Detrend, Difference
from forecast.transforms.fill import Fill
from forecast.transforms.power import Log, Root, SignedLog
from forecast.transforms.scaling import MinMax, Robust, Standardize, StepScale, Winsorize
from forecast.transforms.seasons import MSTL, STL, Deseasonalize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from forecast.panel import Panel
    from forecast.transforms.base import Transform

__all__ = ["TRANSFORMS", "Choice", "choices_of", "choose_transforms", "parse_chain", "require_transforms"]

TRANSFORMS: dict[str, type[Transform]] = {
    "fill": Fill,
    "log": Log,
    "root": Root,
    "boxcox": BoxCox,
    "signed_log": SignedLog,
    "difference": Difference,
    "detrend": Detrend,
    "deseasonalize": Deseasonalize,
    "stl": STL,
    "mstl": MSTL,
    "step_scale": StepScale,
    "standardize": Standardize,
    "robust": Robust,
    "minmax": MinMax,
    "winsorize": Winsorize,
}
"""Every transform by the name it has in a setting."""

_WORDS = {"fill": ("auto", "seasonal", "linear", "ffill", "zero"), "boxcox": ("guerrero", "likelihood")}
"""The words that may stand in the brackets of a name."""

_NUMBERS: dict[str, type[int | float]] = {"difference": int, "root": float, "winsorize": float}
"""The kind of number that may stand there."""


SMALL = 2**18
"""Values that are looked at together where nothing but the choices is wanted, so that what is on the way is small."""


@dataclass(frozen=True)
class Choice:
    """What became of one transform.

    Parameters
    ----------
    name : str
        As in `TRANSFORMS`.
    series : ndarray [S] of bool
        Which series it changes.
    why : str
        The reason, to print.
    """

    name: str
    series: NDArray[np.bool_]
    why: str


def parse_chain(text: str) -> list[Transform]:
    """Return the transforms that `text` names, the first to be applied first; none for "none" or nothing.

    Raises
    ------
    ConfigError
        U101, on a name that is no transform, or on something in brackets that it does not take.

    Examples
    --------
    >>> [type(transform).__name__ for transform in parse_chain("log, difference(12), standardize")]
    ['Log', 'Difference', 'Standardize']
    """
    if text.strip() in ("", "none"):
        return []
    return [_parsed(part.strip()) for part in text.split(",")]


def _parsed(part: str) -> Transform:
    found = re.fullmatch(r"(\w+)(?:\(\s*([\w.]+)\s*\))?", part)
    name, argument = (found[1], found[2]) if found else (part, None)
    if name not in TRANSFORMS:
        guess = nearest(name.split("(")[0], TRANSFORMS)
        what = f"no transform {shown(part)}" + (f"; did you mean {guess}?" if guess else "")
        raise ConfigError("U101", what, found=part, hint=f"--transform {guess or ','.join(['log', 'standardize'])}")
    required = {"required": True} if name in ("log", "root", "boxcox") else {}
    if argument is None:
        return TRANSFORMS[name](**required)
    number = _number(argument, _NUMBERS[name]) if name in _NUMBERS else None
    if number is not None:
        return TRANSFORMS[name](number, **required)  # type: ignore[call-arg]
    if argument in _WORDS.get(name, ()):
        return TRANSFORMS[name](argument, **required)  # type: ignore[call-arg]
    example = {"difference": "difference(12)", "root": "root(3)", "winsorize": "winsorize(5)"}.get(name, name)
    takes = " or ".join(_WORDS.get(name, ())) or ("a number above 0" if name in _NUMBERS else "nothing")
    raise ConfigError(
        "U101", f"{name} takes {takes} in brackets", found=shown(argument), hint=f'--transform "{example}"'
    )


def _number(text: str, kind: type[int | float]) -> int | float | None:
    try:
        number = kind(text)
    except ValueError:
        return None
    return number if 0 < number < 1e9 else None


def choose_transforms(
    panel: Panel, transform: str = "auto", *, missing: str = "auto", season: bool = True, power: str = "root"
) -> tuple[Chain, Panel, list[Choice]]:
    """Return the fitted transforms of a panel, the panel transformed, and what was chosen why.

    The rule, ``auto``: gaps are filled; the cube root of every series without values below 0 is taken, since their
    swings mostly grow with their level, but seldom as fast as it; a typical step becomes the unit, so that series of
    all sizes can share a network; a season that is found in the differences is taken out. STL, MSTL and lambdas are
    for the asking only.

    Parameters
    ----------
    panel : Panel
        The past, and nothing after it.
    transform : str
        "auto", "none", or names as `parse_chain` takes them; gaps are filled first, unless ``fill`` is named.
    missing : str
        How gaps are filled: see `Fill`.
    season : bool
        Whether ``auto`` takes out a season.
    power : {"root", "log"}
        What ``auto`` takes of the series that have it.

    Raises
    ------
    ConfigError
        U101, from `parse_chain`.
    DataError
        D120, where a logarithm or root was named that values do not have.

    Examples
    --------
    >>> from forecast.series import read_series
    >>> _, _, choices = choose_transforms(read_series("airline").panel)
    >>> [choice.name for choice in choices if choice.series.any()]
    ['root', 'step_scale', 'deseasonalize']
    """
    bounds = parts_of(panel)
    if len(bounds) == 2:
        return _chosen(panel, transform, missing, season=season, power=power)
    values, place = np.empty_like(panel.values), 0
    chains: list[Chain] = []
    found: list[list[Choice]] = []
    for group in groups_of(panel, bounds):
        try:
            chain, transformed, choices = _chosen(group, transform, missing, season=season, power=power)
        except DataError:
            return _chosen(panel, transform, missing, season=season, power=power)  # whose message counts all of them
        values[place : place + len(group.values)] = transformed.values
        place += len(group.values)
        chains.append(chain)
        found.append(choices)
    return Chain([Parts(bounds, chains)]), panel.with_values(values), _joined(found)


def choices_of(
    panel: Panel, transform: str = "auto", *, missing: str = "auto", season: bool = True, power: str = "root"
) -> list[Choice]:
    """Return what `choose_transforms` would choose; the panel is not transformed further than that takes.

    Examples
    --------
    >>> from forecast.series import read_series
    >>> [choice.name for choice in choices_of(read_series("airline").panel) if choice.series.any()]
    ['root', 'step_scale', 'deseasonalize']
    """
    groups = groups_of(panel, parts_of(panel, SMALL))
    if transform == "auto":
        gaps = panel.has_gaps
        return _joined([_automatic(group, missing, gaps, season=season, power=power) for group in groups])
    return _joined([_fitted(group, transform, missing, season=season, power=power)[2] for group in groups])


def _automatic(panel: Panel, missing: str, gaps: bool, *, season: bool, power: str) -> list[Choice]:
    """Return the choices of ``auto``; no series is scaled for that, since a season is found in any unit."""
    fill, root, scale = Fill(missing), TRANSFORMS[power](), StepScale()
    holed = _any_of(np.isnan(panel.values), panel) if gaps else np.zeros(panel.n_series, dtype=np.bool_)
    whole = fill.fit(panel).apply(panel) if gaps else panel
    root.fit(whole)
    steps: list[Transform] = [fill, root, scale, *([Deseasonalize().find(root.apply(whole))] if season else [])]
    return [_choice(step, holed, auto=True) for step in steps]


def _joined(found: Sequence[Sequence[Choice]]) -> list[Choice]:
    """Return the choices for groups of neighbouring series as those for all of them."""
    return [
        replace(same[0], series=np.concatenate([choice.series for choice in same])) for same in zip(*found, strict=True)
    ]


def _chosen(
    panel: Panel, transform: str, missing: str, *, season: bool, power: str
) -> tuple[Chain, Panel, list[Choice]]:
    steps, panel, choices = _fitted(panel, transform, missing, season=season, power=power)
    return Chain(steps), steps[-1].apply(panel), choices


def _fitted(
    panel: Panel, transform: str, missing: str, *, season: bool = True, power: str = "root"
) -> tuple[list[Transform], Panel, list[Choice]]:
    """Return the fitted transforms of a panel, the panel before the last of them, and what each does."""
    usual: list[Transform] = [TRANSFORMS[power](), StepScale(), *([Deseasonalize()] if season else [])]
    named: Sequence[Transform] = usual if transform == "auto" else parse_chain(transform)
    holed = _any_of(np.isnan(panel.values), panel)
    steps = [*([] if any(isinstance(step, Fill) for step in named) else [Fill(missing)]), *named]
    steps[0].fit(panel)
    for before, step in pairwise(steps):
        panel = before.apply(panel)
        step.fit(panel)
    return steps, panel, [_choice(step, holed, auto=transform == "auto") for step in steps]


def require_transforms(panel: Panel, transform: str, *, missing: str = "auto") -> None:
    """Raise where the named transforms do not exist or do not suit the panel, before any model is fitted.

    Raises
    ------
    ConfigError
        U101, from `parse_chain`.
    DataError
        D120, where a logarithm or root was named that values do not have.
    """
    if transform != "auto" and any(isinstance(step, (Log, Root, BoxCox)) for step in parse_chain(transform)):
        choose_transforms(panel, transform, missing=missing)


def _choice(step: Transform, holed: NDArray[np.bool_], *, auto: bool) -> Choice:
    """Return what the fitted `step` does to which series."""
    name = next(name for name, kind in TRANSFORMS.items() if type(step) is kind)
    if isinstance(step, Fill):
        return Choice(name, holed, "they have gaps")
    if isinstance(step, Deseasonalize):
        why = "the differences repeat themselves after a season, significant at 10 %"
        return Choice(name, step.found_, why)
    if isinstance(step, Root):
        return Choice(name, step.taken_, "no value is below 0" if auto else "named by the user")
    if isinstance(step, (Log, BoxCox)):
        return Choice(name, step.positive_, "all values are positive" if auto else "named by the user")
    return Choice(name, np.ones_like(holed), "series of all sizes share one network" if auto else "named by the user")


def _any_of(marked: NDArray[np.bool_], panel: Panel) -> NDArray[np.bool_]:
    """Return which series [S] have a marked value."""
    return np.asarray(np.logical_or.reduceat(marked, panel.offsets[:-1]))
