"""How large a page is and how long it takes, for one series and for a panel of 1,000: `python benchmarks/report.py`.

The idea: the unit is the saving of one figure, and both are counted in seconds of the processor, so that a busy machine
changes nothing; the panel has naive models alone, for the page does not care how a forecast came about.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import numpy as np
import pandas as pd

import forecast
from forecast import figures, report
from forecast.report.view import View
from forecast.runs import load_run

BUDGETS = {
    "one series": {"megabytes": 1.5, "figures": 20, "times": 40},
    "1,000 series": {"megabytes": 3.0, "figures": 20, "times": 80},
}
"""The largest page, the most figures, and the longest rendering as a multiple of saving one figure."""


def synthetic(n_series: int, *, length: int = 72) -> pd.DataFrame:
    """Return monthly series with a trend, a season and noise, each of its own size."""
    rng, t = np.random.default_rng(0), np.arange(length)
    size = rng.lognormal(4, 1, n_series)[:, None]
    season = 0.2 * np.sin(2 * np.pi * (t + rng.integers(0, 12, n_series)[:, None]) / 12)
    values = size * (1 + season + 0.003 * t + 0.08 * rng.standard_normal((n_series, length)))
    dates = pd.date_range("2019-01-01", periods=length, freq="MS")
    ids = np.repeat([f"series {i:04}" for i in range(n_series)], length)
    return pd.DataFrame({"id": ids, "month": np.tile(dates, n_series), "value": values.round(3).ravel()})


def saving(folder: Path) -> float:
    """Return the seconds that the fan chart of a run takes to be built and saved: the best of five."""
    view = View(load_run(folder))
    history = view.run.history[view.run.history["unique_id"] == view.ids[0]]
    best = np.inf
    for _ in range(5):
        start = process_time()
        figures.to_png(figures.fan_chart(history, forecasts=view.forecasts, model=view.best))
        best = min(best, process_time() - start)
    return float(best)


def measured(name: str, folder: Path) -> dict[str, Any]:
    """Return the size of the page of a run, its figures, and how long it takes to be made again."""
    one = saving(folder)
    start = process_time()
    page = report.render(folder)
    seconds = process_time() - start
    found = {
        "megabytes": page.stat().st_size / 1e6,
        "figures": len(list((folder / "figures").glob("*.png"))),
        "times": seconds / one,
    }
    limits = BUDGETS[name]
    return {
        "case": name,
        **found,
        "seconds": seconds,
        "saving_one": one,
        "within": all(found[key] <= limits[key] for key in limits),
    }


def main() -> int:
    """Measure both pages, print them, and fail where one is beyond its budget."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args()
    rows = []
    with TemporaryDirectory() as folder:
        single = forecast.run("airline", out=Path(folder, "one"), preset="fast").folder
        rows.append(measured("one series", single))
        models = ["drift", "mean", "seasonal_naive", "naive"]
        panel = forecast.run(synthetic(1_000), out=Path(folder, "many"), models=models, horizon=12).folder
        rows.append(measured("1,000 series", panel))
    if chosen.json:
        print(json.dumps(rows, indent=1))
    else:
        print(f"{'':14}{'MB':>8}{'figures':>9}{'CPU s':>9}{'times one figure':>18}")
        for row in rows:
            word = "" if row["within"] else "  beyond its budget"
            print(
                f"{row['case']:14}{row['megabytes']:8.2f}{row['figures']:9}{row['seconds']:9.2f}{row['times']:18.1f}{word}"
            )
    return 0 if all(row["within"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
