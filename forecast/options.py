"""The settings of a run that can be typed, each declared once: its name, its type and its words.

The idea: an option is a key of a typed dictionary. The functions of `forecast.pipeline` take the dictionary as their
keywords, the command line makes a flag of every key, and `forecast.config` learns in which table of the file it stands.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, wraps
from typing import Annotated, Any, TypedDict, TypeVar, get_args, get_origin, get_type_hints

from forecast.defaults import DUPLICATES, METRICS, MISSING, MODEL_NAMES
from forecast.errors import nearest

__all__ = ["CheckOptions", "DataOptions", "Option", "RunOptions", "declared", "spelled_out"]

Verb = TypeVar("Verb", bound=Callable[..., Any])


@dataclass(frozen=True)
class Option:
    """What people are told of an option.

    Parameters
    ----------
    help : str
        A sentence.
    default : str
        What happens where it is not given.
    short : str
        The flag of one letter, if it has one.
    table : str
        The table of the configuration file in which it stands; none for the top.
    example : str
        A value that is always right, for a message about one that is wrong.
    repeat : bool
        Whether the flag is typed once for each of several values, since these may have commas in them.
    """

    help: str
    default: str = "none"
    short: str = ""
    table: str = "data"
    example: str = ""
    repeat: bool = False


Strict = Annotated[bool | None, Option("Warnings are errors.", "no", table="")]
Setting = Annotated[
    Sequence[str] | None,
    Option("A setting of the file by its place, such as models.mlp.members=4; may be repeated.", table="", repeat=True),
]


class ForecastOptions(TypedDict, total=False):
    """What is forecast, by what, and how it is compared."""

    horizon: Annotated[
        int | None, Option("Steps to forecast.", "by frequency", short="-H", table="backtest", example="12")
    ]
    models: Annotated[
        Sequence[str] | None,
        Option(
            f"Which of {','.join(MODEL_NAMES)}, or orders such as arima(2,1,1)(0,1,1)12; the baselines always run.",
            "the usual",
            short="-m",
            table="models",
        ),
    ]
    n_windows: Annotated[
        int | None, Option("Test windows of one horizon each.", "4 to 12", table="backtest", example="8")
    ]
    step_size: Annotated[
        int | None, Option("Steps from one test window to the next.", "a horizon", table="backtest", example="1")
    ]
    gap: Annotated[
        int | None,
        Option(
            "Steps after the last known value that are neither scored nor forecast.", "0", table="backtest", example="1"
        ),
    ]
    refit: Annotated[
        int | None,
        Option("Fit at every so-manieth window; 0: at the first alone.", "1", table="backtest", example="4"),
    ]
    window_size: Annotated[
        int | None, Option("Latest values that models learn from.", "all", table="backtest", example="60")
    ]
    metric: Annotated[
        str | None,
        Option(f"By which models are compared: {', '.join(METRICS)}.", "mase", table="backtest", example="mase"),
    ]
    sliding: Annotated[
        bool | None,
        Option("Learn from as many values at every window as at the first, not from all.", "no", table="backtest"),
    ]
    level: Annotated[
        Sequence[float] | None,
        Option("Intervals in percent, such as 80,95.", "80,95", table="forecast", example="80,95"),
    ]
    adaptive: Annotated[
        bool | None, Option("Widen intervals after misses and narrow them after hits.", "no", table="forecast")
    ]
    quantile: Annotated[
        float | None,
        Option(
            "Forecast this quantile instead of the middle, and compare models by its loss: 0.9 where too little costs "
            "nine times as much as too much.",
            table="forecast",
            example="0.9",
        ),
    ]
    paths: Annotated[
        int | None,
        Option("So many sample paths of the best model, for sums over steps.", table="forecast", example="200"),
    ]
    fallback: Annotated[
        bool | None, Option("Let seasonal naive stand in for a model that fails.", "no", table="forecast")
    ]
    preset: Annotated[
        str | None,
        Option("How much time the network gets: fast, balanced or best.", "balanced", table="", example="fast"),
    ]
    budget: Annotated[
        str | None, Option("How long a run may take: 60s, 5m, 1h.", "as long as it takes", table="", example="60s")
    ]
    totals: Annotated[
        Sequence[str] | None,
        Option("Forecast also the total and the sums over such a column, as region, made to add up.", table="forecast"),
    ]
    min: Annotated[float | None, Option("Smallest forecast.", table="forecast", example="0")]
    max: Annotated[float | None, Option("Largest forecast.", table="forecast", example="100")]
    integer: Annotated[
        bool | None, Option("Forecast whole numbers; intervals are rounded outwards.", "no", table="forecast")
    ]
    seeds: Annotated[
        int | None,
        Option("Repeat the networks with so many seeds and show how far they lie apart.", "1", table="", example="5"),
    ]
    strict: Strict
    set: Setting
    seed: Annotated[int | None, Option("The same seed gives the same bytes.", "0", table="", example="0")]


class DataOptions(TypedDict, total=False):
    """How the data are read and prepared: what a check and a run share."""

    time: Annotated[str | None, Option("The column of times.", "inferred", short="-t")]
    target: Annotated[str | None, Option("The column to forecast.", "inferred", short="-y")]
    id: Annotated[str | None, Option("The column of series names.", "inferred")]
    layout: Annotated[
        str | None,
        Option(
            "One row a value (long), one column a series (columns) or one row a series (rows).",
            "auto",
            example="columns",
        ),
    ]
    freq: Annotated[str | None, Option("Step of the times: MS, W-SAT, 15min.", "inferred", short="-f")]
    season_length: Annotated[
        int | Sequence[int] | None,
        Option("Periods of a season, or of several: 24,168; 1 for none.", "by frequency", example="12"),
    ]
    resample: Annotated[str | None, Option("Bring finer data or raw transactions to W, MS, D, h, 15min first.", "no")]
    aggregate: Annotated[
        str | None, Option("Of the values of such a period: sum, mean, last, max.", "sum", example="sum")
    ]
    future: Annotated[
        Sequence[str] | None,
        Option("Columns known ahead, such as promo,price: their future rows are in the data, with an empty target."),
    ]
    past: Annotated[Sequence[str] | None, Option("Columns known only in the past, such as temperature.")]
    static: Annotated[Sequence[str] | None, Option("Columns that tell series apart, such as region.")]
    calendar: Annotated[
        Sequence[str] | None, Option("What the network sees of the calendar, such as hour,weekday,month.")
    ]
    holidays: Annotated[str | None, Option("The network sees the public holidays of a country, such as DE.")]
    series: Annotated[
        Sequence[str] | None,
        Option("The name of a series, where not all are wanted; may be repeated.", "all", repeat=True),
    ]
    since: Annotated[
        str | None, Option("Leave out what lies before a date, such as 2015-01-01.", "all", example="2000-01-01")
    ]
    missing: Annotated[str | None, Option(f"How gaps are filled: {', '.join(MISSING)}.", "auto", example="auto")]
    transform: Annotated[
        str | None,
        Option("Before the network: auto, none, or names such as log,difference(12),standardize.", "auto"),
    ]
    na: Annotated[
        Sequence[str] | None, Option("What stands for a missing value, such as -999.", "empty, NA, NaN, null")
    ]
    duplicates: Annotated[
        str | None, Option(f"Two values for one time: {', '.join(DUPLICATES)}.", "error", example="mean")
    ]
    date_format: Annotated[str | None, Option("How times are written, such as %d.%m.%Y.", "inferred")]
    delimiter: Annotated[str | None, Option("Between fields.", "sniffed")]
    decimal: Annotated[str | None, Option("Decimal point or comma.", "sniffed", example=".")]
    encoding: Annotated[str | None, Option("Of the file.", "sniffed")]
    sheet: Annotated[str | None, Option("Of a workbook.", "the first with cells")]
    tz: Annotated[
        str | None, Option("Zone of the times, such as Europe/Berlin; times of the day become UTC.", "as written")
    ]


class CheckOptions(DataOptions, total=False):
    """All options of a check."""

    strict: Strict
    set: Setting


class RunOptions(ForecastOptions, DataOptions, total=False):
    """All options of a run."""


@dataclass(frozen=True)
class Declared:
    """An option as it was declared: its words, its type, and what one of several values is where it takes many."""

    option: Option
    type: Any
    each: type | None


@cache
def declared(options: type) -> dict[str, Declared]:
    """Return the options of a typed dictionary by name, in the order in which they were declared.

    Examples
    --------
    >>> found = declared(RunOptions)
    >>> found["level"].each, found["horizon"].option.short
    (<class 'float'>, '-H')
    """
    found = {}
    for name, hint in get_type_hints(options, include_extras=True).items():
        kind, option = get_args(hint)
        several = [part for part in get_args(kind) if get_origin(part) is Sequence]
        found[name] = Declared(option, kind, get_args(several[0])[0] if several else None)
    return found


def spelled_out(options: type) -> Callable[[Verb], Verb]:
    """Return a decorator that shows the keywords `options` of a function in its signature and its docstring.

    The docstring says ``{options}`` where they are to stand. A keyword that is none of them is refused; those given
    arrive in the order of their declaration.
    """

    def decorate(verb: Verb) -> Verb:
        known = declared(options)
        signature = inspect.signature(verb)
        own = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
        keywords = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=one.type)
            for name, one in known.items()
        ]

        @wraps(verb)
        def checked(*args: Any, **given: Any) -> Any:
            for name in given:
                if name not in known and name not in signature.parameters:
                    guess = nearest(name, [*known, *signature.parameters])
                    more = f"; did you mean {guess!r}?" if guess else ""
                    raise TypeError(f"{verb.__name__}() got an unexpected keyword argument {name!r}{more}")
            own = {name: value for name, value in given.items() if name not in known}
            return verb(*args, **own, **{name: given[name] for name in known if name in given})

        lines = [f"{name}\n        {one.option.help} Default: {one.option.default}." for name, one in known.items()]
        first = sum(p.kind is not inspect.Parameter.KEYWORD_ONLY for p in own)
        checked.__signature__ = signature.replace(parameters=[*own[:first], *keywords, *own[first:]])  # type: ignore[attr-defined]
        checked.__doc__ = (verb.__doc__ or "").replace("{options}", "\n    ".join(lines))
        return checked  # type: ignore[return-value]

    return decorate
