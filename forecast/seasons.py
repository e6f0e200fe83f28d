"""Which seasons the values of a panel confirm.

The idea: a season shows in the differences of a series as an autocorrelation at its length beyond what chance gives;
it is tested from the shortest candidate on, each longer one after the shorter are taken out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from forecast.transforms.arrays import blocks
from forecast.transforms.correlations import correlated, differences, lagged_products

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from forecast.panel import Panel

    Floats = NDArray[np.float64]

__all__ = ["Seasons", "autocorrelations", "confirm_seasons", "find_season", "season_strengths"]

SIGNIFICANCE = 0.05
"""How often the test finds a season of given length in a series without one."""

SHARE = 0.3
"""A season is the panel's when so many of its long enough series show it: six times what chance gives."""

LONGEST_SEARCHED = 400
"""Longest season that is looked for without a candidate."""

CLOSE = 0.8
"""Of the multiples of a season, the shortest whose autocorrelation is so near the largest is the season."""


@dataclass(frozen=True)
class Seasons:
    """The seasons that the data confirm.

    Parameters
    ----------
    lengths : tuple of int
        Periods of each season, the shortest first; empty for none.
    strengths : tuple of float
        The autocorrelation at each: the mean over the series that are long enough.
    reason : str
        What was tested and what came out, to print.
    """

    lengths: tuple[int, ...]
    strengths: tuple[float, ...]
    reason: str

    @property
    def season_length(self) -> int:
        """The shortest season; 1 for none."""
        return self.lengths[0] if self.lengths else 1


def confirm_seasons(panel: Panel, candidates: Sequence[int] | None = None) -> Seasons:
    """Return those of the candidate seasons that the values of the panel show.

    Nothing but `panel` is looked at: a model that calls this on its past does not see the future.

    Parameters
    ----------
    panel : Panel
        The series; NaN marks a gap.
    candidates : sequence of int, optional
        The lengths to test; by default those of the panel, `Panel.season_lengths`.

    Examples
    --------
    >>> from forecast.series import read_series
    >>> confirm_seasons(read_series("airline").panel).reason
    'season 12 confirmed (autocorrelation 0.83)'
    """
    tested = sorted({m for m in (panel.season_lengths if candidates is None else candidates) if m > 1})
    if not tested:
        return Seasons((), (), "no season to test")
    lengths: list[int] = []
    strengths: list[float] = []
    reasons = []
    for m in tested:
        lag = lengths[-1] if lengths else 1
        chosen = np.flatnonzero(panel.lengths >= 3 * m + lag - 1)
        if len(chosen) == 0:
            reasons.append(f"season {m} not tested: no series has three")
            continue
        found, strength = season_strengths(panel, m, lag=lag, chosen=chosen)
        several = f" in {found.sum():,} of {len(chosen):,} series" if panel.n_series > 1 else ""
        confirmed = bool(found.mean() >= SHARE)
        mean = float(strength.mean())
        reasons.append(f"season {m} {'' if confirmed else 'not '}confirmed{several} (autocorrelation {mean:.2f})")
        if confirmed:
            lengths.append(m)
            strengths.append(mean)
    return Seasons(tuple(lengths), tuple(strengths), "; ".join(reasons))


