"""The public test sets as cases: a panel, a horizon, and the cutoffs from which it is forecast.

The idea: a case is held against the end of its panel. For validation that is the end of the training part, so what the
test part holds is not even loaded into it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecast import read_series

if TYPE_CHECKING:
    from pathlib import Path

    from forecast import Panel

M3 = {"yearly": 6, "quarterly": 8, "monthly": 18, "other": 8}
NN3_HORIZON = 18
ETT_HORIZONS = (96, 192, 336, 720)
ETT_HOURS = (8640, 2880, 2880)
WEEK, WEEKS = 168, 8
TEMPERATURES = ("mean", "all")


@dataclass(frozen=True)
class Fit:
    """A model learns `learn` values before the end of its panel, and forecasts from `backs` values before it."""

    learn: int
    backs: tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """A panel to be forecast, and how.

    Parameters
    ----------
    set, part : str
        Whose scores these are, such as ``m3`` and ``yearly``.
    whole : Panel
        The past and what came. Models are given what lies before a cutoff.
    fits : tuple of Fit
        When models learn and from where they forecast.
    metrics : tuple of str
        What is scored, the first before all.
    single : bool
        Every series is forecast by a model of its own.
    """

    set: str
    part: str
    whole: Panel
    horizon: int
    fits: tuple[Fit, ...]
    metrics: tuple[str, ...]
    single: bool = False

    def truth(self) -> np.ndarray:
        """Return what came, [cutoffs, S, H]."""
        backs = [back for fit in self.fits for back in fit.backs]
        return np.stack([self.whole.tail(back)[:, : self.horizon] for back in backs])

    def sample(self, most: int | None) -> Case:
        """Return the case of at most so many series, at equal distances."""
        if most is None or most >= self.whole.n_series:
            return self
        chosen = np.unique(np.linspace(0, self.whole.n_series - 1, most).astype(int))
        return replace(self, whole=self.whole.take(chosen))


def names() -> list[str]:
    """Return every set that can be asked for."""
    competition = ["m3", *(f"m3_{part}" for part in M3), "nn3"]
    single = [f"{name}_single" for name in competition]
    return [*competition, *single, "etth1", *(f"etth1_{h}" for h in ETT_HORIZONS), *("gefcom", *GEFCOM)]


def load(name: str, folder: Path, *, test: bool, temperature: str = "mean", refit: int = WEEKS) -> list[Case]:
    """Return the cases of a set: of its training parts, or with `test` of its test parts."""
    if name.startswith("etth1"):
        horizons = ETT_HORIZONS if name == "etth1" else (int(name.removeprefix("etth1_")),)
        return etth1(pd.read_csv(folder / "etth1.csv.gz"), horizons, test=test)
    if name.startswith("gefcom"):
        frame = pd.read_csv(folder / "gefcom2012_load.csv.gz")
        kinds = GEFCOM if name == "gefcom" else (name,)
        return [gefcom(frame, kind, test=test, temperature=temperature, refit=refit) for kind in kinds]
    plain, single = name.removesuffix("_single"), name.endswith("_single")
    if plain == "nn3":
        frame = pd.read_csv(folder / "nn3_monthly.csv.gz")
        return [competition(frame, name, "monthly", NN3_HORIZON, test=test, single=single)]
    parts = M3 if plain == "m3" else {plain.removeprefix("m3_"): M3[plain.removeprefix("m3_")]}
    files = {part: pd.read_csv(folder / f"m3_{part}.csv.gz") for part in parts}
    return [competition(files[part], name, part, horizon, test=test, single=single) for part, horizon in parts.items()]


def competition(frame: pd.DataFrame, name: str, part: str, horizon: int, *, test: bool, single: bool) -> Case:
    """Return the case of a file with ``unique_id, ds, y, split``, whose last `horizon` values are forecast."""
    if not test:
        frame = frame[frame["split"] == "train"]
    series = frame[["unique_id", "ds", "y"]]
    past = series[series.groupby("unique_id").cumcount(ascending=False) >= horizon]
    fits = (Fit(horizon, (horizon,)),)
    return Case(name, part, understood(past, series), horizon, fits, ("smape", "mase", "owa"), single)


def etth1(frame: pd.DataFrame, horizons: tuple[int, ...], *, test: bool) -> list[Case]:
    """Return a case a horizon: learned from the first part, forecast from every hour at which a horizon is left.

    All columns are standardised by the mean and the standard deviation of the first part. For the test, too, models
    learn from the first part alone.
    """
    first, second, third = ETT_HOURS
    hours = first + second + (third if test else 0)
    values = frame.iloc[:hours, 1:]
    scaled = (values - values[:first].mean()) / values[:first].std(ddof=0)
    wide = scaled.assign(ds=pd.to_datetime(frame["date"][:hours]))
    series = wide.melt("ds", var_name="unique_id", value_name="y")
    whole = understood(series[series["ds"] < wide["ds"][first]], series)
    last = third if test else second
    return [
        Case("etth1", str(h), whole, h, (Fit(hours - first, tuple(range(last, h - 1, -1))),), ("mse", "mae"))
        for h in horizons
    ]


GEFCOM = ("gefcom_load", "gefcom_temperature")


def gefcom(frame: pd.DataFrame, kind: str, *, test: bool, temperature: str = "mean", refit: int = WEEKS) -> Case:
    """Return eight weeks of all zones, a week ahead each, alone or with the temperature taken as known.

    The test weeks are the last complete ones before the first hour that is hidden, validation the eight before these.
    Which station belongs to which zone is not said, so every zone is given their mean, or all of them. Models learn
    anew every `refit` weeks.
    """
    zones = [column for column in frame if column.startswith("zone")]
    stations = [column for column in frame if column.startswith("temp")]
    hidden = int(np.flatnonzero(frame[zones].isna().any(axis=1))[0])
    end = hidden // 24 * 24 - (0 if test else WEEKS * WEEK)
    known = frame.iloc[:end].assign(ds=pd.to_datetime(frame["ds"][:end]))
    if temperature == "mean":
        known = known.assign(temperature=known[stations].mean(axis=1))
        stations = ["temperature"]
    beside = stations if kind == "gefcom_temperature" else []
    series = known.melt(["ds", *beside], zones, var_name="unique_id", value_name="y")
    first = known["ds"].iloc[-1] - pd.Timedelta(hours=WEEKS * WEEK - 1)
    whole = understood(series.loc[series["ds"] < first, ["unique_id", "ds", "y"]], series, future=beside)
    backs = [WEEK * week for week in range(WEEKS, 0, -1)]
    fits = tuple(Fit(backs[i], tuple(backs[i : i + refit])) for i in range(0, WEEKS, refit))
    return Case("gefcom", kind.removeprefix("gefcom_"), whole, WEEK, fits, ("wape", "wape_zones"))


def understood(past: pd.DataFrame, frame: pd.DataFrame, *, future: list[str] | None = None) -> Panel:
    """Return the panel of `frame`, its frequency and seasons as the door infers them from the `past` alone."""
    inferred = read_series(past).panel
    whole = read_series(frame, future=future or []).panel
    if whole.frequency != inferred.frequency or whole.ids != inferred.ids:
        raise SystemExit("the past alone is read in another way than past and future together")
    return replace(whole, season_length=inferred.season_length, longer_seasons=inferred.longer_seasons)
