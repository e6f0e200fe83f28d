"""The BP network as a forecaster: transforms make the series easy, samples are drawn, `forecast.nn` does the rest.

The idea: members of one small network learn to map the last L values, brought to a common level and size, to the next
H. How long to train is read off the latest block of the past; then the members start anew and train on all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from forecast import nn
from forecast.errors import ModelError, Notice
from forecast.models.base import constants_kept, require_fitted
from forecast.models.inputs import CovariateInputs
from forecast.models.prior import Prior
from forecast.panel import Panel, forecast_frame
from forecast.samples import Cuts, Samples, last_inputs
from forecast.transforms import Chain, Choice, Fill, SampleScale, choose_transforms

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["MLP"]

LEAST_CUTS = 4
"""With fewer training samples than this before the latest block, there is nothing to read the steps off."""
ENOUGH_VALUES = 100
"""Of so many values the members and the network trained beforehand weigh the same, if they err the same.

Chosen on the last horizon of the training parts of M3 and NN3, 420 series each on its own: sMAPE 11.97 in the mean over
the five sets, against 12.01 for the network trained beforehand alone, 13.62 for the members alone and 12.46 for Theta;
with 200 values 11.95, with a first power instead of squares 12.10 (100) and 12.02 (200).
"""
MOST_COMPARED = 1_000
"""Series on which the two are compared: of more, so many at equal distances."""
TYPICAL_OF = 200
"""The latest values whose mean absolute change is the unit of these errors."""
MOST_LOOKED_AT = 2**16
"""Samples of the latest block that are looked at: of more, so many at equal distances, which bounds the memory."""
BLIND_STEPS = 50
"""Steps of training then: a nudge away from the naive forecast that the network starts as."""


class MLP:
    """An ensemble of multilayer perceptrons that forecasts every series of a panel H steps at once.

    Every member starts as the naive method (it returns the last value, in the season's place where a season was taken
    out) and learns what is better; a member for which nothing is, stays naive.

    Parameters
    ----------
    input_size : int or "auto"
        Values of the past that the network sees, L. auto: two horizons or a season (up to 24), whichever is longer,
        but at most a quarter of the median series.
    hidden_sizes : sequence of int
        Units of each hidden layer; a linear path runs beside them.
    members : int
        Networks trained from different starts on different samples, E; their median is the forecast.
    activation : str
        What follows each hidden layer: a name of `forecast.nn.ACTIVATIONS`.
    loss : {"mae", "mse", "huber", "log_cosh"}
        What is made small, each sample weighted by its size.
    optimizer : {"adam", "rmsprop", "sgd"}
        How; ``sgd`` has momentum 0.9.
    learning_rate : float
        At the first step.
    schedule : {"cosine", "step", "constant"}
        ``cosine`` falls to a twentieth at `max_steps`; ``step`` halves the rate after every quarter of `max_steps`.
    max_steps, patience : int
        The most steps, and how many without improvement on the latest block end the search for their number.
    batch_size : int
        Samples a step and member, B.
    weight_decay : float
        With ``adam`` only.
    dropout : float
        The share of hidden units left out of each training step.
    input_noise : float
        Standard deviation of noise on the scaled inputs while training.
    missing : str
        How gaps are filled: see `forecast.transforms.Fill`.
    transform : str
        "auto", "none", or a chain such as "log,difference(12),standardize": see `forecast.transforms`.
    prior : {"auto", "none"}
        ``auto``: networks trained beforehand (`forecast.models.prior.Prior`) have a share in the forecast, the larger
        the fewer the values and the better they did on the latest block. ``none``: the members alone.
    scale : {"difference", "std", "level", "zero"}
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
        input_size: int | str = "auto",
        hidden_sizes: Sequence[int] = (32, 32),
        members: int = 10,
        activation: str = "relu",
        loss: str = "mae",
        optimizer: str = "adam",
        learning_rate: float = 1e-3,
        schedule: str = "cosine",
        max_steps: int = 800,
        patience: int = 200,
        batch_size: int = 32,
        weight_decay: float = 0.01,
        dropout: float = 0.0,
        input_noise: float = 0.0,
        missing: str = "auto",
        transform: str = "auto",
        prior: str = "auto",
        scale: str = "difference",
        seed: int = 0,
    ) -> None:
        self.input_size = input_size
        self.hidden_sizes = hidden_sizes
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
        self.scale = scale
        self.seed = seed

    def fit(self, panel: Panel, *, horizon: int) -> Self:
        """Learn from `panel` to forecast `horizon` steps.

        Raises
        ------
        ModelError
            M101, when training diverged.
        ConfigError
            U101, on a transform that does not exist.
        DataError
            D120, where a logarithm was named and values are <= 0.
        """
        self.panel_, self.horizon_ = panel, horizon
        prepared, observed, _, choices = self._prepare(panel)
        typical = int(np.median(panel.lengths))
        self.input_size_ = self._choose_input_size(panel.season_length, typical)
        samples = Samples(prepared, panel.offsets, observed, input_size=self.input_size_, horizon=horizon)
        self.beside_ = CovariateInputs(input_size=self.input_size_, horizon=horizon).fit(panel).see(panel)
        try:
            block = max(2, min(horizon, typical // 4))
            steps, searched = self._search_steps(samples, block=block)
            self.prior_ = Prior(missing=self.missing).fit(panel, horizon=horizon) if self.prior == "auto" else None
            self.prior_share_ = self._measure_share(searched, panel, block=block)
            self.network_ = self._new_network()
            self.history_ = self._train(self.network_, samples, samples.cuts(), max_steps=steps)
        except nn.Diverged as error:
            raise ModelError(
                "M101", f"mlp: {error}", hint=f"learning_rate = {self.learning_rate / 10:g} under [models.mlp]"
            ) from error
        self._record(steps, choices, panel)
        return self

    def predict(self, panel: Panel | None = None) -> pd.DataFrame:
        """Return the forecast frame that follows `panel` (default: the fitted one).

        Transforms are learned anew from a panel that is given; the weights stay.
        """
        require_fitted(self)
        panel = self.panel_ if panel is None else panel
        y_hat = self._ahead(self.network_, panel)
        if self.prior_ is not None:
            y_hat += self.prior_share_ * (self.prior_.ahead(panel) - y_hat)
        return forecast_frame(panel, constants_kept(panel, y_hat), model=self.name)

    def _ahead(self, network: nn.Network, panel: Panel) -> Floats:
        """Return what the members of `network` forecast in the median after the end of `panel`, [S, H]."""
        prepared, _, chain, _ = self._prepare(panel)
        inputs = last_inputs(prepared, panel.offsets, self.input_size_)
        level, size = SampleScale(self.scale).measure(inputs)
        beside = self.beside_.see(panel).last()
        outputs = network.forward(np.hstack([(inputs - level) / size, beside])).astype(np.float64)
        return chain.invert(np.median(outputs, axis=0) * size + level)

    def _prepare(self, panel: Panel) -> tuple[Floats, NDArray[np.bool_], Chain, list[Choice]]:
        """Return the values [T_total] that the network sees, which of them are targets, and what made them so."""
        chain, prepared, choices = choose_transforms(panel, self.transform, missing=self.missing)
        observed = ~(np.isnan(panel.values) | np.isnan(prepared.values))
        whole = Fill("linear").apply(prepared).values
        return np.nan_to_num(whole, nan=0.0, copy=False), observed, chain, choices

    def _choose_input_size(self, season_length: int, typical: int) -> int:
        if isinstance(self.input_size, int):
            return self.input_size
        wanted = max(2 * self.horizon_, season_length if season_length <= 24 else 0)
        return max(3, min(wanted, typical // 4))

    def _search_steps(self, samples: Samples, *, block: int) -> tuple[int, nn.Network | None]:
        """Return the steps that were best on the latest block, the median over members, and these members."""
        early = samples.before(block)
        cuts = early.cuts()
        self.search_history_ = None
        if len(cuts) < LEAST_CUTS:
            return min(BLIND_STEPS, self.max_steps), None
        validation = self._batch(samples, samples.cuts(latest=block).spread(MOST_LOOKED_AT))
        network = self._new_network()
        self.search_history_ = self._train(network, early, cuts, max_steps=self.max_steps, validation=validation)
        return int(np.median(self.search_history_.best_step)), network

    def _measure_share(self, searched: nn.Network | None, panel: Panel, *, block: int) -> float:
        """Return the share of the network trained beforehand: 1 where there are too few samples to learn from.

        Both forecast the latest block, from its beginning and from within it; with errors e and n values in all, the
        share is ``1 / (1 + (n / ENOUGH_VALUES)^2 (e_beforehand / e_members)^2)``.
        """
        if self.prior_ is None or searched is None:
            return float(self.prior_ is not None)
        few = panel.take(np.unique(np.linspace(0, panel.n_series - 1, MOST_COMPARED).astype(np.int64)))
        ours = self._latest_error(lambda early: self._ahead(searched, early), few, block=block)
        theirs = self._latest_error(self.prior_.ahead, few, block=block)
        self.beside_.see(panel)
        odds = (np.isfinite(panel.values).sum() / ENOUGH_VALUES) ** 2
        return float(ours**2 / (ours**2 + odds * theirs**2)) if ours > 0 else 0.0

    def _latest_error(self, ahead: Callable[[Panel], Floats], panel: Panel, *, block: int) -> float:
        """Return the mean error of forecasts of the latest block, from its beginning and within, in typical changes."""
        errors = []
        for back in sorted({block, 2 * block // 3, block // 3} - {0}):
            whole = panel.take(np.flatnonzero(panel.lengths > back))
            changes = np.abs(np.diff(whole.tail(TYPICAL_OF)))
            size = np.nansum(changes, axis=1) / np.maximum(np.isfinite(changes).sum(axis=1), 1)
            truth = whole.tail(back)[:, : self.horizon_]
            y_hat = ahead(whole.drop_last(back))[:, : truth.shape[1]]
            errors.append((np.abs(y_hat - truth) / np.where(size > 0, size, 1.0)[:, None]).ravel())
        found = np.concatenate(errors)
        known = found[np.isfinite(found)]
        return float(known.mean()) if len(known) else 0.0

    def _new_network(self) -> nn.Network:
        """Return untrained members whose output is zero: the last value of the sample."""
        hidden: list[nn.Layer] = []
        for units in self.hidden_sizes:
            hidden += [nn.Linear(units), nn.ACTIVATIONS[self.activation]()]
            hidden += [nn.Dropout(self.dropout)] if self.dropout else []
        head = nn.Linear(self.horizon_, initializer="zero")
        return nn.Network(
            nn.LinearSkip(*hidden, head, initializer="zero"),
            input_size=self.input_size_ + self.beside_.size,
            members=self.members,
            seed=self.seed,
        )

    def _train(
        self, network: nn.Network, samples: Samples, cuts: Cuts, *, max_steps: int, validation: nn.Batch | None = None
    ) -> nn.History:
        streams = [np.random.default_rng(s) for s in np.random.SeedSequence([self.seed, 1]).spawn(self.members)]

        def draw(_step: int) -> nn.Batch:
            chosen = [stream.integers(0, len(cuts), self.batch_size) for stream in streams]
            return self._batch(samples, cuts[np.stack(chosen)])

        return nn.train(
            network,
            draw,
            loss=nn.LOSSES[self.loss](),
            optimizer=self._optimizer(),
            schedule=self._schedule(),
            max_steps=max_steps,
            validation=validation,
            patience=self.patience if validation else None,
            input_noise=self.input_noise,
            seed=self.seed,
        )

    def _batch(self, samples: Samples, cuts: Ints) -> nn.Batch:
        """Return the samples at `cuts`, scaled; a sample weighs as much as its size, so errors count in one unit."""
        inputs, targets, mask = samples.gather(cuts)
        level, size = SampleScale(self.scale).measure(inputs)
        single, beside = np.float32, self.beside_.gather(cuts, samples.offsets)
        return nn.Batch(
            np.concatenate([(inputs - level) / size, beside], axis=-1, dtype=single),
            ((targets - level) / size * mask).astype(single),
            (mask * size).astype(single),
        )

    def _optimizer(self) -> nn.Optimizer:
        if self.optimizer == "adam":
            return nn.Adam(weight_decay=self.weight_decay)
        return nn.RMSprop() if self.optimizer == "rmsprop" else nn.SGD(momentum=0.9)

    def _schedule(self) -> nn.Schedule:
        rate, steps = self.learning_rate, self.max_steps
        schedules: dict[str, Callable[[], nn.Schedule]] = {
            "cosine": lambda: nn.Cosine(rate, steps, floor=rate / 20),
            "step": lambda: nn.Step(rate, every=max(1, steps // 4)),
            "constant": lambda: nn.Constant(rate),
        }
        return schedules[self.schedule]()

    def _record(self, steps: int, choices: Sequence[Choice], panel: Panel) -> None:
        """Write down what was chosen, and say it when the network was not warranted."""
        searched = self.search_history_ is not None
        self.choices_: dict[str, Any] = {
            "input_size": self.input_size_,
            "steps": steps,
            "steps_why": "best on the latest block" if searched else "too few samples to search",
            "parameters": self.network_.parameters.shape[1],
            "members": self.members,
        }
        if self.prior_ is not None:
            self.choices_["prior_share"] = round(self.prior_share_, 3)
            self.choices_["prior_share_why"] = "errors on the latest block, and how many values there are to learn from"
        for choice in choices:
            self.choices_[choice.name] = _named(panel, choice.series)
            self.choices_[f"{choice.name}_why"] = choice.why
        self.notices_: list[Notice] = []
        if steps == 0:
            what = "nothing the network learned helped on the latest block: it stays at the naive forecast"
            self.notices_.append(Notice("W303", what))


def _named(panel: Panel, chosen: NDArray[np.bool_]) -> str | dict[str, bool]:
    """Return a choice made for each series: in one word where it is the same for all."""
    if chosen.all() or not chosen.any():
        return "yes" if chosen.all() else "no"
    return {name: bool(value) for name, value in zip(panel.ids, chosen, strict=True)}
