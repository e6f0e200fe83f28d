"""How well `forecast run --budget` is kept: seconds from the start of the process to its end, and what was given up.

The bar is 10 percent above the budget at most, and three quarters of it used where it binds. With `--beside N` so many
processes compute beside every run, as if the machine were slower: the budget must be kept all the same. The pace is how
many seconds here one of the machine takes on which the costs in the program were measured.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterator

OVER, UNDER = 1.10, 0.75
"""The parts of a budget that may be used at most, and should be at least where it binds."""
CASES = {
    "macro, 20 s": ("macro", "--budget", "20s"),
    "macro, 25 s": ("macro", "--budget", "25s"),
    "co2, 15 s": ("co2", "--models", "mlp,arima,ets,theta", "--n-windows", "12", "--budget", "15s"),
    "airline, 8 s": ("airline", "--budget", "8s"),
    "200 months, 30 s": ("PANEL", "--budget", "30s"),
}
BUSY = "while True: sum(range(10_000))"


def months(n_series: int, length: int, *, seed: int = 7) -> pd.DataFrame:
    """Return monthly series with a trend, a season of their own and noise that adds up."""
    rng, ds = np.random.default_rng(seed), pd.date_range("2010-01-01", periods=length, freq="MS")
    at = np.arange(length)
    frames = []
    for s in range(n_series):
        season = 0.2 * np.sin(2 * np.pi * at / 12 + rng.normal())
        wander = 0.02 * rng.normal(size=length).cumsum() + 0.05 * rng.normal(size=length)
        y = 100.0 * np.exp(rng.normal()) * (1.0 + season + 0.003 * at + wander)
        frames.append(pd.DataFrame({"unique_id": f"s{s:03d}", "ds": ds, "y": y.round(2)}))
    return pd.concat(frames)


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """Let so many processes compute within the block."""
    started = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def measured(words: tuple[str, ...], folder: Path) -> dict[str, Any]:
    """Make a run from the command line and return how long it took, and what it says of itself."""
    out, budget = folder / "run", float(words[-1].removesuffix("s"))
    data = str(folder / "panel.csv") if words[0] == "PANEL" else words[0]
    command = [sys.executable, "-m", "forecast", "run", data, *words[1:], "--out", str(out), "--overwrite", "-q"]
    start = perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    used = perf_counter() - start
    found: dict[str, Any] = {"budget": budget, "used": used, "kept": used <= OVER * budget, "pace": None}
    if done.returncode:
        return found | {"said": done.stderr.strip()}
    info = json.loads((out / "run.json").read_text(encoding="utf-8"))
    account = info["budget"]
    paces = [line for line in (out / "run.log").read_text(encoding="utf-8").splitlines() if "a usual second" in line]
    return found | {
        "page": account["used"] - info["timings"]["total"],
        "windows": account["windows"],
        "windows_given_up": account["windows_given_up"],
        "no_forecast": account["no_forecast"],
        "left_out": account["left_out"],
        "pace": float(paces[0].split("takes ")[1].split()[0]),
    }


def table(rows: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    """Yield the lines of a table, a row for each run."""
    head = "case", "budget, s", "used, s", "used, %", "of it page, s", "windows given up", "pictures left out", "pace"
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for case, runs in rows.items():
        for row in runs:
            first = f"| {case} | {row['budget']:g} | {row['used']:.1f} | {100 * row['used'] / row['budget']:.0f} | "
            if "said" in row:
                yield f"{first}{row['said'].splitlines()[0]} | | | |"
                continue
            windows, pictures = f"{row['windows_given_up']} of {row['windows']}", row["left_out"].get("picture", 0)
            yield f"{first}{row['page']:.1f} | {windows} | {pictures} | {row['pace']:.1f} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES), help="which (default all)")
    parser.add_argument("--runs", type=int, default=1, help="of each case (default 1)")
    parser.add_argument("--beside", type=int, default=0, help="processes that compute beside every run (default none)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, busy(arguments.beside):
        folder = Path(name)
        months(200, 120).to_csv(folder / "panel.csv", index=False)
        rows = {case: [measured(CASES[case], folder) for _ in range(arguments.runs)] for case in arguments.cases}
    if arguments.json:
        print(json.dumps({"over": OVER, "under": UNDER, "beside": arguments.beside, "cases": rows}, indent=1))
        return
    print("\n".join(table(rows)))


if __name__ == "__main__":
    main()
