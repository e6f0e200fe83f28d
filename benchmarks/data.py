"""Reading and checking a large CSV, against `pandas.read_csv` of the same file, side by side.

The file has the columns unique_id, ds (ISO dates) and y. Ours is `read_series`: encoding, separator, columns,
numbers, times, duplicates, order, frequency, gaps and doubts, all checked, and the series as arrays. "checked" is the
same and all that `forecast check` finds out. pandas' is a plain call that parses no dates, by each of its engines; ours
over theirs is the bar, and all may use both cores. `cpu` is the time of the processor in all threads, which other work
on the machine lengthens less. `--without-pyarrow` hides pyarrow from both sides. Each figure is the median of
alternating rounds.
"""

from __future__ import annotations

import sys

if "--without-pyarrow" in sys.argv:
    sys.modules["pyarrow"] = None  # type: ignore[assignment]

import argparse
import json
import tempfile
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast.doctor import examine
from forecast.errors import DataError
from forecast.series import read_series

if TYPE_CHECKING:
    from collections.abc import Callable

FORMS = ("sorted", "shuffled", "semicolons", "broken")
BROKEN = (0.5, 0.7)
"""Where in the file the two cells stand that are no numbers."""


def write(path: Path, *, rows: int, series: int, form: str) -> None:
    """Write so many rows of so many monthly series."""
    length = rows // series
    frame = pd.DataFrame(
        {
            "unique_id": np.repeat([f"store_{i:05d}" for i in range(series)], length),
            "ds": np.tile(np.datetime_as_string(np.datetime64("1990-01") + np.arange(length), unit="D"), series),
            "y": np.abs(np.random.default_rng(0).normal(100, 20, length * series)).round(2),
        }
    )
    if form == "broken":
        frame["y"] = frame["y"].astype(object)
        frame.loc[[int(share * len(frame)) for share in BROKEN], "y"] = "n/a"
    frame = frame.sample(frac=1, random_state=0) if form == "shuffled" else frame
    frame.to_csv(path, index=False, **({"sep": ";", "decimal": ","} if form == "semicolons" else {}))


def read(path: Path) -> None:
    """Read a file, or find what is wrong with it."""
    with suppress(DataError):
        read_series(path)


def alternate(calls: dict[str, Callable[[], object]], *, rounds: int) -> dict[str, tuple[float, float]]:
    """Return the median seconds of calls in turn, by the clock and of the processor, without the first round."""
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    for _ in range(rounds + 1):
        for name, call in calls.items():
            start = perf_counter(), process_time()
            call()
            seconds[name].append((perf_counter() - start[0], process_time() - start[1]))
    return {name: (median(t for t, _ in times[1:]), median(t for _, t in times[1:])) for name, times in seconds.items()}


def measured(path: Path, form: str, *, rounds: int) -> dict[str, Any]:
    """Return a row of the table: milliseconds, and ours over each of pandas' engines."""
    options: dict[str, Any] = {"sep": ";", "decimal": ","} if form == "semicolons" else {}
    calls: dict[str, Callable[[], object]] = {
        "read": lambda: read(path),
        "c": lambda: pd.read_csv(path, engine="c", **options),
    }
    if form != "broken":
        calls["checked"] = lambda: examine(read_series(path))
    if find_spec("pyarrow"):
        calls["pyarrow"] = lambda: pd.read_csv(path, engine="pyarrow", **options)
    found = alternate(calls, rounds=rounds)
    row: dict[str, Any] = {"form": form}
    row |= {f"{name}_ms": round(1e3 * seconds) for name, (seconds, _) in found.items()}
    for ours in (name for name in ("read", "checked") if name in found):
        for theirs in (name for name in ("c", "pyarrow") if name in found):
            clock, cpu = (found[ours][i] / found[theirs][i] for i in range(2))
            row |= {f"{ours}/{theirs}": round(clock, 2), f"{ours}/{theirs} cpu": round(cpu, 2)}
    return row


def main() -> None:
    """Measure, then print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="(default 1,000,000)")
    parser.add_argument("--series", type=int, default=10_000, help="(default 10,000)")
    parser.add_argument("--rounds", type=int, default=9, help="alternating rounds (default 9)")
    parser.add_argument("--forms", default=",".join(FORMS), help=f"(default {','.join(FORMS)})")
    parser.add_argument("--without-pyarrow", action="store_true", help="as where it is not installed")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for form in arguments.forms.split(","):
            path = Path(folder) / "data.csv"
            write(path, rows=arguments.rows, series=arguments.series, form=form)
            rows.append(measured(path, form, rounds=arguments.rounds))
    if arguments.json:
        print(json.dumps(rows, indent=1))
        return
    names = list(dict.fromkeys(name for row in rows for name in row))
    print("  ".join(f"{name:>11}" for name in names))
    for row in rows:
        print("  ".join(f"{row.get(name, ''):>{max(11, len(name))}}" for name in names))


if __name__ == "__main__":
    main()