def season_strengths(
    panel: Panel, season_length: int, *, lag: int = 1, chosen: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.bool_], Floats]:
    """Return for each series whether it shows the season, and its autocorrelation there.

    The series is differenced at `lag`: 1, or the next shorter season, which that takes out, so that a week of hours
    is not found where there is only a day; then freed of its straight line, which a curved trend would leave. With
    the autocorrelations r_k of the n differences, a season m is there if
    ``r_m > z sqrt((1 + 2 (r_1^2 + ... + r_{m-1}^2)) / n)``, Bartlett's limit (Box, Jenkins, Reinsel & Ljung 2015,
    section 2.1.6) at 5 %, one-sided, and if r_m is larger than r_{m/2}, which in a slow change it is not.

    Parameters
    ----------
    panel : Panel
        The series.
    season_length : int
        The length to test, larger than `lag`.
    lag : int
        The distance of the values that are subtracted.
    chosen : ndarray, optional
        The numbers of the series to test; all by default. A series of fewer than three seasons shows none.

    Returns
    -------
    found : ndarray [S], bool
    strength : ndarray [S]
        r_m, between -1 and 1; 0 for a constant series.

    Examples
    --------
    >>> from forecast.series import read_series
    >>> found, strength = season_strengths(read_series("airline").panel, 12)
    >>> found, strength.round(2)
    (array([ True]), array([0.83]))
    """
    m = season_length
    series = np.arange(panel.n_series) if chosen is None else np.asarray(chosen)
    found = np.zeros(panel.n_series, dtype=bool)
    strength = np.zeros(panel.n_series)
    enough = series[panel.lengths[series] >= 3 * m + lag - 1]
    for block in blocks(panel.lengths + m, enough):
        x, counts, total = differences(panel, block, lag, line=True)
        least = _limit(counts, SIGNIFICANCE)  # the limit is nowhere lower
        strength[block], above, r = correlated(x, total, m, least)
        limit = _limits(r, counts[above], SIGNIFICANCE)[:, m]
        found[block[above]] = (r[:, m] > limit) & (r[:, m] > r[:, m // 2])
    return found[series], strength[series]


def find_season(panel: Panel) -> Seasons:
    """Return the one season that stands out when no length is known beforehand, as for numbered rows.

    A season is a peak of the autocorrelations of the first differences, beyond Bartlett's limit at 5 % divided by the
    number of lengths tried (Bonferroni), up to a third of the series; of its multiples the shortest is taken.

    Examples
    --------
    >>> import pandas as pd
    >>> from forecast.series import read_series
    >>> weeks = pd.DataFrame({"y": [5.0, 1, 1, 2, 9, 8, 3] * 8})
    >>> find_season(read_series(weeks).panel).lengths
    (7,)
    """
    chosen = np.flatnonzero(panel.lengths >= 9)
    found = np.zeros(panel.n_series, dtype=np.int64)
    strength = np.zeros(panel.n_series)
    classes = np.maximum(3, np.minimum(panel.lengths // 3, LONGEST_SEARCHED))
    for longest in np.unique(classes[chosen]):
        for block, r, counts in autocorrelations(panel, int(longest) + 1, chosen=chosen[classes[chosen] == longest]):
            limits = _limits(r, counts, SIGNIFICANCE / (longest - 1))
            inner = r[:, 2:-1]
            peak = (inner > limits[:, 2:-1]) & (inner > r[:, 1:-2]) & (inner >= r[:, 3:])
            top = np.where(peak, inner, 0.0).max(axis=1)
            near = peak & (inner >= CLOSE * top[:, None])
            first = near.argmax(axis=1)
            found[block] = np.where(near.any(axis=1), first + 2, 0)
            strength[block] = np.where(near.any(axis=1), inner[np.arange(len(block)), first], 0.0)
    counted = np.bincount(found[found > 0], minlength=1)
    m = int(counted.argmax())
    if m == 0 or counted[m] < SHARE * len(chosen):
        return Seasons((), (), "no season stands out")
    mean = float(strength[found == m].mean())
    several = f" in {counted[m]:,} of {len(chosen):,} series" if panel.n_series > 1 else ""
    return Seasons((m,), (mean,), f"a season of {m} seems to be there{several} (autocorrelation {mean:.2f})")


def autocorrelations(
    panel: Panel, longest: int, *, lag: int = 1, chosen: NDArray[np.int64] | None = None
) -> Iterator[tuple[NDArray[np.int64], Floats, NDArray[np.int64]]]:
    """Yield the autocorrelations of the series, differenced at `lag`, in blocks of series of about equal length.

    Yields
    ------
    block : ndarray [B]
        The numbers of the series.
    r : ndarray [B, longest + 1]
        Their autocorrelations at 0, 1, ..., `longest`; 0 where a series does not change.
    counts : ndarray [B]
        How many differences are known. A difference with a gap counts as 0.
    """
    series = np.arange(panel.n_series) if chosen is None else np.asarray(chosen)
    series = series[panel.lengths[series] > lag]
    for block in blocks(panel.lengths + longest, series):
        x, counts, total = differences(panel, block, lag, line=True)
        r = lagged_products(x, longest)
        yield block, np.divide(r, total[:, None], out=np.zeros_like(r), where=total[:, None] > 0), counts


def _limits(r: Floats, counts: NDArray[np.int64], significance: float) -> Floats:
    """Return Bartlett's one-sided limits [B, K + 1]: that at lag k takes the autocorrelations before k as real."""
    before = np.zeros_like(r)
    before[:, 2:] = np.cumsum(r[:, 1:-1] ** 2, axis=1)
    return np.asarray(_limit(counts, significance)[:, None] * np.sqrt(1.0 + 2.0 * before))


def _limit(counts: NDArray[np.int64], significance: float) -> Floats:
    """Return the one-sided limit [B] of the first autocorrelation of noise of which `counts` values are known."""
    return np.asarray(-ndtri(significance) / np.sqrt(np.maximum(counts, 1)))
