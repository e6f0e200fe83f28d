"""The transforms as loops over series: slow, obvious versions of what the package does on all series at once."""

from __future__ import annotations

import numpy as np


def filled(y, method, season_length):
    known = np.flatnonzero(~np.isnan(y))
    places = np.arange(len(y))
    if method == "zero":
        return np.nan_to_num(y, nan=0.0)
    if method == "ffill":
        return y[np.maximum.accumulate(np.where(np.isnan(y), known[0], places))]
    seasonal = method in ("auto", "seasonal") and season_length > 1 and len(y) >= 2 * season_length
    season = indices(y, season_length)[places % season_length] if seasonal else np.zeros(len(y))
    line = np.interp(places, known, (y - season)[known])
    return np.where(np.isnan(y), line + season, y)


def indices(y, m):
    weights = np.ones(m) / m if m % 2 else np.r_[0.5, np.ones(m - 1), 0.5] / m
    half = len(weights) // 2
    places = np.arange(len(y))
    known = ~np.isnan(y)
    trend = np.convolve(np.interp(places, places[known], y[known]), weights, mode="valid")
    detrended = y[half : len(y) - half] - trend
    position = places[half : len(y) - half] % m
    kept = ~np.isnan(detrended)
    sums = np.bincount(position[kept], detrended[kept], minlength=m)
    counts = np.bincount(position[kept], minlength=m)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), 0.0)
    return means - means.mean()


def has_season(y, m):
    if len(y) < 3 * m:
        return False
    d = np.diff(y)
    d = np.where(np.isnan(d), 0.0, d - np.nanmean(d))
    total = float(d @ d)
    if total <= 1e-20 * float(np.nansum(y * y)):
        return False
    r = np.array([float(d[lag:] @ d[:-lag]) / total for lag in range(1, m + 1)])
    limit = 1.645 * np.sqrt((1.0 + 2.0 * float(np.sum(r[:-1] ** 2))) / len(d))
    return bool(r[-1] > limit)


def season_of(y, m, seasons=8):
    """The indices that Deseasonalize takes out of one series."""
    return indices(y[len(y) % m :][-(seasons + 1) * m :], m) if has_season(y, m) else np.zeros(m)


def step(y):
    steps = np.abs(np.diff(y[~np.isnan(y)]))
    size = float(steps.mean()) if len(steps) else 0.0
    return size if size > 1e-12 * float(np.nanmax(np.abs(y))) else 1.0


def guerrero(y, m, power):
    """The coefficient of variation that Guerrero's lambda makes least."""
    blocks = [y[end - m : end] for end in range(len(y), m - 1, -m)]
    ratios = [np.std(b, ddof=1) / np.mean(b) ** (1 - power) for b in blocks]
    return np.std(ratios) / np.mean(ratios)
