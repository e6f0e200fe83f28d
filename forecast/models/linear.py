"""A linear autoregression through the network's own pipeline: the same windows and transforms, no hidden layer.

The idea: what the network gains over this, its hidden layers have earned.
"""

from __future__ import annotations

from typing import Any

from forecast.models.mlp import MLP

__all__ = ["Linear"]


class Linear(MLP):
    """`MLP` without hidden layers: every step a weighted sum of the inputs.

    Examples
    --------
    >>> from forecast.series import read_series
    >>> panel = read_series("airline").panel
    >>> len(Linear(members=2, max_steps=20).fit(panel, horizon=12).predict())
    12
    """

    name = "linear"

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{**settings, "hidden_sizes": (), "prior": "none"})
