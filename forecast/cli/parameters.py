"""Parameters that several commands share, each declared once.

The idea: what a flag is called and what help says of it belong to the flag, so that it is the same in every command.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from forecast.defaults import BUNDLED

__all__ = [
    *("Assets", "AssetsAgain", "ChunkSeries", "Data", "DryRun", "Engine", "ExcelSafe", "FailIf", "Folder"),
    *(
        "Interactive",
        "InteractiveAgain",
        "Jobs",
        "Json",
        "NewData",
        "Open",
        "Output",
        "Overwrite",
        "SampleSeries",
        "Settings",
    ),
]


def _piped(ctx: typer.Context, value: str) -> str:
    """Return what names the data; where a pipe is meant and there is none, print the help."""
    if value == "-" and (sys.stdin is None or sys.stdin.isatty()) and not ctx.resilient_parsing:
        print(ctx.get_help(), file=sys.stderr)
        raise typer.Exit(2)
    return value


Data = Annotated[
    str,
    typer.Argument(
        help=f"A CSV of one or many series, or one of {', '.join(BUNDLED)}; - for standard input.", callback=_piped
    ),
]
NewData = Annotated[str, typer.Argument(help="The data with more rows, or the new rows alone.", callback=_piped)]
Folder = Annotated[Path, typer.Argument(help="A run folder.")]
Output = Annotated[Path | None, typer.Option("--output", help="A CSV to write to.", show_default="standard output")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace --output if it is there.")]
Settings = Annotated[
    Path | None, typer.Option("--config", "-c", help="Settings.", show_default="forecast.toml if there is one")
]
Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", min=1, help="Processes that work at once.", show_default="one a core")
]
Engine = Annotated[
    str, typer.Option("--engine", help="Where they work: processes, serial, dask, or a scheduler: tcp://host:8786.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print what would be done and about how long it would take.")]
FailIf = Annotated[
    str | None,
    typer.Option("--fail-if", help="Exit 6 where this is true, such as 'mase>1' or 'not beats seasonal_naive'."),
]
ExcelSafe = Annotated[
    bool, typer.Option("--excel-safe", help="Put a ' before names that a spreadsheet would take for a formula.")
]
ChunkSeries = Annotated[
    int | None,
    typer.Option(
        "--chunk-series",
        min=1,
        help="Read a folder of Parquet files so many series at a time; --output is a folder.",
        show_default="all at once, unless the rows are very many",
    ),
]
SampleSeries = Annotated[
    int | None,
    typer.Option(
        "--sample-series",
        min=1,
        help="Of these, so many drawn by lot are learned from.",
        show_default="5000, in a backtest 1000",
    ),
]
Where = Literal["inline", "separate"]
ASSETS_HELP = "Style, script and pictures in the page, or beside it."
Assets = Annotated[Where, typer.Option("--assets", help=ASSETS_HELP)]
AssetsAgain = Annotated[Where | None, typer.Option("--assets", help=ASSETS_HELP, show_default="as in the run")]
INTERACTIVE_HELP = "The reader of the page can zoom into its first picture and read values off it."
Interactive = Annotated[bool, typer.Option("--interactive", help=INTERACTIVE_HELP)]
InteractiveAgain = Annotated[
    bool | None, typer.Option("--interactive/--no-interactive", help=INTERACTIVE_HELP, show_default="as in the run")
]
Open = Annotated[bool, typer.Option("--open", help="Open the page in a browser.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
