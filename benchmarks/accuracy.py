"""How well the models forecast: scores on public test sets, beside the baselines' and those that others reached.

    python benchmarks/accuracy.py --data FOLDER                         # validation, mlp on M3
    python benchmarks/accuracy.py --data FOLDER --set nn3,m3_single --models mlp,mlp+ets+theta --seed 1
    python benchmarks/accuracy.py --data FOLDER --set etth1_96 --setting max_steps=600
    python benchmarks/accuracy.py --data FOLDER --set m3 --test         # the test parts; noted in RESULTS.md
    python benchmarks/accuracy.py --csv sales.csv --horizon 12          # anyone's file, through forecast predict
    python benchmarks/accuracy.py --make-panels DIR && python benchmarks/accuracy.py --csv DIR

Validation holds out the last horizon of each series' training part (ETTh1: its second part; GEFCom: the eight weeks
before the test weeks). Only with ``--test`` are test parts looked at, and then a row stands in RESULTS.md. Forecasts
are kept in ``--cache``, so that an interrupted measurement goes on where it was; ``--fresh`` makes them anew. A model
such as ``mlp+ets+theta`` is the mean of the three. Seconds are those of fits and forecasts, one after another, on a
clock and (busy) on processors; peak memory is that of the largest process.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from measuring import files, made, published, scores, sets
from measuring.forecasts import MAKERS, Outcome, kept_or_made, pieces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from measuring.sets import Case

HERE = Path(__file__).parent
SECTION = "## Accuracy, test parts"
COLUMNS = ("date", "commit", "set", "preset", "seed", "model", "scores", "seconds", "peak MB")
HEADER = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|\n"
BASELINES = {
    "m3": ("naive2", "seasonal_naive", "theta", "ets", "prior"),
    "nn3": ("naive2", "seasonal_naive", "theta", "ets", "prior"),
    "etth1": ("seasonal_naive", "ridge"),
    "gefcom": ("seasonal_naive", "theta", "ridge"),
}


def measure(cases: Sequence[Case], models: Sequence[str], chosen: argparse.Namespace) -> list[dict[str, Any]]:
    """Return a row a model: its scores by part, seconds, peak memory and failures.

    Members of means are made once; Naive 2 is made for OWA, shown or not.
    """
    settings = {"seed": chosen.seed, "preset": chosen.preset, **dict(chosen.setting)}
    yardstick = ["naive2"] if "owa" in cases[0].metrics else []
    members = list(dict.fromkeys([*(name for model in models for name in model.split("+")), *yardstick]))
    found = {name: [outcome(case, name, settings, chosen) for case in cases] for name in members}
    points = {
        model: [
            scores.points(case, np.mean([found[name][i].y_hat for name in model.split("+")], axis=0, dtype=np.float64))
            for i, case in enumerate(cases)
        ]
        for model in dict.fromkeys([*models, *yardstick])
    }
    n_series = sum(case.whole.n_series for case in cases)
    rows = []
    for model, scored in scores.scored(cases, points).items():
        if model not in models:
            continue
        own = [made for name in model.split("+") for made in found[name]]
        seconds = sum(made.seconds for made in own)
        rows.append({
            "model": model,
            "scores": scored,
            "seconds": seconds,
            "seconds_a_series": seconds / n_series,
            "busy": sum(made.busy for made in own),
            "peak_mb": max(made.peak_mb for made in own),
            "failures": [failure for made in own for failure in made.failures],
        })  # fmt: skip
    return rows


def outcome(case: Case, model: str, settings: dict[str, Any], chosen: argparse.Namespace) -> Outcome:
    """Return what a model comes to on a case: [cutoffs, S, H]."""

    def tell(line: str) -> None:
        if sys.stderr.isatty():
            print(f"\r{case.set} {case.part} {line}    ", end="", file=sys.stderr, flush=True)

    work = pieces(case, model, settings, context=chosen.context)
    flat = [piece for of_fit in work for piece in of_fit]
    made = iter(kept_or_made(flat, chosen.cache, jobs=chosen.jobs, fresh=chosen.fresh, tell=tell))
    by_fit = [[next(made) for _ in of_fit] for of_fit in work]
    every = [one for of_fit in by_fit for one in of_fit]
    return Outcome(
        np.concatenate([np.concatenate([one.y_hat for one in of_fit], axis=1) for of_fit in by_fit]),
        sum(one.seconds for one in every),
        sum(one.busy for one in every),
        max(one.peak_mb for one in every),
        tuple(failure for one in every for failure in one.failures),
    )


def show(name: str, rows: Sequence[dict[str, Any]], chosen: argparse.Namespace) -> None:
    """Print the scores of a set, what failed, and the figures of others."""
    kind = "TEST" if chosen.test else "validation"
    print(f"\n{name}, {kind}, preset {chosen.preset}, seed {chosen.seed}")
    shown = [
        {
            "model": row["model"],
            **scores.columns(row["scores"]),
            "seconds": round(row["seconds"], 1),
            "s a series": row["seconds_a_series"],
            "busy s": round(row["busy"], 1),
            "peak MB": round(row["peak_mb"]) if math.isfinite(row["peak_mb"]) else None,
        }
        for row in rows
    ]
    print(scores.table(shown))
    for failure in [failure for row in rows for failure in row["failures"]]:
        print("failed:", failure)
    others = published.figures(name)
    if others:
        print("\non the test parts, elsewhere" + ("" if chosen.test else " (not to be compared with validation)"))
        print(scores.table(others))


def note(path: Path, name: str, rows: Sequence[dict[str, Any]], chosen: argparse.Namespace) -> None:
    """Add a line a model to the section of test scores, which is made where it is missing."""
    date = datetime.now(UTC).strftime("%Y-%m-%d")
    lines = ""
    for row in rows:
        figures = ", ".join(f"{column} {scores.text(value)}" for column, value in scores.columns(row["scores"]).items())
        settings = " ".join(f"{key}={value}" for key, value in chosen.setting)
        preset = " ".join(filter(None, [chosen.preset, settings, f"sample={chosen.sample}" if chosen.sample else ""]))
        cells = [date, commit(path), name, preset, chosen.seed, row["model"], figures]
        lines += "| " + " | ".join(map(str, [*cells, f"{row['seconds']:.1f}", f"{row['peak_mb']:.0f}"])) + " |\n"
    written = path.read_text(encoding="utf-8") if path.is_file() else "# Results\n"
    before, section, after = written.partition(f"{SECTION}\n")
    if not section:
        before, after = f"{before.rstrip()}\n\n", f"\n{HEADER}"
    table, gap, rest = after.partition("|\n\n")
    table = f"{table}|\n" if gap else f"{table.rstrip()}\n"
    path.write_text(f"{before}{SECTION}\n{table}{lines}" + (f"\n{rest}" if gap else ""), encoding="utf-8")


def commit(results: Path) -> str:
    """Return the commit that is measured, and whether anything but `results` was changed since."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", "-C", str(HERE), *words], capture_output=True, text=True, check=False)
        return done.stdout

    changed = [line[3:] for line in git("status", "--porcelain", "--untracked-files=no").splitlines()]
    dirty = any(not results.as_posix().endswith(path) for path in changed)
    return (git("describe", "--always", "--exclude", "*").strip() or "unknown") + ("-dirty" if dirty else "")


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="the folder of the public sets")
    parser.add_argument("--set", default="m3", help=f"of {', '.join(sets.names())} (default m3)")
    parser.add_argument("--models", default="mlp", help=f"of {', '.join(MAKERS)}, and means such as mlp+ets")
    parser.add_argument("--baselines", default="auto", help="models beside them: names, none or auto (by set)")
    parser.add_argument("--preset", choices=("fast", "balanced", "best"), default="balanced", help="of the network")
    parser.add_argument("--seed", type=int, default=0, help="of the network (default 0)")
    parser.add_argument("--setting", type=setting, action="append", default=[], metavar="NAME=VALUE",
                        help="of models whose constructor has it; may be repeated")  # fmt: skip
    parser.add_argument("--test", action="store_true", help="score the test parts, and note it")
    parser.add_argument("--results", type=Path, default=HERE / "RESULTS.md", help="where test scores are noted")
    parser.add_argument("--sample", type=int, help="so many series of each part, at equal distances")
    parser.add_argument("--temperature", choices=sets.TEMPERATURES, default="mean", help="of GEFCom's 11 stations")
    parser.add_argument("--refit", type=int, default=sets.WEEKS, help="weeks after which GEFCom is learned anew")
    parser.add_argument("--context", type=int, default=2048, help="latest values a fitted model forecasts ETTh1 from")
    parser.add_argument("--cache", type=Path, default=HERE / ".cache", help="where forecasts are kept")
    parser.add_argument("--fresh", action="store_true", help="make forecasts that are kept anew")
    parser.add_argument("--jobs", type=int, default=2, help="processes for fits that are independent (default 2)")
    parser.add_argument("--csv", type=Path, help="a file, or a folder of made panels, through forecast predict")
    parser.add_argument("--horizon", type=int, help="of --csv: values held out of every series")
    parser.add_argument("--make-panels", type=Path, metavar="DIR", help="write awkward panels, and end")
    parser.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args(words)
    unknown = [name for name in chosen.set.split(",") if name not in sets.names()]
    unknown += [name for name in chosen.models.replace("+", ",").split(",") if name not in MAKERS]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}")
    if chosen.data is None and chosen.csv is None and chosen.make_panels is None:
        parser.error("one of --data, --csv and --make-panels is needed")
    return chosen


