"""Is it the model or the seed? The networks again with other seeds, scored on the same windows.

The idea: a network starts at random, so one score of it is one draw; a few more draws show how far they lie apart, and
whether a win over the next model is more than luck.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast.defaults import METRIC_NAMES
from forecast.ready import NETWORKS
from forecast.sections import ModelsSection
from forecast.verbs.trials import try_models

if TYPE_CHECKING:
    from forecast.config import RunConfig
    from forecast.engine import Workers
    from forecast.ready import Ready
    from forecast.results import Listener

__all__ = ["other_seeds", "spread_of"]


def other_seeds(
    ready: Ready, settings: RunConfig, first: pd.DataFrame, workers: Workers, listener: Listener
) -> pd.DataFrame:
    """Return the scores of every network for each of its seeds: a row ``model, seed`` and its scores.

    Parameters
    ----------
    ready : Ready
        The data, and where the windows lie.
    settings : RunConfig
        Of the run: `seeds` says how many, counted from `seed` on.
    first : DataFrame
        The leaderboard of the run itself: the scores of the first seed. Another that a budget gave fewer windows has
        none, for they could not be compared.
    workers : Workers
        Who does the work.
    listener : Listener
        Told how far it has come.
    """
    sections = {name: getattr(settings.models, name) for name in NETWORKS}
    networks = {name: section.model_dump() for name, section in sections.items() if section is not None}
    boards = [first.assign(seed=settings.seed)]
    for seed in range(settings.seed + 1, settings.seed + settings.seeds) if networks and ready.split.n_windows else ():
        listener.say(f"seed {seed} of {', '.join(networks)}")
        again = settings.model_copy(update={"seed": seed, "models": ModelsSection.model_validate(networks)})
        boards.append(try_models(ready, again, workers, listener).leaderboard.assign(seed=seed))
    board = pd.concat(boards, ignore_index=True)
    scores = [name for name in (*METRIC_NAMES, "skill") if name in board]
    whole = first.set_index("model")["windows"].reindex(board["model"]).to_numpy()
    board.loc[board["windows"].to_numpy() != whole, scores] = np.nan  # a budget left no time for all of its windows
    rows = board.loc[board["model"].isin(networks), ["model", "seed", *scores]]
    return rows.sort_values(["model", "seed"], ignore_index=True)


def spread_of(seeds: pd.DataFrame, metric: str) -> list[dict[str, Any]]:
    """Return for each network how far its seeds lie apart.

    Examples
    --------
    >>> frame = pd.DataFrame({"model": ["mlp"] * 3, "seed": [0, 1, 2], "mase": [0.5, 0.6, 0.7]})
    >>> [(one["model"], one["seeds"], round(one["mean"], 3), round(one["sd"], 3)) for one in spread_of(frame, "mase")]
    [('mlp', 3, 0.6, 0.1)]
    """
    found = []
    for model, rows in seeds.groupby("model", sort=False):
        values = rows[metric].dropna()
        about = {"mean": values.mean(), "sd": values.std(), "min": values.min(), "max": values.max()}
        numbers = {name: float(value) for name, value in about.items()}
        found.append({"model": model, "metric": metric, "seeds": len(values), **numbers})
    return found
