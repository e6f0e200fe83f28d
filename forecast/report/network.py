"""The pictures of the network: how it is built, how it learned, how far its members agree, and what it uses.

The idea: a network is looked at as its textbook says, and the title says what a trained eye would see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast import figures
from forecast.report.picture import Picture
from forecast.report.tables import table_of
from forecast.report.words import DASH, column, number
from forecast.verdicts import METRIC_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from forecast.report.view import View

__all__ = ["NETWORK_PICTURES"]


def _architecture_picture(view: View) -> Picture | str:
    """Draw the first group of members."""
    groups = view.anatomy.get("network", {}).get("groups")
    if not groups:
        return "no network was trained in this run"
    first, members = groups[0], sum(group["members"] for group in groups)
    sizes = [f"{layer['size']:,}" for layer in first["layers"]]
    shape = f" {DASH} ".join(sizes)
    title = f"{members} networks of {shape} units, {first['parameters']:,} weights each"
    if len(groups) > 1:
        title = f"{members} networks in {len(groups)} groups; the first: {shape} units"
    alt = f"Layers from left to right of {' to '.join(sizes)} units with {first['parameters']:,} trained weights."
    figure = figures.architecture(first["layers"], skip=first["skip"], blocks=first["blocks"])
    data = pd.DataFrame(
        [
            {"group": place, "layer": layer["name"], "size": layer["size"], "weights_that_lead_to_it": layer["weights"]}
            for place, group in enumerate(groups, start=1)
            for layer in (*group["layers"], {"name": "linear path", "size": group["outputs"], "weights": group["skip"]})
        ]
    )
    return Picture.of(figure, title=title, alt=alt, data=data)


def _training_picture(view: View) -> Picture | str:
    if view.run.training.empty or not view.run.training["train_loss"].between(0, 1e300, inclusive="neither").any():
        return "no network was trained in this run"
    members, last = len(view.run.training["member"].unique()), int(view.run.training["step"].max())
    checked = view.run.training.dropna(subset="val_loss")
    best = checked.loc[checked.groupby("member")["val_loss"].idxmin(), "step"]
    title = f"{members} networks learned for {last:,} steps; nothing was held back to validate them"
    if len(best):
        span = f"{best.min():,.0f} to {best.max():,.0f}" if best.min() < best.max() else f"{best.min():,.0f}"
        title = f"Validation loss was lowest at step {span} of {last:,}"
    alt = f"Training and validation loss of {members} networks on a log scale. {title}."
    return Picture.of(figures.training_curves(view.run.training), title=title, alt=alt, data=view.run.training)


def _members_picture(view: View) -> Picture | str:
    """Draw the score of every seed, where some were run, or else the best validation loss of every member."""
    seeds, metric = view.run.more("seeds.csv"), view.metric
    if len(seeds):
        rows = seeds.dropna(subset=metric).rename(columns={"model": "name", metric: "score"})[["name", "seed", "score"]]
        if rows.empty:
            return "no seed was tested in a window, so none has a score"
        label, what = f"{METRIC_WORDS[metric]} (lower is better)", "seeds"
    else:
        known = view.run.training.dropna(subset="val_loss") if len(view.run.training) else view.run.training
        if not len(known):
            return "no network was validated in this run, so its members have no scores of their own"
        best = known.groupby("member")["val_loss"].min()
        rows = pd.DataFrame({"name": "mlp", "member": best.index, "score": best.to_numpy()})
        label, what = "lowest validation loss of each member of the first group (lower is better)", "members"
    name = str(rows["name"].iloc[0])
    own = rows.loc[rows["name"] == name, "score"]
    spread = 100 * (own.max() - own.min()) / own.median() if own.median() > 0 else np.nan
    title = f"The {len(own)} {what} of {name} lie within {number(spread)}% of each other"
    if len(own) < 2:
        return f"with one of the {what} there is no spread to show"
    alt = f"A dot for each of the {what}: {title}, from {number(own.min())} to {number(own.max())}."
    return Picture.of(figures.score_strip(rows, label=label), title=title, alt=alt, data=rows)


def _importance_picture(view: View) -> Picture | str:
    """Draw what each input of the network is worth, and name those that stand out from chance."""
    found = view.run.more("importance.csv")
    if found.empty:
        return "no network was trained in this run, or there was no sample to look at"
    sure = found[found["importance"] > 2 * found["standard_error"]].nlargest(3, "importance", keep="first")
    names = [_input(row) for row in sure.to_dict("records")]
    title = f"The network uses most: {', '.join(names)}" if names else "No single input stands out from chance"
    told = [f"{_input(row)} {row['importance']:.0f}%" for row in found.nlargest(5, "importance").to_dict("records")]
    alt = f"Bars of how much the error grows without an input, the largest first: {', '.join(told)}."
    cells = [
        column(found[name], sign=sign) for name, sign in (("importance", "+"), ("standard_error", ""), ("gradient", ""))
    ]
    rows = [list(row) for row in zip(map(_input, found.to_dict("records")), *cells, strict=True)]
    head = ("Input", "error grows by, %", "standard error", "gradient times input, % of all")
    numbers = table_of("What each input is worth", head, rows)
    return Picture.of(figures.importance_bars(found), title=title, alt=alt, data=found, numbers=numbers)


def _input(row: dict[Any, Any]) -> str:
    return f"lag {row['name']}" if row["kind"] == "lag" else str(row["name"])


NETWORK_PICTURES: dict[str, Callable[[View], Picture | str]] = {
    "architecture": _architecture_picture,
    "training": _training_picture,
    "members": _members_picture,
    "importance": _importance_picture,
}
