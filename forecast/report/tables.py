"""The tables of the page: texts only, already rounded, with the number of rows that were left out.

The idea: a table is built from one frame or dictionary of the run, column by column, so that its numbers line up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from forecast.covered import judgement
from forecast.defaults import METRIC_NAMES
from forecast.report.words import DASH, MINUS, OTHER_SCORES, column, number, seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from forecast.report.view import View

__all__ = ["Table", "table_from", "table_of", "tables"]

MAX_ROWS = 1_000
MAX_NUMBERS = 200
"""Rows of the numbers behind a picture that stand on the page; all are in the file beside it."""


@dataclass(frozen=True)
class Table:
    """A table of the page: texts only, already rounded; `total` counts the rows before any were left out."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    prose: frozenset[str] = frozenset()
    """Heads of the columns of words, set to the left; numbers stand to the right."""
    total: int = 0
    summed: bool = False
    """Whether the last row is the sum of those above."""
    lined: bool = False
    """Whether its cells have lines, of which those after the first are set small."""


def tables(view: View) -> dict[str, Any]:
    """Return the tables of the page by name."""
    timings = view.info["timings"]
    fits = [[m, *(seconds(t.get(k)) for k in ("fit", "predict"))] for m, t in timings.get("models", {}).items()]
    fits += [[f"{m}, fitted again for section 8", seconds(t), DASH] for m, t in timings.get("checks", {}).items()]
    failures = [
        [str(f.get(k) or "all") for k in ("unique_id", "model", "cutoff", "reason")] for f in view.info["failures"]
    ]
    return {
        "values": _values_table(view),
        "scores": _scores_table(view),
        "pairs": _pairs_table("Is the difference real?", view.run.metrics["verdict"]["pairs"]),
        "all_pairs": _pairs_table("Every pair, the better ranked model first", view.run.metrics.get("pairs", [])),
        "ranks": _ranks_table(view),
        "coverage": _coverage_table(view),
        "sums": _sums_table(view),
        "totals": _totals_table(view),
        "failures": table_of("Fits that failed", ("Series", "Model", "Cutoff", "Reason"), failures, prose=True),
        "data": table_of("The data as they were understood", ("What", "Value"), _data_rows(view), prose=True),
        "findings": _findings_table(view),
        "changes": _changes_table(view),
        "checks": _checks_table(view),
        "versions": table_of("Versions", ("Software", "Version"), list(view.info["versions"].items()), prose=True),
        "timings": table_of("Seconds to fit and to forecast", ("Model", "Fit", "Predict"), fits),
        "stages": table_of("Seconds by stage", ("Stage", "Seconds"), _stage_rows(timings), prose=("Stage",)),
    }


def table_of(
    caption: str, head: Sequence[str], rows: Sequence[Sequence[str]], *, prose: bool | Iterable[str] = ()
) -> Table:
    """Return a table of at most 1,000 rows; `prose` names the columns of words, or True for all."""
    words = frozenset(head if prose is True else prose or ())
    return Table(caption, head, rows[:MAX_ROWS], words, total=len(rows))


def table_from(caption: str, data: pd.DataFrame) -> Table:
    """Return the table of a frame: numbers with one number of decimals a column, times without what they all lack."""
    shown = data.head(MAX_NUMBERS)
    cells = [_texts(shown[name]) for name in shown.columns]
    prose = frozenset(name for name in data.columns if data[name].dtype.kind not in "fi")
    rows = [list(row) for row in zip(*cells, strict=True)]
    return Table(caption, [str(name).replace("_", " ") for name in data.columns], rows, prose, total=len(data))


def _texts(values: pd.Series[Any]) -> list[str]:
    """Return the cells of a column as texts; where all numbers are whole, without decimals."""
    if values.dtype.kind == "f":
        known = values.dropna()
        if len(known) and (known % 1 == 0).all() and (known.abs() < 1e15).all():
            return [f"{value:,.0f}".replace("-", MINUS) if value == value else DASH for value in values]
        return [cell if cell != "n/a" else DASH for cell in column(values)]
    if values.dtype.kind == "M":
        whole = (values == values.dt.normalize()).all()
        return list(values.dt.strftime("%Y-%m-%d" if whole else "%Y-%m-%d %H:%M"))
    return [str(value) for value in values]


