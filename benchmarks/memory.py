"""How much memory a panel takes on its way to a training, beside the panel itself.

Traced is what `transforms.choose_transforms` and `samples` hold at their peak, for panels of three sizes: transformed
values, which of them are targets, and batches drawn. The bound is 1.3 times the panel's own memory plus a constant, so
that what counts is the increase from one size to the next over the increase of the panel. A network, its gradients and
its batches have a size that does not depend on the panel.
"""

from __future__ import annotations

import argparse
import json
import tracemalloc
from itertools import pairwise

import numpy as np

from forecast.frequency import Frequency
from forecast.panel import Panel
from forecast.samples import Samples, last_inputs
from forecast.transforms import choose_transforms

BOUND = 1.3
BATCH = 1024


def monthly(n_series: int, length: int, *, seed: int = 0) -> Panel:
    """Return monthly series with a season, noise and, in every tenth, gaps."""
    rng = np.random.default_rng(seed)
    values = rng.normal(100.0, 5.0, (n_series, length))
    values += 10.0 * np.sin(np.arange(length) * np.pi / 6)
    values[::10, 5:8] = np.nan
    return Panel(
        values=values.ravel(),
        offsets=np.arange(0, n_series * length + 1, length),
        ids=tuple(f"store_{i:06d}" for i in range(n_series)),
        last=np.full(n_series, np.datetime64("2020-01-01", "us")),
        frequency=Frequency("MS"),
        season_length=12,
    )


def own_memory(panel: Panel) -> int:
    """Return the bytes of a panel: its arrays and the names."""
    names = sum(name.__sizeof__() for name in panel.ids) + panel.ids.__sizeof__()
    return int(panel.values.nbytes + panel.offsets.nbytes + panel.last.nbytes + names)


def train(panel: Panel, *, input_size: int = 24, horizon: int = 12) -> None:
    """Transform a panel, draw batches from it and look at its end, as a training does."""
    _, prepared, _ = choose_transforms(panel)
    observed = np.isnan(panel.values)
    np.logical_not(observed, out=observed)
    samples = Samples(prepared.values, panel.offsets, observed, input_size=input_size, horizon=horizon)
    cuts = samples.before(horizon).cuts()
    rng = np.random.default_rng(0)
    for _ in range(20):
        samples.gather(cuts[rng.integers(len(cuts), size=BATCH)])
    samples.gather(samples.cuts(latest=horizon).spread(2**14))
    last_inputs(prepared.values, panel.offsets, input_size)


def measured(n_series: int, length: int) -> dict[str, float]:
    """Return the bytes of a panel, and the most that was held beside it."""
    panel = monthly(n_series, length)
    tracemalloc.start()
    train(panel)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {"series": n_series, "points": length, "own_mb": own_memory(panel) / 2**20, "peak_mb": peak / 2**20}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=20_000, help="in the smallest panel (default 20,000)")
    parser.add_argument("--points", type=int, default=200, help="in a series (default 200)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    found = [measured(arguments.series * times, arguments.points) for times in (1, 2, 4)]
    for before, row in pairwise(found):
        row["times_own"] = (row["peak_mb"] - before["peak_mb"]) / (row["own_mb"] - before["own_mb"])
    if arguments.json:
        print(json.dumps({"bound": BOUND, "panels": found}, indent=1))
        return
    for row in found:
        print("  ".join(f"{name} {value:.2f}" for name, value in row.items()))


if __name__ == "__main__":
    main()
