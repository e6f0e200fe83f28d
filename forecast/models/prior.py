"""A network that was trained beforehand, on generated series alone: it forecasts a series it has never seen at once.

The idea: what is true of most series can be learned before the user's. The weights lie beside this file; the script
``benchmarks/prior.py`` makes them again from `forecast.models.generated`, whose every number comes from a seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from forecast import nn
from forecast.errors import ModelError
from forecast.models.bags import Bags
from forecast.models.base import asked, constants_kept
from forecast.models.generated import generate
from forecast.models.latest import latest_error
from forecast.models.lifts import Lifts
from forecast.panel import Panel, forecast_frame
from forecast.samples import Samples, last_inputs
from forecast.transforms import TRANSFORMS, Chain, Fill, SampleScale, StepScale, volatility

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from forecast.errors import Notice

    Floats = NDArray[np.float64]

__all__ = ["PRIOR", "SHAPES", "Prior", "PriorShape", "batches", "new_network"]

PRIOR = Path(__file__).with_name("prior.npz")
HASH = "e6fdb9b9c59a9acf05b44a7680c0a931b5e2c7a417b3644209eadf0e614e9e16"
"""The SHA-256 of that file."""
MEMBERS = 3
POOL, DRAWS = 8_000, 100
"""How many series are generated at a time, and for how many batches."""
SHORTEST = 6
"""The fewest values of a generated past."""
TUNING_RATE, TUNING_BATCH = 2e-4, 128
"""How fast the weights go on to learn from a panel, and from how many samples a step and member."""
BETTER = 0.99
"""What was learned from a panel is used if its latest block is then forecast with less than this share of the error."""
MANY = 100
"""Series from which on a copy of the network forecasts them: the buffers that so many rows take are then freed."""
FURTHEST = 50.0
"""A target further than so many typical changes from the last value is moved to there."""


@dataclass(frozen=True)
class PriorShape:
    """How far the network of one season looks back, L, and ahead at once, H, and how large it is."""

    input_size: int
    horizon: int
    units: int = 192
    blocks: int = 3


SHAPES = {
    1: PriorShape(24, 12),
    4: PriorShape(24, 12),
    7: PriorShape(56, 28),
    12: PriorShape(72, 24, units=256, blocks=4),
    24: PriorShape(96, 48),
    52: PriorShape(104, 26),
}
"""The seasons for which there are weights. A series with another season is taken as one without."""


class Prior:
    """Networks trained on generated series; nothing is learned from the panel but which have roots, and the scale.

    A forecast longer than the network's horizon goes on from its own forecasts.

    Parameters
    ----------
    missing : str
        How gaps are filled: see `forecast.transforms.Fill`.
    steps : int
        Steps of training on the panel before its latest block, from the weights there are. Where the block is forecast
        better so, the forecast is the mean of both, as they were and as they have become; else it is theirs as they
        were.
    seed : int
        Of the samples in these steps.
    power : {"root", "log"}
        What is taken of the series that have it, so that growing swings become even.

    Examples
    --------
    >>> from forecast.series import read_series
    >>> panel = read_series("airline").panel
    >>> Prior().fit(panel, horizon=12).predict()["y_hat"].between(380, 750).all()
    np.True_
    """

    name = "prior"

    def __init__(self, *, missing: str = "auto", steps: int = 0, seed: int = 0, power: str = "root") -> None:
        self.missing = missing
        self.steps = steps
        self.seed = seed
        self.power = power

    def fit(self, panel: Panel, *, horizon: int) -> Self:
        """Take `panel` as what is to be forecast.

        Raises
        ------
        ModelError
            M202, when the file of weights is damaged.
        Diverged
            When training on the panel did.
        """
        self.panel_, self.horizon_ = panel, horizon
        self.season_ = panel.season_length if panel.season_length in SHAPES else 1
        self.networks_ = [_load(self.season_)]
        if self.steps:
            self.networks_ += self._tuned_where_better(panel)
        self.choices_: dict[str, Any] = {"season": self.season_, "input_size": SHAPES[self.season_].input_size}
        self.notices_: list[Notice] = []
        return self

    @property
    def tuned_(self) -> bool:
        """Whether what they learned from the panel is used."""
        return len(self.networks_) > 1

    def predict(self, panel: Panel | None = None) -> pd.DataFrame:
        """Return the forecast frame that follows `panel` (default: the fitted one)."""
        panel = asked(self, panel)
        return forecast_frame(panel, constants_kept(panel, self.ahead(panel)), model=self.name)

    def ahead(self, panel: Panel) -> Floats:
        """Return the forecasts [S, H] that follow `panel`."""
        return self._mean_ahead(self.networks_, panel)

    def _mean_ahead(self, networks: Sequence[nn.Network], panel: Panel) -> Floats:
        chain, lifts, whole, _ = self._prepare(panel)
        y_hat = np.mean([self._steps_ahead(network, whole, panel.offsets) for network in networks], axis=0)
        return chain.invert(y_hat if lifts is None else y_hat + lifts.ahead(panel, self.horizon_))

    def state(self) -> dict[str, Any]:
        """Return what forecasts need, to be kept in a file: of weights as they come with forecast, their hash alone."""
        tuned = [network.parameters for network in self.networks_[1:]]
        kept = {name: value for name, value in vars(self).items() if name != "networks_"}
        return kept | {"weights": HASH, "tuned": tuned}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Return the model of which `state` was kept.

        Raises
        ------
        ModelError
            M202, when it forecasts with other weights than those that come with this version.
        """
        made, tuned = cls(), state.pop("tuned")
        if state.pop("weights") != HASH:
            raise ModelError("M202", f"the model was saved with another {PRIOR.name}", hint="forecast run DATA anew")
        vars(made).update({"power": "log"} | state)  # files in which none is named: it was all there was
        made.networks_ = [_load(made.season_), *(new_network(made.season_, parameters=np.array(p)) for p in tuned)]
        return made

    def _prepare(self, panel: Panel) -> tuple[Chain, Lifts | None, Floats, NDArray[np.bool_]]:
        """Return the transforms, what columns add, the values [T_total] that the network sees, which are targets."""
        chain = Chain([Fill(self.missing), TRANSFORMS[self.power]()])
        prepared = chain.fit_apply(panel)
        observed = ~(np.isnan(panel.values) | np.isnan(prepared.values))
        whole = np.nan_to_num(Fill("linear").fit(prepared).apply(prepared).values)
        if panel.covariates is None:
            return chain, None, whole, observed
        filled = panel.with_values(whole)
        lifts = Lifts().fit(filled, observed).see(filled, observed)
        return chain, lifts, whole - lifts.before(panel), observed

    def _steps_ahead(self, network: nn.Network, whole: Floats, offsets: NDArray[np.int64]) -> Floats:
        """Return the forecasts [S, H] of one network, of the transformed series."""
        shape = SHAPES[self.season_]
        known = last_inputs(whole, offsets, shape.input_size)
        if len(known) >= MANY:
            network = new_network(self.season_, parameters=network.parameters)
        parts: list[Floats] = []
        while sum(part.shape[1] for part in parts) < self.horizon_:
            parts.append(_forward(network, known))
            known = np.hstack([known, parts[-1]])[:, -shape.input_size :]
        return np.hstack(parts)[:, : self.horizon_]

    def _tuned_where_better(self, panel: Panel) -> list[nn.Network]:
        """Return the network that learned from the panel, if with it the latest block is forecast better; else none."""
        block = self.horizon_
        panel = panel.take(np.flatnonzero(panel.lengths > block + SHORTEST))
        if not panel.n_series:
            return []
        tuned = self._tuned(panel.drop_last(block))
        as_it_was, with_it = (
            latest_error(partial(self._mean_ahead, networks), panel, self.horizon_, block=block)
            for networks in (self.networks_, [*self.networks_, tuned])
        )
        return [tuned] if with_it < BETTER * as_it_was else []

    def _tuned(self, panel: Panel) -> nn.Network:
        """Return the network after `steps` more steps on samples of the panel, errors counted relative to the level."""
        bags = Bags.drawn(panel.n_series, MEMBERS, seed=(self.seed, 3))
        panel = panel if len(bags.series) == panel.n_series else panel.take(bags.series)
        _, _, whole, observed = self._prepare(panel)
        shape, network = SHAPES[self.season_], new_network(self.season_)
        network.parameters[...] = self.networks_[0].parameters
        samples = Samples(whole, panel.offsets, observed, input_size=shape.input_size, horizon=shape.horizon)
        cuts, in_reach = samples.cuts(), np.arange(shape.horizon) < self.horizon_
        unit = volatility(panel) / StepScale().fit(panel.with_values(whole)).size_
        streams = [np.random.default_rng(s) for s in np.random.SeedSequence([self.seed, 2]).spawn(MEMBERS)]

        own = bags.cuts(cuts)

        def draw(_step: int) -> nn.Batch:
            chosen = np.stack([mine.draw(stream, TUNING_BATCH) for mine, stream in zip(own, streams, strict=True)])
            inputs, targets, mask = samples.gather(chosen)
            level, size = SampleScale("difference").measure(inputs)
            series = np.searchsorted(panel.offsets, chosen, side="right") - 1
            weight = mask * in_reach * size * unit[series][..., None]
            scaled = np.clip((targets - level) / size, -FURTHEST, FURTHEST)
            return nn.Batch(*(a.astype(np.float32) for a in ((inputs - level) / size, scaled, weight)))

        nn.train(
            network,
            draw,
            loss=nn.MAE(),
            optimizer=nn.Adam(weight_decay=0.01),
            schedule=nn.Cosine(TUNING_RATE, self.steps, floor=TUNING_RATE / 50),
            max_steps=self.steps if len(cuts) else 0,
        )
        return network


