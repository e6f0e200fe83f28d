"""How time and memory grow with the number of series: forecast predict from a cold start to the written file.

    python benchmarks/scale.py                                   # 1,000, 10,000 and 100,000 monthly series
    python benchmarks/scale.py --series 50000 --length 100 --preset fast --json
    python benchmarks/scale.py --only engines                    # the same backtest by one process, two, and Dask
    python benchmarks/scale.py --only chunked                    # a Parquet folder read at once, and by chunks
    python benchmarks/scale.py --saved --series 10000 --length 120   # by the models of a run made beforehand

The series are monthly with trend, season and noise; every run is a process of its own, whose peak memory is that of the
largest of its processes. ``linear``: seconds over those that the smallest panel's seconds a series would make.
``allowed_mb``: three times the values (8 bytes each) and 500 MB; by chunks 1,500 MB, whatever the size. The engines do
one backtest of ETS; ``times``: so many times as fast as one process does it. By chunks: ``apart``, how far the
forecasts are from those made in memory, at most, as a part of them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from measuring import files, scores


def write(path: Path, n_series: int, length: int, *, seed: int = 0) -> None:
    """Write monthly series with trend, season and noise."""
    rng = np.random.default_rng(seed)
    months = pd.date_range("2010-01-01", periods=length, freq="MS").strftime("%Y-%m-%d").to_numpy(dtype=object)
    at_once = 5_000
    for first in range(0, n_series, at_once):
        count = min(at_once, n_series - first)
        trend = 1.0 + rng.normal(0.0, 0.004, (count, 1)) * np.arange(length)
        season = 1.0 + rng.uniform(0.0, 0.3, (count, 1)) * np.sin(
            2 * np.pi * (np.arange(length) / 12 + rng.random((count, 1)))
        )
        noise = np.exp(rng.normal(0.0, 0.05, (count, length)))
        values = rng.lognormal(6.0, 1.0, (count, 1)) * np.maximum(trend, 0.1) * season * noise
        names = np.array([f"s{first + i:06d}" for i in range(count)], dtype=object)
        rows = {"unique_id": np.repeat(names, length), "ds": np.tile(months, count), "y": values.ravel().round(2)}
        pd.DataFrame(rows).to_csv(path, mode="a", header=first == 0, index=False)


ENGINES = (("serial", 1), ("processes", 2), ("dask", 2))


def engines(n_series: int, length: int, horizon: int) -> list[dict[str, object]]:
    """Return a row an engine: seconds of a backtest from a cold start, and whether it prints what the first does."""
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "series.csv"
        write(path, n_series, length)
        words = ["--models", "ets", "--n-windows", "2", "--horizon", str(horizon), "--json", "--quiet"]
        for engine, jobs in ENGINES:
            command = [sys.executable, "-m", "forecast", "backtest", str(path), *words]
            start = perf_counter()
            done = subprocess.run(
                [*command, "--engine", engine, "--jobs", str(jobs)], capture_output=True, text=True, check=False
            )
            row = {"engine": engine, "workers": jobs, "series": n_series, "seconds": round(perf_counter() - start, 1)}
            rows.append(row | {"trouble": done.stderr[-200:] if done.returncode else "", "board": done.stdout})
    first = rows[0]
    for row in rows:
        row["times"] = round(float(str(first["seconds"])) / float(str(row["seconds"])), 2)
        row["same"] = row["board"] == first["board"]
    return [{name: value for name, value in row.items() if name != "board"} for row in rows]


CHUNKED = (("at once", None), ("by fifths", 1), ("by fifths, from a fifth", 5))
"""How the folder is read, and the part of the series that is learned from: one over so much."""


def chunked(n_series: int, length: int, horizon: int, words: list[str], n_files: int = 10) -> list[dict[str, object]]:
    """Return a row a way of reading a folder of Parquet files: seconds, peak memory, and whether forecasts differ."""
    rows: list[dict[str, object]] = []
    frames: list[pd.DataFrame] = []
    with tempfile.TemporaryDirectory() as made:
        path, folder = Path(made) / "series.csv", Path(made) / "series"
        write(path, n_series, length)
        folder.mkdir()
        frame = pd.read_csv(path, parse_dates=["ds"])
        of = pd.factorize(frame["unique_id"])[0] % n_files
        for n in range(n_files):
            frame[of == n].to_parquet(folder / f"{n}.parquet", index=False)
        for k, (how, share) in enumerate(CHUNKED):
            more, out = [], Path(made) / "out.parquet"
            if share is not None:
                sizes = {"--chunk-series": -(-n_series // 5), "--sample-series": -(-n_series // share)}
                more = [word for name, size in sizes.items() for word in (name, str(size))]
                out = Path(made) / f"out-{k}"
            seconds, peak, trouble = files.predict(folder, horizon, out, [*words, *more])
            row: dict[str, object] = {"how": how, "series": n_series, "seconds": round(seconds, 1)}
            rows.append(row | {"peak_mb": round(peak), "allowed_mb": 1_500 if share else "", "trouble": trouble})
            if not trouble:
                frames.append(pd.read_parquet(out).sort_values(["model", "unique_id", "ds"]))
                differ = np.abs(frames[-1]["y_hat"].to_numpy() / frames[0]["y_hat"].to_numpy() - 1.0).max()
                rows[-1] |= {"rows_written": len(frames[-1]), "apart": float(f"{differ:.1e}")}
    return rows


def saved(path: Path, horizon: int, words: list[str]) -> tuple[Path, float]:
    """Run the models on one window of the series; return the run folder, and how many MB its models take."""
    folder = path.with_name("run")
    command = [sys.executable, "-m", "forecast", "run", str(path), "--horizon", str(horizon), "--n-windows", "1"]
    subprocess.run([*command, *words, "--out", str(folder), "--quiet"], check=True, stdout=subprocess.DEVNULL)
    return folder, sum(file.stat().st_size for file in (folder / "models").iterdir()) / 1e6


def main() -> None:
    """Measure, then print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--series", default="1000,10000,100000", help="how many, with commas between (default %(default)s)"
    )
    parser.add_argument("--length", type=int, default=120, help="values of each (default %(default)s)")
    parser.add_argument("--horizon", type=int, default=12)
    parser.add_argument("--preset", default="fast", choices=("fast", "balanced", "best"))
    parser.add_argument("--models", default="mlp")
    parser.add_argument("--only", choices=("panels", "engines", "chunked"), default="panels", help="what is measured")
    parser.add_argument("--engine-series", type=int, default=400, help="series of that backtest (default %(default)s)")
    parser.add_argument("--saved", action="store_true", help="forecast by the saved models of a run")
    parser.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args()
    if chosen.only == "engines":
        rows = engines(chosen.engine_series, chosen.length, chosen.horizon)
        print(json.dumps(rows, indent=1) if chosen.json else scores.table(rows))
        return
    if chosen.only == "chunked":
        words = ["--models", chosen.models, "--preset", chosen.preset]
        rows = [row for n in chosen.series.split(",") for row in chunked(int(n), chosen.length, chosen.horizon, words)]
        print(json.dumps(rows, indent=1) if chosen.json else scores.table(rows))
        return
    rows = []
    for n_series in map(int, chosen.series.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            path, out = Path(folder) / "series.csv", Path(folder) / "forecasts.csv"
            write(path, n_series, chosen.length)
            words = ["--models", chosen.models, "--preset", chosen.preset]
            models: dict[str, float] = {}
            if chosen.saved:
                run, size = saved(path, chosen.horizon, words)
                words, models = ["--models", chosen.models, "--from", str(run)], {"models_mb": round(size, 1)}
            seconds, peak, trouble = files.predict(path, chosen.horizon, out, words)
            written = 0 if trouble else sum(1 for _ in out.open(encoding="utf-8")) - 1
            data = n_series * chosen.length * 8 / 1e6
        first = rows[0] if rows else {"seconds": seconds, "series": n_series}
        linear = seconds / first["seconds"] / (n_series / first["series"])
        row = {"series": n_series, "seconds": round(seconds, 1), "linear": round(linear, 2), "peak_mb": round(peak)}
        row["allowed_mb"] = round(3 * data + 500)
        rows.append(row | models | {"data_mb": round(data, 1), "rows_written": written, "trouble": trouble})
    print(json.dumps(rows, indent=1) if chosen.json else scores.table(rows))


if __name__ == "__main__":
    main()
