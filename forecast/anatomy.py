"""What the fitted models are made of: the layers of the network and how it was trained, the coefficients of ARIMA.

The idea: a reader who doubts a model wants to see its parts and their sizes, so they are written down as plain JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast import nn
from forecast.models.arima import ARIMA
from forecast.models.mlp import MLP
from forecast.orders import FixedOrders

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecast.models.base import Forecaster
    from forecast.models.group import Group

__all__ = ["anatomy", "candidates", "described_group", "gradients_checked", "training_losses"]

CHECKED = 4
"""Samples of the batch on which gradients are checked."""


def anatomy(models: Mapping[str, Forecaster], *, seed: int = 0) -> dict[str, Any]:
    """Return what fitted models are made of.

    Parameters
    ----------
    models : mapping of name to Forecaster
        The models as they were fitted to all data.
    seed : int
        Of the directions along which the gradients of the network are checked.

    Returns
    -------
    dict
        ``parameters`` (how many were estimated, by model), ``network`` (its groups and their training) and
        ``coefficients`` (by model and series); a part that no model has is left out.

    Examples
    --------
    >>> from forecast.series import read_series
    >>> panel = read_series("airline").panel
    >>> found = anatomy({"arima": ARIMA(order=(0, 1, 1), seasonal_order=(0, 1, 1)).fit(panel, horizon=12)})
    >>> found["parameters"], [part["name"] for part in found["coefficients"]["arima"]["passengers"]["parameters"]]
    ({'arima': 2}, ['MA 1', 'MA 12'])
    """
    found: dict[str, Any] = {"parameters": {}}
    coefficients: dict[str, Any] = {}
    for name, model in models.items():
        if isinstance(model, MLP):
            groups = [described_group(group) for group in model.groups_]
            found["parameters"][name] = sum(group["members"] * group["parameters"] for group in groups)
            if name == "mlp":
                found["network"] = _training(model, seed) | {"groups": groups}
        elif isinstance(model, ARIMA):
            coefficients[name] = {
                series: {"converged": fit.best.converged, "search_ended": not fit.stopped, "parameters": parts}
                for (series, fit), parts in zip(model.fits_.items(), model.coefficients().values(), strict=True)
            }
            found["parameters"][name] = sum(len(part["parameters"]) for part in coefficients[name].values())
        elif hasattr(model, "parameters_"):
            found["parameters"][name] = int(sum(model.parameters_.values()))
    return found | ({"coefficients": coefficients} if coefficients else {})


def candidates(choices: Mapping[str, Any]) -> pd.DataFrame:
    """Return the best orders that ARIMA tried on all data, a row each, the best of a series first.

    Parameters
    ----------
    choices : mapping
        What the models settled on, as `forecast.tasks` has it: of ARIMA by series, with its ``search``.

    Returns
    -------
    DataFrame
        Columns ``unique_id, model, place, orders, mean, drift, aicc``; `orders` is a model that ``--models`` takes.

    Examples
    --------
    >>> tried = {"order": [0, 1, 1], "seasonal_order": [0, 0, 0, 1], "mean": False, "drift": True, "aicc": 12.5}
    >>> candidates({"arima": {"sales": {"search": [tried]}}})[["unique_id", "orders", "aicc"]].values.tolist()
    [['sales', 'arima(0,1,1)', 12.5]]
    """
    rows = []
    for series, chosen in choices.get("arima", {}).items():
        for place, tried in enumerate(chosen.get("search", []), start=1):
            *seasonal, length = tried["seasonal_order"]
            orders = FixedOrders(tuple(tried["order"]), tuple(seasonal), length).name
            rows.append((series, "arima", place, orders, tried["mean"], tried["drift"], tried["aicc"]))
    return pd.DataFrame(rows, columns=["unique_id", "model", "place", "orders", "mean", "drift", "aicc"])


def described_group(group: Group) -> dict[str, Any]:
    """Return the shape of a group of members, and how long it was trained."""
    network, plan = group.network_, group.plan
    skip = network.layers[0]
    inner = list(skip.children())[:-1]
    if isinstance(inner[0], nn.DoublyResidual):
        inner = [*inner[0].blocks[0], inner[0].heads[-1]]
    linear = [layer for layer in inner if isinstance(layer, nn.Linear)]
    names = [*(f"hidden {place}" for place in range(1, len(linear))), "outputs"]
    layers = [{"name": "inputs", "size": network.input_size, "weights": 0}]
    layers += [
        {"name": name, "size": int(layer.units), "weights": int(layer.n_parameters)}
        for name, layer in zip(names, linear, strict=True)
    ]
    straight = list(skip.children())[-1]
    return {
        "layers": layers,
        "skip": int(straight.n_parameters),
        "blocks": plan.blocks,
        "outputs": network.output_size,
        "parameters": int(network.parameters.shape[1]),
        "members": network.members,
        "lags": plan.input_size,
        "beside": network.input_size - plan.input_size,
        "steps": group.steps_,
        "steps_why": group.steps_why,
        "most_steps": plan.max_steps,
        "batch_size": plan.batch_size,
        "learning_rate": plan.learning_rate,
        "loss": plan.loss if plan.head == "point" else plan.head,
        "scale": plan.scale,
    }


def training_losses(network: MLP) -> pd.DataFrame:
    """Return the losses of every member of the first group, a row per look of the search for the number of steps."""
    first = network.groups_[0]
    history = first.search_history_ or first.history_
    looks, members = history.train_loss.shape
    return pd.DataFrame(
        {
            "step": np.repeat(history.steps, members),
            "member": np.tile(np.arange(members), looks),
            "train_loss": history.train_loss.ravel(),
            "val_loss": history.val_loss.ravel(),
            "learning_rate": np.repeat(history.rates, members),
        }
    )


def _training(model: MLP, seed: int) -> dict[str, Any]:
    """Return how all groups were trained, and whether their gradients are right."""
    first = model.groups_[0]
    names = ("activation", "optimizer", "schedule", "weight_decay", "dropout", "patience")
    return {name: getattr(model, name) for name in names} | {
        "held_out": first.block_ if first.searched_ is not None else 0,
        "prior_share": float(model.prior_share_),
        "gradients": gradients_checked(first, seed=seed),
    }


def gradients_checked(group: Group, *, seed: int = 0) -> dict[str, Any]:
    """Return how the gradients of a trained network compare with differences of its loss, in float64.

    The samples are drawn anew, so that none of them lies at a kink because training brought it there.

    Returns
    -------
    dict
        ``error`` (the largest, relative to the length of the gradient; NaN where every direction met a kink),
        ``tolerance``, ``passed`` and ``directions``.
    """
    network, rng = group.network_, np.random.default_rng(seed)
    some = network.part(slice(0, min(2, network.members)))
    steps = network.output_size // group.head.outputs
    x = rng.normal(size=(some.members, CHECKED, network.input_size))
    y = rng.normal(size=(some.members, CHECKED, steps))
    found = nn.gradcheck(some, group.head.loss(), x, y, np.ones_like(y), directions=2, seed=seed)
    return {
        "error": found.error,
        "tolerance": found.tolerance,
        "passed": bool(found.passed),
        "directions": len(found.names),
    }
