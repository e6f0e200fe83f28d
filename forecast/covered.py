"""What a measured coverage says of intervals: where the true one lies, and whether they keep what they promise.

The idea: each case is covered or not, so the true coverage has the exact binomial band of so many trials; a level
inside it is kept as far as anybody can tell.
"""

from __future__ import annotations

from scipy.special import betaincinv

from forecast.defaults import MIN_CASES

__all__ = ["binomial_band", "judgement"]


def binomial_band(coverage: float, n: int) -> tuple[float, float]:
    """Return, in percent, where the true coverage lies with 95 % confidence when n cases were covered so often.

    Clopper & Pearson (1934).

    Examples
    --------
    >>> tuple(round(end, 1) for end in binomial_band(80.0, 10))
    (44.4, 97.5)
    """
    hits = n * coverage / 100.0
    low = float(betaincinv(hits, n - hits + 1.0, 0.025)) if hits > 0 else 0.0
    high = float(betaincinv(hits + 1.0, n - hits, 0.975)) if hits < n else 1.0
    return 100.0 * low, 100.0 * high


def judgement(level: float, low: float, high: float, cases: float) -> str:
    """Return in words what a measured coverage says of intervals of a level, given its `binomial_band`.

    Below `MIN_CASES` cases the band is so wide that it would call almost anything kept.

    Examples
    --------
    >>> judgement(80, *binomial_band(60.0, 100), 100), judgement(80, *binomial_band(60.0, 10), 10)
    ('too narrow', 'too few to judge')
    """
    if not cases >= MIN_CASES:
        return "too few to judge"
    if high < level:
        return "too narrow"
    return "too wide" if low > level else "kept"
