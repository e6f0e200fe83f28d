"""What a run may say of its models: every pair, the set that holds the best one, ranks over a panel, one sentence.

The idea: all of it is read off one table of losses, a row for each unit (a window of the one series, or a series of
the panel) and a column for each model; the wordings are those of `forecast.significance` and no others.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.defaults import METRIC
from forecast.ranking import model_confidence_set, nemenyi
from forecast.scoring import metric_of, unit_losses
from forecast.significance import BETTER, MIN_UNITS, TIE, TOO_LITTLE, WORSE, compare, mean_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

__all__ = ["METRIC_WORDS", "verdicts"]

MOST_TIMES = 1_000
"""A ratio beyond this says only that the other model makes next to no error."""

METRIC_WORDS = {"mase": "MASE", "mae": "MAE", "smape": "sMAPE", "quantile_loss": "quantile loss"}
PHRASES = {
    BETTER: "is better than",
    TIE: "cannot be told apart from",
    WORSE: "is worse than",
    TOO_LITTLE: "has too little data to tell it from",
}
"""How each of the four wordings stands in a sentence."""
ALPHA = 0.1
"""The chance that the confidence set leaves the best model out, as in the paper's examples."""


def verdicts(
    board: pd.DataFrame,
    scored: pd.DataFrame,
    *,
    quantile: float | None = None,
    metric: str = METRIC,
    overlap: int = 1,
    seed: int = 0,
    untested: str = "no window could be held out",
) -> dict[str, Any]:
    """Return what can be said of the models of a leaderboard.

    Parameters
    ----------
    board : DataFrame
        The leaderboard, the best model first.
    scored : DataFrame
        The backtested forecasts it was made of.
    quantile : float, optional
        Which was forecast.
    metric : str
        By which the models are compared where no quantile was: mase, mae or smape.
    overlap : int
        Windows less than this apart share data.
    seed : int
        Of the bootstrap behind the confidence set.
    untested : str
        Why there are no windows, where there are none.

    Returns
    -------
    dict
        ``verdict`` (the leading model, its pairs, and one sentence), ``pairs`` (all of them, the better ranked model
        first), ``confidence_set`` and, for a panel, ``ranks`` (None where there is too little data), and ``intervals``:
        where the mean loss of each model lies with 95 % confidence, and its standard error.
    """
    if scored.empty:
        verdict = {"model": board["model"].iloc[0], "sentence": f"Untested: {untested}.", "pairs": []}
        nothing: dict[str, Any] = {"pairs": [], "confidence_set": None, "ranks": None, "intervals": {}}
        return {"verdict": verdict, **nothing}
    unit, losses = unit_losses(scored, quantile=quantile, metric=metric)
    ranked = [name for name in board["model"] if name in losses]
    overlap = overlap if unit == "windows" else 1
    lead, others = _lead(board, set(ranked))
    own = [_pair(losses, lead, other, unit, overlap) for other in others if {lead, other} <= set(ranked)]
    whole = losses[ranked].dropna(axis=1, how="all").dropna()
    enough = len(whole) >= MIN_UNITS and whole.shape[1] > 1
    return {
        "verdict": {"model": lead, "sentence": _sentence(lead, own, board, metric_of(quantile, metric)), "pairs": own},
        "pairs": [_pair(losses, one, other, unit, overlap) for one, other in combinations(ranked, 2)],
        "confidence_set": _confidence_set(whole, unit, overlap, seed) if enough else None,
        "ranks": _ranks(whole) if enough and unit == "series" else None,
        "intervals": {name: _between(losses[name], overlap) for name in ranked},
    }


def _lead(board: pd.DataFrame, scored: set[str]) -> tuple[str, list[str]]:
    """Return the network, or the best candidate, and those it is held against: the baseline and the candidates.

    A model that failed at every window leads only where it is the only candidate.
    """
    candidates = [name for name, role in zip(board["model"], board["role"], strict=True) if role == "candidate"]
    able = [name for name in candidates if name in scored] or candidates or list(board["model"])
    lead = "mlp" if "mlp" in able else able[0]
    return lead, [name for name in ("seasonal_naive", *candidates) if name != lead]


def _pair(losses: pd.DataFrame, one: str, other: str, unit: str, overlap: int) -> dict[str, Any]:
    apart = losses[one] - losses[other]
    found = vars(compare(losses[one], losses[other], overlap=overlap))
    error = mean_interval(apart, horizon=overlap)[0]
    beside = {"difference": float(apart.mean()), "standard_error": error, "overlap": overlap}
    return {"model": one, "against": other, "unit": unit, **found, **beside}


def _between(losses: pd.Series[float], overlap: int) -> dict[str, float]:
    """Return where the mean loss of a model lies with 95 % confidence."""
    error, low, high = mean_interval(losses, horizon=overlap)
    return {"standard_error": error, "low": low, "high": high}


