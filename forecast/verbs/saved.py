"""The models of a finished run, put to work on newer data without training.

The idea: a run leaves its models and what its calibration learned in the folder ``models/``; newer data of the same
kind are read as its data were, so that on the same data the same forecasts come out, to the last digit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast.bounds import Bounds
from forecast.config import resolve
from forecast.doctor import fillable, placed
from forecast.error_sizes import ErrorSizes
from forecast.errors import ConfigError, FileError, ModelError, Notice, nearest, shown
from forecast.margins import Margins
from forecast.models.base import predicted, steps_later
from forecast.models.combination import COMBINATION, Combination
from forecast.models.saving import Basis, load_basis, load_object, save_model
from forecast.options import DataOptions, declared
from forecast.orders import canonical
from forecast.panel import interval_names
from forecast.reading.covariate_rows import require_ahead
from forecast.reading.placing import stamp
from forecast.ready import read, seen
from forecast.runs import require_whole
from forecast.split import Split
from forecast.tasks import FAILURES, ahead

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from forecast.config import RunConfig
    from forecast.panel import Panel
    from forecast.results import Listener, Results
    from forecast.series import SeriesData

__all__ = ["FOLDER", "predict_saved", "write_models"]

FOLDER = "models"
"""Where they stand in the run folder."""
CALIBRATION = "calibration"
"""What the file of the intervals is called there."""
WITH_MODELS = {"models", "horizon", "level", "min", "max", "integer", *declared(DataOptions)} - {"missing", "transform"}
"""The options that mean something where nothing is trained."""


def write_models(results: Results, loaded: SeriesData, folder: Path) -> None:
    """Write the fitted models of a run, and how wide their intervals are, into a folder."""
    basis = Basis.of(
        results.panel, horizon=results.horizon, target=loaded.target, data=loaded.name, sha256=loaded.sha256
    )
    kept: dict[str, Any] = {**results.final.models, CALIBRATION: results.margins}
    if results.combination is not None:
        kept[COMBINATION] = results.combination
    for name, model in kept.items():
        save_model(model, folder / name, basis)


def predict_saved(
    data: str | Path | pd.DataFrame, run: Path, flags: dict[str, Any], listener: Listener
) -> pd.DataFrame:
    """Return the forecasts of newer data by the models of a run, with the intervals that it had learned.

    Parameters
    ----------
    data : path, DataFrame or name
        Data of the same kind as those of the run, reaching as far as they did, or further.
    run : Path
        The run folder.
    flags : dict
        How the data are read, where not as those of the run; which `models`, which of its levels, and how many of its
        steps: the first ones, as they are in the whole.
    listener : Listener
        Told what is left out.

    Raises
    ------
    ConfigError
        U101, on an option that would change the models, and on a model that the run has not.
    FileError
        F104, when `run` is no run folder; F102, when it has no models.
    ModelError
        M201, when data and models do not fit, or data end before those of the run; M202, when a file is damaged.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    fitted = _Fitted.of(run, given)
    settings = resolve(run / "config.toml", {k: v for k, v in given.items() if k not in ("models", "horizon", "level")})
    levels = fitted.levels(given.get("level"))
    chosen = settings.backtest
    size = None if chosen.window_size == "auto" else chosen.window_size
    split = Split(fitted.basis.horizon, 0, gap=chosen.gap, window_size=size)
    with placed(data, given):
        loaded = read(data, settings)
        fitted.require_same(loaded)
        panel, notices = fillable(loaded.panel, missing=settings.data.missing)
        known_ahead = require_ahead(panel, split.reach)
    panel, ended = fitted.not_earlier(panel, loaded.name)
    for line in (*loaded.notes, *known_ahead, *map(str, (*loaded.notices, *notices, *ended))):
        listener.say(line)
    past = split.past(seen(panel, settings, split), 0).until(split.reach)
    frame = fitted.forecast(past, split, _bounds(settings), listener)
    frame = frame[frame["step"] <= fitted.steps].reset_index(drop=True)
    dropped = [name for level in fitted.margins.levels if level not in levels for name in interval_names(level)]
    return frame.drop(columns=["cutoff", "step", *dropped])


