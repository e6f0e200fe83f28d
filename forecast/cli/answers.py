"""What a program is answered: a run, a plan and forecasts as JSON, and whether a condition on the scores was met.

The idea: an object begins with the number of its schema; a key that stands there keeps its meaning until that changes.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from forecast.cli.printing import print_json, print_rows
from forecast.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from forecast.cli.terminal import Terminal
    from forecast.gates import Condition
    from forecast.runs import Run
    from forecast.verbs.plans import Plan

__all__ = ["print_forecasts", "print_plan", "print_run", "read_condition", "refuse_plan", "stop_if"]

MOST_SERIES = 24
"""Of how many series the forecasts stand in what is printed of a run; all of them are in its folder."""
FAILED_CONDITION = 6


def print_run(run: Run) -> None:
    """Print a run as one object: its places, verdict, leaderboard and the forecasts of the model it speaks of."""
    model = run.metrics["verdict"]["model"]
    rows = run.forecasts[run.forecasts["model"] == model].drop(columns=["cutoff", "step", "model"])
    names = rows["unique_id"].drop_duplicates()
    shown = rows[rows["unique_id"].isin(names[:MOST_SERIES])]
    print_json(
        {
            "schema": 1,
            "folder": str(run.folder),
            "report": str(run.report),
            "metric": run.metrics["metric"],
            "verdict": run.verdict,
            "leaderboard": run.leaderboard.to_dict("records"),
            "forecast": {"model": model, "horizon": run.info["horizon"], "series": len(names), "values": _rows(shown)},
            "warnings": run.info["notices"],
        }
    )


def print_forecasts(frame: pd.DataFrame) -> None:
    """Print the forecasts as one object."""
    print_json({"schema": 1, "forecasts": _rows(frame)})


def refuse_plan(flag: str, folder: Path | None) -> None:
    """Refuse --dry-run beside a flag by which nothing is begun that could be planned.

    Raises
    ------
    ConfigError
        U101, where a folder was given with that flag.
    """
    if folder is not None:
        what = f"--dry-run plans what is trained anew, which is not so with {flag} {folder}"
        raise ConfigError("U101", what, hint=f"{flag} {folder} without --dry-run")


def print_plan(plan: Plan, *, json: bool) -> None:
    """Print a plan, a row for each of its points."""
    if json:
        print_json({"schema": 1, **asdict(plan)})
        return
    found = asdict(plan) | {"models": ", ".join(plan.models), "folder": plan.folder or "none"}
    words = {"n_windows": "windows", "seconds": "seconds (about)", "megabytes": "megabytes (about)"}
    print_rows(("plan", "value"), [(words.get(name, name), value) for name, value in found.items()])


def read_condition(
    text: str | None, config: Path | None, options: dict[str, Any], *, resume: Path | None = None
) -> Condition | None:
    """Return the condition of --fail-if, checked before any work is done for it."""
    if text is None:
        return None
    from forecast.config import resolve
    from forecast.gates import Condition
    from forecast.storage.request import Request
    from forecast.verbs.trials import expected

    condition = Condition.read(text)
    asked = resolve(config, options) if resume is None else Request.resumed(resume, options, out=None).settings
    condition.require(*expected(asked))
    return condition


def stop_if(condition: Condition | None, board: pd.DataFrame, metric: str, terminal: Terminal) -> None:
    """Exit with 6 where the condition is true of the leaderboard, and say so."""
    if condition is not None and condition.holds(_records(board), metric):
        terminal.fail(f"--fail-if: {condition.text} is true")
        raise typer.Exit(FAILED_CONDITION)


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a forecast frame, with times as texts."""
    times = frame["ds"].astype(str) if frame["ds"].dtype.kind == "M" else frame["ds"]
    return _records(frame.assign(ds=times))


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
