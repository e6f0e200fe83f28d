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
from forecast.significance import MIN_UNITS, TIE, TOO_LITTLE, compare, mean_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

__all__ = ["METRIC_WORDS", "verdicts"]

MOST_TIMES = 1_000
"""A ratio beyond this says only that the other model makes next to no error."""

METRIC_WORDS = {"mase": "MASE", "mae": "MAE", "smape": "sMAPE", "quantile_loss": "quantile loss"}
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
    score = float(board.loc[board["model"] == lead, metric].iloc[0])
    if np.isnan(score):
        reason = str(board.loc[board["model"] == lead, "reason"].iloc[0])
        why = (
            f"{lead} failed: {reason}"
            if reason
            else "scaled errors are undefined, for no series changes before its test"
        )
        return f"No verdict: {why}."
    said = f"{lead}: {METRIC_WORDS.get(metric, metric)} {score:.2f}"
    without = board[board[metric].isna() & (board["reason"] != "")]
    said = "".join(f"{name} failed; " for name in without["model"]) + said
    if not pairs:
        return f"{said}; nothing to compare it with."
    said = f"{said} over {pairs[0]['units']} {pairs[0]['unit']}"
    if pairs[0]["units"] < MIN_UNITS:
        return f"{said}: {TOO_LITTLE} (a verdict takes {MIN_UNITS}); " + ", ".join(map(_share, pairs)) + "."
    return f"{said}; " + "; ".join(map(_words, pairs)) + "."


def _words(pair: dict[str, Any]) -> str:
    """Return a pair as a part of the sentence."""
    said = f"{_share(pair)}: {pair['word']}"
    if pair["word"] in (TIE, TOO_LITTLE) and pair["units_needed"] is not None:
        said += f" (about {pair['units_needed']:,} {pair['unit']} would tell)"
    return said


def _share(pair: dict[str, Any]) -> str:
    """Return the ratio of two errors in words, with its interval where there is one."""
    if pair["ratio"] > MOST_TIMES:
        return f"over {MOST_TIMES:,} times {pair['against']}'s error"
    between = "" if pair["ratio_low"] is None else f" ({pair['ratio_low']:.2f} to {pair['ratio_high']:.2f})"
    return f"{pair['ratio']:.2f}{between} of {pair['against']}'s error"