@dataclass(frozen=True)
class _Fitted:
    """What a run has left that forecasts: the folder, the names of the models and the steps wanted, and the rest."""

    folder: Path
    names: list[str]
    steps: int
    margins: Margins
    basis: Basis

    @classmethod
    def of(cls, run: Path, given: dict[str, Any]) -> _Fitted:
        """Return what stands in a run folder, as far as it is asked for."""
        folder, foreign = run / FOLDER, [name for name in given if name not in WITH_MODELS]
        if foreign:
            flag = f"--{foreign[0].replace('_', '-')}"
            raise ConfigError("U101", f"{flag} cannot change models that are fitted", hint=f"forecast run DATA {flag}")
        require_whole(run)
        if not folder.is_dir():
            what = f"{shown(run)} has no folder {FOLDER}: an earlier version wrote it"
            raise FileError("F102", what, hint="forecast run DATA anew")
        margins, basis = load_object(folder / CALIBRATION), load_basis(folder / CALIBRATION)
        if not isinstance(margins, Margins):
            raise ModelError("M202", f"{FOLDER}/{CALIBRATION}.npz holds something else", hint="forecast run DATA anew")
        if not all(isinstance(sizes, ErrorSizes) for sizes in margins.sizes.values()):
            what = f"{FOLDER}/{CALIBRATION}.npz is of an earlier version, whose intervals were in other units"
            raise ModelError("M202", what, hint="forecast run DATA anew")
        steps = given.get("horizon", basis.horizon)
        if steps < 1:
            raise ConfigError("U101", "--horizon should be greater than 0", hint=f"--horizon {basis.horizon}")
        if steps > basis.horizon:
            what = f"the models forecast {basis.horizon} steps, not {steps}"
            raise ModelError("M201", what, hint=f"forecast run DATA --horizon {steps}")
        return cls(folder, _chosen(given.get("models"), folder, list(margins.widths)), steps, margins, basis)

    def levels(self, wanted: Sequence[float] | None) -> list[float]:
        """Return the levels that are shown, all of which the run must have learned."""
        known = self.margins.levels
        for level in wanted or ():
            if level not in known:
                has = ",".join(f"{one:g}" for one in known)
                what = f"the run has learned intervals of {has} percent, not of {level:g}"
                raise ModelError("M201", what, hint=f"--level {has}, or forecast run DATA --level {level:g}")
        return known if wanted is None else list(wanted)

    def require_same(self, loaded: SeriesData) -> None:
        """Raise M201 where the data are of another kind than those of the run, and say in what."""
        mine, theirs = self.basis, Basis.of(loaded.panel, horizon=self.basis.horizon, target=loaded.target)
        pairs = [(one.frequency, _season(one), f"target {shown(one.target)}", _beside(one)) for one in (mine, theirs)]
        if self.margins.fitted.frequency != loaded.frequency and pairs[0][0] == pairs[1][0]:
            aliases = (self.margins.fitted.frequency.alias, loaded.frequency.alias)
            pairs = [(f"{pair[0]} ({alias})", *pair[1:]) for pair, alias in zip(pairs, aliases, strict=True)]
        other = [(a, b) for a, b in zip(*pairs, strict=True) if a != b]
        if other:
            had, has = (", ".join(part) for part in zip(*other, strict=True))
            what = f"the models of {shown(self.folder.parent)} do not fit {loaded.name}: they know {had}; here is {has}"
            raise ModelError("M201", what, hint="data of the same kind, or forecast run DATA")

    def not_earlier(self, panel: Panel, name: str) -> tuple[Panel, list[Notice]]:
        """Return the series that reach to where the models stopped learning, and a notice where others do not."""
        later = np.array(steps_later(self.margins.fitted, panel)) >= 0
        if later.all():
            return panel, []
        first = int(np.flatnonzero(~later)[0])
        place = self.margins.fitted.ids.index(panel.ids[first])
        ends = f"{stamp(panel.last[first])}, before {stamp(self.margins.fitted.last[place])}"
        if not later.any():
            what = f"{name} ends at {ends}, up to which the models have learned: that is no forecast"
            raise ModelError("M201", what, hint="data that reach further, or forecast run DATA")
        what = f"{(~later).sum()} of {panel.n_series} series end before what the models have learned"
        said = Notice("W310", f"{what}, first {shown(panel.ids[first])} at {ends}: they are left out")
        return panel.take(np.flatnonzero(later)), [said]

    def forecast(self, past: Panel, split: Split, bounds: Bounds, listener: Listener) -> pd.DataFrame:
        """Return the forecasts of all wanted models, those of one after those of another; a failure is said."""
        levels, frames, reasons = self.margins.levels, [], []
        mixed = self._combination() if COMBINATION in self.names else None
        for name in [n for n in self.names if n != COMBINATION] + self._others(mixed):
            model = self._model(name, split.reach)
            own, said = _own(past, model)
            for notice in said:
                listener.say(str(notice))
            try:
                if own.n_series:
                    frames.append(ahead(predicted(model, own, level=levels), name, split, bounds))
            except FAILURES as error:
                reasons.append(f"{name}: {error}")
                listener.say(str(Notice("W310", f"{name} failed: {error}")))
        if not frames:
            why = "; ".join(reasons) or "they were fitted to other series"
            raise ModelError("M201", f"no saved model can forecast these data: {why}", hint="forecast run DATA")
        frame = pd.concat(frames, ignore_index=True)
        if mixed is not None:
            frame = pd.concat([frame, bounds.apply(mixed.ahead(frame))], ignore_index=True)
        frame = frame[frame["model"].isin(self.names)].reset_index(drop=True)
        return bounds.apply(self.margins.ahead(frame, past, levels))

    def _model(self, name: str, reach: int) -> Any:
        """Return a model that was fitted with the others: to the same data, for as many steps."""
        model, basis = load_object(self.folder / name), load_basis(self.folder / name)
        if basis != self.basis or getattr(model, "horizon_", reach) != reach or not hasattr(model, "predict"):
            raise ModelError("M202", f"{FOLDER}/{name}.npz is of another run", hint="forecast run DATA anew")
        return model

    def _combination(self) -> Combination:
        mixed = load_object(self.folder / COMBINATION)
        if not isinstance(mixed, Combination):
            raise ModelError("M202", f"{FOLDER}/{COMBINATION}.npz holds something else", hint="forecast run DATA anew")
        return mixed

    def _others(self, mixed: Combination | None) -> list[str]:
        """Return the members of a combination that are not wanted by themselves."""
        return [] if mixed is None else [name for name in mixed.members if name not in self.names]


