"""More series than memory holds: a folder of Parquet files, forecast or backtested some series at a time.

The idea: networks and intervals learn once, from a sample of series drawn by lot over all files; then every chunk is
read, forecast and written before the next. Models that look at every series on its own are fitted in each chunk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from forecast.defaults import BASELINES
from forecast.doctor import placed
from forecast.score_table import scores_of
from forecast.scoring import metric_of
from forecast.storage.files import write_csv, write_json
from forecast.streaming.learned import Learned
from forecast.streaming.learned_windows import LearnedWindows
from forecast.streaming.parquet_folders import ABOUT, Drawn, Sizes, Written, aside, require_by_chunks
from forecast.streaming.tally import Tally, added
from forecast.verbs.trials import Trial

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from forecast.config import RunConfig
    from forecast.engine import Workers
    from forecast.results import Listener

__all__ = ["ByChunks"]


@dataclass(frozen=True)
class ByChunks:
    """A folder of Parquet files, and a folder to write to, which is there whole or not at all.

    Parameters
    ----------
    source : path
        A folder of Parquet files with a column of series names; all rows of a series stand in one file.
    settings : RunConfig
        All settings.
    output : Path
        The folder to write.
    sizes : Sizes
        Of the chunks and of the sample.
    flags : mapping
        The options that were given, for what is proposed where something is wrong.
    overwrite : bool
        Replace `output` if it is such a folder.
    excel_safe : bool
        As for `forecast.pipeline.predict`.
    """

    source: str | Path
    settings: RunConfig
    output: Path
    sizes: Sizes
    flags: Mapping[str, Any]
    overwrite: bool
    excel_safe: bool

    def forecast(self, workers: Workers, listener: Listener) -> pd.DataFrame:
        """Forecast chunk by chunk into ``part-00000.parquet`` and so on, with `ABOUT` beside them.

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
        require_by_chunks(self.settings)
        with aside(self.output, overwrite=self.overwrite) as folder, placed(self.source, self.flags):
            drawn = Drawn.of(self.source, self.settings, self.sizes, listener)
            written = Written(folder, excel_safe=self.excel_safe)
            learned = Learned.of(drawn.sample(), drawn.settings, flags=self.flags, workers=workers, listener=listener)
            for table in drawn.chunks(self.sizes.chunk, listener):
                written.add(learned.forecast(table))
            write_json(drawn.about(self.sizes) | {"parts": written.parts}, folder / ABOUT)
        return written.account

    def backtest(self, workers: Workers, listener: Listener) -> Trial:
        """Backtest chunk by chunk: at each cutoff networks, intervals and combinations learn from the sample's past.

        There are ``windows/part-00000.parquet`` and so on, a part a window of a chunk, with the columns of
        ``backtest.csv`` of a run; ``scores/part-00000.parquet``, a part a chunk, with every score of each series and
        model; ``leaderboard.csv``; and `ABOUT`. Where the sample is the whole, the scores are those of
        `forecast.verbs.trials.try_models`.

        Returns
        -------
        Trial
            Its `backtest` has a row a part of the windows: ``part, series, rows``.

        Raises
        ------
        ForecastError
            As for `forecast.pipeline.backtest`; else as for `forecast`.
        """
        require_by_chunks(self.settings)
        with aside(self.output, overwrite=self.overwrite) as folder, placed(self.source, self.flags):
            drawn = Drawn.of(self.source, self.settings, self.sizes, listener)
            learned = LearnedWindows.of(
                drawn.sample(), drawn.settings, flags=self.flags, workers=workers, listener=listener
            )
            quantile = None if self.settings.forecast.quantile == "none" else self.settings.forecast.quantile
            tally = Tally(learned.tested, quantile)
            windows, scores = (Written(folder / name, excel_safe=self.excel_safe) for name in ("windows", "scores"))
            for failure in learned.failed:
                tally.failed(*failure)
            for table in drawn.chunks(self.sizes.chunk, listener):
                sums = pd.DataFrame()
                for window in learned.windows(table):
                    windows.add(window.rows)
                    sums = added(sums, tally.add(window.rows))
                    for model, reason in window.failed.items():
                        tally.failed(model, window.back, reason)
                if len(sums):
                    scores.add(scores_of(sums).reset_index())
            metric = self.settings.backtest.metric
            board = tally.leaderboard(learned.names, baselines=BASELINES, metric=metric)
            write_csv(board, folder / "leaderboard.csv")
            write_json(drawn.about(self.sizes) | {"parts": windows.parts}, folder / ABOUT)
        split = learned.alike.split
        return Trial(windows.account, board, metric_of(quantile, metric), split.horizon, learned.n_windows, 0, [])