def _confidence_set(whole: pd.DataFrame, unit: str, overlap: int, seed: int) -> dict[str, Any]:
    """Return the models that may be the best, and the p-values they are judged by."""
    p_values = dict(
        zip(whole.columns, model_confidence_set(whole.to_numpy(), block=overlap, seed=seed).tolist(), strict=True)
    )
    members = [name for name, p_value in p_values.items() if p_value >= ALPHA]
    return {
        "confidence": 100.0 * (1.0 - ALPHA),
        "members": members,
        "p_values": p_values,
        "units": len(whole),
        "unit": unit,
    }


def _ranks(whole: pd.DataFrame) -> dict[str, Any]:
    """Return mean ranks over the series, and which models cannot be told from the one with the best."""
    found = nemenyi(whole.to_numpy())
    half = found.critical_difference / 2.0
    return {
        "models": {
            name: {"rank": rank, "low": rank - half, "high": rank + half, "with_best": bool(tied)}
            for name, rank, tied in zip(whole.columns, found.ranks.tolist(), found.with_best, strict=True)
        },
        "critical_difference": found.critical_difference,
        "friedman": found.friedman,
        "p_value": found.p_value,
        "units": len(whole),
    }


def _sentence(lead: str, pairs: Sequence[dict[str, Any]], board: pd.DataFrame, metric: str) -> str:
    """Return what is said of the leading model: the meaning first, then on how many units, then its score."""
    score = float(board.loc[board["model"] == lead, metric].iloc[0])
    if np.isnan(score):
        reason = str(board.loc[board["model"] == lead, "reason"].iloc[0])
        why = (
            f"{lead} failed: {reason}"
            if reason
            else "scaled errors are undefined, for no series changes before its test"
        )
        return f"No verdict: {why}."
    failed = "".join(f"{name} failed; " for name in board["model"][board[metric].isna() & (board["reason"] != "")])
    scored = f"{METRIC_WORDS.get(metric, metric)} {score:.2f}"
    if not pairs:
        return f"{failed}{lead} has nothing to be compared with ({scored})."
    said = f"over {_units(max(pair['units'] for pair in pairs), pairs[0]['unit'])} ({scored})"
    if all(pair["word"] == TOO_LITTLE for pair in pairs):
        takes = f"{TOO_LITTLE} whether by chance (at least {MIN_UNITS} {pairs[0]['unit']} are needed)"
        return f"{failed}{lead} makes {_listed(_shares(pairs))} {said}: {takes}."
    *first, last = _words(pairs)
    return f"{failed}{lead} {', '.join(first)}{', and ' if first else ''}{last} {said}."


def _words(pairs: Sequence[dict[str, Any]]) -> list[str]:
    """Return each of the four wordings that fell, with the models it holds for; only the first number is explained."""
    told = []
    for word in dict.fromkeys(pair["word"] for pair in pairs):
        models = [f"{p['against']} ({_numbers(p, explained=p is pairs[0])})" for p in pairs if p["word"] == word]
        told.append(f"{PHRASES[word]} {_listed(models)}")
    return told


def _numbers(pair: dict[str, Any], *, explained: bool) -> str:
    """Return the ratio of two errors, where it lies, and how many units would tell where these did not."""
    ratio = _times(pair["ratio"], "its error" if explained else "")
    low, high = pair["ratio_low"], pair["ratio_high"]
    between = "" if low is None else f", {'95% interval ' if explained else ''}{low:.2f} to {high:.2f}"
    open_still = pair["word"] in (TIE, TOO_LITTLE) and pair["units_needed"] is not None
    return ratio + between + (f"; about {pair['units_needed']:,} {pair['unit']} would tell" if open_still else "")


def _shares(pairs: Sequence[dict[str, Any]]) -> list[str]:
    """Return the ratios of errors in words: ``0.40 of seasonal_naive's error``, and after the first ``0.89 of ...``."""
    told = [_times(pair["ratio"], f"{pair['against']}'s") for pair in pairs]
    return [f"{told[0]} error", *told[1:]]


def _times(ratio: float, error: str = "") -> str:
    """Return so much of an error; what is huge is not spelled out, and of no error at all there is no share."""
    if ratio > MOST_TIMES:
        return f"over {MOST_TIMES:,} times {error}".rstrip()
    share = f"{ratio:.2f}" if ratio == ratio else "n/a"
    return f"{share} of {error}" if error else share


def _units(count: int, unit: str) -> str:
    """Return ``6 windows of the past``, ``1 window of the past`` or ``30 series``."""
    past = " of the past" if unit == "windows" else ""
    return f"{count:,} {unit.removesuffix('s') if count == 1 and past else unit}{past}"


def _listed(parts: Sequence[str]) -> str:
    """Return parts as a person lists them: ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
