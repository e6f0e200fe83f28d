"""Panels and files that many tests start from."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

# One thread a process: with more, the processes of a parallel test run wait for each other's spinning threads.
for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import pytest  # noqa: E402
import undrawn  # noqa: E402

from forecast import cli  # noqa: E402
from forecast.cli import reference  # noqa: E402
from forecast.frequency import Frequency  # noqa: E402
from forecast.panel import Panel  # noqa: E402
from forecast.reading.parts import Parts  # noqa: E402

DATA = Path(__file__).parent.parent / "data"


def make_panel(*series: object, frequency: str = "MS", season_length: int = 12) -> Panel:
    """Return the panel of some sequences of values, named s0, s1, ..., all ending at the same time."""
    arrays = [np.asarray(values, dtype=np.float64) for values in series]
    ends = np.datetime64("2020-01-01", "us") if frequency != "int" else np.int64(1000)
    return Panel(
        values=np.concatenate(arrays),
        offsets=np.r_[0, np.cumsum([len(a) for a in arrays])].astype(np.int64),
        ids=tuple(f"s{i}" for i in range(len(arrays))),
        last=np.array([ends] * len(arrays)),
        frequency=Frequency(frequency),
        season_length=season_length,
    )


ALIASES = (
    *("YS-JAN", "YS-APR", "YE-DEC", "YE-JUN", "QS-JAN", "QS-FEB", "QE-DEC", "QE-OCT", "MS", "ME", "W-SUN", "W-WED"),
    *("B", "D", "h", "min", "s", "2D", "10D", "2W-SUN", "3h", "15min", "30s", "2MS", "2YS-JAN"),
)
"""Frequencies of every family."""


def times(*stamps: str) -> np.ndarray:
    return np.array(stamps, dtype="datetime64[us]")


def dates(start: str, periods: int, freq: str) -> np.ndarray:
    return pd.date_range(start, periods=periods, freq=freq).to_numpy().astype("datetime64[us]")


def pytest_configure(config):
    config.pluginmanager.register(undrawn)


def pytest_collection_finish():
    """Keep the garbage collector from looking through thousands of tests and all libraries again and again."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


COMMANDS = [
    *(name for name in cli.COMMANDS if name != "config"),
    *(f"config {one.callback.__name__}" for one in reference.config.registered_commands),
]
"""Every command of the command line, as it is typed."""


@pytest.fixture(scope="session")
def airline() -> Panel:
    frame = pd.read_csv(DATA / "airline.csv")
    values = frame["passengers"].to_numpy(np.float64)
    panel = make_panel(values)
    return Panel(
        values=values,
        offsets=panel.offsets,
        ids=("passengers",),
        last=np.array(["1960-12-01"], dtype="datetime64[us]"),
        frequency=panel.frequency,
        season_length=12,
    )


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    """Run the command line in an empty folder; returns exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["forecast", *map(str, words)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        out, err = capsys.readouterr()
        return int(caught.value.code or 0), out, err

    return run


@pytest.fixture
def held(monkeypatch) -> list[int]:
    """How many series of a folder of Parquet files are in memory, each time that some are read."""
    counts, read = [], Parts.read

    def counted(self, places):
        table = read(self, places)
        counts.append(table.frame["shop"].nunique())
        return table

    monkeypatch.setattr(Parts, "read", counted)
    return counts