def _values_table(view: View) -> Table:
    """Return the forecast of the best model; each row reads from low to high, and the last one is their sum."""
    ends = _ends(view)
    rows = view.ahead.head(MAX_ROWS)
    cells = zip(*(column(rows[c], like=rows["y_hat"]) for c in ends), strict=True)
    times = [view.when(t) for t in rows["ds"]]
    table = [[t, *c] for t, c in zip(times, cells, strict=True)]
    horizon, first, summed = view.info["horizon"], ["Time"], False
    caption = f"Next {horizon} values by {view.best}" if horizon > 1 else f"Next value by {view.best}"
    if len(view.ids) > 1:
        table = [[name, *row] for name, row in zip(rows["unique_id"], table, strict=True)]
        first = ["Series", "Time"]
    elif len(sums := _sums(view)):
        total, summed = sums.iloc[0], True
        table.append([f"all {horizon}", *(column([total[c]], like=[total["y_hat"]])[0] for c in ends)])
    head, prose = [*first, *ends.values()], frozenset({"Time"})
    return Table(caption, head, table, prose, total=len(view.ahead), summed=summed)


def _scores_table(view: View) -> Table:
    """Return the scores that the leaderboard leaves out."""
    board = view.run.leaderboard
    names = [name for name in (*METRIC_NAMES, *OTHER_SCORES, "skill") if name in board.columns]
    if not names:
        return table_of("", (), [])
    rows = [list(row) for row in zip(board["model"], *(column(board[name]) for name in names), strict=True)]
    return table_of("Every score", ["Model", *names], rows)


def _pairs_table(caption: str, pairs: Sequence[dict[str, Any]]) -> Table:
    rows = [
        [
            p["model"],
            p["against"],
            p["word"],
            number(p["ratio"]),
            DASH if p.get("ratio_low") is None else f"{p['ratio_low']:.2f}{DASH}{p['ratio_high']:.2f}",
            _apart(p),
            "n/a" if p["p_value"] is None else f"{p['p_value']:.2g}",
            f"{p['units']:,} {p['unit']}",
            DASH if p.get("units_needed") is None else f"about {p['units_needed']:,}",
        ]
        for p in pairs
    ]
    head = ("Model", "Against", "Verdict", "Error ratio", "95% CI", "Difference", "p", "Tested on", "Needed")
    return table_of(caption, head, rows, prose=["Against", "Verdict"])


def _apart(pair: dict[str, Any]) -> str:
    """Return the difference of two models and its standard error."""
    if pair.get("difference") is None:
        return DASH
    error = pair.get("standard_error")
    return column([pair["difference"]], sign="+")[0] + ("" if error is None else f" ± {number(error)}")


def _ranks_table(view: View) -> Table:
    """Return mean ranks over the series of a panel."""
    ranks = view.run.metrics.get("ranks")
    if not ranks:
        return table_of("", (), [])
    rows = [
        [name, f"{r['rank']:.2f}", f"{r['low']:.2f}{DASH}{r['high']:.2f}", "yes" if r["with_best"] else "no"]
        for name, r in sorted(ranks["models"].items(), key=lambda item: item[1]["rank"])
    ]
    caption = f"Mean ranks over {ranks['units']:,} series (equal ranks: p = {ranks['p_value']:.2g})"
    return table_of(caption, ("Model", "Mean rank", "Band", "Maybe the best"), rows)


def _coverage_table(view: View) -> Table:
    """Return how often the intervals of every model covered what came."""
    found = view.coverage
    if found.empty:
        return table_of("", (), [])
    rows = [
        [
            row["model"],
            f"{row['interval']:g}%",
            f"{row['coverage']:.0f}%" if row["points"] else DASH,
            f"{row['coverage_low']:.0f}{DASH}{row['coverage_high']:.0f}%" if row["points"] else DASH,
            f"{row['points']:,.0f}",
            width,
            score,
            judgement(row["interval"], row["coverage_low"], row["coverage_high"], row["cases"]),
            f"takes {row['windows_needed']:,.0f} more windows" if row["windows_needed"] else "yes",
        ]
        for row, width, score in zip(
            found.to_dict("records"), column(found["mean_width"]), column(found["msis"]), strict=True
        )
    ]
    head = ("Model", "Interval", "covered", "in truth", "values", "mean width", "msis", "Level", "Calibrated")
    return table_of("Do the intervals keep their word?", head, rows, prose=["Level", "Calibrated"])


def _sums_table(view: View) -> Table:
    """Return the sum of each series over the whole horizon, with the intervals that sample paths give."""
    sums = _sums(view)
    if sums.empty:
        return table_of("", (), [])
    ends = _ends(view)
    cells = zip(*(column(sums[name], like=sums["y_hat"]) for name in ends), strict=True)
    rows = [[str(name), *row] for name, row in zip(sums["unique_id"], cells, strict=True)]
    caption = f"The sum of all {view.info['horizon']} steps, by {sums['paths'].max():,.0f} sample paths of {view.best}"
    return table_of(caption, ["Series", *ends.values()], rows)


