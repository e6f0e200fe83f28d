"""Files of anyone's series, forecast as a user would from the command line, without their last values.

The idea: the process that forecasts is given a file in which the truth does not stand, starts cold, and is scored on
what it writes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast import ForecastError, read_series
from forecast.metrics import mase, mase_scale, smape
from measuring.made import INDEX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecast import Panel

LEAST = 3
"""Values that must be left of a series: a shorter one is not scored."""
BASELINES = ("seasonal_naive", "theta", "ets")
WORSE = 1.05
"""So many times the error of the better of Theta and ETS is said to be bad."""


def files(given: Path, horizon: int | None) -> list[tuple[Path, int]]:
    """Return the files to be measured with their horizons: the one given, or those of a folder of made panels."""
    if given.is_dir():
        horizons = json.loads((given / INDEX).read_text(encoding="utf-8"))
        return [(given / name, horizon or own) for name, own in horizons.items()]
    if horizon is None:
        raise SystemExit("--csv FILE needs --horizon")
    return [(given, horizon)]


def measure(path: Path, horizon: int, models: Sequence[str], *, words: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return a row a model: scores over all points held out, seconds and peak memory of the whole process.

    Parameters
    ----------
    words : sequence of str
        Further options of ``forecast predict``, such as ``--seed 1``, for every model that is not a baseline.
    """
    try:
        panel = read_series(path).panel
    except ForecastError as error:
        return [{"file": path.name, "horizon": horizon, "series": 0, "model": "any", "trouble": str(error)}]
    whole = panel.take(np.flatnonzero(panel.lengths >= horizon + LEAST))
    past = whole.drop_last(horizon)
    with tempfile.TemporaryDirectory() as folder:
        without = Path(folder) / path.name
        past.to_frame().dropna().to_csv(without, index=False)
        rows = []
        for model in dict.fromkeys([*models, *BASELINES]):
            asked = [*(words if model in models else ()), "--models", model]
            out = Path(folder) / f"{model}.csv"
            seconds, peak, trouble = predict(without, horizon, out, asked)
            row: dict[str, Any] = {"file": path.name, "horizon": horizon, "series": whole.n_series, "model": model}
            found = {} if trouble else scores(whole, past, pd.read_csv(out, dtype={"unique_id": str}), horizon, model)
            rows.append(row | found | {"seconds": seconds, "peak_mb": peak} | ({"trouble": trouble} if trouble else {}))
    return rows


def predict(without: Path, horizon: int, out: Path, words: Sequence[str]) -> tuple[float, float, str]:
    """Run ``forecast predict`` in a process of its own; return seconds, peak memory in MB and what went wrong."""
    command = [sys.executable, "-m", "forecast", "predict", str(without), "--horizon", str(horizon)]
    start = perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen([*command, *words, "--output", str(out), "--quiet"], stdout=said, stderr=said)
        if hasattr(os, "wait4"):
            _, status, usage = os.wait4(process.pid, 0)
            code, peak = os.waitstatus_to_exitcode(status), usage.ru_maxrss / 1024
            process.returncode = code
        else:
            code, peak = process.wait(), float("nan")
        said.seek(0)
        trouble = " ".join(said.read().split())[-300:] if code else ""
    return perf_counter() - start, peak, f"exit {code}: {trouble}" if code else ""


def scores(whole: Panel, past: Panel, frame: pd.DataFrame, horizon: int, model: str) -> dict[str, Any]:
    """Return the scores of written forecasts, matched by series and time, and how many points have none."""
    truth = whole.latest(horizon).to_frame()
    m = past.season_length
    scale = {name: mase_scale(past.series(s), m) for s, name in enumerate(past.ids)}
    if "model" in frame:
        frame = frame[frame["model"] == model]
    integers = pd.api.types.is_integer_dtype(truth["ds"])
    ds = frame["ds"] if integers else pd.to_datetime(frame["ds"]).astype(truth["ds"].dtype)
    found = frame.assign(ds=ds)[["unique_id", "ds", "y_hat"]]
    both = truth.astype({"unique_id": str}).merge(found, how="left", on=["unique_id", "ds"])
    scored = both[both["y"].notna()]
    y, y_hat = scored["y"].to_numpy(), scored["y_hat"].to_numpy()
    return {
        "smape": smape(y, y_hat),
        "mase": mase(y, y_hat, scored["unique_id"].map(scale).to_numpy()),
        "missing": int(np.isnan(y_hat).sum()),
    }


def doubts(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Return in words where a model failed, left points out, or was clearly worse than Theta and ETS."""
    said = []
    for row in rows:
        what = f"{row['file']}, horizon {row['horizon']}: {row['model']}"
        if "trouble" in row:
            said.append(f"{what} failed: {row['trouble']}")
            continue
        if row["missing"]:
            said.append(f"{what} left out {row['missing']} points")
        peers = [
            other
            for other in rows
            if other["file"] == row["file"] and other["model"] in ("theta", "ets") and "trouble" not in other
        ]
        for metric in ("smape", "mase"):
            best = min((other[metric] for other in peers), default=float("nan"))
            if row["model"] not in BASELINES and row[metric] > WORSE * best:
                said.append(f"{what} has {metric} {row[metric]:.3f}, the better of Theta and ETS {best:.3f}")
    return said
