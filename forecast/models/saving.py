"""Fitted models as files: everything that forecasts need, and nothing that could run.

The idea: one table says which classes a file may hold and what of each; the rest is columns of numbers and texts
(`forecast.storage.packing`) under a header whose every byte is checked (`forecast.storage.archives`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.error_sizes import ErrorSizes
from forecast.errors import ModelError, Notice
from forecast.frequency import Frequency
from forecast.margins import Margins, Width
from forecast.models.arima import ARIMA
from forecast.models.arima_css import Candidate, Orders
from forecast.models.arima_exog import Effects
from forecast.models.arima_fit import Fit as ArimaFit
from forecast.models.arima_search import Scale
from forecast.models.classical import Drift, Mean, Naive, SeasonalNaive
from forecast.models.combination import Combination
from forecast.models.ets import ETS, Form, Smoothed
from forecast.models.ets_state import State
from forecast.models.group import Group
from forecast.models.hybrid import Hybrid
from forecast.models.inputs import CovariateInputs
from forecast.models.intermittent import TSB, Croston
from forecast.models.lifts import Lifts
from forecast.models.linear import Linear
from forecast.models.members import Training
from forecast.models.mlp import MLP
from forecast.models.presets import Plan
from forecast.models.prior import Prior
from forecast.models.theta import Fit as ThetaFit
from forecast.models.theta import Theta
from forecast.panel import Panel
from forecast.storage.archives import damaged, read_archive, read_header, write_archive
from forecast.storage.packing import Kept, Packer, Unpacker
from forecast.transforms import Choice

if TYPE_CHECKING:
    from forecast.models.base import Forecaster

__all__ = ["KEPT", "Basis", "load_basis", "load_model", "load_object", "remembered", "save_model"]

FORMAT = "forecast model"


def _ends(panel: Panel) -> dict[str, Any]:
    """Return what is kept of a fitted panel: no values, but which series there were and where each ended."""
    names = ("ids", "last", "frequency", "season_length", "longer_seasons")
    return {name: getattr(panel, name) for name in names}


def _ended(state: dict[str, Any]) -> Panel:
    if len(state["last"]) != len(state["ids"]):
        raise ValueError("other ends than series")
    return Panel(values=np.empty(0), offsets=np.zeros(len(state["ids"]) + 1, dtype=np.int64), **state)


_ONLY_ASKED_OF_FITS = ("residuals_",)
KEPT: dict[str, Kept] = {
    "Panel": Kept(Panel, state=_ends, restore=_ended),
    "Frequency": Kept(Frequency),
    "Notice": Kept(Notice),
    "Choice": Kept(Choice),
    "MLP": Kept(MLP),
    "Linear": Kept(Linear),
    "Group": Kept(Group, state=Group.state, restore=Group.from_state),
    "Plan": Kept(Plan),
    "Training": Kept(Training),
    "CovariateInputs": Kept(CovariateInputs),
    "Lifts": Kept(Lifts),
    "Prior": Kept(Prior, state=Prior.state, restore=Prior.from_state),
    "ARIMA": Kept(ARIMA, without=_ONLY_ASKED_OF_FITS),
    "ArimaFit": Kept(ArimaFit, without=("search",)),
    "Scale": Kept(Scale),
    "Candidate": Kept(Candidate),
    "Orders": Kept(Orders),
    "Effects": Kept(Effects),
    "Hybrid": Kept(Hybrid),
    "ETS": Kept(ETS, without=_ONLY_ASKED_OF_FITS),
    "Smoothed": Kept(Smoothed, without=("errors",)),
    "Form": Kept(Form),
    "State": Kept(State),
    "Theta": Kept(Theta),
    "ThetaFit": Kept(ThetaFit),
    "Naive": Kept(Naive),
    "SeasonalNaive": Kept(SeasonalNaive),
    "Drift": Kept(Drift),
    "Mean": Kept(Mean),
    "Croston": Kept(Croston),
    "TSB": Kept(TSB),
    "Combination": Kept(Combination),
    "Margins": Kept(Margins),
    "Width": Kept(Width),
    "ErrorSizes": Kept(ErrorSizes),
}
"""Every class that a file may hold, by the name it has there."""


@dataclass(frozen=True)
class Basis:
    """What a model was fitted to: data that it is to forecast must be of the same kind.

    Parameters
    ----------
    frequency : str
        As a person says it: ``monthly``.
    season_lengths : list of int
        All seasons, the shortest first; empty for none.
    horizon : int
        Steps that are forecast.
    target : str
        The column that was read.
    covariates : list of str
        Columns beside it, in their order.
    data, sha256 : str
        What the data were called, and the hash of their bytes.
    """

    frequency: str
    season_lengths: list[int]
    horizon: int
    target: str = "y"
    covariates: list[str] | None = None
    data: str = ""
    sha256: str = ""

    @classmethod
    def of(cls, panel: Panel, *, horizon: int, target: str = "y", data: str = "", sha256: str = "") -> Basis:
        """Return the basis of models that are fitted to `panel`."""
        beside = panel.covariates
        names = [] if beside is None else [*beside.known_names, *beside.past_names, *beside.static_names]
        return cls(panel.frequency.word, list(panel.season_lengths), horizon, target, names, data, sha256)


def save_model(model: Forecaster | Combination | Margins, path: str | Path, basis: Basis) -> Path:
    """Write a fitted model as ``path.npz`` (arrays) and ``path.json`` (what they are), and return the first.

    The header has what a person wants to know of the model: name, settings, what it was fitted to, and the SHA-256 of
    the arrays. The same model gives the same bytes.

    Parameters
    ----------
    model : Forecaster
        A fitted one.
    path : path
        With or without a suffix; what is there is replaced.
    basis : Basis
        What it was fitted to.

    Examples
    --------
    >>> import tempfile
    >>> from forecast.series import read_series
    >>> panel = read_series("airline").panel
    >>> model = SeasonalNaive().fit(panel, horizon=2)
    >>> path = save_model(model, tempfile.mkdtemp() + "/model", Basis.of(panel, horizon=2))
    >>> load_model(path).predict(panel)["y_hat"].tolist()
    [417.0, 391.0]
    """
    from forecast import __version__

    folder, name = _place(path)
    packer = Packer(KEPT)
    packed = packer.pack(model)
    settings = {key: value for key, value in vars(model).items() if not key.endswith("_") and _is_plain(value)}
    header = {
        "format": FORMAT,
        "version": __version__,
        "model": getattr(model, "name", type(model).__name__.lower()),
        "settings": settings,
        "basis": asdict(basis),
        "state": packed,
    }
    write_archive(folder, name, header, packer.arrays)
    return folder / f"{name}.npz"


def load_model(path: str | Path) -> Forecaster:
    """Read a model that was saved: it forecasts the panels it is given as it did before, to the last bit.

    Nothing of the file is run, and no more room is made than the file is large.

    Parameters
    ----------
    path : path
        One of the two files, such as ``RUN/models/mlp.npz``.

    Returns
    -------
    Forecaster
        Fitted, but without the data: `predict` takes the panel that is to be forecast.

    Raises
    ------
    FileError
        F102, when a file is missing or cannot be opened.
    ModelError
        M202, when one of the files was changed, or is of a later version.

    Examples
    --------
    >>> import tempfile
    >>> from forecast.series import read_series
    >>> panel = read_series("nile").panel
    >>> fitted = Theta().fit(panel.drop_last(5), horizon=2)
    >>> path = save_model(fitted, tempfile.mkdtemp() + "/theta", Basis.of(panel, horizon=2))
    >>> load_model(path).predict(panel)["ds"].dt.year.tolist()
    [1971, 1972]
    """
    model: Forecaster = load_object(path)
    if not hasattr(model, "predict"):
        raise ModelError("M202", f"{Path(path).name} holds no model", hint="RUN/models/mlp.npz")
    return model


def load_object(path: str | Path) -> Any:
    """Read whatever `save_model` wrote; errors as of `load_model`."""
    folder, name = _place(path)
    header, arrays = read_archive(folder, name)
    try:
        return Unpacker(KEPT, arrays).unpack(header["state"])
    except ModelError:
        raise
    except Exception as error:  # whatever values of the wrong kind make of a class
        raise damaged(folder / f"{name}.npz", str(error)) from error


def remembered(model: Forecaster) -> Forecaster:
    """Return the model as it would come from a file: without its data and the arrays in which its networks worked.

    These are a hundred times what it has learned, so that many models are kept like this.

    Examples
    --------
    >>> from forecast.series import read_series
    >>> panel = read_series("airline").panel
    >>> remembered(SeasonalNaive().fit(panel, horizon=2)).predict(panel)["y_hat"].tolist()
    [417.0, 391.0]
    """
    packer = Packer(KEPT)
    packed = packer.pack(model)
    found: Forecaster = Unpacker(KEPT, packer.arrays).unpack(packed)
    return found


def load_basis(path: str | Path) -> Basis:
    """Read what a saved model was fitted to; errors as of `load_model`."""
    folder, name = _place(path)
    try:
        return Basis(**read_header(folder, name)["basis"])
    except (TypeError, KeyError) as error:
        raise damaged(folder / f"{name}.json", str(error)) from error


def _place(path: str | Path) -> tuple[Path, str]:
    path = Path(path)
    return path.parent, path.name.removesuffix(".npz").removesuffix(".json")


def _is_plain(value: Any) -> bool:
    """Whether JSON has the value."""
    if isinstance(value, (list, tuple)):
        return all(_is_plain(item) for item in value)
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(item) for key, item in value.items())
    return value is None or isinstance(value, (bool, int, float, str))
