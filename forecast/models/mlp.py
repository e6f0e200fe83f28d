"""The BP network as a forecaster: an ensemble of groups of members, and networks trained beforehand beside them.

The idea: plans say which groups a panel gets, each group learns by itself, and the forecast is the median over all
members, moved towards the networks trained beforehand the further, the less there was to learn from.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from forecast import nn
from forecast.engine import threads
from forecast.errors import ConfigError, ModelError
from forecast.models.base import asked, constants_kept, interval_frame, quantiles_of
from forecast.models.chosen import choices_of_network, notices_of_network
from forecast.models.group import Group
from forecast.models.latest import latest_error
from forecast.models.members import Training
from forecast.models.presets import PRESETS, RULES, kind_of, make_plans
from forecast.models.prior import Prior

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from forecast.models.presets import Plan
    from forecast.panel import Panel

    Floats = NDArray[np.float64]

__all__ = ["MLP"]

TOGETHER = 2_048
"""Series that are forecast together: a multiple of those that a network is given at once, so no digit depends on it."""


class MLP:
    """An ensemble of multilayer perceptrons that forecasts every series of a panel H steps at once.

    Every member starts as the naive method (it returns the last value, in the season's place where a season was taken
    out), or for long series as a linear regression, and learns what is better; a member for which nothing is, stays so.

    Parameters
    ----------
    preset : {"fast", "balanced", "best"}
        How much time goes into what is "auto" below: about 1, 4 and 16 times that of ``fast``. The rules stand in
        `forecast.models.presets`.
    input_size : int or "auto"
        Values of the past that the network sees, L. auto: groups of members look back one and a half to three
        horizons, or seasons where these are longer; at most half of the typical series.
    hidden_sizes : sequence of int or "auto"
        Units of each hidden layer; a linear path runs beside them.
    blocks : int or "auto"
        One: the hidden layers once. More: doubly residual blocks of so many hidden layers, all of the first one's size.
    members : int or "auto"
        Networks of each group, trained from different starts on different samples, E; the median over all members of
        all groups is the forecast.
    activation : str
        What follows each hidden layer: a name of `forecast.nn.ACTIVATIONS`.
    loss : {"auto", "mae", "mse", "huber", "log_cosh"}
        What is made small, each sample weighted by its size.
    optimizer : {"adam", "rmsprop", "sgd"}
        How; ``sgd`` has momentum 0.9.
    learning_rate : float or "auto"
        At the first step.
    schedule : {"cosine", "step", "constant"}
        ``cosine`` falls to a twentieth at `max_steps`; ``step`` halves the rate after every quarter of `max_steps`.
    max_steps : int or "auto"
        The most steps; where series are many, so many.
    patience : int
        How many steps without improvement on the latest block end the search for their number.
    batch_size : int or "auto"
        Samples a step and member, B.
    weight_decay : float
        With ``adam`` only.
    dropout : float
        The share of hidden units left out of each training step; for one block.
    input_noise : float
        Standard deviation of noise on the scaled inputs while training.
    missing : str
        How gaps are filled: see `forecast.transforms.Fill`.
    transform : str
        "auto", "none", or a chain such as "log,difference(12),standardize": see `forecast.transforms`.
    prior : {"auto", "none"}
        ``auto``: networks trained beforehand (`forecast.models.prior.Prior`) have a share in the forecast, the larger
        the fewer the values and the better they did on the latest block. ``none``: the members alone.
    head : {"auto", "point", "quantiles", "histogram"}
        What the outputs say of each target: one number (``auto``), quantiles by the pinball loss, or the probabilities
        of bins by the cross-entropy. With the latter two the network tells how sure it is; its median is the forecast.
    scale : {"auto", "difference", "std", "level", "unit", "zero"}
        The size every sample is divided by: see `forecast.transforms.SampleScale`.
    seed : int
        The same seed gives the same bytes.

    Examples
    --------
    >>> from forecast.series import read_series
    >>> panel = read_series("airline").panel
    >>> len(MLP(members=3, max_steps=50).fit(panel, horizon=12).predict())
    12
    """

    name = "mlp"

    def __init__(
        self,
        *,
        preset: str = "balanced",
        input_size: int | str = "auto",
        hidden_sizes: Sequence[int] | str = "auto",
        blocks: int | str = "auto",
        members: int | str = "auto",
        activation: str = "relu",
        loss: str = "auto",
        optimizer: str = "adam",
        learning_rate: float | str = "auto",
        schedule: str = "cosine",
        max_steps: int | str = "auto",
        patience: int = 200,
        batch_size: int | str = "auto",
        weight_decay: float = 0.01,
        dropout: float = 0.0,
        input_noise: float = 0.0,
        missing: str = "auto",
        transform: str = "auto",
        prior: str = "auto",
        head: str = "auto",
        scale: str = "auto",
        seed: int = 0,
    ) -> None:
        self.preset = preset
        self.input_size = input_size
        self.hidden_sizes = hidden_sizes
        self.blocks = blocks
        self.members = members
        self.activation = activation
        self.loss = loss
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.max_steps = max_steps
        self.patience = patience
        self.batch_size = batch_size
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.input_noise = input_noise
        self.missing = missing
        self.transform = transform
        self.prior = prior
        self.head = head
        self.scale = scale
        self.seed = seed

    def fit(self, panel: Panel, *, horizon: int) -> Self:
        """Learn from `panel` to forecast `horizon` steps.

        Raises
        ------
        ModelError
            M101, when training diverged.
        ConfigError
            U101, on a transform or preset that does not exist, and on hidden layers that make no blocks.
        DataError
            D120, where a logarithm or root was named that values do not have.
        """
        self.panel_, self.horizon_ = panel, horizon
        groups = [Group(plan, self._training(), seed=(self.seed, g)) for g, plan in enumerate(self._plans(panel))]
        try:
            with ThreadPoolExecutor(min(threads(), len(groups))) as pool:
                self.groups_ = list(pool.map(lambda group: group.fit(panel, horizon=horizon), groups))
            self.prior_ = self._fitted_prior(panel)
        except nn.Diverged as error:
            rate = groups[0].plan.learning_rate
            raise ModelError(
                "M101", f"mlp: {error}", hint=f"learning_rate = {rate / 10:g} under [models.mlp]"
            ) from error
        self.prior_share_ = self._measure_share(panel)
        self.choices_ = choices_of_network(panel, self.groups_, self.prior_, self.prior_share_)
        self.notices_ = notices_of_network(self.groups_)
        return self

    def predict(self, panel: Panel | None = None, *, level: Sequence[float] = ()) -> pd.DataFrame:
        """Return the forecast frame that follows `panel` (default: the fitted one).

        Transforms are learned anew from a panel that is given; the weights stay. Where the head is more than a point,
        the frame has the network's own intervals: the median over members, moved as the networks trained beforehand
        move the forecast.
        """
        panel = asked(self, panel)
        levels = () if all(group.plan.head == "point" for group in self.groups_) else level
        found = np.concatenate([self._told(part, levels) for part in panel.parts(TOGETHER)])
        return interval_frame(panel, found, levels, model=self.name)

    def _told(self, panel: Panel, level: Sequence[float]) -> Floats:
        """Return the forecasts after the end of `panel` and the `quantiles_of` the levels, [S, H, 1 + Q]."""
        with ThreadPoolExecutor(threads()) as pool:
            beforehand = None if self.prior_ is None else pool.submit(self.prior_.ahead, panel)
            members = self._ahead(panel, do=pool.map)
        y_hat = members.copy()
        if beforehand is not None:
            y_hat += self.prior_share_ * (beforehand.result() - y_hat)
        if not level:
            return constants_kept(panel, y_hat)[..., None]
        told = [group.quantiles(panel, quantiles_of(level)) for group in self.groups_]
        ends = np.median(np.concatenate(told), axis=0) + (y_hat - members)[..., None]
        found = np.moveaxis(np.concatenate([y_hat[..., None], ends], axis=-1), -1, 0)
        return np.stack([constants_kept(panel, part) for part in found], axis=-1)

    def _plans(self, panel: Panel) -> list[Plan]:
        """Return the plans of all groups: the rule for such a panel, and what the user named."""
        if self.preset not in PRESETS:
            raise ConfigError("U101", f"no preset {self.preset!r}", hint=f"--preset {PRESETS[1]}")
        named: dict[str, Any] = {
            name: tuple(value) if name == "hidden_sizes" else value
            for name in NAMED
            if (value := getattr(self, name)) != "auto"
        }
        sizes = named.get("hidden_sizes")
        if sizes is not None:
            named.setdefault("blocks", 1)
            if named["blocks"] > 1 and len(set(sizes)) != 1:
                what = f"{named['blocks']} blocks have hidden layers of one size, unlike {sizes}"
                raise ConfigError("U101", what, hint="blocks = 1 under [models.mlp]")
        if self.dropout:
            named.setdefault("blocks", 1)
        return make_plans(panel, self.horizon_, preset=self.preset, named=named)

    def _fitted_prior(self, panel: Panel) -> Prior | None:
        if self.prior != "auto":
            return None
        steps = RULES[kind_of(panel), self.preset].prior_steps
        return Prior(missing=self.missing, steps=steps, seed=self.seed).fit(panel, horizon=self.horizon_)

    def _training(self) -> Training:
        return Training(**{name: getattr(self, name) for name in Training.__dataclass_fields__})

    def _ahead(self, panel: Panel, *, searched: bool = False, do: Callable[..., Iterable[Floats]] = map) -> Floats:
        """Return the median over all members of what they forecast after the end of `panel`, [S, H]."""
        members = do(lambda group: group.ahead(panel, searched=searched), self.groups_)
        return np.asarray(np.median(np.concatenate(list(members)), axis=0))

    def _measure_share(self, panel: Panel) -> float:
        """Return the share of the networks trained beforehand: 1 where there are too few samples to learn from.

        With errors e of both on the latest block and T values in the typical series, the share is
        ``1 / (1 + (T / scale)^power (e_beforehand / e_members)^2)``, by the rule for such a panel.
        Where the members trained for a fixed number of steps, no block was held out and the errors count as equal: on
        panels, one block, which all series share, says little about the next.
        """
        if self.prior_ is None:
            return 0.0
        scale, power = RULES[kind_of(panel), self.preset].prior
        odds = float((np.median(_known(panel)) / scale) ** power)
        if not all(group.plan.search for group in self.groups_):
            return 1.0 / (1.0 + odds)
        if any(group.searched_ is None for group in self.groups_):
            return 1.0
        block = self.groups_[0].block_
        ours = latest_error(lambda early: self._ahead(early, searched=True), panel, self.horizon_, block=block)
        theirs = latest_error(self.prior_.ahead, panel, self.horizon_, block=block)
        return float(ours**2 / (ours**2 + odds * theirs**2)) if ours > 0 else 0.0


NAMED = (
    "input_size", "hidden_sizes", "blocks", "members", "loss", "learning_rate", "max_steps", "batch_size", "scale",
    "head",
)  # fmt: skip
"""The settings of the network that stand in a plan."""


def _known(panel: Panel) -> NDArray[np.int64]:
    """Return how many values of each series are known, [S]."""
    return np.asarray(np.add.reduceat(np.isfinite(panel.values), panel.offsets[:-1], dtype=np.int64))
