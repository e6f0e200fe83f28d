"""The models tried on held-out windows, and nothing beyond: no last fit, no forecast of the future, no page.

The idea: the scores are those a run on the same data would show, since both fit, calibrate and score by the same parts;
leaving out the rest saves the fits to all data.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import pandas as pd

from forecast.backtesting import backtest
from forecast.bounds import Bounds
from forecast.calibration import Calibration
from forecast.chunks import doer
from forecast.defaults import BASELINES
from forecast.errors import DataError, Notice
from forecast.models.combination import COMBINATION, combined, members_of
from forecast.rationing import rationed
from forecast.ready import factories_of
from forecast.scoring import common_points, leaderboard, metric_of, score_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecast.backtesting import Backtest, Fitted
    from forecast.config import RunConfig
    from forecast.engine import Workers
    from forecast.rationing import Ration
    from forecast.ready import Ready
    from forecast.results import Listener

__all__ = ["Trial", "combine", "expected", "notices_of", "require_windows", "try_models"]


@dataclass(frozen=True)
class Trial:
    """How the models did on held-out windows.

    Parameters
    ----------
    backtest : DataFrame
        The forecast frame of all windows, with `y`: what ``backtest.csv`` of a run holds. Where it was written by
        chunks, a row for each part instead: ``part, series, rows``.
    leaderboard : DataFrame
        The scores frame, the best model first.
    metric : str
        The score that orders it.
    horizon, n_windows : int
        Steps of a window, and windows that were tried.
    given_up : int
        Windows for which a budget left no time.
    notices : list of Notice
        What the models had to say, each once.
    ration : Ration, optional
        The series that slow models were tried on, where a budget did not last for all.
    """

    backtest: pd.DataFrame
    leaderboard: pd.DataFrame
    metric: str
    horizon: int
    n_windows: int
    given_up: int
    notices: list[Notice]
    ration: Ration | None = None


def expected(settings: RunConfig) -> tuple[list[str], list[str]]:
    """Return which models and which scores the leaderboard of a run with these settings will have."""
    chosen = settings.forecast
    mixed = [] if settings.models.combination is None else [COMBINATION]
    return [*factories_of(settings), *mixed], score_names(
        chosen.level, None if chosen.quantile == "none" else chosen.quantile
    )


def try_models(ready: Ready, settings: RunConfig, workers: Workers, listener: Listener) -> Trial:
    """Let every model forecast every window of data that are ready, and score what it forecast.

    Raises
    ------
    ConfigError
        U101, when a combination has a member that does not run.
    ModelError
        M101, when every model fails.
    """
    factories, split, chosen = factories_of(settings), ready.split, settings.forecast
    bounds = Bounds(min=chosen.min, max=chosen.max, integer=chosen.integer)
    total, done = len(split.blocks) * len(factories), count()
    ration = rationed(factories, ready.panel, split, workers, seed=settings.seed, last=False)
    tested = backtest(
        factories,
        ready.panel,
        split,
        bounds=bounds,
        levels=chosen.level,
        fallback=chosen.fallback,
        only={} if ration is None else ration.panels,
        do=doer(workers, lambda task: listener.progress(next(done), total, task.model)),
    )
    names = list(factories)
    if combine(tested, settings, names, bounds, reach=split.reach):
        names.append(COMBINATION)
    calibration = Calibration(ready.panel, split, tested, chosen.level, adaptive=chosen.adaptive)
    quantile = None if chosen.quantile == "none" else chosen.quantile
    if quantile is not None:
        calibration = calibration.at_quantile(quantile)
    frame = bounds.apply(calibration.windows)
    metric = settings.backtest.metric
    board = leaderboard(
        common_points(frame), names, baselines=BASELINES, fits=tested.fits, quantile=quantile, metric=metric
    )
    return Trial(
        backtest=frame.drop(columns="back"),
        leaderboard=board,
        metric=metric_of(quantile, metric),
        horizon=split.horizon,
        n_windows=len(tested.fits),
        given_up=tested.unfinished,
        ration=ration,
        notices=notices_of(tested.fits),
    )


def require_windows(ready: Ready) -> None:
    """Raise D124 when no window can be held out."""
    if not ready.split.n_windows:
        what = f"horizon {ready.split.horizon} leaves no window of {ready.loaded.name} to test on"
        raise DataError("D124", what, hint="a smaller --horizon, or --n-windows 1")


def notices_of(fits: Sequence[Fitted]) -> list[Notice]:
    """Return what the models had to say in the windows, each once, with the number of windows in which it was said."""
    said = Counter(notice for fit in fits for notice in fit.notices)
    return [Notice(one.code, f"{one.message} ({k} of {len(fits)} windows)") for one, k in said.items()]


def combine(tested: Backtest, settings: RunConfig, names: Sequence[str], bounds: Bounds, *, reach: int) -> list[str]:
    """Add the combination to the windows and to what lies between them, if one is asked for; return its members."""
    section = settings.models.combination
    if section is None:
        return []
    members = members_of(section.members, names, able=set(tested.frame["model"]))
    earlier = tested.frame

    def rows(frame: pd.DataFrame) -> pd.DataFrame:
        made = combined(frame, members, name=COMBINATION, method=section.method, earlier=earlier, reach=reach)
        return bounds.apply(made)

    if len(whole := rows(tested.frame)):
        tested.frame = pd.concat([tested.frame, whole], ignore_index=True)
    tested.between.add(rows)
    return members
