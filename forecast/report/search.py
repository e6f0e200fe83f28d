"""How long the settings of each model were sought, as the page says it: a tuned model is ahead of one that is as it is.

The idea: every page says it, also that nothing was sought; what is said comes from the table ``[tuning]`` that a search
leaves in its file of settings and a run keeps in run.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from forecast.report.tables import Table, table_of
from forecast.report.words import DASH, column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["SearchShown", "search_shown"]


@dataclass(frozen=True)
class SearchShown:
    """What the page shows of a search: how much was tried for each model, its best trials, and sentences."""

    tried: Table
    best: Table
    sentences: tuple[str, ...]


def search_shown(info: Mapping[str, Any], models: Sequence[str]) -> SearchShown | None:
    """Return what there is to show of the search behind a run; None where there was none.

    Parameters
    ----------
    info : dict
        What run.json says.
    models : sequence of str
        All models of the run.
    """
    tuning = info.get("tuning")
    if not tuning:
        return None
    tuned = tuning["models"]
    rows = [_row(model, tuned.get(model)) for model in models]
    score = f"Validation {tuning['metric']}"
    head = ("Model", "Trials", "Given up", "Failed", score, "By default", "Against the defaults")
    return SearchShown(
        tried=table_of("Settings tried for each model", head, rows, prose=["Against the defaults"]),
        best=_best_table(tuned, score),
        sentences=_sentences(tuning, info["notices"]),
    )


def _row(model: str, tuned: Mapping[str, Any] | None) -> list[str]:
    if tuned is None:
        return [model, "0", *[DASH] * 4, "as it is"]
    scores = (tuned["score"], float("nan") if tuned["default_score"] is None else tuned["default_score"])
    own, default = column(scores)
    best = tuned["best"][0]["number"] if tuned["best"] else None
    verdict = "the defaults were best" if best == 0 else tuned["verdict"]
    return [model, *(f"{tuned[name]:,}" for name in ("trials", "pruned", "failed")), own, default, verdict]


def _best_table(tuned: Mapping[str, Any], score: str) -> Table:
    trials = [(model, trial) for model, one in tuned.items() for trial in one["best"]]
    scores = column([trial["score"] for _, trial in trials])
    rows = [
        [model, str(trial["number"]), text, _settings(trial["settings"])]
        for (model, trial), text in zip(trials, scores, strict=True)
    ]
    head = ("Model", "Trial", score, "Other than by default")
    return table_of("The best trials of the search", head, rows, prose=["Other than by default"])


def _settings(settings: Mapping[str, Any]) -> str:
    """Return settings in one line, without the tables they stand in."""
    texts = (",".join(map(str, v)) if isinstance(v, list) else str(v) for v in settings.values())
    names = (name.rpartition(".")[2] for name in settings)
    return "; ".join(f"{name} = {text}" for name, text in zip(names, texts, strict=True)) or "nothing"


def _sentences(tuning: Mapping[str, Any], notices: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    n = tuning["windows"]
    windows = f"{n} window{'' if n == 1 else 's'} of {tuning['horizon']} from {tuning['validated_from']}"
    budget = "" if tuning["budget"] == "none" else f" within a budget of {tuning['budget']}"
    clear = all(notice["code"] != "W311" for notice in notices)
    untouched = (
        "All test windows of this run lie after that time, so no tested value took part in the search."
        if clear
        else "Test windows of this run reach back before that time: the scores of tuned models are too good."
    )
    return (
        f"Settings were sought{budget} on {windows} to {tuning['until']}, learning from {tuning['start']} on. "
        + untouched,
        "The word against the defaults is that of a test over these windows at 5% divided by the number of trials, for "
        "the best of many is ahead by luck already; what tuning was worth is seen on the test windows above.",
    )
