"""Commands for runs that are finished: their page made again, several of them side by side, forecasts and what came.

The idea: a run folder holds everything, so none of these fits a model.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forecast.cli.printing import polite

__all__ = ["report"]

Folder = Annotated[Path, typer.Argument(help="A run folder.")]


def report(
    run: Folder,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compute every score again from backtest.csv first; exit 5 if one differs.")
    ] = False,
) -> None:
    """Make the page of a run again from its folder, the same bytes; prints its path.

    Example: forecast report reports/sales --verify
    """
    from forecast.verification import report

    with polite():
        print(report(run, verify=verify).report, flush=True)
