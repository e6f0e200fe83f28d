"""Forecasts of cases by models, made in processes of their own and kept.

The idea: what a piece of work comes to depends on its values, its settings and the source files that its model imports,
and on nothing else; under the hash of these it is kept. So an interrupted measurement goes on where it was, an edit of
one model measures that model again and no other, and a commit that changes none of them costs nothing.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import inspect
import json
import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.engine import one_thread
from forecast.errors import ForecastError
from forecast.ready import MODELS
from measuring.peers import PEERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from forecast.panel import Panel
    from measuring.sets import Case, Fit

PROTOCOL = 1
"""To be raised when this module comes to other forecasts from the same pieces."""
MAKERS: dict[str, Callable[..., Any]] = {**MODELS, **PEERS}
GLOBAL = ("mlp", "linear", "hybrid", "ridge", "prior", "naive", "naive2", "seasonal_naive")
"""Models that learn from all series together or take no time; of the others each series is a fit of its own."""
TRAINED = ("mlp", "linear", "hybrid")
"""Models that may use all cores themselves, so that nothing is measured beside them."""
STATELESS = ("mlp", "linear", "ridge", "prior", "naive", "naive2", "seasonal_naive")
"""Models that remember nothing of a series: they forecast many cutoffs as so many series, from their latest values."""
CHUNK, PIECES = 64, 8
"""Series of a piece at most, where each is a fit of its own, and pieces of a case at least."""
BLOCK = 1_000_000
"""Values of cutoffs that are forecast together."""


@dataclass(frozen=True)
class Piece:
    """One fit of one model, or, with `single`, one of each series, and where it forecasts from."""

    model: str
    settings: tuple[tuple[str, Any], ...]
    panel: Panel
    horizon: int
    fit: Fit
    single: bool
    context: int

    def key(self) -> str:
        """Return the hash of all that the forecasts depend on."""
        digest = hashlib.sha256()
        said = [PROTOCOL, self.model, self.settings, self.horizon, self.fit.learn, self.fit.backs, self.single]
        said += [self.context, self.panel.season_lengths, str(self.panel.frequency), source_hash(self.model)]
        said += [version(library) for library in ("numpy", "scipy", "statsmodels")]
        digest.update(json.dumps(said).encode())
        arrays = [self.panel.values, self.panel.offsets, self.panel.last.astype(np.int64)]
        if self.panel.covariates is not None:
            arrays += [self.panel.covariates.known, self.panel.covariates.offsets]
        for array in arrays:
            digest.update(np.ascontiguousarray(array).tobytes())
        return f"{self.model}-{digest.hexdigest()[:32]}"


@dataclass(frozen=True)
class Outcome:
    """Forecasts [cutoffs, S, H], NaN where the model failed and why, seconds, and the peak of its process in MB.

    `seconds` are those of a clock, `busy` those that processors worked, which other work on the machine changes less.
    """

    y_hat: np.ndarray
    seconds: float
    busy: float
    peak_mb: float
    failures: tuple[str, ...]


def pieces(case: Case, model: str, settings: dict[str, Any], *, context: int) -> list[list[Piece]]:
    """Return the work of a case by a model: for every fit the pieces whose series stand one after another."""
    single = case.single or model not in GLOBAL
    size = min(CHUNK, -(-case.whole.n_series // PIECES)) if single else case.whole.n_series
    starts = range(0, case.whole.n_series, size)
    panels = [case.whole.take(np.arange(i, min(i + size, case.whole.n_series))) for i in starts]
    given = tuple(sorted(accepted(model, settings).items()))
    return [[Piece(model, given, panel, case.horizon, fit, single, context) for panel in panels] for fit in case.fits]


def accepted(model: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Return those settings that the model's constructor has; one that takes any passes them on to the network."""
    parameters = inspect.signature(MAKERS[model]).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        parameters = inspect.signature(MAKERS["mlp"]).parameters
    return {name: value for name, value in settings.items() if name in parameters}


def perform(piece: Piece) -> Outcome:
    """Do a piece of work, here."""
    panels = [piece.panel.take([s]) for s in range(piece.panel.n_series)] if piece.single else [piece.panel]
    found, failures, start, worked = [], [], perf_counter(), sum(os.times()[:4])
    with one_thread():
        for panel in panels:
            try:
                found.append(_forecast(piece, panel))
            except ForecastError as error:
                failures.append(f"{piece.model}, {panel.ids[0]}: {error}")
                found.append(np.full((len(piece.fit.backs), panel.n_series, piece.horizon), np.nan, np.float32))
    seconds, busy = perf_counter() - start, sum(os.times()[:4]) - worked
    return Outcome(np.concatenate(found, axis=1), seconds, busy, peak_mb(), tuple(failures))


