"""What a newcomer waits for, and whether the network is worth it: the figures of the main path, measured.

Times are of whole processes, start-up included, each the median of `--repeats` runs; the peer beside them is a bare
``python -c "import ..."`` of the libraries that a run cannot do without. The bars are what a run of the airline set
with all default models and intervals may take: seconds, the largest of its processes, and all of them together, each
counted with its share of the memory they have in common (PSS). Accuracy is the backtest MASE of the network, mean over
seeds, beside the baselines on the same windows.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter, sleep

BUNDLED = ("airline", "co2", "macro", "nile", "sunspots")
BARS = {"seconds": 25.0, "largest_mb": 400.0, "together_mb": 900.0}
"""What `forecast run airline` may take on two cores."""
STARTS = {("--help",): 2.0, ("run", "--help"): 2.5}
"""How many times as long as ``import typer`` the help may take."""
EVERY = 0.1
"""Seconds from one look at the memory of all processes to the next."""
PEER = "import pandas, matplotlib.figure, statsmodels.tsa.statespace.sarimax"


def timed(words: list[str], *, folder: str) -> tuple[float, float]:
    """Return wall seconds and peak memory in MB (NaN where the system does not say) of one process."""
    start = perf_counter()
    process = subprocess.Popen(words, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if not hasattr(os, "wait4"):
        process.wait()
        return perf_counter() - start, float("nan")
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(words)} ended with {os.waitstatus_to_exitcode(status)}")
    return perf_counter() - start, usage.ru_maxrss / 1024


def times(repeats: int) -> list[dict[str, object]]:
    """Return a row per command: seconds, memory and the ratio to the bare imports of the same round."""
    commands = {f"run {name}": ["-m", "forecast", "run", name, "-q"] for name in BUNDLED}
    commands |= {"--help": ["-m", "forecast", "--help"], "bare imports": ["-c", PEER]}
    rounds: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(repeats):
            for name, words in commands.items():
                rounds[name].append(timed([sys.executable, *words], folder=folder))
    peers = [seconds for seconds, _ in rounds["bare imports"]]
    return [
        {
            "command": name,
            "seconds": round(statistics.median(seconds for seconds, _ in measured), 2),
            "peak_mb": round(statistics.median(memory for _, memory in measured)),
            "times_bare_imports": round(statistics.median(s / p for (s, _), p in zip(measured, peers, strict=True)), 2),
        }
        for name, measured in rounds.items()
    ]


def starts(repeats: int) -> list[dict[str, object]]:
    """Return a row per help: seconds, and how many times as long as a bare ``import typer`` of the same round."""
    commands = {"import typer": ["-c", "import typer"]}
    commands |= {" ".join(words): ["-m", "forecast", *words] for words in STARTS}
    rounds: dict[str, list[float]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(repeats):
            for name, words in commands.items():
                rounds[name].append(timed([sys.executable, *words], folder=folder)[0])
    bare = rounds["import typer"]
    return [
        {
            "help": name,
            "seconds": round(statistics.median(measured), 3),
            "times_typer": round(statistics.median(s / b for s, b in zip(measured, bare, strict=True)), 2),
            "allowed": STARTS.get(tuple(name.split()), 1.0),
        }
        for name, measured in rounds.items()
    ]


def bars(repeats: int) -> list[dict[str, object]]:
    """Return a row per bar: what it allows, the median of what was taken, and whether it is kept."""
    command = [sys.executable, "-m", "forecast", "run", "airline", "-q"]
    with tempfile.TemporaryDirectory() as folder:
        rounds = [watched(command, folder=folder) for _ in range(repeats)]
    medians = {name: statistics.median(found[name] for found in rounds) for name in BARS}
    return [
        {"bar": name, "allowed": allowed, "taken": round(medians[name], 1), "kept": medians[name] <= allowed}
        for name, allowed in BARS.items()
    ]


def watched(words: list[str], *, folder: str) -> dict[str, float]:
    """Return seconds, and the peak MB of the largest process and of all together (NaN where there is no /proc)."""
    start = perf_counter()
    process = subprocess.Popen(words, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seen = Path("/proc/self/smaps_rollup").exists()
    largest = together = 0.0 if seen else float("nan")
    while process.poll() is None:
        if seen:
            family = [process.pid, *descendants(process.pid)]
            largest = max(largest, *(peak_memory(pid) for pid in family))
            together = max(together, sum(share_of_memory(pid) for pid in family))
        sleep(EVERY)
    if process.returncode:
        raise SystemExit(f"{' '.join(words)} ended with {process.returncode}")
    return {"seconds": perf_counter() - start, "largest_mb": largest, "together_mb": together}


def descendants(pid: int) -> list[int]:
    """Return the processes that a process has started, and those that these have."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in proc_text(task).split():
            found += [int(child), *descendants(int(child))]
    return found


def peak_memory(pid: int) -> float:
    """Return the most MB that a process has held so far; 0 when it has ended."""
    return kilobytes(proc_text(Path(f"/proc/{pid}/status")), "VmHWM") / 1024


def share_of_memory(pid: int) -> float:
    """Return the MB of a process, a page that n processes share counted as an n-th; 0 when it has ended."""
    return kilobytes(proc_text(Path(f"/proc/{pid}/smaps_rollup")), "Pss") / 1024


def kilobytes(text: str, name: str) -> float:
    """Return the number behind ``name:`` in a file of /proc."""
    return next((float(line.split()[1]) for line in text.splitlines() if line.startswith(f"{name}:")), 0.0)


def proc_text(path: Path) -> str:
    """Return what /proc says, or nothing about a process that has ended."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def accuracy(seeds: int) -> list[dict[str, object]]:
    """Return a row per bundled set: the backtest MASE of every model, the network's over seeds."""
    import forecast

    rows = []
    for name in BUNDLED:
        with tempfile.TemporaryDirectory() as folder:
            full = forecast.run(name, out=Path(folder) / "0").leaderboard.set_index("model")["mase"]
            others = [
                forecast.run(name, models=["mlp"], seed=seed, out=Path(folder) / str(seed))
                .leaderboard.set_index("model")["mase"]
                .loc["mlp"]
                for seed in range(1, seeds)
            ]
        network = [float(full["mlp"]), *map(float, others)]
        rows.append(
            {
                "set": name,
                "mlp": round(statistics.mean(network), 4),
                "spread": round(statistics.stdev(network), 4) if len(network) > 1 else None,
                "seeds": len(network),
                **{model: round(float(full[model]), 4) for model in ("arima", "seasonal_naive", "naive")},
            }
        )
    return rows


def main() -> None:
    """Measure, then print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="runs of each command (default 5)")
    parser.add_argument("--seeds", type=int, default=10, help="seeds of the network (default 10)")
    parser.add_argument("--only", choices=["times", "starts", "bars", "accuracy"], help="one part alone")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    parts = {
        "times": lambda: times(arguments.repeats),
        "starts": lambda: starts(4 * arguments.repeats),
        "bars": lambda: bars(arguments.repeats),
        "accuracy": lambda: accuracy(arguments.seeds),
    }
    result = {name: measure() for name, measure in parts.items() if arguments.only in (None, name)}
    if arguments.json:
        print(json.dumps(result, indent=1))
        return
    for title, rows in result.items():
        print(title)
        print("  ".join(f"{key:>18}" for key in rows[0]))
        for row in rows:
            print("  ".join(f"{value!s:>18}" for value in row.values()))


if __name__ == "__main__":
    main()
