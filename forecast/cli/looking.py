"""Commands that look closely: at the data, at leaks from the future, at gradients.

The idea: each prints what was found, row by row, and its exit code says whether anything is wrong.
"""

from typing import Annotated, Any

import typer

from forecast.cli.flags import settings_file, takes
from forecast.cli.parameters import Data, Engine, Jobs, Json, Settings
from forecast.cli.printing import print_json, print_rows
from forecast.cli.telling import tells
from forecast.cli.terminal import Terminal
from forecast.defaults import DEFAULT_DATA
from forecast.errors import ModelError
from forecast.options import CheckOptions, RunOptions

__all__ = ["audit", "check", "gradcheck"]


@takes(CheckOptions)
def check(
    data: Data,
    config: Settings = None,
    json: Json = False,
    **options: Any,
) -> None:
    """Say what is in the data, what is wrong with them and how to repair it; exits 3 where a run would refuse.

    Example: forecast check sales.csv --target units
    """
    from forecast import pipeline
    from forecast.cli.cards import print_checkup

    checkup = pipeline.check(data, config=settings_file(config), **options)
    print_checkup(checkup, json=json)
    raise typer.Exit(checkup.exit_code)


@takes(RunOptions)
@tells
def audit(
    terminal: Terminal,
    data: Data = DEFAULT_DATA,
    config: Settings = None,
    jobs: Jobs = None,
    engine: Engine = "processes",
    json: Json = False,
    **options: Any,
) -> None:
    """Change what lies after each cutoff in the file, and show that nothing before it moves; exits 4 where it does.

    Example: forecast audit sales.csv --models arima --n-windows 2
    """
    from forecast import pipeline
    from forecast.audit import require_no_leak

    file = settings_file(config, terminal)
    checks = pipeline.audit(data, config=file, jobs=jobs, engine=engine, listener=terminal, **options)
    terminal.stop()
    if json:
        print_json({"schema": 1, "checks": [vars(check) for check in checks]})
    else:
        rows = [(check.cutoff, check.change, ", ".join(check.moved) or "nothing") for check in checks]
        print_rows(("cutoff", "after it", "moved"), rows)
    require_no_leak(checks)


def gradcheck(
    network: Annotated[
        str | None, typer.Argument(help="An activation, a loss, or module:attribute of your own.", show_default="all")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of parameters, batch and directions.")] = 0,
    json: Json = False,
) -> None:
    """Hold the gradients of the network library, or of your own layer, loss or network, against numeric ones.

    Example: forecast gradcheck tanh
    """
    from forecast import pipeline

    reports = pipeline.gradcheck(network, seed=seed)
    rows = []
    for name, report in reports.items():
        for analytic, numeric, size in zip(report.analytic, report.numeric, report.size, strict=True):
            error = abs(analytic - numeric) / max(size, 1e-12)
            rows.append((name, analytic, numeric, error, bool(error < report.tolerance)))
    head = ("checked", "analytic", "numeric", "error", "passed")
    if json:
        print_json({"schema": 1, "gradients": [dict(zip(head, row, strict=True)) for row in rows]})
    else:
        print_rows(head, [(name, f"{a:.9g}", f"{n:.9g}", f"{error:.1e}", ok) for name, a, n, error, ok in rows])
    wrong = [name for name, report in reports.items() if not report.passed]
    if wrong:
        raise ModelError("M104", f"wrong gradient: {', '.join(wrong)}")
