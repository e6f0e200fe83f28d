"""From what an error proposes to a command that can be typed.

The idea: the proposal is read back into options, these are added to the options already given, and the data are read
again with them, so that what stands behind the first problem is found too and the last command mends them all.
"""

from __future__ import annotations

import shlex
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecast.doctor.checkup import Checkup
from forecast.doctor.findings import from_error
from forecast.errors import DataError, ForecastError
from forecast.options import RunOptions, declared
from forecast.reading.sources import STANDARD_INPUT
from forecast.reading.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["command", "name_of", "options_of", "placed", "visit"]

REPEATED = {name for name, one in declared(RunOptions).items() if one.option.repeat}
"""The flags that are typed once for each of their values."""
MOST_REPAIRS = 8
"""How many problems of the file as a whole are looked for one behind the other."""


def options_of(hint: str | None) -> dict[str, str]:
    """Return the options with one value that a hint names; none where it is prose.

    Examples
    --------
    >>> options_of("forecast run 'my sales.csv' --time date --decimal ,")
    {'time': 'date', 'decimal': ','}
    >>> options_of("forecast run sales.csv --strict --set seed=1 --time date")
    {'time': 'date'}
    >>> options_of("--freq D; the times between become gaps"), options_of("mend the quotes")
    ({'freq': 'D'}, {})
    """
    try:
        words = shlex.split(hint or "")
    except ValueError:
        return {}
    whole = words[:2] == ["forecast", "run"]
    words = words[3:] if whole else words
    found: dict[str, str] = {}
    while len(words) > 1 and words[0].startswith("--"):
        flag, value = words[:2]
        if whole and value.startswith("--"):  # a flag that takes none
            words = words[1:]
            continue
        name = flag[2:].replace("-", "_")
        if name not in REPEATED:
            found[name] = value if whole or value == "," else value.rstrip(";,")
        words = words[2:]
    return found


@contextmanager
def placed(source: object, flags: Mapping[str, Any]) -> Iterator[None]:
    """Let every error about the data name the file, and propose a whole command with the flags given already.

    Raises
    ------
    DataError
        The one that was raised inside, said so.
    """
    try:
        yield
    except DataError as error:
        name = name_of(source)
        named = name in error.message or error.message.startswith(STANDARD_INPUT)
        message = error.message if named else f"{name}: {error.message}"
        options = options_of(error.hint) if isinstance(source, (str, Path)) else {}
        hint = command(source, {**flags, **options}, verb="run") if options else error.hint
        raise DataError(error.code, message, found=error.found, hint=hint) from error


def name_of(source: object) -> str:
    """Return what to call a source: the name of the file, or ``the frame``."""
    if isinstance(source, Table):
        return source.name
    if isinstance(source, str) and source == "-":
        return STANDARD_INPUT
    return Path(source).name if isinstance(source, (str, Path)) else "the frame"


def command(source: object, flags: Mapping[str, Any], *, verb: str = "check") -> str:
    """Return the line that checks `source` with these flags, or runs it where they are not all flags of the check.

    Examples
    --------
    >>> command("sales.csv", {"time": None, "target": "units sold"})
    "forecast check sales.csv --target 'units sold'"
    >>> command("sales.csv", {"series": ["north, east", "west"]})
    "forecast check sales.csv --series 'north, east' --series west"
    """
    given = {name: value for name, value in flags.items() if value is not None}
    verb = "run" if {"horizon", "n_windows"} & set(given) else verb
    texts: list[tuple[str, str]] = []
    for name, value in given.items():
        several = value if isinstance(value, (list, tuple)) else [value]
        texts += [(name, str(one)) for one in several] if name in REPEATED else [(name, ",".join(map(str, several)))]
    options = [[f"--{name.replace('_', '-')}", text] for name, text in texts]
    words = [word for option in options for word in (option[:1] if option[1] == "True" else option)]
    return shlex.join(["forecast", verb, str(source), *words])


def visit(source: object, flags: Mapping[str, Any], look: Callable[[dict[str, Any]], Checkup]) -> Checkup:
    """Return the checkup of `source`, be it of what stands behind problems that stop a run.

    Parameters
    ----------
    source : path, name or frame
        What is read.
    flags : dict
        The options that were given, None where one was not.
    look : callable
        Reads with such options and examines, or raises.

    Raises
    ------
    ForecastError
        Where no reading was possible because of the options or the file itself, and not because of what it holds.
    """
    errors: list[DataError] = []
    repaired: dict[str, Any] = dict(flags)
    commands: list[str] = []
    checkup = None
    while checkup is None and len(errors) < MOST_REPAIRS:
        try:
            checkup = look(repaired)
        except ForecastError as error:
            if not isinstance(error, DataError):
                if errors:
                    break
                raise
            more = options_of(error.hint) if isinstance(source, (str, Path)) else {}
            errors.append(error)
            known = set(more) <= set(flags) and any(repaired[name] != value for name, value in more.items())
            repaired |= more if known else {}
            commands.append(command(source, repaired) if known else error.hint or "")
            if not known:
                break
    checkup = checkup or Checkup(name_of(source), {}, ())
    findings = [
        replace(finding, repair=command(source, {**repaired, **options}))
        if (options := options_of(finding.repair)) and isinstance(source, (str, Path))
        else finding
        for finding in checkup.findings
    ]
    first = [replace(from_error(error), repair=text) for error, text in zip(errors, commands, strict=True)]
    return replace(checkup, findings=(*first, *findings)).with_findings(())
