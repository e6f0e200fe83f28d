"""How long a large panel takes through the automatic transforms, and through each transform alone.

The bound is 5 s for 10,000 monthly series of 120 points; the best of `--repeats` runs in this process is printed.
"""

from __future__ import annotations

import argparse
import json
from time import perf_counter

import numpy as np

from forecast.frequency import Frequency
from forecast.panel import Panel
from forecast.transforms import MSTL, STL, TRANSFORMS, choose_transforms

BOUND = 5.0


def monthly(n_series: int, length: int, *, seed: int = 0) -> Panel:
    """Return monthly series with trends, seasons, noise and, in every tenth, gaps."""
    rng = np.random.default_rng(seed)
    t = np.arange(length)
    y = 100 + rng.normal(0, 0.3, (n_series, 1)) * t + rng.normal(0, 3, (n_series, length))
    y += rng.choice([0.0, 10.0], (n_series, 1)) * np.sin(2 * np.pi * t / 12)
    y[::10][rng.random((len(y[::10]), length)) < 0.05] = np.nan
    y[:, 0] = 100.0
    return Panel(
        values=(y * 10.0 ** rng.integers(-2, 4, (n_series, 1))).ravel(),
        offsets=np.arange(0, n_series * length + 1, length),
        ids=tuple(f"s{i}" for i in range(n_series)),
        last=np.full(n_series, np.datetime64("2020-01-01", "us")),
        frequency=Frequency("MS"),
        season_length=12,
    )


def measured(n_series: int, length: int, repeats: int) -> list[dict[str, object]]:
    """Return a row for the automatic rule and one for each transform: seconds there and back."""
    panel = monthly(n_series, length)
    rows: list[dict[str, object]] = []
    for name in ("auto", *(name for name, kind in TRANSFORMS.items() if kind not in (STL, MSTL))):
        seconds = []
        for _ in range(repeats):
            start = perf_counter()
            if name == "auto":
                choose_transforms(panel)
            else:
                transform = TRANSFORMS[name]()
                transform.fit(panel).restore(transform.apply(panel))
            seconds.append(perf_counter() - start)
        rows.append({"transforms": name, "series": n_series, "points": length, "seconds": round(min(seconds), 3)})
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=10_000)
    parser.add_argument("--points", type=int, default=120)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    rows = measured(given.series, given.points, given.repeats)
    if given.json:
        print(json.dumps(rows))
        return
    for row in rows:
        print(f"{row['transforms']:<15}{row['seconds']:>8} s")
    print(f"bound for auto: {BOUND} s")


if __name__ == "__main__":
    main()
