"""What an ensemble of networks chose by itself, in words and numbers, and what has to be said of its training.

The idea: a fitted group knows its plan, its steps and its transforms; here they become the entries of choices.json, one
for all groups where they agree, and the warnings of a run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from forecast.errors import Notice
from forecast.models.bags import BAG
from forecast.models.presets import kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from forecast.models.group import Group
    from forecast.models.prior import Prior
    from forecast.panel import Panel

__all__ = ["choices_of_network", "notices_of_network"]


def choices_of_network(panel: Panel, groups: Sequence[Group], prior: Prior | None, share: float) -> dict[str, Any]:
    """Return what was chosen for the panel that `groups` have learned from, each with its reason under ``<name>_why``.

    Parameters
    ----------
    panel : Panel
        What they were fitted to.
    groups : sequence of Group
        At least one.
    prior : Prior, optional
        The networks trained beforehand; None where there are none.
    share : float
        Their share in the forecast.
    """
    first = groups[0]
    found: dict[str, Any] = {
        "kind": kind_of(panel),
        "input_size": _one_or_all([group.plan.input_size for group in groups]),
        "steps": _one_or_all([group.steps_ for group in groups]),
        "steps_why": first.steps_why,
        "parameters": _one_or_all([group.network_.parameters.shape[1] for group in groups]),
        "members": sum(group.network_.members for group in groups),
    }
    if prior is not None:
        found["prior_share"] = round(share, 3)
        found["prior_share_why"] = "errors on the latest block, and how many values there are to learn from"
    if prior is not None and prior.steps:
        found["prior_tuned"] = "yes" if prior.tuned_ else "no"
        found["prior_tuned_why"] = (
            "errors on the latest block, after training on what lies before it, where that is enough to train on"
        )
    if panel.n_series > BAG:
        found["learned_from"] = BAG
        found["learned_from_why"] = f"each member has its own of {panel.n_series:,} series, by lot"
    for choice in first.choices_ if panel.n_series <= BAG else first.choices(panel):
        found[choice.name] = _named(panel, choice.series)
        found[f"{choice.name}_why"] = choice.why
    if first.lifts_ is not None and panel.covariates is not None:
        names = panel.covariates.known_names
        found["lifts"] = [name for name, acts in zip(names, first.lifts_.acting(), strict=True) if acts]
        found["lifts_why"] = "the columns known ahead whose effect is beyond chance: taken out before, put back after"
    return found


def notices_of_network(groups: Sequence[Group]) -> list[Notice]:
    """Return W301 for members that diverged, and W303 where training helped nothing."""
    found = [notice for group in groups for notice in _losses(group)]
    if all(group.steps_ == 0 for group in groups):
        what = "nothing the network learned helped on the latest block: it stays at the forecast it starts from"
        found.append(Notice("W303", what))
    return found


def _losses(group: Group) -> list[Notice]:
    """Return what is to be said of members that a group lost while it was trained."""
    if not group.lost_:
        return []
    used, rate = f"{len(group.kept_)} of {group.plan.members} members used", group.plan.learning_rate
    said = "; ".join(map(str, group.lost_))
    return [
        Notice("W301", f"mlp: {said}, halved three times; {used}; try --set models.mlp.learning_rate={rate / 10:g}")
    ]


def _one_or_all(values: list[int]) -> int | list[int]:
    """Return the values of all groups: as one where they are the same."""
    return values[0] if len(set(values)) == 1 else values


def _named(panel: Panel, chosen: NDArray[np.bool_]) -> str | dict[str, bool]:
    """Return a choice made for each series: in one word where it is the same for all."""
    if chosen.all() or not chosen.any():
        return "yes" if chosen.all() else "no"
    return {name: bool(value) for name, value in zip(panel.ids, chosen, strict=True)}