def _forward(network: nn.Network, inputs: Floats) -> Floats:
    """Return the median forecast [S, H] of the members after `inputs` [S, L], in the unit of these.

    A series upside down has its forecast upside down: each member looks at both, and half their difference counts.
    """
    level, size = SampleScale("difference").measure(inputs)
    scaled = ((inputs - level) / size).astype(np.float32)
    upright = np.median(network.predict(scaled).astype(np.float64), axis=0)
    reversed_ = np.median(network.predict(-scaled).astype(np.float64), axis=0)
    return np.asarray((upright - reversed_) / 2 * size + level)


def new_network(season_length: int, *, seed: int = 0, parameters: NDArray[np.float32] | None = None) -> nn.Network:
    """Return the network for a season: untrained, or with parameters [E, P]."""
    shape = SHAPES[season_length]
    stack = nn.DoublyResidual(shape.horizon, units=shape.units, blocks=shape.blocks, head_initializer="zero")
    skip = nn.LinearSkip(stack, initializer="zero")
    return nn.Network(skip, input_size=shape.input_size, members=MEMBERS, seed=seed, parameters=parameters)


def batches(season_length: int, *, size: int, seed: int = 0) -> Iterator[nn.Batch]:
    """Yield batches of generated samples for ever, each member its own; the same seed gives the same.

    Half of the pasts are shorter than the network looks back, and padded with their first value, as a user's are.
    """
    shape, rng = SHAPES[season_length], np.random.default_rng([seed, season_length])
    L, H, drawn = shape.input_size, shape.horizon, (MEMBERS, size)
    while True:
        series = generate(POOL, L + H + max(60, season_length), season_length, rng)
        for _ in range(DRAWS):
            row = rng.integers(0, POOL, drawn)[..., None]
            cut = rng.integers(L, series.shape[1] - H + 1, drawn)[..., None]
            seen = np.where(rng.random(drawn) < 0.5, L, rng.integers(SHORTEST, L + 1, drawn))[..., None]
            inputs = series[row, np.maximum(cut + np.arange(-L, 0), cut - seen)]
            targets = series[row, cut + np.arange(H)]
            level, unit = SampleScale("difference").measure(inputs)
            scaled = np.clip((targets - level) / unit, -FURTHEST, FURTHEST)
            yield nn.Batch(((inputs - level) / unit).astype(np.float32), scaled.astype(np.float32))


@cache
def _load(season_length: int) -> nn.Network:
    """Return the trained network for a season.

    Raises
    ------
    ModelError
        M202, when the file is not the one that belongs to this version.
    """
    content = PRIOR.read_bytes() if PRIOR.is_file() else b""
    if sha256(content).hexdigest() != HASH:
        raise ModelError("M202", f"{PRIOR.name} is damaged or of another version", hint="install forecast again")
    network = new_network(season_length)
    with np.load(PRIOR, allow_pickle=False) as file:
        network.parameters[:] = file[f"season_{season_length}"]
    return network
