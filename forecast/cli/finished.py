"""Commands for runs that are finished: their page made again, several of them side by side, forecasts and what came.

The idea: a run folder holds everything, so none of these fits a model.
"""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from forecast.cli.flags import takes
from forecast.cli.parameters import AssetsAgain, ExcelSafe, Folder, InteractiveAgain, Json, NewData, Open, Overwrite
from forecast.cli.printing import print_json, print_rows, show_page
from forecast.defaults import METRIC_NAMES
from forecast.errors import Notice
from forecast.options import DataOptions

__all__ = ["compare", "report", "score"]


def report(
    run: Folder,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compute every score again from backtest.csv first; exit 5 if one differs.")
    ] = False,
    series: Annotated[
        str | None, typer.Option("--series", help="Make the page of this one series.", show_default="none")
    ] = None,
    data: Annotated[
        bool, typer.Option("--data/--no-data", help="Whether the page shows the numbers of the data.")
    ] = True,
    assets: AssetsAgain = None,
    interactive: InteractiveAgain = None,
    json: Json = False,
    browse: Open = False,
) -> None:
    """Make the page of a run again from its folder, the same bytes; prints its path.

    Pictures that a budget left out are drawn.

    Example: forecast report reports/sales --verify
    """
    from forecast.verbs.verification import report

    page = report(run, verify=verify, series=series, data=data, assets=assets, interactive=interactive)
    if json:
        print_json({"schema": 1, "folder": str(run), "report": str(page)})
    else:
        print(page, flush=True)
    if browse:
        show_page(page)


def compare(
    runs: Annotated[list[Path], typer.Argument(help="Run folders.")],
    force_unequal: Annotated[
        bool, typer.Option("--force-unequal", help="Show also runs that scored different things, labelled.")
    ] = False,
    json: Json = False,
) -> None:
    """Print one table of the models of several runs, the best first; exits 2 where they are not comparable.

    Example: forecast compare reports/sales-a reports/sales-b
    """
    from forecast.verbs.comparison import compare

    found = compare(runs, force_unequal=force_unequal)
    board = found.board if not found.reasons else found.board.assign(comparable="no")
    if json:
        rows = board.to_dict("records")
        reasons = list(found.reasons)
        print_json({"schema": 1, "comparable": not reasons, "reasons": reasons, "metric": found.metric, "models": rows})
        return
    if found.reasons:
        print(Notice("W216", f"{'; '.join(found.reasons)}: not comparable"), file=sys.stderr)
    shown = [
        name for name in ("run", "model", *METRIC_NAMES, "skill", "windows", "points", "comparable") if name in board
    ]
    print_rows(shown, board[shown].itertuples(index=False))


@takes(DataOptions)
def score(
    run: Folder,
    newdata: NewData,
    output: Annotated[
        Path | None, typer.Option("--output", help="A CSV of each forecast and what came.", show_default="none")
    ] = None,
    overwrite: Overwrite = False,
    json: Json = False,
    excel_safe: ExcelSafe = False,
    **options: Any,
) -> None:
    """Hold the forecasts of a run against what came: errors of each model, and how often its intervals held it.

    Example: forecast score reports/sales sales-new.csv
    """
    from forecast.storage.files import no_formulas, require_free, write_file
    from forecast.verbs.hindsight import score

    if output is not None:
        require_free(output, overwrite=overwrite)
    found = score(run, newdata, **options)
    if output is not None:
        write_file(no_formulas(found.values) if excel_safe else found.values, output)
    if json:
        tables = {name: getattr(found, name).to_dict("records") for name in ("scores", "steps")}
        print_json({"schema": 1, "came": found.came, "of": found.of, **tables})
        return
    print(f"{found.came} of {found.of} values that were forecast came", file=sys.stderr)
    print_rows(list(found.scores.columns), found.scores.itertuples(index=False))
