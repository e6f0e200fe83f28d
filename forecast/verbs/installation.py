"""Is this installation sound? Versions, threads, fonts, disk, and a few seconds of work whose outcome is known.

The idea: every examination is a small function that returns what it found or fails; all of them are always made, so
that one report holds everything a person who is to help needs to know.
"""

from __future__ import annotations

import os
import platform
import shutil
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import NamedTemporaryFile
from time import perf_counter
from typing import TYPE_CHECKING

from forecast.defaults import BUNDLED
from forecast.engine import one_thread
from forecast.errors import ModelError
from forecast.models.arima import ARIMA
from forecast.models.mlp import MLP
from forecast.models.prior import Prior
from forecast.series import read_series
from forecast.verbs.checks import check_gradients

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["EXAMINATIONS", "Examination", "examine"]

NEEDED = (
    "forecast",
    "numpy",
    "scipy",
    "pandas",
    "statsmodels",
    "matplotlib",
    "typer",
    "pydantic",
    "jinja2",
    "rich",
    "pillow",
)
OPTIONAL = ("pyarrow", "openpyxl", "holidays")
ROOM = 200 * 2**20
"""Bytes that the largest runs write."""
FAILURES = (OSError, ImportError, ValueError, RuntimeError, ArithmeticError, LookupError, TypeError, AttributeError)


@dataclass(frozen=True)
class Examination:
    """What was examined, what was found, whether it is well, and how many seconds it took."""

    name: str
    found: str
    passed: bool
    seconds: float


def examine() -> list[Examination]:
    """Examine the installation and the current folder; nothing is left behind.

    Examples
    --------
    >>> [one.name for one in examine() if not one.passed]
    []
    """
    with one_thread():
        return [_examined(name, look) for name, look in EXAMINATIONS.items()]


def _examined(name: str, look: Callable[[], str]) -> Examination:
    begun = perf_counter()
    try:
        found, passed = look(), True
    except FAILURES as error:
        found, passed = f"{type(error).__name__}: {error}", False
    return Examination(name, found, passed, perf_counter() - begun)


def _python() -> str:
    return f"{platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} processors"


def _packages() -> str:
    return ", ".join(f"{name} {version(name)}" for name in NEEDED)


def _extras() -> str:
    found = []
    for name in OPTIONAL:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} none")
    return ", ".join(found)


def _threads() -> str:
    """Return the libraries of linear algebra, each held to one thread."""
    from threadpoolctl import threadpool_info

    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    loose = [pool for pool in pools if pool["num_threads"] != 1]
    found = ", ".join(f"{pool['internal_api']} {pool['version']}: {pool['num_threads']} thread" for pool in pools)
    if loose:
        raise ModelError("M107", f"a library cannot be held to one thread ({found})")
    return found or "none that is known"


def _fonts() -> str:
    from matplotlib.font_manager import findfont

    return Path(findfont("DejaVu Sans", fallback_to_default=False)).name


def _disk() -> str:
    """Return the room there is in the current folder, once a file could be written there."""
    with NamedTemporaryFile(dir=Path.cwd(), prefix="forecast-") as file:
        file.write(b"1")
    free = shutil.disk_usage(Path.cwd()).free
    if free < ROOM:
        raise ModelError("M107", f"{free / 2**20:.0f} MB are free, a large run writes {ROOM / 2**20:.0f}")
    return f"{free / 2**30:.1f} GB free, files can be written"


def _data() -> str:
    return ", ".join(f"{name} {len(read_series(name).panel.values)}" for name in BUNDLED)


def _gradients() -> str:
    reports = check_gradients()
    wrong = [name for name, one in reports.items() if not one.passed]
    if wrong:
        raise ModelError("M104", f"wrong gradient: {', '.join(wrong)}")
    return f"{len(reports)} activations and losses agree with numeric gradients"


def _network() -> str:
    """Train a small network twice: the forecasts are the same to the bit, and in the range of the series."""
    panel = read_series("airline").panel
    once, again = (
        MLP(members=2, max_steps=60, prior="none", seed=1).fit(panel, horizon=12).predict()["y_hat"].to_numpy()
        for _ in range(2)
    )
    if once.tobytes() != again.tobytes():
        raise ModelError("M107", "the same seed gave two forecasts")
    return _in_range(once, 300, 900)


def _prior() -> str:
    return _in_range(Prior().fit(read_series("airline").panel, horizon=12).predict()["y_hat"].to_numpy(), 300, 900)


def _arima() -> str:
    model = ARIMA(order=(0, 1, 1), seasonal_order=(0, 0, 0)).fit(read_series("nile").panel, horizon=2)
    return _in_range(model.predict()["y_hat"].to_numpy(), 780, 820)


def _in_range(y_hat: NDArray[np.float64], low: float, high: float) -> str:
    if not ((y_hat > low) & (y_hat < high)).all():
        raise ModelError("M107", f"forecasts from {y_hat.min():g} to {y_hat.max():g}, expected {low:g} to {high:g}")
    return f"forecasts from {y_hat.min():.4g} to {y_hat.max():.4g}"


EXAMINATIONS: dict[str, Callable[[], str]] = {
    "python": _python,
    "packages": _packages,
    "extras": _extras,
    "threads": _threads,
    "fonts": _fonts,
    "disk": _disk,
    "bundled data": _data,
    "gradients": _gradients,
    "network": _network,
    "prior": _prior,
    "arima": _arima,
}
"""Every examination, by its name."""
