"""Commands that ask what would be if: other settings of the models, other plans for what is known ahead.

The idea: both leave the data as they are and try alternatives beside them.
"""

import sys
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import typer

from forecast.cli.answers import print_plan, refuse_plan
from forecast.cli.flags import settings_file, takes
from forecast.cli.parameters import Data, DryRun, Engine, Jobs, Json, Output, Overwrite, Settings
from forecast.cli.printing import print_json
from forecast.cli.telling import tells
from forecast.cli.terminal import Terminal
from forecast.clock import begun
from forecast.options import RunOptions

__all__ = ["tune", "whatif"]


@takes(RunOptions)
@tells
def tune(
    terminal: Terminal,
    data: Data,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The folder of the search.", show_default="a new one in reports/")
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(
            "--trials", min=1, help="Settings to try for each model.", show_default="20, or what --budget allows"
        ),
    ] = None,
    resume: Annotated[
        Path | None, typer.Option("--resume", help="The folder of a search to go on with.", show_default="none")
    ] = None,
    config: Settings = None,
    jobs: Jobs = None,
    engine: Engine = "processes",
    json: Json = False,
    dry_run: DryRun = False,
    **options: Any,
) -> None:
    """Search better settings of the network, or of the models named, on windows before the test windows of a run.

    Better is what has the smaller --metric there. Prints the path of best.toml, which
    `forecast run DATA --config best.toml` takes.

    Example: forecast tune sales.csv --horizon 12 --trials 30
    """
    start = begun()  # a budget of time counts what is loaded, too
    from forecast import pipeline

    given: dict[str, Any] = {"out": out, "trials": trials, "config": settings_file(config, terminal), **options}
    if dry_run:
        refuse_plan("--resume", resume)
        print_plan(pipeline.plan_search(data, jobs=jobs, **given), json=json)
        return
    found = pipeline.tune(
        data, resume=resume, jobs=jobs, engine=engine, listener=terminal, spent=perf_counter() - start, **given
    )
    for line in found.sentences:
        terminal.say(line)
    if json:
        tuning = found.settings.model_dump(mode="json")["tuning"]
        print_json({"schema": 1, "best": str(found.best), "folder": str(found.folder), "tuning": tuning})
    else:
        print(found.best, flush=True)


@takes(RunOptions)
@tells
def whatif(
    terminal: Terminal,
    data: Data,
    plan_a: Annotated[str, typer.Argument(help="A CSV of what is known ahead: times, names, the --future columns.")],
    plan_b: Annotated[str, typer.Argument(help="The same with other values.")],
    output: Output = None,
    overwrite: Overwrite = False,
    config: Settings = None,
    jobs: Jobs = None,
    engine: Engine = "processes",
    json: Json = False,
    **options: Any,
) -> None:
    """Forecast under two plans for what is known ahead and write both and their difference as CSV.

    By the network unless --models names others; every model is fitted once.

    Example: forecast whatif sales.csv plan-a.csv plan-b.csv --future promo
    """
    start = begun()  # a budget of time counts what is loaded, too
    from forecast import pipeline

    found = pipeline.whatif(
        data,
        plan_a,
        plan_b,
        output=output,
        overwrite=overwrite,
        config=settings_file(config, terminal),
        jobs=jobs,
        engine=engine,
        listener=terminal,
        spent=perf_counter() - start,
        **options,
    )
    for line in found.sentences:
        terminal.say(line)
    if json:
        steps = found.steps.assign(ds=found.steps["ds"].astype(str)).to_dict("records")
        print_json(
            {"schema": 1, "plans": found.plans, "steps": steps, "totals": found.totals.to_dict("records")}
            | {"failures": found.failures}
        )
    elif output is None:
        found.steps.to_csv(sys.stdout, index=False, lineterminator="\n")
        sys.stdout.flush()
