"""Commands that say what there is: codes, bundled sets, models, settings.

The idea: what they print is read from where it is used, so it cannot be out of date.
"""

from __future__ import annotations

from typing import Annotated

import typer

from forecast.cli.printing import polite, print_json, print_rows

__all__ = ["errors"]

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
