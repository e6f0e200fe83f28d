"""Analytic against numeric gradients, for every part of `forecast.nn` or for one of the user's own.

The idea: a layer, a loss or a network, given by name, is put into the smallest network that exercises it, with more
than one sample, step and member, since errors of a factor hide at one.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from forecast import nn
from forecast.errors import ConfigError, nearest, shown

__all__ = ["check_gradients"]

E, B, L, H = 3, 4, 6, 5


def check_gradients(what: str | None = None, *, seed: int = 0) -> dict[str, nn.GradientReport]:
    """Check every activation and loss, or the one named.

    Parameters
    ----------
    what : str, optional
        The name of an activation or loss of `forecast.nn`, or ``module:attribute`` (a module of the user's own, found
        in the current folder or installed): a layer, a loss, a network in float64, or a class or function without
        arguments that makes one.
    seed : int
        Of the parameters, the batch and the directions.

    Raises
    ------
    ConfigError
        U101, when there is no such thing.

    Examples
    --------
    >>> check_gradients("tanh")["tanh"].passed
    True
    """
    known = {**nn.ACTIVATIONS, **nn.LOSSES}
    if what is None:
        subjects: dict[str, Any] = {name: make() for name, make in known.items()}
    elif ":" in what:
        subjects = {what: _own(what)}
    elif what in known:
        subjects = {what: known[what]()}
    else:
        guess = nearest(what, known)
        found = f"nothing called {shown(what)} to check" + (f"; did you mean {guess}?" if guess else "")
        raise ConfigError("U101", found, hint=f"forecast gradcheck {guess or 'tanh'}, or module:attribute")
    return {name: _check(name, subject, seed) for name, subject in subjects.items()}


def _own(path: str) -> Any:
    """Return what ``module:attribute`` names; what can be called without arguments is called."""
    module, _, attribute = path.partition(":")
    here = str(Path.cwd())
    added = here not in sys.path
    if added:
        sys.path.insert(0, here)
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError("U101", f"cannot load {shown(path)}: {error}", hint="forecast gradcheck tanh") from error
    finally:
        if added:
            sys.path.remove(here)
    return found() if callable(found) else found


def _check(name: str, subject: Any, seed: int) -> nn.GradientReport:
    rng = np.random.default_rng(seed)
    loss: nn.Loss = subject if isinstance(subject, nn.Loss) else nn.MSE()
    if isinstance(subject, nn.Network):
        network = subject
    elif isinstance(subject, nn.Layer | nn.Loss):
        layer = subject if isinstance(subject, nn.Layer) else nn.Tanh()
        head = nn.Linear(H * loss.outputs)
        network = nn.Network(nn.Linear(L), layer, head, input_size=L, members=E, dtype=np.float64, seed=seed)
    else:
        raise ConfigError("U101", f"{shown(name)} is a {type(subject).__name__}, not a layer, a loss or a network")
    if network.parameters.dtype != np.float64:
        raise ConfigError("U101", f"{shown(name)} is a network in {network.parameters.dtype}", hint="dtype=np.float64")
    steps = network.output_size // loss.outputs
    x = rng.normal(size=(network.members, B, network.input_size))
    y, weight = rng.uniform(0.1, 0.9, (network.members, B, steps)), rng.uniform(0.1, 1.0, (network.members, B, steps))
    return nn.gradcheck(network, loss, x, y, weight, seed=seed)
