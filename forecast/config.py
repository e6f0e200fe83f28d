"""The settings of a run: every one has a name, a type and a default, and travels with the result as ``config.toml``.

The idea: what was typed, what stands in a file and the defaults become one object before anything happens; an unknown
or wrong setting is an error that says where it stands. ``auto`` stays ``auto``: what it came to is in choices.json.
"""

from __future__ import annotations

import tomllib
from math import inf
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tomli_w
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    model_validator,
)

from forecast.defaults import DEFAULT_MODELS, LEVELS, MODEL_NAMES
from forecast.errors import ConfigError, FileError, nearest, shown
from forecast.options import RunOptions, declared
from forecast.orders import canonical, is_orders

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["SECTIONS", "CombinationSection", "ForecastSection", "RunConfig", "in_toml", "resolve", "spelled"]

Auto = Literal["auto"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DataSection(_Section):
    """How the data are read."""

    time: str = "auto"
    target: str = "auto"
    id: str = "auto"
    layout: Literal["auto", "long", "columns", "rows"] = "auto"
    freq: str = "auto"
    season_length: PositiveInt | tuple[PositiveInt, ...] | Auto = "auto"
    resample: str = "none"
    aggregate: Literal["sum", "mean", "last", "max"] = "sum"
    missing: Literal["auto", "error", "linear", "seasonal", "zero", "ffill"] = "auto"
    transform: str = "auto"
    duplicates: Literal["error", "first", "last", "mean", "sum"] = "error"
    date_format: str = "auto"
    delimiter: str = "auto"
    decimal: Literal["auto", ".", ","] = "auto"
    encoding: str = "auto"
    sheet: str = "auto"
    na: tuple[str, ...] = ()
    tz: str = "auto"
    future: tuple[str, ...] = ()
    past: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    calendar: tuple[str, ...] = ()
    holidays: str = "none"


class BacktestSection(_Section):
    """How the models are compared."""

    horizon: PositiveInt | Auto = "auto"
    n_windows: PositiveInt | Auto = "auto"
    step_size: PositiveInt | Auto = "auto"
    gap: NonNegativeInt = 0
    refit: NonNegativeInt = 1
    window_size: Annotated[int, Field(ge=3)] | Auto = "auto"


class MLPSection(_Section):
    """The settings of `forecast.models.mlp.MLP`."""

    input_size: PositiveInt | Auto = "auto"
    hidden_sizes: tuple[PositiveInt, ...] | Auto = "auto"
    blocks: PositiveInt | Auto = "auto"
    members: PositiveInt | Auto = "auto"
    activation: Literal["relu", "tanh", "sigmoid", "identity", "elu", "gelu", "leaky_relu", "silu", "softplus"] = "relu"
    loss: Literal["auto", "mae", "mse", "huber", "log_cosh"] = "auto"
    optimizer: Literal["adam", "rmsprop", "sgd"] = "adam"
    learning_rate: PositiveFloat | Auto = "auto"
    schedule: Literal["cosine", "step", "constant"] = "cosine"
    max_steps: PositiveInt | Auto = "auto"
    patience: PositiveInt = 200
    batch_size: PositiveInt | Auto = "auto"
    weight_decay: float = Field(default=0.01, ge=0)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    input_noise: float = Field(default=0.0, ge=0)
    prior: Literal["auto", "none"] = "auto"
    head: Literal["auto", "point", "quantiles", "histogram"] = "auto"
    scale: Literal["auto", "difference", "std", "level", "unit", "zero"] = "auto"


class ArimaSection(_Section):
    """The settings of `forecast.models.arima.ARIMA`."""

    order: tuple[NonNegativeInt, NonNegativeInt, NonNegativeInt] | Auto = "auto"
    seasonal_order: tuple[NonNegativeInt, NonNegativeInt, NonNegativeInt] | Auto = "auto"
    transform: Literal["auto", "none", "log"] = "auto"


class FixedArimaSection(_Section):
    """The settings of an ARIMA whose orders are its name."""

    transform: Literal["auto", "none", "log"] = "auto"


class LinearSection(MLPSection):
    """The settings of `forecast.models.linear.Linear`."""

    hidden_sizes: tuple[()] = ()
    prior: Literal["none"] = "none"


class HybridSection(MLPSection):
    """The settings of `forecast.models.hybrid.Hybrid`."""

    prior: Literal["none"] = "none"
    scale: Literal["zero"] = "zero"


class CombinationSection(_Section):
    """The settings of `forecast.models.combination.combined`."""

    members: tuple[Annotated[str, AfterValidator(canonical)], ...] | Auto = "auto"
    method: Literal["mean", "median", "inverse_error", "least_squares"] = "mean"


class ThetaSection(_Section):
    """The settings of `forecast.models.theta.Theta`."""

    method: Literal["dynamic", "standard"] = "dynamic"


class CrostonSection(_Section):
    """The settings of `forecast.models.intermittent.Croston`."""

    alpha: float = Field(default=0.1, gt=0, le=1)


class TSBSection(CrostonSection):
    """The settings of `forecast.models.intermittent.TSB`."""

    beta: float = Field(default=0.1, gt=0, le=1)


class PlainSection(_Section):
    """Nothing to set."""


class ModelsSection(_Section):
    """The models that run: those whose table is there, and beside the named ones every ARIMA of fixed orders."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, FixedArimaSection] = Field(init=False)

    mlp: MLPSection | None = None
    arima: ArimaSection | None = None
    ets: PlainSection | None = None
    theta: ThetaSection | None = None
    hybrid: HybridSection | None = None
    combination: CombinationSection | None = None
    linear: LinearSection | None = None
    prior: PlainSection | None = None
    drift: PlainSection | None = None
    mean: PlainSection | None = None
    croston: CrostonSection | None = None
    tsb: TSBSection | None = None
    seasonal_naive: PlainSection = PlainSection()
    naive: PlainSection = PlainSection()

    @model_validator(mode="before")
    @classmethod
    def _named(cls, tables: Any) -> Any:
        """Return the tables with every name in its one spelling; refuse what names no model."""
        return {spelled(name): table for name, table in tables.items()} if isinstance(tables, dict) else tables

    @property
    def fixed(self) -> dict[str, FixedArimaSection]:
        """Every ARIMA of fixed orders, by its name."""
        return self.__pydantic_extra__


SECTIONS: dict[str, type[BaseModel]] = {
    "mlp": MLPSection,
    "arima": ArimaSection,
    "ets": PlainSection,
    "theta": ThetaSection,
    "hybrid": HybridSection,
    "combination": CombinationSection,
    "linear": LinearSection,
    "prior": PlainSection,
    "drift": PlainSection,
    "mean": PlainSection,
    "croston": CrostonSection,
    "tsb": TSBSection,
    "seasonal_naive": PlainSection,
    "naive": PlainSection,
}


class ForecastSection(_Section):
    """What is forecast."""

    level: tuple[Annotated[float, Field(gt=0, lt=100)], ...] = LEVELS
    min: float = -inf
    max: float = inf
    integer: bool = False
    adaptive: bool = False
    quantile: Annotated[float, Field(gt=0, lt=1)] | Literal["none"] = "none"
    paths: NonNegativeInt = 0
    fallback: bool = False
    totals: tuple[str, ...] = ()


class ReportSection(_Section):
    """How the report looks."""

    title: str = "auto"


class RunConfig(_Section):
    """All settings of a run."""

    seed: NonNegativeInt = 0
    preset: Literal["fast", "balanced", "best"] = "balanced"
    budget: Annotated[str, Field(pattern=r"^(none|\d+(\.\d+)?[smh]?)$")] = "none"
    data: DataSection = DataSection()
    backtest: BacktestSection = BacktestSection()
    models: ModelsSection = ModelsSection()
    forecast: ForecastSection = ForecastSection()
    report: ReportSection = ReportSection()

    @property
    def seconds(self) -> float | None:
        """The budget in seconds; None for none.

        Examples
        --------
        >>> RunConfig(budget="5m").seconds
        300.0
        """
        units = {"s": 1.0, "m": 60.0, "h": 3600.0}
        text = self.budget
        return None if text == "none" else float(text.rstrip("smh")) * units.get(text[-1], 1.0)

    def to_toml(self, remarks: Mapping[str, Sequence[str]] | None = None) -> str:
        """Return the settings as a file that `resolve` reads back to the same settings.

        Parameters
        ----------
        remarks : dict of sequence of str, optional
            Lines that stand as comments above a setting, such as ``data.transform``; they are not read back.

        Examples
        --------
        >>> print(RunConfig().to_toml({"seed": ["the first that came to mind"]}).splitlines()[:2])
        ['# the first that came to mind', 'seed = 0']
        """
        lines, section = [], ""
        for line in tomli_w.dumps(self.model_dump(mode="json", exclude_none=True)).splitlines():
            section = f"{line[1:-1]}." if line.startswith("[") else section
            setting = section + line.partition(" = ")[0]
            lines += [*(f"# {remark}" for remark in (remarks or {}).get(setting, ())), line]
        return "\n".join(lines) + "\n"


def in_toml(value: Any) -> str:
    """Return a value as it stands in the file.

    Examples
    --------
    >>> in_toml((80, 95)), in_toml("auto")
    ('[80, 95]', '"auto"')
    """
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(in_toml, value))}]"
    return tomli_w.dumps({"value": value}).partition(" = ")[2].strip()


_OPTIONS = {name: one.option for name, one in declared(RunOptions).items()}


def resolve(file: Path | None, flags: dict[str, Any], *, default_models: Sequence[str] = DEFAULT_MODELS) -> RunConfig:
    """Return the settings of a run: flags before the file, the file before the defaults.

    Parameters
    ----------
    file : Path, optional
        A TOML file; relative paths in it are relative to it.
    flags : dict
        Settings by flag name, ``None`` where not given; `models` is a sequence of names.
    default_models : sequence of str
        The models that run where neither names any.

    Raises
    ------
    ConfigError
        U101, on an unknown or wrong setting.
    FileError
        F101, when there is no such file.
    """
    text = _read(file)
    tree = _parse(file, text)
    names, tables = flags.get("models"), tree.setdefault("models", {})
    if isinstance(tables, dict):
        tables = {spelled(name, _where(file, text, [name])): table for name, table in tables.items()}
        names = [spelled(name) for name in (tables or default_models if names is None else names)]
        names = [*DEFAULT_MODELS, *names] if names == ["combination"] else names
        tree["models"] = {name: tables.get(name, {}) for name in names}
    for flag, value in flags.items():
        if value is not None and flag != "models":
            table = _OPTIONS[flag].table
            place = tree.setdefault(table, {}) if table else tree
            place[flag] = value
    try:
        return RunConfig.model_validate(tree)
    except ValidationError as error:
        raise _explained(error, file, text) from error


def _read(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise FileError("F101", f"no file {shown(file)}", hint="--config with the path of a TOML file") from error
    except OSError as error:
        raise FileError("F102", f"cannot read {shown(file)}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError("U101", f"{shown(file)} is not UTF-8 text", hint="save it as UTF-8") from error


def _parse(file: Path | None, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError("U101", f"{shown(file)} is not valid TOML: {error}") from error


def spelled(name: str, where: str = "") -> str:
    """Return the name of a model in its one spelling.

    Raises
    ------
    ConfigError
        U101 where there is no such model, U102 where orders are badly written; with `where` it stands.
    """
    try:
        spelled = canonical(name)
    except ConfigError as error:
        raise ConfigError(error.code, error.message + where, hint=error.hint) from error
    if name not in SECTIONS and not is_orders(name):
        guess = nearest(name, MODEL_NAMES)
        what = f"no model {shown(name)}{where}" + (f"; did you mean {guess}?" if guess else "")
        raise ConfigError("U101", what, found=name, hint="--models " + ",".join(MODEL_NAMES))
    return spelled


def _explained(error: ValidationError, file: Path | None, text: str) -> ConfigError:
    """Return the first problem pydantic found, in our words."""
    problem = error.errors()[0]
    path = [str(part) for part in problem["loc"]]
    known = [part for part in path if not part.startswith(("constrained-", "literal[", "tuple[")) and part != "int"]
    known = [part for part in known if not part.isdigit()]
    name, where = ".".join(known), _where(file, text, known)
    if problem["type"] == "extra_forbidden":
        guess = nearest(known[-1], _fields(known[:-1]))
        return ConfigError("U101", f"{name}{where} is not a setting" + (f"; did you mean {guess}?" if guess else ""))
    flag = "--" + known[-1].replace("_", "-") if known else "--config"
    option = _OPTIONS.get(known[-1] if known else "")
    example = option.example if option else ""
    return ConfigError(
        "U101",
        f"{name}{where} should be {problem['msg'].removeprefix('Input should be ')}",
        found=shown(problem["input"]),
        hint=(f"{known[-1]} = {_in_toml(example)}" if where else f"{flag} {example}") if example else None,
    )


def _in_toml(example: str) -> str:
    """Return a value typed at the command line as it stands in the file."""
    parts = [part if part.replace(".", "").isdigit() else f'"{part}"' for part in example.split(",")]
    return f"[{', '.join(parts)}]" if len(parts) > 1 else parts[0]


def _fields(path: list[str]) -> list[str]:
    """Return the settings that stand in the table at `path`."""
    if len(path) == 2:
        return list(SECTIONS.get(path[1], FixedArimaSection).model_fields)
    section: BaseModel = RunConfig()
    for part in path:
        section = getattr(section, part)
    return list(type(section).model_fields)


def _where(file: Path | None, text: str, path: list[str]) -> str:
    """Return " in forecast.toml line 9" for the line of `text` on which the setting stands, if it does."""
    for number, line in enumerate(text.splitlines(), start=1):
        head = line.split("=")[0].strip(" []")
        if path and head and head.split(".")[-1].strip("\"' ") == path[-1]:
            return f" in {file} line {number}"
    return ""