def _chosen(wanted: Sequence[str] | None, folder: Path, tested: Sequence[str]) -> list[str]:
    """Return the models that are wanted, in the order of the run."""
    there = [name for name in tested if (folder / f"{name}.json").is_file()]
    if wanted is None:
        return there
    names = [canonical(name) for name in wanted]
    for name in names:
        if name not in there:
            guess = nearest(name, there)
            what = f"the run has no model {shown(name)}" + (f"; did you mean {guess}?" if guess else "")
            raise ConfigError("U101", what, hint=f"--models {','.join(there)}")
    return [name for name in there if name in names]


def _own(past: Panel, model: Any) -> tuple[Panel, list[Notice]]:
    """Return the series that a model can forecast: all, or where each has a fit of its own those that were fitted."""
    fits = getattr(model, "fits_", None)
    if fits is None:
        return past, []
    known = np.array([name in fits for name in past.ids], dtype=np.bool_)
    if known.all():
        return past, []
    first = past.ids[int(np.flatnonzero(~known)[0])]
    what = f"{model.name} was not fitted to {(~known).sum()} of {past.n_series} series, first {shown(first)}"
    return past.take(np.flatnonzero(known)), [Notice("W310", f"{what}: it leaves them out")]


def _bounds(settings: RunConfig) -> Bounds:
    chosen = settings.forecast
    return Bounds(min=chosen.min, max=chosen.max, integer=chosen.integer)


def _season(basis: Basis) -> str:
    return "season " + " and ".join(map(str, basis.season_lengths)) if basis.season_lengths else "no season"


def _beside(basis: Basis) -> str:
    return f"columns {', '.join(map(shown, basis.covariates))}" if basis.covariates else "no columns beside"
