"""What a run writes down of itself in run.json: data, versions, how to make it again, and what a budget cut short.

The idea: the account of a run is made from what it was given and what came out, so that the page and a later reader
need nothing else.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from forecast.backtesting import NOT_FINISHED
from forecast.config import environment
from forecast.doctor import Checkup, command
from forecast.errors import Notice
from forecast.machine import code_around, versions
from forecast.models.bags import BAG
from forecast.report.pace import PICTURE_LEFT_OUT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecast.config import RunConfig
    from forecast.ready import Ready
    from forecast.results import Results
    from forecast.tasks import Task

__all__ = [
    "AUDIT",
    "SEED",
    "budget_account",
    "budget_notices",
    "budget_plan",
    "budget_words",
    "came_to",
    "command_line",
    "described",
    "failure_notices",
    "first_of",
    "left_out_words",
    "ration_words",
    "shortened",
]

SEED, AUDIT = "seed", "audit"
"""What is left out after the models beside pictures and files."""
MOST_LINES = 5
"""So many warnings of the models are said of a run; all of them stand in its folder."""


def described(ready: Ready, settings: RunConfig, results: Results) -> dict[str, Any]:
    """Return run.json but for its command, budget and timings; `bag`: from so many series a member learns."""
    loaded, checkup = ready.loaded, ready.checkup.to_json()
    frame = loaded.frame
    failures = [failure for fit in [*results.fits, results.final] for failure in fit.failures]
    title = settings.report.title
    return {
        "schema": 1,
        "status": "complete",
        "version": version("forecast"),
        "created": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "title": Path(loaded.name).stem if title == "auto" else title,
        "seed": settings.seed,
        **({"bag": BAG} if ready.panel.n_series > BAG else {}),
        "horizon": results.horizon,
        "n_windows": results.n_windows,
        "gap": settings.backtest.gap,
        "overlap": results.overlap,
        "data": {
            "name": loaded.name,
            "sha256": loaded.sha256,
            "rows": int(frame["y"].notna().sum()),
            "series": int(frame["unique_id"].nunique()),
            "frequency": loaded.frequency.word,
            "season_length": loaded.season_length,
            "target": loaded.target,
            "start": str(frame["ds"].min()).removesuffix(" 00:00:00"),
            "end": str(frame["ds"].max()).removesuffix(" 00:00:00"),
            "gaps": int(frame["y"].isna().sum()),
            "notes": list(loaded.notes),
        },
        "versions": versions(),
        "code": code_around(Path.cwd()),
        "tuning": None if settings.tuning is None else settings.tuning.model_dump(mode="json"),
        "notices": [vars(notice) for notice in (*ready.notices, *results.notices())],
        "failures": failures,
        "facts": checkup["facts"],
        "findings": checkup["findings"],
    }


def came_to(checkup: Checkup, transform: str) -> list[str]:
    """Return what ``auto`` came to on all data and why, to stand beside the setting."""
    if transform != "auto":
        return []
    every = checkup.facts["series"]
    return [
        "what auto came to on all data; each cutoff chooses anew from its own past: see choices.json",
        *(
            f"{entry['name']}: {entry['series']} of {every} series, {entry['why']}"
            for entry in checkup.facts["transforms"]
        ),
    ]


def command_line(data: str | Path | pd.DataFrame, flags: dict[str, Any], config: str | Path | None) -> str:
    """Return the line that makes the run again."""
    source = "DATA" if isinstance(data, pd.DataFrame) else data
    given = {name: value for name, value in flags.items() if value is not None}
    return command(source, {**environment(), **given, "config": config}, verb="run")


def failure_notices(board: pd.DataFrame) -> list[Notice]:
    """Return a warning for each model of a leaderboard that failed, with the reason that it gave most often.

    Examples
    --------
    >>> board = pd.DataFrame({"model": ["ets", "naive"], "failures": [2, 0], "reason": ["no form", ""]})
    >>> [str(notice) for notice in failure_notices(board)]
    ['warning[W306]: ets failed in 2 fit(s): no form']
    """
    rows = board.loc[board["failures"] > 0, ["model", "failures", "reason"]].itertuples(index=False)
    return [Notice("W306", f"{name} failed in {count:.0f} fit(s): {reason}") for name, count, reason in rows]


def first_of(notices: Sequence[Notice]) -> list[str]:
    """Return the first warnings of a run as lines, and where the others stand.

    Examples
    --------
    >>> first_of([Notice("W302", f"{name} did not converge") for name in "abcdefg"])[-2:]
    ['warning[W302]: e did not converge', '... and 2 more warnings: all of them stand on the page']
    """
    more = len(notices) - MOST_LINES
    rest = [f"... and {more} more warning{'s' * (more > 1)}: all of them stand on the page"] if more > 0 else []
    return [*map(str, notices[:MOST_LINES]), *rest]


def budget_account(
    settings: RunConfig, results: Results, *, planned: int, cut: Sequence[Task], without_totals: bool = False
) -> dict[str, Any] | None:
    """Return what a run with a budget gave up to keep it; None without a budget.

    Parameters
    ----------
    planned : int
        The windows there would have been.
    cut : sequence of Task
        The fits that were stopped in the middle, not just never begun.
    without_totals : bool
        Whether the sums were left out.

    Returns
    -------
    dict
        ``seconds`` (the budget), ``windows`` (planned), ``windows_given_up``, ``no_forecast`` (models whose last fit
        was not finished), ``not_finished`` and of these ``stopped`` (fits in windows, by model), ``totals_left_out``,
        ``rationed`` (slow models and how many series they were given: see `forecast.rationing`), and
        ``left_out`` (how often what was left out after the models, by name). A run adds the seconds it ``used``, when
        its page is there.
    """
    if settings.seconds is None:
        return None
    late = [failure["model"] for failure in results.final.failures if failure["reason"] == NOT_FINISHED]
    return {
        "seconds": settings.seconds,
        "windows": planned,
        "windows_given_up": results.unfinished,
        "no_forecast": late,
        "not_finished": dict(results.undone),
        "stopped": dict(Counter(model for model, _ in dict.fromkeys((task.model, task.backs) for task in cut))),
        "totals_left_out": without_totals,
        "rationed": None if results.ration is None else results.ration.account,
        "left_out": {},
    }


def shortened(account: dict[str, Any]) -> list[str]:
    """Return what a budget cut short, a phrase each.

    Examples
    --------
    >>> shortened({"windows": 6, "windows_given_up": 2, "not_finished": {"mlp": 2}, "stopped": {"mlp": 1},
    ...            "no_forecast": [], "totals_left_out": False})
    ['2 of 6 windows given up', 'not finished: 2 fits of mlp (1 stopped in the middle)']
    >>> shortened({"windows": 6, "windows_given_up": 0, "not_finished": {}, "stopped": {}, "no_forecast": [],
    ...            "totals_left_out": False, "left_out": {"picture": 3, "between.csv": 1}})
    ['3 pictures left out (forecast report RUN draws what they have to show)', 'between.csv left out']
    """
    parts = []
    if account["windows_given_up"]:
        parts.append(f"{account['windows_given_up']} of {account['windows']} windows given up")
    fits = []
    for model, count in account["not_finished"].items():
        stopped = account["stopped"].get(model, 0)
        middle = f" ({stopped} stopped in the middle)" if stopped else ""
        fits.append(f"{count} {'fit' if count == 1 else 'fits'} of {model}{middle}")
    if fits:
        parts.append(f"not finished: {', '.join(fits)}")
    if account["no_forecast"]:
        parts.append(f"no forecast by {', '.join(account['no_forecast'])}")
    if account["totals_left_out"]:
        parts.append("totals left out")
    parts += [left_out_words(name, count) for name, count in account.get("left_out", {}).items()]
    if account.get("rationed"):
        parts.append(ration_words(account["rationed"]))
    return parts


def left_out_words(name: str, count: int) -> str:
    """Return what was left out after the models, and how to have it.

    Examples
    --------
    >>> left_out_words("picture", 1), left_out_words("seed", 2)
    ('1 picture left out (forecast report RUN draws what it has to show)', '2 seeds left out')
    >>> left_out_words("between.csv", 1), left_out_words("audit", 1)
    ('between.csv left out', 'audit left out (forecast audit DATA makes it)')
    """
    if name == PICTURE_LEFT_OUT:
        what = "what they have to show" if count > 1 else "what it has to show"
        return f"{count} picture{'s' * (count > 1)} left out (forecast report RUN draws {what})"
    if name == SEED:
        return f"{count} seed{'s' * (count > 1)} left out"
    return f"{name} left out{' (forecast audit DATA makes it)' if name == AUDIT else ''}"


def ration_words(account: dict[str, Any]) -> str:
    """Return on which series slow models were tried, and with them all that is compared.

    Examples
    --------
    >>> ration_words({"models": ["arima", "ets"], "series": 60, "of": 1000})
    'arima, ets tried on 60 of 1000 series, drawn by length and volatility, on which all models are compared'
    """
    drawn = "drawn by length and volatility, on which all models are compared"
    return f"{', '.join(account['models'])} tried on {account['series']} of {account['of']} series, {drawn}"


def budget_plan(seconds: float, left: float, fits: int) -> str:
    """Return what a run means to do with a budget, said before the models begin.

    Examples
    --------
    >>> budget_plan(60.0, 53.2, 42)
    'budget 60 s: 53 s for 42 fits, then the page'
    """
    return f"budget {seconds:g} s: {left:.0f} s for {fits} fits, then the page"


def budget_words(account: dict[str, Any], used: float) -> str:
    """Return the account of a budget in one line, said when the run is over.

    Examples
    --------
    >>> budget_words({"seconds": 60.0, "windows": 6, "windows_given_up": 0, "not_finished": {}, "stopped": {},
    ...               "no_forecast": [], "totals_left_out": False}, 14.2)
    'budget 60 s, used 14.2 s: nothing was cut short'
    """
    cut = "; ".join(shortened(account)) or "nothing was cut short"
    return f"budget {account['seconds']:g} s, used {used:.1f} s: {cut}"


def budget_notices(account: dict[str, Any] | None) -> list[Notice]:
    """Return what the page warns of: a run that a budget cut short."""
    parts = shortened(account) if account else []
    seconds = account["seconds"] if account else 0.0
    return [Notice("W305", f"the budget of {seconds:g} s cut the run short: {'; '.join(parts)}")] if parts else []
