"""Several finished runs side by side: one table of all their models, if they answered the same question.

The idea: scores compare only over the same data, horizon and windows, so these must agree; and where fits failed, all
models are scored on the points that every run has.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecast.backtesting import Fitted
from forecast.defaults import BASELINES, METRIC
from forecast.errors import ConfigError
from forecast.runs import load_run, scorable
from forecast.scoring import common_points, leaderboard

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from forecast.runs import Run

__all__ = ["Comparison", "compare"]

POINT = ["unique_id", "cutoff", "step"]


@dataclass(frozen=True)
class Comparison:
    """The models of several runs, the best first.

    Parameters
    ----------
    board : DataFrame
        A scores frame with the column `run` before `model`.
    metric : str
        The score that orders it.
    reasons : tuple of str
        Why the runs are not comparable; none where they are.
    """

    board: pd.DataFrame
    metric: str
    reasons: tuple[str, ...] = ()


def compare(folders: Sequence[str | Path], *, force_unequal: bool = False) -> Comparison:
    """Return one table of the models of several runs.

    Parameters
    ----------
    folders : sequence of path
        Run folders.
    force_unequal : bool
        Return a table also where the runs scored different things; each run is then scored on its own points.

    Raises
    ------
    ConfigError
        U101, on fewer than two runs; U201, where data, horizon, windows or metric differ.
    FileError
        F102 or F104, when one is no whole run folder.

    Examples
    --------
    >>> import tempfile
    >>> from forecast.pipeline import run
    >>> one, two = (run("nile", models=[name], horizon=4, n_windows=2, out=f"{tempfile.mkdtemp()}/{name}").folder
    ...             for name in ("drift", "mean"))
    >>> compare([one, two]).board[["run", "model"]].drop_duplicates().shape
    (6, 2)
    """
    if len(folders) < 2:
        raise ConfigError("U101", "a comparison takes two runs or more", hint="forecast compare reports/a reports/b")
    runs = [load_run(folder) for folder in folders]
    backtests = [scorable(run) for run in runs]
    reasons = tuple(_unequal(runs))
    if reasons and not force_unequal:
        hint = "--force-unequal shows them side by side all the same"
        raise ConfigError("U201", f"{'; '.join(reasons)}: not comparable", hint=hint)
    frames = [common_points(backtest) for backtest in backtests]
    tables = [
        _table(run, name, frame)
        for run, name, frame in zip(runs, _names(runs), frames if reasons else _shared(frames), strict=True)
    ]
    metrics = {str(run.metrics["metric"]) for run in runs}
    metric = metrics.pop() if len(metrics) == 1 else METRIC
    board = pd.concat(tables, ignore_index=True).sort_values(metric, kind="stable", ignore_index=True)
    board["rank"] = np.arange(1, len(board) + 1)
    return Comparison(board, metric, reasons)


def _unequal(runs: Sequence[Run]) -> Iterator[str]:
    """Yield what the runs do not have in common."""
    if len({run.info["data"]["sha256"] for run in runs}) > 1:
        names = dict.fromkeys(str(run.info["data"]["name"]) for run in runs)
        yield f"the data differ ({' and '.join(names) if len(names) > 1 else f'two versions of {next(iter(names))}'})"
    horizons = dict.fromkeys(run.info["horizon"] for run in runs)
    if len(horizons) > 1:
        yield f"the horizons differ ({' and '.join(map(str, horizons))})"
    windows = [frozenset(zip(run.backtest["unique_id"], run.backtest["cutoff"], strict=True)) for run in runs]
    if len(set(windows)) > 1:
        counts = dict.fromkeys(run.backtest["cutoff"].nunique() for run in runs)
        yield f"the windows differ ({' and '.join(map(str, counts))} cutoffs)"
    quantiles = dict.fromkeys(run.metrics.get("quantile") for run in runs)
    if len(quantiles) > 1:
        yield f"the metrics differ (quantiles {' and '.join(map(str, quantiles))})"
    metrics = dict.fromkeys(str(run.metrics["metric"]) for run in runs)
    if len(quantiles) == 1 and len(metrics) > 1:
        yield f"the metrics differ ({' and '.join(metrics)})"


def _names(runs: Sequence[Run]) -> list[str]:
    """Return what to call the runs: the names of their folders, or the paths where these are not told apart."""
    names = [Path(run.folder).resolve().name for run in runs]
    return names if len(set(names)) == len(names) else [str(run.folder) for run in runs]


def _shared(frames: Sequence[pd.DataFrame]) -> list[pd.DataFrame]:
    """Return the rows of each frame at the points that all of them have."""
    points = [pd.MultiIndex.from_frame(frame[POINT]) for frame in frames]
    return [
        frame[np.logical_and.reduce([own.isin(other) for other in points])]
        for frame, own in zip(frames, points, strict=True)
    ]


def _table(run: Run, name: str, scored: pd.DataFrame) -> pd.DataFrame:
    """Return the leaderboard of a run over some of its points."""
    fits = [Fitted(pd.DataFrame(), failures=run.info["failures"])]
    quantile = run.metrics.get("quantile")
    models, metric = run.leaderboard["model"], str(run.metrics["metric"])
    board = leaderboard(scored, models, baselines=BASELINES, fits=fits, quantile=quantile, metric=metric)
    board.insert(1, "run", name)
    return board
