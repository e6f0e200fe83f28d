"""The settings of a run as tables: every one has a name, a type and a default.

The idea: an object of these classes is whole and right, or it was never made; what stands in no table is refused.
"""

from __future__ import annotations

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
    model_validator,
)

from forecast.defaults import LEVELS, MODEL_NAMES
from forecast.errors import ConfigError, nearest, shown
from forecast.orders import canonical, is_orders
from forecast.tuning_record import TuningSection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "SECTIONS",
    "CombinationSection",
    "FixedArimaSection",
    "ForecastSection",
    "MLPSection",
    "RunConfig",
    "in_toml",
    "spelled",
]

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
    series: tuple[str, ...] = ()
    since: str = "all"
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
    metric: Literal["mase", "mae", "smape"] = "mase"
    sliding: bool = False


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

    title: Annotated[str, Field(description="Title of the page; auto: the name of the data.")] = "auto"


class RunConfig(_Section):
    """All settings of a run."""

    seed: NonNegativeInt = 0
    seeds: PositiveInt = 1
    preset: Literal["fast", "balanced", "best"] = "balanced"
    strict: bool = False
    budget: Annotated[str, Field(pattern=r"^(none|\d+(\.\d+)?[smh]?)$")] = "none"
    data: DataSection = DataSection()
    backtest: BacktestSection = BacktestSection()
    models: ModelsSection = ModelsSection()
    forecast: ForecastSection = ForecastSection()
    report: ReportSection = ReportSection()
    tuning: TuningSection | None = None

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
    >>> in_toml((80, 95)), in_toml("auto"), in_toml({"number": 1, "score": 0.5})
    ('[80, 95]', '"auto"', '{ number = 1, score = 0.5 }')
    """
    if isinstance(value, dict):
        inside = (f"{in_toml(key) if '.' in key else key} = {in_toml(one)}" for key, one in value.items())
        return f"{{ {', '.join(inside)} }}" if value else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(in_toml, value))}]"
    return tomli_w.dumps({"value": value}).partition(" = ")[2].strip()


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
