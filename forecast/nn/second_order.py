"""Full-batch training that uses curvature: L-BFGS, and Levenberg-Marquardt with or without Bayesian regularisation.

The idea: a small network on a few hundred samples need not be taught in thousands of small steps; with the whole batch
at hand, the way down can be computed. Members are trained one after another, in float64; given a later block, each
keeps the weights of the iteration that was best there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.nn.losses import MSE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scipy.optimize import OptimizeResult

    from forecast.nn.losses import Loss
    from forecast.nn.network import Network
    from forecast.nn.training import Batch

    Array = np.ndarray[Any, np.dtype[Any]]

__all__ = ["LBFGS", "Descent", "LevenbergMarquardt", "jacobian"]


@dataclass(frozen=True)
class Descent:
    """What a second-order method did, by member.

    Parameters
    ----------
    steps : ndarray [E]
        Iterations taken.
    losses : list of ndarray
        For each member its loss at the start and after every iteration.
    effective : ndarray [E]
        Parameters that the data determine (MacKay's gamma), at the iteration that was kept; all P of them without
        Bayesian regularisation.
    val_losses : list of ndarray
        Like `losses`, on the later block; NaN without one.
    best_step : ndarray [E]
        The iteration whose weights were kept.
    """

    steps: Array
    losses: list[Array]
    effective: Array
    val_losses: list[Array]
    best_step: Array


class LBFGS:
    """Limited-memory BFGS (Nocedal 1980), scipy's, on the flat parameters of each member.

    Examples
    --------
    >>> from forecast import nn
    >>> x = np.linspace(-2, 2, 40).reshape(-1, 1)
    >>> network = nn.Network(nn.Linear(6), nn.Tanh(), nn.Linear(1), input_size=1, dtype=np.float64)
    >>> done = LBFGS().minimize(network, nn.Batch(x, np.sin(x)), loss=nn.MSE(), max_steps=200)
    >>> bool(done.losses[0][-1] < 1e-4)
    True
    """

    def minimize(
        self,
        network: Network,
        batch: Batch,
        *,
        loss: Loss,
        max_steps: int,
        validation: Batch | None = None,
        patience: int | None = None,
    ) -> Descent:
        """Train every member of `network` in place on the whole batch.

        Parameters
        ----------
        network : Network
            In float64; goes on from the parameters it has.
        batch : Batch
            All samples.
        loss : Loss
            What is made small.
        max_steps : int
            The number of iterations, if nothing stops earlier.
        validation : Batch, optional
            Samples that lie later in time than those of `batch`. With it, every member ends with the weights of its
            best iteration there, the start being iteration 0; without, with those of the last.
        patience : int, optional
            A member is done when its loss on `validation` has not improved for so many iterations.

        Raises
        ------
        ValueError
            When the network is not in float64, or when there is patience but no validation.
        """
        from scipy import optimize

        minimize: Any = optimize.minimize

        paths = []
        for part, own, path in _members(network, batch, loss, validation, patience):

            def evaluate(w: Array, part: Network = part, own: Batch = own) -> tuple[float, Array]:
                part.parameters[0] = w
                value, gradient = loss.value_and_gradient(part.forward(own.inputs), own.targets, own.weight)
                part.backward(gradient)
                return float(value[0]), part.gradients[0].copy()

            start = part.parameters[0].copy()
            path.note(evaluate(start)[0])
            settings = {"options": {"maxiter": max_steps}, "callback": _noting(path)}
            part.parameters[0] = minimize(evaluate, start, jac=True, method="L-BFGS-B", **settings).x
            paths.append(path.ended())
        return _descent(paths)


class LevenbergMarquardt:
    """Damped Gauss-Newton steps for the squared error (Levenberg 1944, Marquardt 1963; Hagan & Menhaj 1994).

    With residuals ``r = y_hat - y`` and their Jacobian J by the parameters, near the minimum of ``|r|^2 / 2`` the
    curvature is ``J'J``, so a step solves ``(J'J + mu I) d = -J'r``. Where it lowers the error, mu falls tenfold,
    towards Newton's method; where not, mu rises tenfold, towards short steps downhill.

    With `bayesian`, ``beta |r|^2 / 2 + alpha |w|^2 / 2`` is made small, and after every step alpha and beta are set to
    what makes the data most probable (MacKay 1992; Foresee & Hagan 1997): ``gamma = P - alpha tr(H^-1)`` parameters are
    determined by the data, ``alpha = gamma / |w|^2`` and ``beta = (n - gamma) / |r|^2``, H the Hessian ``beta J'J +
    alpha I``. A step costs one backward pass a residual and a solution of P equations: for up to some hundred of both.

    Parameters
    ----------
    bayesian : bool
        Choose the weight decay from the data.
    damping : float
        The first mu.

    Examples
    --------
    >>> from forecast import nn
    >>> x = np.linspace(-2, 2, 40).reshape(-1, 1)
    >>> network = nn.Network(nn.Linear(6), nn.Tanh(), nn.Linear(1), input_size=1, dtype=np.float64)
    >>> done = LevenbergMarquardt().minimize(network, nn.Batch(x, np.sin(x)), max_steps=30)
    >>> bool(done.losses[0][-1] < 1e-3)
    True
    """

    def __init__(self, *, bayesian: bool = False, damping: float = 1e-2) -> None:
        self.bayesian = bayesian
        self.damping = damping

    def minimize(
        self,
        network: Network,
        batch: Batch,
        *,
        max_steps: int,
        validation: Batch | None = None,
        patience: int | None = None,
    ) -> Descent:
        """Train every member of `network` in place on the whole batch; weights mask or weigh squared errors.

        Parameters and errors are those of `LBFGS.minimize`; the loss is the mean squared error, on both blocks.

        Raises
        ------
        ValueError
            When the network is not in float64, or when there is patience but no validation.
        """
        members = _members(network, batch, MSE(), validation, patience)
        return _descent([self._descend(part, own, path, max_steps) for part, own, path in members])

    def _descend(self, network: Network, batch: Batch, path: _Path, max_steps: int) -> _Path:
        """Lead one member down its path: the mean squared errors and the effective number of parameters."""
        w, mu = network.parameters[0], self.damping
        root, n, P = _root(batch), _count(batch), w.size
        alpha, beta, gamma = (1e-2, 1.0, float(P)) if self.bayesian else (0.0, 1.0, float(P))
        r = _residuals(network, batch, root)
        path.note(float(r @ r) / n)
        while path.steps < max_steps:
            J = jacobian(network, batch.inputs)[0].reshape(-1, P) * root[:, None]
            hessian, slope = beta * J.T @ J, beta * J.T @ r + alpha * w
            error, start = beta * float(r @ r) + alpha * float(w @ w), w.copy()
            while mu < 1e12:
                w[...] = start - np.linalg.solve(hessian + (alpha + mu) * np.eye(P), slope)
                r = _residuals(network, batch, root)
                if beta * float(r @ r) + alpha * float(w @ w) < error:
                    break
                mu *= 10.0
            else:
                w[...] = start
                break
            mu = max(mu / 10.0, 1e-12)
            if self.bayesian:
                gamma = P - alpha * float(np.trace(np.linalg.inv(hessian + alpha * np.eye(P))))
                alpha = gamma / max(float(w @ w), 1e-12)
                beta = max(n - gamma, 1e-3) / max(float(r @ r), 1e-12)
                mu = max(mu, 1e-9 * beta)
            if path.note(float(r @ r) / n, gamma):
                break
        return path.ended()


class _Path:
    """One member's way down, and the weights it ends with: the last, or the best on the later block."""

    def __init__(self, network: Network, loss: Loss, validation: Batch | None, patience: int | None) -> None:
        self.network, self.loss = network, loss
        self.validation, self.patience = validation, patience
        self.losses: list[float] = []
        self.val_losses: list[float] = []
        self.effective: list[float] = []
        self.best, self.best_loss, self.best_step = network.parameters[0].copy(), np.inf, 0

    @property
    def steps(self) -> int:
        """Iterations so far."""
        return len(self.losses) - 1

    def note(self, loss: float, effective: float | None = None) -> bool:
        """Write down the start or an iteration, whose weights the network has; say whether patience is at its end."""
        self.losses.append(loss)
        self.effective.append(float(self.best.size) if effective is None else effective)
        self.val_losses.append(self._validate())
        if self.validation is None:
            self.best_step = self.steps
        elif self.val_losses[-1] < self.best_loss:
            self.best_loss, self.best_step = self.val_losses[-1], self.steps
            self.best[...] = self.network.parameters[0]
        return self.patience is not None and self.steps - self.best_step >= self.patience

    def ended(self) -> _Path:
        """Give the network the weights to end with."""
        if self.validation is not None:
            self.network.parameters[0] = self.best
        return self

    def _validate(self) -> float:
        if self.validation is None:
            return float("nan")
        inputs, targets, weight = self.validation
        return float(self.loss.value_and_gradient(self.network.forward(inputs), targets, weight)[0][0])


