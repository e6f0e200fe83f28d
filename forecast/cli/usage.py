"""What was typed wrong, told as every other error is: a code, what it was, and what to type.

The idea: typer finds out what does not parse and says so in its own form; here that becomes one of ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from forecast.errors import ConfigError, nearest, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["explained", "is_usage", "unknown_command"]


def is_usage(error: Exception) -> bool:
    """Whether this is how typer says that words do not parse; it names no class for that which can be imported."""
    return hasattr(error, "format_message") and hasattr(error, "ctx")


def explained(error: Any) -> ConfigError:
    """Return the error of typer as ours, with the option that was probably meant."""
    word = getattr(error, "option_name", None)
    if type(error).__name__ == "NoSuchOption" and word:
        guess = nearest(word, error.possibilities or ())
        message = f"no option {shown(word)}" + (f"; did you mean {guess}?" if guess else "")
    else:
        said = " ".join(error.format_message().split()).rstrip(".")
        message = said[:1].lower() + said[1:]
    return ConfigError("U101", message, hint=f"{error.ctx.command_path if error.ctx else 'forecast'} --help")


def unknown_command(name: str, known: Sequence[str], path: str) -> ConfigError:
    """Return what is said of a word that is no command of `path`."""
    guess = nearest(name, known)
    more = f"; did you mean {guess}?" if guess else ""
    return ConfigError("U101", f"no command {shown(name)}{more}", hint=f"{path} {guess or '--help'}")
