"""How often intervals really cover: on the monthly series of M3, and on simulated series whose future is drawn anew.

Intervals are calibrated on the training part alone, as a run does it, and held against what came after. ``panel``: all
series are forecast together and share their errors; ``alone``: each series is a run of its own. `--peer` adds
statsforecast's AutoETS with its own intervals (MSIS: mean scaled interval score, lower is better).
"""

from __future__ import annotations

import argparse
import json
import os
import warnings
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np  # noqa: E402 - threads are set before NumPy loads
import pandas as pd  # noqa: E402

from forecast.backtesting import backtest, fit_all  # noqa: E402
from forecast.calibration import Calibration  # noqa: E402
from forecast.frequency import Frequency  # noqa: E402
from forecast.metrics import coverage, mase_scale, msis  # noqa: E402
from forecast.panel import Panel, interval_names  # noqa: E402
from forecast.ready import MODELS  # noqa: E402
from forecast.split import Split, choose_n_windows  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

    Series = list[tuple[np.ndarray, np.ndarray]]

LEVELS = (80.0, 95.0)
HORIZON = 12
LENGTHS = (60, 201)
PHI = 0.7


def m3(folder: Path) -> Series:
    """Return training and test values of the monthly series of M3."""
    frame = pd.read_csv(folder / "m3_monthly.csv.gz")
    train = frame["split"] == "train"
    return [
        (own.loc[train[own.index], "y"].to_numpy(float), own.loc[~train[own.index], "y"].to_numpy(float))
        for _, own in frame.groupby("unique_id", sort=True)
    ]


def autoregressive(n: int, rng: np.random.Generator) -> np.ndarray:
    """Return an AR(1) about 100, from its stationary distribution."""
    noise, y = rng.normal(size=n), np.empty(n)
    y[0] = noise[0] / np.sqrt(1.0 - PHI**2)
    for t in range(1, n):
        y[t] = PHI * y[t - 1] + noise[t]
    return 100.0 + y


def walk(n: int, rng: np.random.Generator) -> np.ndarray:
    """Return a random walk from 100."""
    return 100.0 + np.cumsum(rng.normal(size=n))


def seasonal(n: int, rng: np.random.Generator) -> np.ndarray:
    """Return a season of 12 about 100, as large as three times the noise."""
    return 100.0 + np.resize(rng.normal(0.0, 3.0, 12), n) + rng.normal(size=n)


CASES: dict[str, tuple[Callable[[int, np.random.Generator], np.ndarray], int]] = {
    "ar1": (autoregressive, 1),
    "walk": (walk, 1),
    "seasonal": (seasonal, 12),
}
"""How a series is drawn, and its season."""


def simulated(case: str, *, size: int, seed: int) -> Series:
    """Return so many series of a case, each with what comes after it."""
    rng, draw = np.random.default_rng(seed), CASES[case][0]
    lengths = rng.integers(*LENGTHS, size)
    return [(y[:-HORIZON], y[-HORIZON:]) for y in (draw(int(n) + HORIZON, rng) for n in lengths)]


def panel_of(series: Series, season_length: int) -> Panel:
    """Return the training values as a panel."""
    pasts = [y for y, _ in series]
    offsets = np.r_[0, np.cumsum([len(y) for y in pasts])].astype(np.int64)
    ids = tuple(f"s{s:05d}" for s in range(len(pasts)))
    last = np.array([len(y) for y in pasts], dtype=np.int64)
    return Panel(np.concatenate(pasts), offsets, ids, last, Frequency("int"), season_length)


def ahead(model: str, panel: Panel, horizon: int, *, refit: int, settings: dict[str, Any]) -> tuple[np.ndarray, ...]:
    """Return the ends of the intervals [S, H, 2] of each level."""
    split = Split(horizon, choose_n_windows(panel, horizon), refit=refit)
    factories = {model: partial(MODELS[model], **settings)}
    tested = backtest(factories, panel, split, levels=LEVELS)
    found = Calibration(panel, split, tested, LEVELS).ahead(fit_all(factories, panel, split, levels=LEVELS).forecasts)
    shape = (panel.n_series, horizon)
    return tuple(
        np.stack([found[n].to_numpy().reshape(shape) for n in interval_names(level)], axis=-1) for level in LEVELS
    )


