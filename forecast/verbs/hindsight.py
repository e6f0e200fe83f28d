"""What was forecast held against what came: the forecasts of a finished run, scored by newer data.

The idea: the run folder knows how its data were read and what it forecast, so the same file with more rows, or the new
rows alone, is enough. How often the intervals held what came is said beside how often they promised to.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import pandas as pd

from forecast.config import resolve
from forecast.defaults import METRIC, QUANTILE_METRIC
from forecast.errors import DataError, shown
from forecast.metrics import bias, coverage, mae, mase, mase_scale, pinball, rmse, smape
from forecast.options import DataOptions, spelled_out
from forecast.ready import read
from forecast.runs import load_run, require_parts
from forecast.series import read_series

if TYPE_CHECKING:
    from forecast.config import RunConfig
    from forecast.runs import Run
    from forecast.series import SeriesData

__all__ = ["Hindsight", "score"]

NEEDED = {"forecasts.csv": ["unique_id", "ds", "step", "model", "y_hat"], "run.json": ["season_length"]}
"""What is asked of the files of a run."""


@dataclass(frozen=True)
class Hindsight:
    """What became of the forecasts of a run.

    Parameters
    ----------
    values : DataFrame
        The forecast frame of what came, `y` before `y_hat`.
    scores : DataFrame
        A row for each model, the best first: `came`, errors, and for each level `coverage-80`, the share in percent of
        what came that lay within the interval.
    steps : DataFrame
        The same for each model and step ahead.
    came, of : int
        How many of the values that were forecast came.
    """

    values: pd.DataFrame
    scores: pd.DataFrame
    steps: pd.DataFrame
    came: int
    of: int


@spelled_out(DataOptions)
def score(run: str | Path, newdata: str | Path | pd.DataFrame, **options: Unpack[DataOptions]) -> Hindsight:
    """Hold the forecasts of a run against newer data, matched by series and time.

    Parameters
    ----------
    run : path
        A run folder.
    newdata : path or DataFrame
        The same data with more rows, or the new rows alone; read as the data of the run were.
    {options}

    Raises
    ------
    DataError
        D123, when no value came at any time that was forecast; else as for `forecast.run`.
    FileError
        F102 or F104, when `run` is no whole run folder.

    Examples
    --------
    >>> import tempfile
    >>> from forecast.pipeline import run
    >>> frame = pd.DataFrame({"ds": pd.date_range("2020", periods=24, freq="MS"), "y": range(24)})
    >>> folder = run(frame[:20], models=["drift"], horizon=6, out=tempfile.mkdtemp() + "/r").folder
    >>> found = score(folder, frame)
    >>> found.came, found.of, found.scores["model"][0]
    (4, 6, 'drift')
    """
    finished = load_run(run)
    require_parts(finished, NEEDED)
    settings = resolve(Path(run) / "config.toml", {**options})
    new = _read(newdata, settings, finished)
    frame = finished.forecasts.dropna(subset="y_hat")
    known = new.frame[["unique_id", "ds", "y"]].dropna(subset="y")
    if known["ds"].dtype.kind != frame["ds"].dtype.kind:
        known = known.iloc[:0]
    values = frame.merge(known.astype({"ds": frame["ds"].dtype}), on=["unique_id", "ds"], how="inner", sort=False)
    if values.empty:
        raise _nothing_came(finished, frame, new)
    values["step"] = values["step"].astype(np.int64)
    values.insert(list(values.columns).index("y_hat"), "y", values.pop("y"))
    quantile = finished.metrics.get("quantile")
    scored = values.assign(scale=values["unique_id"].map(_scales(finished)))
    scores = _table(scored, ["model"], quantile)
    points = ["unique_id", "ds"]
    return Hindsight(
        values=values,
        scores=scores.sort_values(METRIC if quantile is None else QUANTILE_METRIC, kind="stable", ignore_index=True),
        steps=_table(scored, ["model", "step"], quantile),
        came=len(values[points].drop_duplicates()),
        of=len(frame[points].drop_duplicates()),
    )


def _read(newdata: str | Path | pd.DataFrame, settings: RunConfig, finished: Run) -> SeriesData:
    """Return the newer data; where they are too few to show a step, that of the history is taken."""
    try:
        return read(newdata, settings)
    except DataError as error:
        if error.code != "D117" or settings.data.resample != "none":
            raise
    step = settings.data.freq
    if step == "auto":
        step = read_series(finished.history, time="ds", target="y", id="unique_id").frequency.alias
    data = settings.data.model_copy(update={"freq": step})
    return read(newdata, settings.model_copy(update={"data": data}), least=1)


def _scales(finished: Run) -> dict[str, float]:
    """Return by which each series divides its errors: the mean error of the seasonal naive method in its history."""
    season = int(finished.info["data"]["season_length"])
    return {str(name): mase_scale(own["y"], season) for name, own in finished.history.groupby("unique_id")}


def _table(values: pd.DataFrame, keys: list[str], quantile: float | None) -> pd.DataFrame:
    """Return the scores of each group of rows."""
    levels = sorted((name.removeprefix("lo-") for name in values.columns if name.startswith("lo-")), key=float)
    rows: list[dict[str, Any]] = []
    for at, own in values.groupby(keys, sort=False):
        y, y_hat, scale = (own[name].to_numpy(np.float64) for name in ("y", "y_hat", "scale"))
        scores = dict(zip(keys, at, strict=True)) | {"came": len(own)}
        if quantile is not None:
            unit = np.where(scale > 0, scale, np.nan)
            scores[QUANTILE_METRIC] = 2.0 * pinball(y / unit, y_hat / unit, quantile)
        scores |= {"mase": mase(y, y_hat, scale), "smape": smape(y, y_hat), "mae": mae(y, y_hat)}
        scores |= {"rmse": rmse(y, y_hat), "bias": bias(y, y_hat)}
        scores |= {f"coverage-{level}": coverage(y, own[f"lo-{level}"], own[f"hi-{level}"]) for level in levels}
        rows.append(scores)
    return pd.DataFrame(rows)


def _nothing_came(finished: Run, frame: pd.DataFrame, new: SeriesData) -> DataError:
    """Return the error that says why nothing matched: other series, or other times."""
    ours, theirs = set(frame["unique_id"]), set(new.frame["unique_id"])
    first, last = _when(frame["ds"].min()), _when(frame["ds"].max())
    if not ours & theirs:
        found = f"series of the run: {_some(ours)}; of {new.name}: {_some(theirs)}"
        hint = "the column that was forecast, by --target, or that of the names, by --id"
    else:
        found = f"{new.name} ends at {_when(new.frame['ds'].max())}"
        hint = f"data that reach beyond {_when(finished.history['ds'].max())}"
    what = f"{new.name} has no value of what was forecast, {first} to {last}"
    return DataError("D123", what, found=found, hint=hint)


def _when(time: Any) -> str:
    """Return a time as it is written, without a midnight that says nothing."""
    return str(time).removesuffix(" 00:00:00")


def _some(names: set[str]) -> str:
    return ", ".join(map(shown, sorted(names)[:3])) + (", ..." if len(names) > 3 else "")
