"""Panels made up to be awkward in the ways that users' files are, written as CSV files.

The idea: every panel is one formula with one peculiarity, drawn from a seed, so that what a model does badly on can be
made again and named.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

INDEX = "horizons.json"
END = pd.Timestamp("2024-12-31")


def write_panels(folder: Path, *, seed: int = 0) -> dict[str, int]:
    """Write every panel as ``<name>.csv`` and their horizons as `INDEX`; return the horizons."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in PANELS:
        panel(name, seed=seed).to_csv(folder / f"{name}.csv", index=False)
    horizons = {f"{name}.csv": horizon for name, (horizon, _, _) in PANELS.items()}
    (folder / INDEX).write_text(json.dumps(horizons, indent=1) + "\n", encoding="utf-8")
    return horizons


def panel(name: str, *, seed: int = 0) -> pd.DataFrame:
    """Return a panel: columns ``unique_id, ds, y``, without rows for what is missing."""
    _, alias, make = PANELS[name]
    rng = np.random.default_rng([seed, list(PANELS).index(name)])
    frames = []
    for s, y in enumerate(make(rng)):
        ds = np.arange(1, len(y) + 1) if alias == "int" else pd.date_range(end=END, periods=len(y), freq=alias)
        frames.append(pd.DataFrame({"unique_id": f"s{s:03d}", "ds": ds, "y": np.round(y, 4)}).dropna())
    return pd.concat(frames, ignore_index=True)


def walk(rng: np.random.Generator, length: int, *, drift: float = 0.0, step: float = 1.0) -> np.ndarray:
    """Return a random walk with drift."""
    return np.cumsum(rng.normal(drift, step, length))


def season(rng: np.random.Generator, length: int, m: int, *, harmonics: int = 3) -> np.ndarray:
    """Return a repeating pattern of so many harmonics, with a standard deviation of 1."""
    k = np.arange(1, harmonics + 1)[:, None]
    waves = rng.normal(size=(harmonics, 1)) * np.sin(2 * np.pi * k * np.arange(length) / m + 6.3 * rng.random(k.shape))
    total = waves.sum(axis=0)
    return total / (total.std() or 1.0)


def _yearly(rng: np.random.Generator) -> list[np.ndarray]:
    lengths = rng.integers(12, 41, 80)
    return [rng.lognormal(7, 1) * np.exp(walk(rng, n, drift=rng.normal(0.03, 0.03), step=0.05)) for n in lengths]


def _quarterly_multiplicative(rng: np.random.Generator) -> list[np.ndarray]:
    made = []
    for n in rng.integers(28, 61, 80):
        level = rng.lognormal(6, 1) * np.exp(walk(rng, n, drift=0.01, step=0.02))
        made.append(level * np.exp(0.2 * season(rng, n, 4, harmonics=2) + rng.normal(0, 0.03, n)))
    return made


def _monthly(rng: np.random.Generator) -> list[np.ndarray]:
    made = []
    for n in rng.integers(60, 145, 100):
        y = walk(rng, n, drift=rng.normal(0, 0.3)) + rng.uniform(0, 6) * season(rng, n, 12) + rng.normal(0, 2, n)
        made.append(100 + y - min(0.0, y.min()))
    return made


