"""Reading and checking a large CSV, against `pandas.read_csv` of the same file, side by side.

The file has the columns unique_id, ds (ISO dates) and y. Ours is `read_series`: encoding, separator, columns,
numbers, times, duplicates, order, frequency, gaps and doubts, all checked, and the series as arrays. pandas' is a plain
call that parses no dates, by its C engine and, where pyarrow is installed, by that one. Ours is measured with pyarrow,
where it is installed, and without. Each figure is the median of alternating rounds.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
import pandas as pd

from forecast.series import read_series

if TYPE_CHECKING:
    from collections.abc import Callable


def write(path: Path, *, rows: int, series: int, shuffled: bool) -> None:
    """Write so many rows of so many monthly series."""
    length = rows // series
    frame = pd.DataFrame(
        {
            "unique_id": np.repeat([f"store_{i:05d}" for i in range(series)], length),
            "ds": np.tile(np.datetime_as_string(np.datetime64("1990-01") + np.arange(length), unit="D"), series),
            "y": np.abs(np.random.default_rng(0).normal(100, 20, length * series)).round(2),
        }
    )
    (frame.sample(frac=1, random_state=0) if shuffled else frame).to_csv(path, index=False)


def without_pyarrow(path: Path) -> object:
    """Read as where pyarrow is not installed."""
    with mock.patch("forecast.plain.find_spec", return_value=None):
        return read_series(path)


def alternate(calls: dict[str, Callable[[], object]], *, rounds: int) -> dict[str, float]:
    """Return the median seconds of each call, taken in turn, the first round left out."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds + 1):
        for name, call in calls.items():
            start = perf_counter()
            call()
            seconds[name].append(perf_counter() - start)
    return {name: median(times[1:]) for name, times in seconds.items()}


def main() -> None:
    """Measure, then print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="(default 1,000,000)")
    parser.add_argument("--series", type=int, default=10_000, help="(default 10,000)")
    parser.add_argument("--rounds", type=int, default=9, help="alternating rounds (default 9)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for shuffled in (False, True):
            path = Path(folder) / "data.csv"
            write(path, rows=arguments.rows, series=arguments.series, shuffled=shuffled)
            calls: dict[str, Callable[[], object]] = {
                "ours": lambda path=path: read_series(path),
                "ours_without_pyarrow": lambda path=path: without_pyarrow(path),
                "pandas_c": lambda path=path: pd.read_csv(path, engine="c"),
            }
            if find_spec("pyarrow"):
                calls["pandas_pyarrow"] = lambda path=path: pd.read_csv(path, engine="pyarrow")
            found = alternate(calls, rounds=arguments.rounds)
            row: dict[str, Any] = {"order": "shuffled" if shuffled else "sorted"}
            row |= {f"{name}_ms": round(1e3 * seconds) for name, seconds in found.items()}
            row["over_c"] = round(found["ours"] / found["pandas_c"], 2)
            if "pandas_pyarrow" in found:
                row["over_pyarrow"] = round(found["ours"] / found["pandas_pyarrow"], 2)
            rows.append(row)
    if arguments.json:
        print(json.dumps(rows, indent=1))
        return
    print("  ".join(f"{key:>20}" for key in rows[0]))
    for row in rows:
        print("  ".join(f"{value!s:>20}" for value in row.values()))


if __name__ == "__main__":
    main()
