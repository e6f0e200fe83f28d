"""Our classical methods against statsforecast's, on a seeded sample of the M3 competition, side by side.

Both get the training part of the same series and forecast the test part; sMAPE and MASE are means over series, times
are of one process with one thread, fits and forecasts, the two taken in turn. Needs the extra ``bench`` and the M3
files (``m3_yearly.csv.gz``, ...: unique_id, ds, y, split) in the folder ``--data``.
"""

from __future__ import annotations

import argparse
import json
import os
import warnings
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np  # noqa: E402 - threads are set before NumPy loads
import pandas as pd  # noqa: E402

from forecast.frequency import Frequency  # noqa: E402
from forecast.metrics import mase, mase_scale, smape  # noqa: E402
from forecast.models.arima import ARIMA  # noqa: E402
from forecast.models.ets import ETS  # noqa: E402
from forecast.models.theta import Theta  # noqa: E402
from forecast.panel import Panel  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

PARTS = {"yearly": (6, 1), "quarterly": (8, 4), "monthly": (18, 12), "other": (8, 1)}
OURS = {"arima": ARIMA, "ets": ETS, "theta": Theta}


def sample(folder: Path, *, size: int, seed: int) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Return part, training values and test values of `size` series, drawn in proportion to the parts."""
    series = []
    for part in PARTS:
        frame = pd.read_csv(folder / f"m3_{part}.csv.gz")
        for _, own in frame.groupby("unique_id", sort=True):
            train = own["split"] == "train"
            series.append((part, own.loc[train, "y"].to_numpy(float), own.loc[~train, "y"].to_numpy(float)))
    chosen = np.random.default_rng(seed).choice(len(series), size=min(size, len(series)), replace=False)
    return [series[i] for i in np.sort(chosen)]


def ours(name: str) -> Callable[[np.ndarray, int, int], np.ndarray]:
    """Return a function from training values, horizon and season to our forecasts."""

    def forecast(y: np.ndarray, horizon: int, season_length: int) -> np.ndarray:
        panel = Panel(y, np.array([0, len(y)]), ("a",), np.array([len(y)]), Frequency("int"), season_length)
        return OURS[name]().fit(panel, horizon=horizon).predict()["y_hat"].to_numpy()

    return forecast


def theirs(name: str) -> Callable[[np.ndarray, int, int], np.ndarray]:
    """Return the same for statsforecast."""
    from statsforecast import models

    makers = {"arima": models.AutoARIMA, "ets": models.AutoETS, "theta": models.AutoTheta}

    def forecast(y: np.ndarray, horizon: int, season_length: int) -> np.ndarray:
        return makers[name](season_length=season_length).forecast(y=y, h=horizon)["mean"]

    return forecast


def compare(name: str, series: list[tuple[str, np.ndarray, np.ndarray]]) -> dict[str, Any]:
    """Return the row of one method."""
    peers = {"ours": ours(name), "theirs": theirs(name)}
    for part, y, truth in series[:1] + series[-1:]:  # compiled and loaded before the clock runs
        for forecast in peers.values():
            forecast(y, len(truth), PARTS[part][1])
    scores: dict[str, list[tuple[float, float]]] = {who: [] for who in peers}
    seconds = dict.fromkeys(peers, 0.0)
    for part, y, truth in series:
        scale = mase_scale(y, PARTS[part][1])
        for who, forecast in peers.items():
            start = perf_counter()
            y_hat = forecast(y, len(truth), PARTS[part][1])
            seconds[who] += perf_counter() - start
            scores[who].append((smape(truth, y_hat), mase(truth, y_hat, scale)))
    means = {who: np.nanmean(np.array(rows), axis=0) for who, rows in scores.items()}
    return {
        "method": name,
        "series": len(series),
        **{f"{who}_smape": round(float(means[who][0]), 3) for who in peers},
        **{f"{who}_mase": round(float(means[who][1]), 4) for who in peers},
        "smape_ratio": round(float(means["ours"][0] / means["theirs"][0]), 4),
        "mase_ratio": round(float(means["ours"][1] / means["theirs"][1]), 4),
        **{f"{who}_ms": round(1e3 * seconds[who] / len(series), 1) for who in peers},
        "time_ratio": round(seconds["ours"] / seconds["theirs"], 2),
    }


def main() -> None:
    """Measure, then print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the M3 files")
    parser.add_argument("--size", type=int, default=200, help="series (default 200)")
    parser.add_argument("--seed", type=int, default=0, help="of the sample (default 0)")
    parser.add_argument("--models", default=",".join(OURS), help="of arima, ets, theta")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    series = sample(arguments.data, size=arguments.size, seed=arguments.seed)
    rows = [compare(name, series) for name in arguments.models.split(",")]
    if arguments.json:
        print(json.dumps(rows, indent=1))
        return
    print("  ".join(f"{key:>12}" for key in rows[0]))
    for row in rows:
        print("  ".join(f"{value!s:>12}" for value in row.values()))


if __name__ == "__main__":
    main()