def peer(series: Series, season_length: int, horizon: int) -> tuple[np.ndarray, ...]:
    """Return the same of statsforecast's AutoETS."""
    from statsforecast.models import AutoETS

    rows: list[list[np.ndarray]] = [[] for _ in LEVELS]
    for y, _ in series:
        found = AutoETS(season_length=season_length).forecast(y=y, h=horizon, level=[int(v) for v in LEVELS])
        for row, level in zip(rows, LEVELS, strict=True):
            row.append(np.stack([found[n] for n in interval_names(level)], axis=-1))
    return tuple(map(np.stack, rows))


def judged(series: Series, ends: tuple[np.ndarray, ...], season_length: int) -> list[dict[str, Any]]:
    """Return a row for each level: coverage over all, its range over steps and thirds by volatility, and MSIS.

    The thirds are those of the mean absolute step of the training values over their mean size.
    """
    truth = np.stack([after for _, after in series])
    scale = np.array([mase_scale(y, season_length) for y, _ in series])
    rough = np.array([np.abs(np.diff(y)).mean() / np.abs(y).mean() for y, _ in series])
    thirds = np.array_split(np.argsort(rough), 3)
    rows = []
    for level, end in zip(LEVELS, ends, strict=True):
        low, high = end[..., 0], end[..., 1]
        steps = [coverage(truth[:, h], low[:, h], high[:, h]) for h in range(truth.shape[1])]
        parts = [coverage(truth[part], low[part], high[part]) for part in thirds]
        rows.append(
            {
                "level": level,
                "coverage": coverage(truth, low, high),
                "least_step": min(steps),
                "most_step": max(steps),
                **{f"third_{i}": part for i, part in enumerate(parts, start=1)},
                "msis": msis(truth, low, high, level, scale[:, None]),
                "without": 100.0 * float(np.isnan(low).mean()),
            }
        )
    return rows


def main() -> None:
    """Measure, then print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="the folder of the M3 files, for the case m3")
    parser.add_argument("--cases", default=",".join(CASES), help=f"of m3,{','.join(CASES)}")
    parser.add_argument("--models", default="seasonal_naive,naive,drift,mean,theta,ets,arima,linear,prior,mlp")
    parser.add_argument("--mode", choices=("panel", "alone"), default="panel", help="(default panel)")
    parser.add_argument("--size", type=int, default=1000, help="simulated series a case, or at most of M3")
    parser.add_argument("--refit", type=int, default=1, help="as of a run (default 1)")
    parser.add_argument("--seed", type=int, default=0, help="of the simulated series (default 0)")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the models")
    parser.add_argument("--peer", action="store_true", help="AutoETS as well")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    settings = {name: json.loads(value) for name, _, value in (given.partition("=") for given in arguments.set)}
    rows: list[dict[str, Any]] = []
    for case in arguments.cases.split(","):
        m = 12 if case == "m3" else CASES[case][1]
        many = m3(arguments.data) if case == "m3" else simulated(case, size=arguments.size, seed=arguments.seed)
        many = many[: arguments.size] if arguments.size != parser.get_default("size") or case != "m3" else many
        horizon = len(many[0][1])
        groups = [many] if arguments.mode == "panel" else [[one] for one in many]
        for model in [*arguments.models.split(","), *(["AutoETS"] if arguments.peer else [])]:
            start = perf_counter()
            if model == "AutoETS":
                ends = peer(many, m, horizon)
            else:
                made = partial(ahead, model, horizon=horizon, refit=arguments.refit, settings=settings)
                ends = tuple(map(np.concatenate, zip(*(made(panel_of(g, m)) for g in groups), strict=True)))
            found = judged(many, ends, m)
            first = {"case": case, "mode": arguments.mode, "model": model}
            rows += [first | row | {"seconds": round(perf_counter() - start)} for row in found]
            if not arguments.json:
                for row in rows[-len(found) :]:
                    shown = (f"{v:.1f}" if isinstance(v, float) else str(v) for v in row.values())
                    header = [] if len(rows) > len(found) or row is not rows[0] else [rows[0]]
                    print(*("\t".join(h) for h in header), "\t".join(shown), sep="\n", flush=True)
    if arguments.json:
        print(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