def _forecast(piece: Piece, panel: Panel) -> np.ndarray:
    model = MAKERS[piece.model](**dict(piece.settings))
    past = panel.drop_last(piece.fit.learn).until(piece.horizon)
    if past.n_series < panel.n_series:
        raise ForecastError("D108", "a series is too short for its cutoff", hint="a shorter horizon")
    model.fit(past, horizon=piece.horizon)
    return np.concatenate(
        [
            (model.predict() if given is None else model.predict(given))["y_hat"]
            .to_numpy(np.float32)
            .reshape(-1, panel.n_series, piece.horizon)
            for given in _given(piece, panel)
        ]
    )


def _given(piece: Piece, panel: Panel) -> Iterator[Panel | None]:
    """Yield what the fitted model forecasts from: None for the end of what it learned from."""
    backs = list(piece.fit.backs)
    if backs[0] == piece.fit.learn:
        yield None
        backs = backs[1:]
    together = piece.model in STATELESS and panel.covariates is None
    context = piece.context if together else int(panel.lengths.max())
    size = max(1, BLOCK // (panel.n_series * context)) if together else 1
    for i in range(0, len(backs), size):
        yield joined([panel.drop_last(back).latest(context).until(piece.horizon) for back in backs[i : i + size]])


def joined(panels: Sequence[Panel]) -> Panel:
    """Return the series of panels without covariates, one after another; a single panel as it is."""
    if len(panels) == 1:
        return panels[0]
    return replace(
        panels[0],
        values=np.concatenate([panel.values for panel in panels]),
        offsets=np.r_[0, np.cumsum(np.concatenate([panel.lengths for panel in panels]))].astype(np.int64),
        ids=tuple(name for panel in panels for name in panel.ids),
        last=np.concatenate([panel.last for panel in panels]),
    )


def kept_or_made(
    work: Sequence[Piece], folder: Path, *, jobs: int, fresh: bool, tell: Callable[[str], None] = lambda _: None
) -> list[Outcome]:
    """Return what every piece comes to: from `folder`, or made by `jobs` processes (0: here) and kept there."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{piece.key()}.npz" for piece in work]
    missing = [i for i, path in enumerate(paths) if fresh or not path.is_file()]
    for done, (i, outcome) in enumerate(_made([work[i] for i in missing], jobs)):
        keep(outcome, paths[missing[i]])
        tell(f"{work[missing[i]].model}: {done + 1} of {len(missing)}")
    return [kept(path) for path in paths]


def _made(work: Sequence[Piece], jobs: int) -> Iterator[tuple[int, Outcome]]:
    """Yield place and outcome of every piece as it is finished; of networks a process a piece: its peak is its own."""
    if not jobs:
        yield from ((i, perform(piece)) for i, piece in enumerate(work))
        return
    alone = any(piece.model in TRAINED and not piece.single for piece in work)
    tasks = 1 if any(piece.model in TRAINED for piece in work) else None
    with ProcessPoolExecutor(1 if alone else jobs, get_context("spawn"), max_tasks_per_child=tasks) as pool:
        places = {pool.submit(perform, piece): i for i, piece in enumerate(work)}
        try:
            for future in as_completed(places):
                yield places[future], future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def keep(outcome: Outcome, path: Path) -> None:
    """Write an outcome, whole or not at all."""
    aside = path.with_name(f"{path.stem}.{os.getpid()}.part")
    with aside.open("wb") as file:
        np.savez(
            file,
            y_hat=outcome.y_hat,
            measured=np.array([outcome.seconds, outcome.busy, outcome.peak_mb]),
            failures=np.array(outcome.failures, dtype=np.str_),
        )
    aside.replace(path)


def kept(path: Path) -> Outcome:
    """Read an outcome."""
    with np.load(path, allow_pickle=False) as file:
        seconds, busy, peak = file["measured"].tolist()
        return Outcome(file["y_hat"], seconds, busy, peak, tuple(file["failures"].tolist()))


def peak_mb() -> float:
    """Return the peak memory of this process or of its largest child, in MB; NaN where the system does not say."""
    with contextlib.suppress(ImportError):
        import resource

        kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        return max(resource.getrusage(kind).ru_maxrss for kind in kinds) / 1024
    return float("nan")


@cache
def source_hash(model: str) -> str:
    """Return the hash of the source files that the model's module imports, directly or not."""
    digest = hashlib.sha256()
    for _, path in sorted(_sources(MAKERS[model].__module__, {}).items()):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources(module: str, found: dict[str, Path]) -> dict[str, Path]:
    """Add the file of a module and of all that it imports of ours; imports for type checkers alone do not count."""
    with contextlib.suppress(ModuleNotFoundError):
        spec = find_spec(module)
        if spec is None or spec.origin is None or module in found or module == "forecast":
            return found
        found[module] = Path(spec.origin)
        for name in _imports(ast.parse(found[module].read_bytes())):
            if name.split(".")[0] in ("forecast", "measuring"):
                _sources(name, found)
    return found


def _imports(node: ast.AST) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and child.module:
            yield child.module
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        else:
            yield from _imports(child)