def _monthly_shifts(rng: np.random.Generator) -> list[np.ndarray]:
    made = _monthly(rng)
    for y in made:
        y[rng.integers(len(y) // 2, len(y) - 15) :] += rng.choice([-1, 1]) * rng.uniform(20, 60)
        y[rng.integers(0, len(y), 2)] *= rng.choice([0.3, 3.0], 2)
    return made


def _monthly_gaps(rng: np.random.Generator, share: float = 0.02) -> list[np.ndarray]:
    made = _monthly(rng)
    for y in made:
        y[3:-15][rng.random(len(y) - 18) < share] = np.nan
    for y in made[::3]:
        start = rng.integers(5, len(y) - 25)
        y[start : start + 5] = np.nan
    return made


def _monthly_many_gaps(rng: np.random.Generator) -> list[np.ndarray]:
    return _monthly_gaps(rng, 0.15)


def _monthly_short(rng: np.random.Generator) -> list[np.ndarray]:
    return [100 + walk(rng, n, drift=0.5) + 10 * season(rng, n, 12) for n in rng.integers(11, 31, 60)]


def _monthly_single(rng: np.random.Generator) -> list[np.ndarray]:
    n = 144
    return [np.exp(5 + 0.01 * np.arange(n) + 0.15 * season(rng, n, 12) + rng.normal(0, 0.03, n))]


def _weekly(rng: np.random.Generator) -> list[np.ndarray]:
    return [
        rng.lognormal(6, 1) * np.exp(0.3 * season(rng, n, 52) + walk(rng, n, step=0.02) + rng.normal(0, 0.1, n))
        for n in rng.integers(150, 261, 30)
    ]


def _daily(rng: np.random.Generator) -> list[np.ndarray]:
    made = []
    for n in rng.integers(400, 801, 20):
        shape = 0.3 * season(rng, n, 7) + 0.2 * season(rng, n, 365, harmonics=1)
        made.append(np.exp(rng.normal(6, 1) + shape + walk(rng, n, step=0.01) + rng.normal(0, 0.1, n)))
    return made


def _daily_negative(rng: np.random.Generator) -> list[np.ndarray]:
    made = []
    for n in rng.integers(400, 801, 20):
        noise = np.zeros(n)
        for t in range(1, n):
            noise[t] = 0.8 * noise[t - 1] + rng.normal(0, 2)
        made.append(2 + 10 * np.sin(2 * np.pi * np.arange(n) / 365.25) + noise)
    return made


def _daily_intermittent(rng: np.random.Generator) -> list[np.ndarray]:
    return [
        (rng.random(n) < rng.uniform(0.05, 0.4)) * (1.0 + rng.poisson(rng.uniform(0.5, 5), n))
        for n in rng.integers(200, 501, 60)
    ]


def _hourly_two_seasons(rng: np.random.Generator) -> list[np.ndarray]:
    n = 24 * 7 * 10
    return [
        rng.lognormal(7, 1)
        * np.exp(0.25 * season(rng, n, 24) + 0.15 * season(rng, n, 168, harmonics=6) + walk(rng, n, step=0.005))
        for _ in range(10)
    ]


def _quarter_hours_sun(rng: np.random.Generator) -> list[np.ndarray]:
    n = 96 * 40
    sun = np.maximum(np.sin(2 * np.pi * (np.arange(n) % 96) / 96 - np.pi / 2), 0.0)
    return [50 * sun * np.repeat(rng.uniform(0.3, 1, 40), 96) * rng.uniform(0.9, 1.0, n) for _ in range(4)]


def _numbered(rng: np.random.Generator) -> list[np.ndarray]:
    return [1000 + walk(rng, n, drift=rng.normal(0, 1), step=5.0) for n in rng.integers(60, 121, 60)]


def _numbered_far_from_zero(rng: np.random.Generator) -> list[np.ndarray]:
    return [1e6 + walk(rng, n, drift=0.05, step=0.2) for n in rng.integers(60, 121, 30)]


def _numbered_constant(rng: np.random.Generator) -> list[np.ndarray]:
    made = [np.full(60, float(c)) for c in range(5)]
    for y in made[2:]:
        y[-int(rng.integers(15, 30)) :] += 5.0
    return made


PANELS: dict[str, tuple[int, str, Callable[[np.random.Generator], list[np.ndarray]]]] = {
    "yearly": (6, "YS", _yearly),
    "quarterly_multiplicative": (8, "QS", _quarterly_multiplicative),
    "monthly": (18, "MS", _monthly),
    "monthly_shifts": (12, "MS", _monthly_shifts),
    "monthly_gaps": (12, "MS", _monthly_gaps),
    "monthly_many_gaps": (12, "MS", _monthly_many_gaps),
    "monthly_short": (6, "MS", _monthly_short),
    "monthly_single": (12, "MS", _monthly_single),
    "weekly": (13, "W-SUN", _weekly),
    "daily": (28, "D", _daily),
    "daily_negative": (14, "D", _daily_negative),
    "daily_intermittent": (28, "D", _daily_intermittent),
    "hourly_two_seasons": (48, "h", _hourly_two_seasons),
    "quarter_hours_sun": (96, "15min", _quarter_hours_sun),
    "numbered": (10, "int", _numbered),
    "numbered_far_from_zero": (10, "int", _numbered_far_from_zero),
    "numbered_constant": (6, "int", _numbered_constant),
}
"""Horizon, step of the times and formula of every panel."""
