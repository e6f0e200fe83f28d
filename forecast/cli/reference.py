"""Commands that say what there is: codes, bundled sets, models, settings.

The idea: what they print is read from where it is used, so it cannot be out of date.
"""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from forecast.cli.flags import settings_file, takes
from forecast.cli.group import CONTEXT, Quick
from forecast.cli.parameters import Json, Settings
from forecast.cli.printing import print_json, print_rows
from forecast.errors import ModelError
from forecast.options import RunOptions

__all__ = ["config", "data", "doctor", "errors", "models"]

config = typer.Typer(
    cls=Quick,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    context_settings=CONTEXT,
    help="Write a file of settings, or show those in force.",
)


@config.command()
def init(
    output: Annotated[
        str, typer.Option("--output", help="The file, which must not be there; - for standard output.")
    ] = "forecast.toml",
    json: Json = False,
) -> None:
    """Write a file of settings with every default and what it is for; a file that is there is never replaced.

    Example: forecast config init --output sales.toml
    """
    from forecast.cli.catalogue import commented_settings
    from forecast.storage.files import write_new

    text, path = commented_settings(), None if output == "-" else output
    if path is not None:
        write_new(text, Path(path))
    if json:
        print_json({"schema": 1, "path": path, "text": text})
    else:
        print(text if path is None else f"{path}\n", end="", flush=True)


@config.command()
@takes(RunOptions)
def show(
    config: Settings = None,
    json: Json = False,
    **options: Any,
) -> None:
    """Show every setting that a run with these flags would have, and where it is from.

    Example: forecast config show --horizon 6
    """
    from forecast.config import origins
    from forecast.sections import in_toml

    found = origins(settings_file(config), options)
    if json:
        settings = {name: {"value": value, "origin": origin} for name, (value, origin) in found.items()}
        print_json({"schema": 1, "settings": settings})
    else:
        rows = [(name, in_toml(value), origin) for name, (value, origin) in found.items()]
        print_rows(("setting", "value", "origin"), rows)


def errors(
    code: Annotated[str | None, typer.Argument(help="Such as D104.", show_default="all")] = None, json: Json = False
) -> None:
    """Say what an error or warning means and how to mend it, or list all of them.

    Example: forecast errors D104
    """
    from forecast.codes import CODES, explain

    chosen = list(CODES.values()) if code is None else [explain(code)]
    if json:
        codes = {one.code: vars(one) | {"kind": one.kind, "exit_code": one.exit_code} for one in chosen}
        print_json({"schema": 1, "codes": codes})
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
    from forecast.cli.catalogue import bundled_sets
    from forecast.reading.sources import bundled_path

    path = None if name is None else bundled_path(name)
    if json:
        sets = {one.name: vars(one) for one in bundled_sets() if name in (None, one.name)}
        print_json({"schema": 1, "sets": sets, "path": None if path is None else str(path)})
    elif path is not None:
        sys.stdout.buffer.write(path.read_bytes())
        sys.stdout.flush()
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

    from forecast.cli.catalogue import describe_model, list_models
    from forecast.sections import in_toml

    chosen = list_models() if name is None else [describe_model(name)]
    if json:
        print_json({"schema": 1, "models": {model.name: asdict(model) for model in chosen}})
    elif name is None:
        print_rows(("name", "runs", "what"), [(model.name, model.runs, model.summary) for model in chosen])
    else:
        (model,) = chosen
        print(f"{model.name} ({model.runs}): {model.summary}", end="\n\n", flush=True)
        head = ("setting", "default", "values", "what")
        print_rows(head, [(one.name, in_toml(one.default), one.values, one.meaning) for one in model.settings])


def doctor(json: Json = False) -> None:
    """Examine the installation: versions, threads, fonts, disk and a few seconds of self-test; exits 4 where one fails.

    Example: forecast doctor --json
    """
    from forecast.verbs.installation import examine

    found = examine()
    if json:
        print_json({"schema": 1, "examinations": [vars(one) for one in found]})
    else:
        rows = [(one.name, "well" if one.passed else "FAILED", one.found) for one in found]
        print_rows(("examined", "how", "found"), rows)
    failed = [one for one in found if not one.passed]
    if failed:
        first = f"{failed[0].name}: {failed[0].found}"
        raise ModelError("M107", f"{len(failed)} of {len(found)} examinations failed: {first}")
