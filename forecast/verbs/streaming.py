"""More series than memory holds: a folder of Parquet files, forecast or backtested some series at a time.

The idea: networks and intervals learn once, from a sample of series drawn by lot over all files; then every chunk is
read, forecast and written before the next. Models that look at every series on its own are fitted in each chunk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from forecast.defaults import BASELINES
from forecast.doctor import placed
from forecast.score_table import scores_of
from forecast.scoring import metric_of
from forecast.storage.files import write_csv, write_json
from forecast.tally import Tally, added
from forecast.verbs.learned import Learned
from forecast.verbs.learned_windows import LearnedWindows
from forecast.verbs.parquet_folders import ABOUT, Drawn, Sizes, Written, aside, require_by_chunks
from forecast.verbs.trials import Trial

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from forecast.config import RunConfig
    from forecast.engine import Workers
    from forecast.results import Listener

__all__ = ["forecast_chunks", "try_chunks"]


def forecast_chunks(
    source: str | Path,
    settings: RunConfig,
    output: Path,
    sizes: Sizes,
    *,
    flags: Mapping[str, Any],
    overwrite: bool,
    excel_safe: bool,
    workers: Workers,
    listener: Listener,
) -> pd.DataFrame:
    """Forecast a folder of Parquet files chunk by chunk into a folder of them, which is there whole or not at all.

    Parameters
    ----------
    source : path
        A folder of Parquet files with a column of series names; all rows of a series stand in one file.
    settings : RunConfig
        All settings.
    output : Path
        The folder to write: ``part-00000.parquet`` and so on, and `ABOUT`.
    sizes : Sizes
        Of the chunks and of the sample.
    flags : mapping
        The options that were given, for what is proposed where something is wrong.
    overwrite : bool
        Replace `output` if it is such a folder.
    excel_safe : bool
        As for `forecast.pipeline.predict`.
    workers, listener
        Who does the work, and who is told of it.

    Returns
    -------
    DataFrame
        A row a part: ``part, series, rows``.

    Raises
    ------
    ForecastError
        As for `forecast.pipeline.predict`; U101, on an option that is about all series at once; D125, when a series
        stands in two files or files have other columns.
    """
    require_by_chunks(settings)
    with aside(output, overwrite=overwrite) as folder, placed(source, flags):
        drawn = Drawn.of(source, settings, sizes, listener)
        written = Written(folder, excel_safe=excel_safe)
        learned = Learned.of(drawn.sample(), drawn.settings, flags=flags, workers=workers, listener=listener)
        for table in drawn.chunks(sizes.chunk, listener):
            written.add(learned.forecast(table))
        write_json(drawn.about(sizes) | {"parts": written.parts}, folder / ABOUT)
    return written.account


def try_chunks(
    source: str | Path,
    settings: RunConfig,
    output: Path,
    sizes: Sizes,
    *,
    flags: Mapping[str, Any],
    overwrite: bool,
    excel_safe: bool,
    workers: Workers,
    listener: Listener,
) -> Trial:
    """Backtest a folder of Parquet files chunk by chunk into a folder of them, which is there whole or not at all.

    At each cutoff the networks have learned from the sample's past, and so have intervals and combinations; where the
    sample is the whole, the scores are those of `forecast.verbs.trials.try_models`.

    Parameters
    ----------
    source, settings, sizes, flags, overwrite, excel_safe, workers, listener
        As for `forecast_chunks`.
    output : Path
        The folder to write: ``windows/part-00000.parquet`` and so on, a part a window of a chunk, with the columns of
        ``backtest.csv`` of a run; ``scores/part-00000.parquet``, a part a chunk, with every score of each series and
        model; ``leaderboard.csv``; and `ABOUT`.

    Returns
    -------
    Trial
        Its `backtest` has a row a part of the windows: ``part, series, rows``.

    Raises
    ------
    ForecastError
        As for `forecast.pipeline.backtest`; U101, on an option that is about all series at once; D125, when a series
        stands in two files or files have other columns.
    """
    require_by_chunks(settings)
    with aside(output, overwrite=overwrite) as folder, placed(source, flags):
        drawn = Drawn.of(source, settings, sizes, listener)
        learned = LearnedWindows.of(drawn.sample(), drawn.settings, flags=flags, workers=workers, listener=listener)
        quantile = None if settings.forecast.quantile == "none" else settings.forecast.quantile
        tally = Tally(learned.tested, quantile)
        windows, scores = (Written(folder / name, excel_safe=excel_safe) for name in ("windows", "scores"))
        for failure in learned.failed:
            tally.failed(*failure)
        for table in drawn.chunks(sizes.chunk, listener):
            sums = pd.DataFrame()
            for window in learned.windows(table):
                windows.add(window.rows)
                sums = added(sums, tally.add(window.rows))
                for model, reason in window.failed.items():
                    tally.failed(model, window.back, reason)
            if len(sums):
                scores.add(scores_of(sums).reset_index())
        metric = settings.backtest.metric
        board = tally.leaderboard(learned.names, baselines=BASELINES, metric=metric)
        write_csv(board, folder / "leaderboard.csv")
        write_json(drawn.about(sizes) | {"parts": windows.parts}, folder / ABOUT)
    split = learned.alike.split
    return Trial(windows.account, board, metric_of(quantile, metric), split.horizon, learned.n_windows, 0, [])
