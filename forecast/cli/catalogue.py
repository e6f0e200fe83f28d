"""What there is to choose from: the models with their settings, and the bundled sets.

The idea: nothing is written twice. Settings and defaults are those of the configuration, words those of the docstring
of the class, facts of a bundled set those of the table in ``data/README.md``.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from forecast.defaults import BASELINES, BUNDLED, DEFAULT_MODELS, MODEL_NAMES
from forecast.models.arima import ARIMA
from forecast.models.combination import combined
from forecast.models.mlp import MLP
from forecast.options import RunOptions, declared
from forecast.orders import FixedOrders, is_orders
from forecast.reading.sources import bundled_path
from forecast.ready import MODELS
from forecast.sections import (
    SECTIONS,
    FixedArimaSection,
    MLPSection,
    ModelsSection,
    ReportSection,
    RunConfig,
    in_toml,
    spelled,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["BundledSet", "Model", "Setting", "bundled_sets", "commented_settings", "describe_model", "list_models"]


HEAD = (
    "# The settings of a run, each with its default: `forecast run DATA` reads this file where it finds it as",
    "# forecast.toml, or with --config FILE. A flag goes before a FORECAST_... variable, and that before this file.",
    "# What you do not change you may delete.",
    "#",
    "# Models run whose table stands here: delete [models.arima], and ARIMA does not.",
)
MORE = ("# Further models: take the marks of comment away, from the table and what you change in it.",)


@dataclass(frozen=True)
class BundledSet:
    """A bundled set: its name, rows, frequency, what it is and where it is from."""

    name: str
    rows: int
    frequency: str
    content: str
    source: str


@dataclass(frozen=True)
class Setting:
    """What can be set of a model: name, default, the values it can have, and what it does."""

    name: str
    default: Any
    values: str
    meaning: str


@dataclass(frozen=True)
class Model:
    """A model: its name, when it runs (by default, always, on request), what it is, and its settings."""

    name: str
    runs: str
    summary: str
    settings: tuple[Setting, ...]


def bundled_sets() -> list[BundledSet]:
    """Return the bundled sets, as the table beside them describes them.

    Examples
    --------
    >>> [(one.name, one.rows) for one in bundled_sets()][0]
    ('airline', 144)
    """
    text = bundled_path(BUNDLED[0]).with_name("README.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    described = {row[0].strip("`").removesuffix(".csv"): row for row in rows if row[0].endswith(".csv`")}
    found = [(name, described[name]) for name in BUNDLED]
    return [BundledSet(name, int(row[1].replace(",", "")), row[2], row[3], row[4]) for name, row in found]


def list_models() -> list[Model]:
    """Return every model that has a name of its own.

    Examples
    --------
    >>> [model.name for model in list_models() if model.runs == "always"]
    ['seasonal_naive', 'naive']
    """
    return [describe_model(name) for name in MODEL_NAMES]


def describe_model(name: str) -> Model:
    """Return what there is to know of a model, or of an ARIMA of fixed orders.

    Raises
    ------
    ConfigError
        U101, when there is no such model; U102, when orders are badly written.

    Examples
    --------
    >>> model = describe_model("theta")
    >>> model.settings[0].name, model.settings[0].default
    ('method', 'dynamic')
    >>> describe_model("arima( 2,1,1 )").summary
    'ARIMA of the orders (2, 1, 1), which are not searched for.'
    """
    name = spelled(name)
    if is_orders(name):
        return Model(name, "on request", _fixed(FixedOrders.read(name)), _settings(ARIMA, FixedArimaSection))
    made: Callable[..., Any] = combined if name == "combination" else MODELS[name]
    described = made if inspect.isclass(made) else inspect.getmodule(made)
    summary = (inspect.getdoc(described) or "").split("\n\n")[0].replace("\n", " ").replace("`", "")
    runs = "always" if name in BASELINES else "by default" if name in DEFAULT_MODELS else "on request"
    return Model(name, runs, summary, _settings(made, SECTIONS[name]))


def commented_settings() -> str:
    """Return a file of settings with every default and what each is for; models that do not run stand in comments.

    Examples
    --------
    >>> commented_settings().splitlines()[6:8]
    ['# The same seed gives the same bytes. (--seed)', 'seed = 0']
    """
    remarks = {
        ".".join(filter(None, [one.option.table, name])): [f"{one.option.help} (--{name.replace('_', '-')})"]
        for name, one in declared(RunOptions).items()
    }
    remarks["report.title"] = [ReportSection.model_fields["title"].description or ""]
    standing = RunConfig(models=ModelsSection.model_validate({name: {} for name in DEFAULT_MODELS}))
    others: list[str] = []
    for model in list_models():
        remarks |= {f"models.{model.name}.{one.name}": [one.meaning] for one in model.settings}
        if model.runs == "on request":
            lines = [f"{one.name} = {in_toml(one.default)}" for one in model.settings]
            others += ["", f"# {model.summary}", *(f"# {line}" for line in [f"[models.{model.name}]", *lines])]
    return "\n".join([*HEAD, "", standing.to_toml(remarks), *MORE, *others]) + "\n"


def _fixed(orders: FixedOrders) -> str:
    season = f"{orders.seasonal_order} and a season of {orders.season_length}" if any(orders.seasonal_order) else ""
    return f"ARIMA of the orders {orders.order}{season and ', ' + season}, which are not searched for."


def _settings(made: Callable[..., Any], section: Any) -> tuple[Setting, ...]:
    """Return the settings of a section of the configuration in the words of what is made with them."""
    words = {**(_parameters(MLP) if issubclass(section, MLPSection) else {}), **_parameters(made)}
    return tuple(
        Setting(name, field.get_default(), *words.get(name, ("", ""))) for name, field in section.model_fields.items()
    )


def _parameters(made: Callable[..., Any]) -> dict[str, tuple[str, str]]:
    """Return the values and the meaning of each parameter, from numpydoc docstrings; those of a class go first."""
    found: dict[str, tuple[str, str]] = {}
    for one in inspect.getmro(made) if inspect.isclass(made) else [made]:
        text = inspect.cleandoc(vars(one).get("__doc__") or "" if inspect.isclass(one) else one.__doc__ or "")
        body = re.search(r"^Parameters\n-+\n(.*?)(?:\n\n\S+\n-+\n|\Z)", text, re.DOTALL | re.MULTILINE)
        entries = re.split(r"^(?=\w[\w, ]* : )", body[1], flags=re.MULTILINE) if body else []
        for entry in filter(str.strip, entries):
            head, _, rest = entry.partition("\n")
            names, _, values = head.partition(" : ")
            meaning = " ".join(rest.split()).replace("`", "")
            found |= {name: (values, meaning) for name in names.split(", ") if name not in found}
    return found
