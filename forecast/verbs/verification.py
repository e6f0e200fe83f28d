"""A finished run looked at again: its page made anew, and every score computed again from backtest.csv.

The idea: what a page says follows from the files of its folder. So the page can be made again to the byte, and whoever
doubts a score can have it recomputed; a file that was changed afterwards is found out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pandas as pd
from jinja2 import UndefinedError

from forecast.backtesting import Fitted
from forecast.defaults import ASSETS, BASELINES, METRIC, METRICS
from forecast.errors import ConfigError, FileError, shown
from forecast.report import write
from forecast.report.part import one_series, safe_name
from forecast.runs import load_run, scorable
from forecast.scoring import common_points, leaderboard
from forecast.storage.request import require_assets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forecast.runs import Run

__all__ = ["Difference", "differences", "report"]

CLOSE = 1e-9
"""How far a score may lie from its recomputation, relative to it: a CSV may be read one bit off."""


@dataclass(frozen=True)
class Difference:
    """A score that is not what follows from backtest.csv: where it stands, what stands there, what should."""

    file: str
    model: str
    column: str
    written: Any
    computed: Any

    def __str__(self) -> str:
        written, computed = (f"{x:.6g}" if isinstance(x, float) else x for x in (self.written, self.computed))
        return f"{self.column} of {self.model} is {written} in {self.file}, and {computed} by backtest.csv"


def report(
    folder: str | Path,
    *,
    verify: bool = False,
    series: str | None = None,
    data: bool = True,
    assets: str | None = None,
    interactive: bool | None = None,
) -> Path:
    """Make the page and the pictures of a run again, the same bytes, from the files of its folder.

    Parameters
    ----------
    folder : path
        A run folder.
    verify : bool
        Compute every score again first, and touch nothing where one differs.
    series : str, optional
        Make the page of this one series instead, in the folder ``series``.
    data : bool
        Whether the page shows the numbers of the data; without, it is ``shared.html``: figures and scores.
    assets : {"inline", "separate"}
        Whether style, script and pictures stand in the page, or in files of their own beside it; by default as the
        run was asked for.
    interactive : bool, optional
        Whether the reader can zoom into the first picture and read values off it; by default as the run was asked for,
        and never without the numbers of the data.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    ConfigError
        U101, when there is no such series, `assets` is something else, or the page is to be interactive without data.
    FileError
        F102 or F104, when it is no whole run folder or cannot be written to; F106, when a score differs.

    Examples
    --------
    >>> import tempfile
    >>> from forecast.pipeline import run
    >>> folder = run("nile", models=["naive"], n_windows=2, out=tempfile.mkdtemp() + "/nile").folder
    >>> report(folder, verify=True).name
    'report.html'
    """
    run = load_run(folder)
    assets = str(run.info.get("assets", ASSETS[0])) if assets is None else assets
    require_assets(assets)
    if interactive and not data:
        what = "an interactive page holds the numbers of the data, which --no-data leaves out"
        raise ConfigError("U101", what, hint="--no-data without --interactive")
    interactive = bool(run.info.get("interactive")) if interactive is None else interactive
    found = differences(run) if verify else []
    if found:
        what = (
            f"{len(found)} score{'s' if len(found) > 1 else ''} of {shown(run.folder)} cannot be recomputed: {found[0]}"
        )
        raise FileError("F106", what, hint=run.info.get("command") or "forecast run DATA")
    page, pictures = _places(series, data=data)
    try:
        part = run if series is None else one_series(run, series)
        with TemporaryDirectory(prefix="report-", dir=run.folder) as aside:
            look: dict[str, Any] = {"shared": not data, "separate": assets == "separate", "interactive": interactive}
            made = write(part, Path(aside, page), Path(aside, pictures), **look)
            for file in sorted(Path(aside).rglob("*"), key=lambda file: file == made):
                if file.is_file():
                    place = run.folder / file.relative_to(aside)
                    place.parent.mkdir(parents=True, exist_ok=True)
                    file.replace(place)
    except (KeyError, UndefinedError) as error:
        what = f"{shown(run.folder)} has no {error}: it is damaged or of another version"
        raise FileError("F102", what, hint=str(run.info.get("command") or "forecast run DATA")) from error
    except OSError as error:
        if isinstance(error, FileError):
            raise
        what = f"cannot write to {shown(run.folder)}: {error.strerror}"
        raise FileError("F104", what, hint="a copy of the folder in a place that can be written to") from error
    return run.folder / page


def _places(series: str | None, *, data: bool) -> tuple[Path, Path]:
    """Return where a page and its pictures stand in the folder of a run."""
    if series is None:
        return (Path("report.html"), Path("figures")) if data else (Path("shared.html"), Path("shared"))
    name = safe_name(series) + ("" if data else "-shared")
    return Path("series", f"{name}.html"), Path("series", name)


def differences(run: Run) -> list[Difference]:
    """Return the scores in leaderboard.csv and metrics.json that do not follow from backtest.csv."""
    backtest = scorable(run)
    written = {str(row["model"]): row for row in run.leaderboard.to_dict("records")}
    quantile = run.metrics.get("quantile")
    names = list(dict.fromkeys([*written, *backtest["model"]]))
    board = leaderboard(
        common_points(backtest),
        names,
        baselines=BASELINES,
        fits=[Fitted(pd.DataFrame(), failures=run.info["failures"])],
        quantile=quantile,
        metric=run.metrics["metric"] if run.metrics["metric"] in METRICS else METRIC,
    )
    computed = {str(row["model"]): row for row in board.to_dict("records")}
    scores = {name: {"model": name, **row} for name, row in run.metrics["models"].items()}
    return [*_between("leaderboard.csv", written, computed), *_between("metrics.json", scores, computed)]


def _between(file: str, written: dict[str, Any], computed: dict[str, Any]) -> Iterator[Difference]:
    for model in dict.fromkeys([*computed, *written]):
        ours, theirs = computed.get(model, {}), written.get(model, {})
        for column in dict.fromkeys([*ours, *theirs]):
            one, other = theirs.get(column), ours.get(column)
            if not _same(one, other):
                yield Difference(file, model, column, one, other)


def _same(one: Any, other: Any) -> bool:
    """Whether two cells say the same; no number is as good as none."""
    if isinstance(one, str) or isinstance(other, str):
        return bool(one == other)
    one, other = (math.nan if value is None else float(value) for value in (one, other))
    return math.isclose(one, other, rel_tol=CLOSE, abs_tol=1e-12) or (math.isnan(one) and math.isnan(other))
