"""The pictures of the intervals: whether they hold what they promise, near and far.

The idea: with few windows a share says little, so the title says how many there were.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecast import figures
from forecast.defaults import MIN_CASES
from forecast.report.picture import Picture
from forecast.report.tables import table_of
from forecast.report.words import DASH, column

if TYPE_CHECKING:
    import pandas as pd

    from forecast.report.tables import Table
    from forecast.report.view import View

__all__ = ["kept", "steps_covered"]

MOST = 4
"""Models whose coverage is drawn together."""


def kept(view: View) -> Picture | str:
    """Draw what intervals of the first models covered over what they promised."""
    found = view.coverage
    if len(found):
        found = found[found["points"] > 0]
    if not len(found):
        return "no interval could be held against what came"
    models = [model for model in view.run.leaderboard["model"] if model in set(found["model"])][:MOST]
    found = found[found["model"].isin(models)]
    own = found[found["model"] == (view.best if view.best in models else models[0])]
    cases = int(own["cases"].max())
    few = f"; {cases} window{'s are' if cases > 1 else ' is'} too few to judge" if cases < MIN_CASES else ""
    shares = " and ".join(f"{row['coverage']:.0f}% of {row['interval']:g}%" for row in own.to_dict("records"))
    title = f"{own['model'].iloc[0]} covered {shares} promised{few}"
    alt = f"Covered over promised shares of {', '.join(models)}, with 95% binomial intervals: {title}."
    names = ["model", "interval", "coverage", "coverage_low", "coverage_high", "points", "cases"]
    return Picture.of(figures.reliability(found, models=models), title=title, alt=alt, data=found[names])


def steps_covered(view: View) -> Picture | str:
    """Draw coverage and width by step of the intervals of the best model."""
    scores = view.run.more("scores.csv")
    if len(scores):
        scores = scores[(scores["by"] == "step") & (scores["model"] == view.best)]
    names = [c.removeprefix("coverage-") for c in scores.columns if c.startswith("coverage-")]
    levels = [n for n in sorted(names, key=float, reverse=True) if scores[f"coverage-{n}"].notna().any()]
    if not levels:
        return f"no interval of {view.best} could be held against what came"
    found = scores.assign(step=scores["place"].astype(int)).sort_values("step")
    wide = levels[0]
    share = found[f"coverage-{wide}"].dropna()
    cases = int(found[f"cases-{wide}"].max())
    few = f", too few to judge (which takes {MIN_CASES})" if cases < MIN_CASES else ""
    span = f"{share.min():.0f} to {share.max():.0f}%" if share.min() < share.max() else f"{share.min():.0f}%"
    counted = f"{cases:,} window{'s' if cases > 1 else ''}"
    title = f"{wide}% intervals of {view.best} covered {span} of the values at each step, in {counted}{few}"
    near, far = column(found[f"mean_width-{wide}"].dropna().iloc[[0, -1]])
    alt = f"{title}. Their mean width goes from {near} at the first step to {far} at the last."
    measured = ("coverage", "coverage_low", "coverage_high", "cases", "mean_width")
    data = found[["step", *(f"{name}-{level}" for level in levels for name in measured)]]
    figure = figures.coverage_by_step(found, model=view.best, levels=levels[:4])
    return Picture.of(figure, title=title, alt=alt, data=data, numbers=_numbers(found, levels[:4]))


def _numbers(found: pd.DataFrame, levels: list[str]) -> Table:
    head, columns = ["Step"], [found["step"].astype(str).tolist()]
    for level in levels:
        ends = zip(*(found[f"{name}-{level}"] for name in ("coverage", "coverage_low", "coverage_high")), strict=True)
        columns.append([f"{c:.0f}% ({a:.0f}{DASH}{b:.0f}%)" if c == c else DASH for c, a, b in ends])
        columns.append(column(found[f"mean_width-{level}"]))
        head += [f"{level}% covered", f"width {level}%"]
    return table_of("Coverage and width by step", head, [list(row) for row in zip(*columns, strict=True)])