def setting(text: str) -> tuple[str, Any]:
    """Return name and value of a setting; what is no JSON is a text, a list becomes a tuple."""
    name, _, written = text.partition("=")
    try:
        value = json.loads(written)
    except json.JSONDecodeError:
        value = written
    return name, tuple(value) if isinstance(value, list) else value


def beside(name: str, chosen: argparse.Namespace) -> list[str]:
    """Return the models of a set: those asked for and the baselines."""
    more = BASELINES[name.split("_")[0]] if chosen.baselines == "auto" else chosen.baselines.split(",")
    return list(dict.fromkeys([*chosen.models.split(","), *(more if chosen.baselines != "none" else ())]))


def csv(chosen: argparse.Namespace) -> None:
    """Measure files through the command line."""
    words = ["--seed", str(chosen.seed), "--preset", chosen.preset]
    rows = []
    for path, horizon in files.files(chosen.csv, chosen.horizon):
        own = files.measure(path, horizon, chosen.models.split(","), words=words)
        rows += own
        if not chosen.json:
            print(scores.table(own), *files.doubts(own), sep="\n", end="\n\n", flush=True)
    if chosen.json:
        print(json.dumps({"rows": rows, "doubts": files.doubts(rows)}, indent=1))


def main(words: Sequence[str] | None = None) -> None:
    """Measure, then print tables or JSON."""
    chosen = arguments(words)
    if chosen.make_panels:
        made.write_panels(chosen.make_panels, seed=chosen.seed)
        print(chosen.make_panels)
        return
    if chosen.csv:
        csv(chosen)
        return
    result = {}
    for name in chosen.set.split(","):
        cases = sets.load(name, chosen.data, test=chosen.test, temperature=chosen.temperature, refit=chosen.refit)
        rows = measure([case.sample(chosen.sample) for case in cases], beside(name, chosen), chosen)
        result[name] = rows
        if not chosen.json:
            show(name, rows, chosen)
        if chosen.test:
            asked = chosen.models.split(",")
            note(chosen.results, name, [row for row in rows if row["model"] in asked], chosen)
    if chosen.json:
        said = {"preset": chosen.preset, "seed": chosen.seed, "test": chosen.test}
        print(json.dumps({**said, "sets": result}, indent=1))


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    main()
