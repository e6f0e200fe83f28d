"""Commands that say what there is: codes, bundled sets, models, settings.

The idea: what they print is read from where it is used, so it cannot be out of date.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from forecast.cli.printing import polite, print_json, print_rows

__all__ = ["data", "errors", "models"]

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def errors(
    code: Annotated[str | None, typer.Argument(help="Such as D104.", show_default="all")] = None, json: Json = False
) -> None:
    """Say what an error or warning means and how to mend it, or list all of them.

    Example: forecast errors D104
    """
    from forecast.codes import CODES, explain

    with polite():
        chosen = list(CODES.values()) if code is None else [explain(code)]
        if json:
            print_json({one.code: vars(one) | {"kind": one.kind, "exit_code": one.exit_code} for one in chosen})
        elif code is None:
            print_rows(("code", "kind", "meaning"), [(one.code, one.kind, one.meaning) for one in chosen])
        else:
            (one,) = chosen
            exits = f"exit {one.exit_code}" if one.exit_code else "stops nothing"
            print(f"{one.code} ({one.kind}, {exits})", f"  {one.meaning}", f"  try: {one.mend}", sep="\n")


def data(
    name: Annotated[str | None, typer.Argument(help="A bundled set.", show_default="all")] = None, json: Json = False
) -> None:
    """List the bundled sets, or print one of them as CSV.

    Example: forecast data airline
    """
    from forecast.catalogue import bundled_sets
    from forecast.sources import bundled_path

    with polite():
        if name is not None:
            sys.stdout.buffer.write(bundled_path(name).read_bytes())
            sys.stdout.flush()
        elif json:
            print_json({one.name: vars(one) for one in bundled_sets()})
        else:
            print_rows(("name", "rows", "frequency", "what", "source"), [vars(one).values() for one in bundled_sets()])


def models(
    name: Annotated[
        str | None, typer.Argument(help="A model, or orders such as arima(2,1,1).", show_default="all")
    ] = None,
    json: Json = False,
) -> None:
    """List the models, or the settings of one with their defaults, as they stand under [models.NAME] in the file.

    Example: forecast models mlp
    """
    from dataclasses import asdict

    from forecast.catalogue import describe_model, list_models
    from forecast.config import in_toml

    with polite():
        chosen = list_models() if name is None else [describe_model(name)]
        if json:
            print_json({model.name: asdict(model) for model in chosen})
        elif name is None:
            print_rows(("name", "runs", "what"), [(model.name, model.runs, model.summary) for model in chosen])
        else:
            (model,) = chosen
            print(f"{model.name} ({model.runs}): {model.summary}", end="\n\n", flush=True)
            head = ("setting", "default", "values", "what")
            print_rows(head, [(one.name, in_toml(one.default), one.values, one.meaning) for one in model.settings])
