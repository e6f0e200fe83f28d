"""What ends a run badly though nothing went wrong: warnings where they count as errors, and a condition on the scores.

The idea: both are plain questions to what a run has found; a condition is read by a grammar of one line and never run
as code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from forecast.errors import ConfigError, DataError, ForecastError, ModelError, Notice, nearest, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

__all__ = ["Condition", "refuse_warnings"]

EXAMPLE = '--fail-if "mase>1 or not beats seasonal_naive"'
_COMPARED = re.compile(r"(?:(?P<model>[a-z][\w(),]*)\.)?(?P<score>[a-z][\w-]*?)\s*(?P<sign>[<>]=?)\s*(?P<number>\S+)")
_BEATS = re.compile(r"beats\s+(?P<other>[a-z][\w(),]*)")
_SIGNS: dict[str, Callable[[float, float], bool]] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}


def refuse_warnings(notices: Sequence[Notice]) -> None:
    """Raise the first warning as an error, of the data (W2..) or of a model (W3..), and say how many there are.

    Raises
    ------
    DataError, ModelError
        With the code of the warning.

    Examples
    --------
    >>> refuse_warnings([Notice("W202", "sales is constant")])
    Traceback (most recent call last):
        ...
    forecast.errors.DataError: sales is constant (--strict); try the run without --strict
    """
    for notice in notices:
        kind: type[ForecastError] = DataError if notice.code.startswith("W2") else ModelError
        more = f", the first of {len(notices)} warnings" if len(notices) > 1 else ""
        raise kind(notice.code, f"{notice.message} (--strict{more})", hint="the run without --strict")


@dataclass(frozen=True)
class Condition:
    """A condition on a leaderboard: comparisons of scores joined by ``and`` and, more loosely, ``or``.

    Parameters
    ----------
    text : str
        What was typed. A part is ``mase>1`` (a score of the leading model), ``ets.mase>1`` (of a model) or
        ``beats naive`` (the leading model has the lower error), with ``not`` before it or without.
    anyof : tuple of tuple of str
        Its parts: one of these groups must hold, each of whose parts must.

    Examples
    --------
    >>> mlp = {"model": "mlp", "role": "candidate", "mase": 0.9}
    >>> naive = {"model": "naive", "role": "baseline", "mase": 1.2}
    >>> texts = ("mase>1", "not beats naive", "naive.mase > 1 and mase<1")
    >>> [Condition.read(text).holds([mlp, naive], "mase") for text in texts]
    [False, False, True]
    """

    text: str
    anyof: tuple[tuple[str, ...], ...]

    @classmethod
    def read(cls, text: str) -> Condition:
        """Return the condition that a text says.

        Raises
        ------
        ConfigError
            U101, when a part is none that there is.
        """
        groups = tuple(tuple(re.split(r"\s+and\s+", group.strip())) for group in re.split(r"\s+or\s+", text.strip()))
        for part in (part for group in groups for part in group):
            plain = part.removeprefix("not ").strip()
            found = _COMPARED.fullmatch(plain)
            if not (_BEATS.fullmatch(plain) or (found and _is_number(found["number"]))):
                raise ConfigError("U101", f"--fail-if {shown(part)} is no condition on a score", hint=EXAMPLE)
        return cls(text, groups)

    def require(self, models: Collection[str], scores: Collection[str]) -> None:
        """Check, before any work, that all it names will be there.

        Raises
        ------
        ConfigError
            U101, when it names a model that does not run or a score that does not exist.

        Examples
        --------
        >>> Condition.read("mase>1 or beats ets").require(["mlp", "naive"], ["mase"])
        Traceback (most recent call last):
            ...
        forecast.errors.ConfigError: --fail-if: no model "ets" runs; try --fail-if "mase>1 or not beats seasonal_naive"
        """
        for part in (part.removeprefix("not ").strip() for group in self.anyof for part in group):
            if beats := _BEATS.fullmatch(part):
                _require("model", beats["other"], models)
            elif found := _COMPARED.fullmatch(part):
                if found["model"] is not None:
                    _require("model", found["model"], models)
                _require("score", found["score"], scores)

    def holds(self, board: Sequence[Mapping[str, Any]], metric: str) -> bool:
        """Whether the condition is true of a leaderboard, a mapping for each model, ordered by `metric`.

        A score that is not known (no window was held out) makes its part true: what could not be shown has not passed.

        Raises
        ------
        ConfigError
            U101, when it names a model that did not run or a score that does not exist.
        """
        scores = {str(row["model"]): row for row in board}
        candidates = [str(row["model"]) for row in board if row["role"] == "candidate"]
        lead = "mlp" if "mlp" in candidates else (candidates or list(scores))[0]
        return any(all(_true(part, scores, lead, metric) for part in group) for group in self.anyof)


def _true(part: str, scores: Mapping[str, Mapping[str, Any]], lead: str, metric: str) -> bool:
    plain = part.removeprefix("not ").strip()
    if beats := _BEATS.fullmatch(plain):
        one, other, sign = _score(scores, lead, metric), _score(scores, beats["other"], metric), "<"
    elif found := _COMPARED.fullmatch(plain):
        one, other, sign = _score(scores, found["model"] or lead, found["score"]), float(found["number"]), found["sign"]
    if one != one or other != other:
        return True
    return _SIGNS[sign](one, other) != part.startswith("not ")


def _score(scores: Mapping[str, Mapping[str, Any]], model: str, name: str) -> float:
    """Return a score of a model; NaN where it is not known."""
    _require("model", model, scores)
    row = {key: value for key, value in scores[model].items() if isinstance(value, int | float)}
    _require("score", name, row)
    return float(row[name])


def _require(kind: str, name: str, there: Collection[str]) -> None:
    """Refuse a name that is not there, with the one that was probably meant."""
    if name in there:
        return
    guess = nearest(name, there)
    what = (
        f"--fail-if: no {kind} {shown(name)}" + " runs" * (kind == "model") + f"; did you mean {guess}?" * bool(guess)
    )
    raise ConfigError("U101", what, found=", ".join(there) if kind == "model" else None, hint=EXAMPLE)


def _is_number(text: str) -> bool:
    try:
        return float(text) == float(text)
    except ValueError:
        return False