def jacobian(network: Network, inputs: Array) -> Array:
    """Return the derivative of every output by every parameter, [E, B, H, P], by one backward pass each.

    Parameters
    ----------
    network : Network
        Of any layers whose samples do not depend on one another.
    inputs : ndarray [B, L] or [E, B, L]
    """
    outputs = network.forward(inputs)
    E, B, H = outputs.shape
    out = np.empty((E, B, H, network.parameters.shape[1]))
    seed = np.zeros(outputs.shape, outputs.dtype)
    for b in range(B):
        for h in range(H):
            seed[:, b, h] = 1.0
            network.backward(seed)
            out[:, b, h] = network.gradients
            seed[:, b, h] = 0.0
    return out


def _noting(path: _Path) -> Callable[[OptimizeResult], None]:
    """Return what scipy calls after an iteration: it looks at the name of the one argument."""

    def note(intermediate_result: OptimizeResult) -> None:
        path.network.parameters[0] = intermediate_result.x
        if path.note(float(intermediate_result.fun)):
            raise StopIteration

    return note


def _members(
    network: Network, batch: Batch, loss: Loss, validation: Batch | None, patience: int | None
) -> Iterator[tuple[Network, Batch, _Path]]:
    """Yield each member as a network of its own, its batch and its path, which has not begun."""
    if network.parameters.dtype != np.float64:
        raise ValueError(f"second-order methods need a network in float64, not {network.parameters.dtype}")
    if patience is not None and validation is None:
        raise ValueError("patience needs a later block to look at: give it as validation")
    for e in range(network.members):
        part = network.part(slice(e, e + 1))
        later = None if validation is None else _rows(validation, e)
        yield part, _rows(batch, e), _Path(part, loss, later, patience)


def _descent(paths: list[_Path]) -> Descent:
    return Descent(
        steps=np.array([path.steps for path in paths]),
        losses=[np.array(path.losses) for path in paths],
        effective=np.array([path.effective[path.best_step] for path in paths]),
        val_losses=[np.array(path.val_losses) for path in paths],
        best_step=np.array([path.best_step for path in paths]),
    )


def _rows(batch: Batch, member: int) -> Batch:
    """Return what one member sees of a batch."""

    def own(array: Array) -> Array:
        return array[member : member + 1] if array.ndim == 3 else array

    weight = None if batch.weight is None else own(batch.weight)
    return batch._replace(inputs=own(batch.inputs), targets=own(batch.targets), weight=weight)


def _root(batch: Batch) -> Array:
    """Return the square root of the weight of every residual, [B * H]."""
    weight = np.ones(1) if batch.weight is None else batch.weight
    return np.sqrt(np.broadcast_to(weight, batch.targets.shape).astype(np.float64)).ravel()


def _count(batch: Batch) -> float:
    return float(np.sum(_root(batch) ** 2))


def _residuals(network: Network, batch: Batch, root: Array) -> Array:
    residuals: Array = network.forward(batch.inputs).ravel() - batch.targets.ravel()
    return residuals * root
