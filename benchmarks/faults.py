"""Good files, damaged at random, and small runs, interrupted at random: never a wrong, lost or half-written result.

The idea: a damaged file goes through `forecast check` and ends in a report or a clean error; a run that is killed,
fills the disk or is given half its data ends in nothing, or goes on to the bytes of a run that nothing happened to. The
n-th case depends on the seed and n alone, so that it can be made again.

    python benchmarks/faults.py --count 20000 --seed 0 --json
    python benchmarks/faults.py --interrupt 25
    python benchmarks/faults.py --interrupt 100000 --minutes 60 --workers
    python benchmarks/faults.py --start 4000 --count 1000
    python benchmarks/faults.py --by-columns
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from measuring.interruptions import Case, Interruption

from forecast import pipeline
from forecast.cli.cards import print_checkup
from forecast.defaults import BUNDLED
from forecast.errors import ForecastError
from forecast.reading import bulk, readers
from forecast.reading.sources import bundled_path

LIMIT = 5
"""Seconds of computing for a file: what else the machine does is not counted."""
MOST_LINES = 200
"""Of a bundled set no more than so many lines are used: what breaks is seldom the length."""
CELLS = [
    *(
        "",
        " ",
        "NA",
        "nan",
        "inf",
        "-inf",
        "1e400",
        "-1e308",
        "1e-320",
        "0",
        "-0",
        "-999",
        "1,5",
        "1.5.5",
        "1 200",
        "12%",
    ),
    *("$3", "=1+1", "#REF!", "TRUE", "Total", "2024-02-30", "31/12/99", "03/04/2024", "0000-01-01", "9999-12-31"),
    *("1677-09-20", "2024-03-31T02:30:00+01:00", "2024-W53", "1949Q5", "99999999999999999999", "-5", "x" * 5000, '"'),
    *("'", "\ufeff", "\u202e", "\x1b[31m", "é", "\N{ARABIC-INDIC DIGIT THREE}", "a;b", "a,b", "a\tb", "[/red]", "{}"),
]
BYTES = [
    b"\0",
    b"\xff",
    b"\xfe\xff",
    b"\r",
    b"\n",
    b"\r\n",
    b'"',
    b",",
    b";",
    b"\t",
    b"|",
    b"\x1a",
    b"\xef\xbb\xbf",
    b"\x81",
]


@dataclass(frozen=True)
class Outcome:
    """What became of one damaged file: a code, or what broke."""

    n: int
    base: str
    code: str
    seconds: float
    broken: str = ""


def good_files() -> dict[str, bytes]:
    """Return the files that are damaged: the bundled sets and a few of other shapes."""
    files = {
        name: b"\n".join(bundled_path(name).read_bytes().splitlines()[:MOST_LINES]) + b"\n" for name in sorted(BUNDLED)
    }
    days = np.arange("2024-01-01", "2024-03-01", dtype="datetime64[D]").astype(str)
    hours = np.arange("2024-01-01T00", "2024-01-03T00", dtype="datetime64[h]").astype(str)
    files["panel"] = "".join(
        ["id,ds,y\n", *(f"{s},{day},{i % 7 + k}\n" for k, s in enumerate("abc") for i, day in enumerate(days))]
    ).encode()
    files["european"] = "".join(
        ["Tag;Preis\n", *(f"{d[8:]}.{d[5:7]}.{d[:4]};{i},5\n" for i, d in enumerate(days))]
    ).encode("latin-1")
    files["hourly"] = "".join(["time\tload\n", *(f"{h}:00Z\t{i % 24}\n" for i, h in enumerate(hours))]).encode()
    files["quoted"] = "".join(
        ['"week","sold","note"\n', *(f'"{d}",{i},"a, b"\n' for i, d in enumerate(days[::7]))]
    ).encode()
    return files


def damaged(n: int, seed: int, files: dict[str, bytes]) -> tuple[str, bytes]:
    """Return the name of a good file and its `n`-th mutation: one to four faults, of bytes or of cells."""
    rng = np.random.default_rng([seed, n])
    name = sorted(files)[int(rng.integers(len(files)))]
    data = files[name]
    for _ in range(int(rng.integers(1, 5))):
        data = (_bytes_damaged if rng.random() < 0.4 else _cells_damaged)(data, rng)
    return name, data


def _bytes_damaged(data: bytes, rng: np.random.Generator) -> bytes:
    at, end = sorted(int(i) for i in rng.integers(0, len(data) + 1, 2))
    kind = int(rng.integers(6))
    if kind == 0:
        return data[:at] + BYTES[int(rng.integers(len(BYTES)))] + data[at:]
    if kind == 1:
        return data[:at] + bytes([int(rng.integers(256))]) + data[at + 1 :]
    if kind == 2:
        return data[:at]
    if kind == 3:
        return data[:at] + data[end:]
    if kind == 4:
        return data[:end] + data[at:end][:2000] + data[end:]
    old, new = (BYTES[int(i)] for i in rng.integers(len(BYTES), size=2))
    return data.replace(old, new)


def _cells_damaged(data: bytes, rng: np.random.Generator) -> bytes:
    separator = max((b",", b";", b"\t"), key=data[:200].count)
    rows = [line.split(separator) for line in data.split(b"\n")]
    row, other = (int(i) for i in rng.integers(0, len(rows), 2))
    column = int(rng.integers(0, max(1, len(rows[row]))))
    cell = CELLS[int(rng.integers(len(CELLS)))].encode()
    kind = int(rng.integers(8))
    if kind == 0:
        rows[row][column] = cell
    elif kind == 1:
        rows[row], rows[other] = rows[other], rows[row]
    elif kind == 2:
        rows.insert(row, list(rows[other]))
    elif kind == 3:
        rows[row] = rows[row][:column] + rows[row][column + 1 :]
    elif kind == 4:
        rows[row].insert(column, cell)
    elif kind == 5:
        rows = [[*cells[:column], cell, *cells[column + 1 :]] for cells in rows]
    elif kind == 6:
        rows = [rows[0], *(rows[int(i)] for i in rng.permutation(np.arange(1, len(rows))))]
    else:
        rows = rows[: max(1, min(row, 6))]
    return b"\n".join(separator.join(cells) for cells in rows)


def check_one(n: int, seed: int, files: dict[str, bytes], folder: Path) -> Outcome:
    """Check the `n`-th damaged file, print the card to nowhere, and say what came of it."""
    base, data = damaged(n, seed, files)
    path = folder / "x.csv"
    path.write_bytes(data)
    start, code, broken = time.process_time(), "", ""
    try:
        with _limit(), warnings.catch_warnings(), contextlib.redirect_stdout(_Nowhere()):
            warnings.simplefilter("error")
            checkup = pipeline.check(path)
            print_checkup(checkup, json=n % 2 == 0)
            code = checkup.findings[0].code if checkup.refused else "ok"
            if not all(finding.repair for finding in checkup.findings):
                broken = "a finding without a repair"
    except ForecastError as error:
        code = error.code
        broken = "" if error.hint or error.code == "F102" else "an error without a hint"
    except Exception as error:  # noqa: BLE001
        code, broken = "BROKEN", f"{type(error).__name__}: {error}"[:200]
    seconds = time.process_time() - start
    return Outcome(n, base, code, round(seconds, 4), broken or ("too slow" if seconds > LIMIT else ""))


class _Nowhere:
    """A stream that forgets."""

    encoding = "utf-8"

    def write(self, text: str) -> int:
        return len(text.encode("utf-8"))

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False


@contextlib.contextmanager
def _limit():
    """Stop what takes longer than `LIMIT` seconds, where the system can."""
    if not hasattr(signal, "SIGPROF"):
        yield
        return

    def stop(*_: object) -> None:
        raise TimeoutError(f"more than {LIMIT} s")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, LIMIT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def check_many(count: int, *, seed: int = 0, start: int = 0) -> list[Outcome]:
    """Check `count` damaged files from the `start`-th on."""
    files = good_files()
    pipeline.check("airline")  # loads what is loaded once
    with tempfile.TemporaryDirectory() as folder:
        return [check_one(n, seed, files, Path(folder)) for n in range(start, start + count)]


def read_by_columns() -> None:
    """Let the reader of large files try files of any size, and decide on a few lines what their columns are."""
    readers.ENOUGH, bulk.HEAD = 1, 5


def interrupt_many(count: int, *, seed: int = 0, minutes: float = 1e9, shared: bool = False) -> list[Interruption]:
    """Interrupt `count` small runs, or as many as there is time for, and go on with them until they are whole."""
    end = time.monotonic() + 60.0 * minutes
    with tempfile.TemporaryDirectory() as folder:
        case, found = Case(Path(folder), shared=shared), []
        while len(found) < count and time.monotonic() < end:
            found.append(case.check(len(found), seed))
        return found


def main() -> None:
    """Print how many files or runs came to what, and what broke; exit 1 if anything did."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--by-columns", action="store_true", help="small files, too, by the reader of large ones")
    parser.add_argument("--interrupt", type=int, default=0, metavar="N", help="interrupt N runs, and damage no files")
    parser.add_argument("--minutes", type=float, default=1e9, help="interrupt no more after so many")
    parser.add_argument("--workers", action="store_true", help="interrupt runs whose fits are done by worker processes")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if args.interrupt:
        runs = interrupt_many(args.interrupt, seed=args.seed, minutes=args.minutes, shared=args.workers)
        wrong = [run for run in runs if run.broken]
        print("runs", len(runs), sep="\t")
        for (kind, came_to), times in sorted(Counter((run.kind, run.came_to) for run in runs).items()):
            print(kind, came_to, times, sep="\t")
        print("broken", [asdict(run) for run in wrong], sep="\t")
        sys.exit(bool(wrong))
    if args.by_columns:
        read_by_columns()
    outcomes = check_many(args.count, seed=args.seed, start=args.start)
    broken = [outcome for outcome in outcomes if outcome.broken]
    seconds = [outcome.seconds for outcome in outcomes]
    found = {
        "files": len(outcomes),
        "seed": args.seed,
        "start": args.start,
        "codes": dict(Counter(outcome.code for outcome in outcomes).most_common()),
        "seconds": {"mean": round(float(np.mean(seconds)), 4), "max": max(seconds)},
        "broken": [asdict(outcome) for outcome in broken],
    }
    if args.json:
        print(json.dumps(found, indent=2))
    else:
        for name, value in found.items():
            print(name, value, sep="\t")
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
