"""What the network uses: how much worse it forecasts without a lag, a covariate or a place of the calendar.

The idea: one input gets the values it had at another time, so that they say nothing any more while all else stays
(permutation importance); what the error grows by is what the input was worth. Beside it stands gradient times input,
which takes one backward pass and no chance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecast.calendar_features import CALENDAR_FEATURES

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from forecast.models.group import Group
    from forecast.models.mlp import MLP
    from forecast.panel import Panel

    Floats = NDArray[np.float64]
    Feature = tuple[str, str]
    """A kind (lag, covariate or calendar) and a name."""

__all__ = ["importance"]

MOST_LAGS = 64
"""Lags that are looked at one by one; of more, neighbours are looked at together."""
MOST_SERIES = 100
"""Series that are looked at."""
MOST_WORK = 5e8
"""Multiplications that all forward passes of a group take together, about; samples are left out where it is more."""
LEAST_SAMPLES = 24
"""Samples that are looked at however much work it is."""


def importance(model: MLP, panel: Panel, *, repeats: int = 20, samples: int = 256, seed: int = 0) -> pd.DataFrame:
    """Return what each input of a fitted network is worth.

    Measured on the latest block by the members that were trained without it, where the fit held one back, and else on
    what they learned from. With errors e of the median forecast and R repeats, ``importance = 100 (mean e_permuted / e
    - 1)`` (Breiman 2001; Fisher, Rudin & Dominici 2019). The samples overlap, so all of them get their values from as
    much earlier or later, around the end to the start again, and what goes together stays together. To an input that
    says nothing its own time is as good as any other, so ``standard_error = sd (1 + 1/R)^0.5`` of the repeats holds
    where the truth is 0. ``gradient`` is the share of ``sum |x dJ/dx|`` in that of all inputs, in percent.
    All are means over groups; of large panels a few series at equal distances are looked at.

    Parameters
    ----------
    model : MLP
        Fitted.
    panel : Panel
        What it was fitted to.
    repeats : int
        Other times, the same for all inputs, R, at least 2.
    samples : int
        Samples at most, B.
    seed : int
        Of these times.

    Returns
    -------
    DataFrame
        ``kind, name, importance, standard_error, gradient``; empty without samples. The lags stand first, from the
        nearest on, then covariates and places of the calendar in their order.

    Examples
    --------
    >>> from forecast.models.mlp import MLP
    >>> from forecast.series import read_series
    >>> panel = read_series("airline").panel
    >>> found = importance(MLP(members=2, max_steps=50, input_size=12).fit(panel, horizon=12), panel)
    >>> len(found), list(found.columns)
    (12, ['kind', 'name', 'importance', 'standard_error', 'gradient'])
    """
    import pandas as pd

    few = panel.take(np.unique(np.linspace(0, panel.n_series - 1, MOST_SERIES).astype(np.int64)))
    longest = max(group.plan.input_size for group in model.groups_)
    found: dict[Feature, list[Floats]] = {}
    for place, group in enumerate(model.groups_):
        features = _features(group, few, together=-(-longest // MOST_LAGS))
        rng = np.random.default_rng((seed, place))
        worth = _worth(group, few, list(features.values()), repeats, samples, rng)
        for feature, numbers in zip(features, worth, strict=False):
            found.setdefault(feature, []).append(numbers)
    lags = sorted((f for f in found if f[0] == "lag"), key=lambda feature: int(feature[1].split(" ")[0]))
    rows = []
    for feature in [*lags, *(f for f in found if f[0] != "lag")]:
        total = np.array(found[feature]) / len(model.groups_)
        rows.append([*feature, total[:, 0].sum(), np.sqrt(np.sum(total[:, 1] ** 2)), total[:, 2].sum()])
    return pd.DataFrame(rows, columns=["kind", "name", "importance", "standard_error", "gradient"])


def _features(group: Group, panel: Panel, *, together: int) -> dict[Feature, list[int]]:
    """Return the columns of the inputs that each feature fills."""
    L, H = group.plan.input_size, group.horizon_
    features: dict[Feature, list[int]] = {}
    for nearest in range(1, L + 1, together):
        last = min(nearest + together - 1, L)
        name = f"{nearest}" if together == 1 else f"{nearest} to {nearest + together - 1}"
        features["lag", name] = [L - lag for lag in range(nearest, last + 1)]
    column = L
    if (covariates := panel.covariates) is not None:
        for names, positions in (
            (covariates.known_names, L + H),
            (covariates.past_names, L),
            (covariates.static_names, 1),
        ):
            for place, name in enumerate(names):
                columns = range(column + place, column + positions * len(names), len(names))
                features.setdefault(_feature(name), []).extend(columns)
            column += positions * len(names)
    return features


def _feature(column: str) -> Feature:
    """Return what a column is part of: both waves of a place of the calendar are one."""
    place = column.removesuffix("_sin").removesuffix("_cos")
    return ("calendar", place) if place in CALENDAR_FEATURES else ("covariate", column)


def _worth(
    group: Group, panel: Panel, features: list[list[int]], repeats: int, samples: int, rng: np.random.Generator
) -> Floats:
    """Return importance, standard error and share of the gradient of each feature, [features, 3]."""
    most = int(MOST_WORK // (len(features) * repeats * group.network_.parameters.size))
    examined = group.examined(panel, max(LEAST_SAMPLES, min(samples, most)), deals=repeats, rng=rng)
    if examined is None:
        return np.empty((0, 3))
    slopes, usual = examined.slopes(), examined.usual()
    found = np.zeros((len(features), 3))
    for row, columns in enumerate(features):
        grown = 100.0 * (examined.errors(columns) / usual - 1.0) if usual > 0 else np.zeros(repeats)
        found[row] = grown.mean(), grown.std(ddof=1) * np.sqrt(1.0 + 1.0 / repeats), slopes[columns].sum()
    total = found[:, 2].sum()
    found[:, 2] *= 100.0 / total if total > 0 else 0.0
    return found
