"""What was typed wrong, told as every other error is: a code, what it was, and what to type.

The idea: typer finds out what does not parse and says so in its own form; here that becomes one of ours.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecast.defaults import BUNDLED
from forecast.errors import ConfigError, expected_kind, nearest, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecast.errors import ForecastError

__all__ = ["explained", "is_usage", "retyped", "unknown_command"]

LIKE_RUN = ("audit", "backtest", "predict", "tune")
"""Commands that take data and the options of a run."""


def is_usage(error: Exception) -> bool:
    """Whether this is how typer says that words do not parse; it names no class for that which can be imported."""
    return hasattr(error, "format_message") and hasattr(error, "ctx")


def explained(error: Any) -> ConfigError:
    """Return the error of typer as ours, with the option that was probably meant."""
    word = getattr(error, "option_name", None)
    if type(error).__name__ == "NoSuchOption" and word:
        guess = nearest(word, error.possibilities or ())
        message = f"no option {shown(word)}" + (f"; did you mean {guess}?" if guess else "")
    elif getattr(error, "param", None) is not None and (kind := _kind(str(error.message))):
        message = f"{_flag(error.param)} should be {kind}"
    else:
        said = " ".join(error.format_message().split()).rstrip(".")
        message = said[:1].lower() + said[1:]
    return ConfigError("U101", message, hint=f"{error.ctx.command_path if error.ctx else 'forecast'} --help")


def _flag(param: Any) -> str:
    """Return what a parameter is typed as."""
    return next((word for word in param.opts if word.startswith("--")), f"the argument {param.name}")


def _kind(message: str) -> str | None:
    """Return what a value should be, of which typer says that it is not; None where it says something else."""
    kind = expected_kind(message.rstrip("."))
    if " is not one of " in kind:
        return f"one of {kind.partition(' is not one of ')[2]}"
    if " is not a valid " in kind:  # as older ones have it
        return {"integer": "a whole number", "float": "a number"}.get(kind.rpartition(" ")[2])
    if " is not in the range x>=" in kind:
        return f"greater than or equal to {kind.rpartition('=')[2]}"
    return kind if message.startswith("Input should be ") else None


def retyped(error: ForecastError, words: Sequence[str]) -> ForecastError:
    """Return an error about data whose proposal is a run of them, with the command that was typed in its place.

    Examples
    --------
    >>> error = ConfigError("D104", "no column", hint="forecast run sales.csv --time day")
    >>> retyped(error, ["predict", "other.csv"]).hint
    'forecast run sales.csv --time day'
    >>> retyped(error, ["predict", "sales.csv"]).hint
    'forecast predict sales.csv --time day'
    """
    start = "forecast run "
    given = [shlex.quote(word) for word in words[1:]]
    hint = error.hint or ""
    if words and words[0] in LIKE_RUN and any(hint.startswith(f"{start}{word} ") for word in given):
        error.hint = f"forecast {words[0]} {hint.removeprefix(start)}"
    return error


def unknown_command(name: str, known: Sequence[str], path: str) -> ConfigError:
    """Return what is said of a word that is no command of `path`; data are proposed to be run."""
    if path == "forecast" and (name in BUNDLED or Path(name).suffix or Path(name).exists()):
        return ConfigError("U101", f"no command {shown(name)}", hint=f"forecast run {shlex.quote(name)}")
    guess = nearest(name, known)
    more = f"; did you mean {guess}?" if guess else ""
    return ConfigError("U101", f"no command {shown(name)}{more}", hint=f"{path} {guess or '--help'}")
