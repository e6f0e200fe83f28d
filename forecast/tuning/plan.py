"""The plan of a search: what may be known, the windows that judge, and the settings that are sought.

The idea: the values from the first test cutoff on are cut off here, before anything else is made of the data.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.bounds import Bounds
from forecast.config import RunConfig
from forecast.errors import ConfigError, DataError
from forecast.frequency import advance
from forecast.ready import factories_of
from forecast.tuning.space import NETWORKS, SEARCHED, space_of
from forecast.tuning.validation import Validation, validation_split
from forecast.tuning_record import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forecast.panel import Panel
    from forecast.split import Split
    from forecast.tasks import Factory
    from forecast.tuning.space import Parameter

__all__ = ["Plan", "searched_models", "settings_with"]


@dataclass(frozen=True)
class Plan:
    """What a search will do: what may be known, the windows that judge, the settings that are sought."""

    settings: RunConfig
    panel: Panel
    validation: Validation
    spaces: dict[str, list[Parameter]]

    @classmethod
    def of(cls, panel: Panel, run: Split, settings: RunConfig, models: Sequence[str], *, name: str) -> Plan:
        """Return the plan of a search before the windows of a `run`.

        Raises
        ------
        DataError
            D124, when no window can be held out before the test windows.
        ConfigError
            U112, when all settings of the models were named.
        """
        known = panel.drop_last(run.backs[0]).until(0) if run.n_windows else panel.take([])
        split = validation_split(known, run)
        if not split.n_windows:
            what = f"{run.n_windows} test windows of {run.horizon} leave nothing of {name} to tune on"
            fewer = "--n-windows 1, or a smaller --horizon"
            raise DataError("D124", what, hint="a smaller --horizon" if run.n_windows < 2 else fewer)
        chosen = settings.forecast
        bounds = Bounds(min=chosen.min, max=chosen.max, integer=chosen.integer)
        validation = Validation(
            known,
            split,
            lambda model, found: _factory(settings, model, found),
            bounds=bounds,
            metric=settings.backtest.metric,
        )
        shortest = max(1, int(np.median(known.lengths)) - split.backs[0])
        alone = sum(getattr(settings.models, network) is not None for network in NETWORKS) == 1
        spaces = {
            model: space_of(model, settings, known, split.reach, shortest=shortest, transform=alone) for model in models
        }
        if not all(spaces.values()):
            named = next(model for model in models if not spaces[model])
            what = f"all settings of {named} that can be searched were named"
            raise ConfigError("U112", what, hint=f"forecast models {named}")
        return cls(settings, known, validation, spaces)

    @property
    def dates(self) -> dict[str, str]:
        """The first time that is learned from, the first and the last one that is judged."""
        panel, split = self.panel, self.validation.split
        longest = int(np.argmax(panel.lengths))
        until = panel.last.max()
        start = advance(panel.last[longest], 1 - int(panel.lengths[longest]), panel.frequency)
        judged = advance(until, 1 + split.gap - split.backs[0], panel.frequency)
        return {"start": plain(start), "validated_from": plain(judged), "until": plain(until)}

    @property
    def sentence(self) -> str:
        """What a person is told before the search."""
        dates, n = self.dates, self.validation.split.n_windows
        windows = f"{n} window{'' if n == 1 else 's'} from {dates['validated_from']} to {dates['until']}"
        return f"tuning {', '.join(self.spaces)} on {windows}; what comes after is not looked at"

    @property
    def question(self) -> str:
        """A fingerprint of data, settings and windows."""
        panel, covariates = self.panel, self.panel.covariates
        settings = self.settings.model_copy(update={"budget": "none"})
        text = repr((settings.to_toml(), self.validation.split, self.spaces, panel.ids, panel.frequency))
        parts = [panel.values, panel.offsets, panel.last.astype(np.int64)]
        parts += [] if covariates is None else [covariates.known, covariates.past, covariates.static]
        return sha256(b"".join([text.encode(), *(np.ascontiguousarray(part).tobytes() for part in parts)])).hexdigest()


def searched_models(settings: RunConfig, named: Sequence[str] | None) -> list[str]:
    """Return the models that are tuned.

    Raises
    ------
    ConfigError
        U112, when none of them has anything to search.
    """
    wanted = [name for name in SEARCHED if getattr(settings.models, name) is not None]
    found = [name for name in wanted if named is not None or name == "mlp"]
    if not found:
        models = ", ".join(named) if named else "the models that run"
        what = f"nothing to tune: {models} have no settings that can be searched"
        raise ConfigError("U112", what, hint=f"--models {','.join(wanted) or 'mlp'}")
    return found


def _factory(settings: RunConfig, model: str, found: Mapping[str, Any]) -> Factory:
    return factories_of(settings_with(settings, found))[model]


def settings_with(settings: RunConfig, found: Mapping[str, Any], **more: Any) -> RunConfig:
    """Return the settings with those that were `found`, each at its place."""
    tree = settings.model_dump(exclude_none=True) | more
    for setting, value in found.items():
        *tables, name = setting.split(".")
        place = tree
        for table in tables:
            place = place[table]
        place[name] = value
    return RunConfig.model_validate(tree)