def _sums(view: View) -> pd.DataFrame:
    """Return the sums over the horizon; of one step they are the forecast itself."""
    sums = view.run.more("sums.csv")
    return sums if len(sums) and view.info["horizon"] > 1 else sums.iloc[:0]


def _ends(view: View) -> dict[str, str]:
    """Return the columns of a forecast from low to high, and how they are headed."""
    unsure = {level: ", not calibrated" if level in view.uncalibrated else "" for level in view.levels}
    low = {f"lo-{level}": f"low {level}%{unsure[level]}" for level in reversed(view.levels)}
    high = {f"hi-{level}": f"high {level}%{unsure[level]}" for level in view.levels}
    return low | {"y_hat": "forecast"} | high


def _totals_table(view: View) -> Table:
    """Return the scores of sums and series, as forecast and made to add up."""
    scores = view.run.more("totals_scores.csv")
    head = ("Model", "Of", "as forecast", "bottom up", "minimum trace")
    rows = []
    if len(scores):
        errors = [column(scores[name]) for name in ("base", "bottom_up", "mint")]
        rows = [list(row) for row in zip(scores["model"], scores["level"], *errors, strict=True)]
    return table_of("Totals: mase with and without adding up", head, rows, prose=["Of"])


def _data_rows(view: View) -> list[list[str]]:
    data = view.info["data"]
    season = f"{data['season_length']} steps" if data["season_length"] > 1 else "none"
    return [
        ["File", data["name"]],
        ["Rows", f"{data['rows']:,}"],
        ["Series", f"{data['series']:,}"],
        ["Span", f"{view.when(view.run.history['ds'].min())} to {view.when(view.run.history['ds'].max())}"],
        ["Frequency", data["frequency"]],
        ["Season", season],
        ["Missing values", f"{data['gaps']:,}"],
        *_counted_rows(view),
        ["SHA-256", data["sha256"]],
    ]


def _counted_rows(view: View) -> list[list[str]]:
    """Return what the doctor counted, what was done about repeated times, and the zone; of old runs what there is."""
    facts, notes = view.info.get("facts", {}), view.info["data"]["notes"]
    names = {"zeros": "Zeros", "negative": "Values below zero"}
    counts = [[word, f"{facts[name]:,}"] for name, word in names.items() if name in facts]
    repeated = [note for note in notes if "repeated time" in note or "equal to another" in note]
    return [*counts, ["Repeated times", "; ".join(repeated) or "none"], ["Time zone", view.zone]]


def _stage_rows(timings: dict[str, Any]) -> list[list[str]]:
    """Return how long each stage of the run took, and all of it; a run made before stages were counted has none."""
    stages = timings.get("stages", {})
    rows = [[name, seconds(value)] for name, value in stages.items()]
    return [*rows, ["all but the making of this page", seconds(timings["total"])]] if rows else []


def _findings_table(view: View) -> Table:
    """Return what the doctor found: a row a problem; a run folder made before there was a doctor has none."""
    rows = [
        [
            f["code"],
            f["message"],
            "; ".join(part for part in (f["series"], f["where"]) if part) or DASH,
            f["done"] or DASH,
        ]
        for f in view.info.get("findings", [])
    ]
    return table_of("What was found in the data", ("Code", "Problem", "Where", "What was done"), rows, prose=True)


def _changes_table(view: View) -> Table:
    """Return every value that is not as it stood in the file."""
    found = view.run.more("changes.csv")
    if found.empty:
        return table_of("", (), [])
    shown = found.head(MAX_ROWS)
    times = [view.when(t) for t in shown["ds"]]
    ids = shown["unique_id"].astype(str)
    old = [DASH if value != value else number(value) for value in shown["old"]]
    rows = [list(row) for row in zip(ids, times, old, column(shown["new"]), shown["rule"], strict=True)]
    head = ("Series", "Time", "was", "became", "Rule")
    caption = f"Every change made to the data: {len(found):,}"
    return Table(caption, head, rows, frozenset(("Time", "Rule")), total=len(found))


def _checks_table(view: View) -> Table:
    """Return the checks that the run made of itself."""
    words = {True: "passed", False: "FAILED", None: "not tried"}
    found = view.run.notes("checks.json").get("checks", [])
    rows = [[c["check"], words[c["passed"]], f"{c['held']:,} of {c['of']:,}", c["note"]] for c in found]
    return table_of("Checks made in this run", ("Check", "Result", "Held in", "How"), rows, prose=True)
