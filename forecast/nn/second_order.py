"""Full-batch training that uses curvature: L-BFGS, and Levenberg-Marquardt with or without Bayesian regularisation.

The idea: a small network on a few hundred samples need not be taught in thousands of small steps; with the whole batch
at hand, the way down can be computed. Members are trained one after another, in float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

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
        Parameters that the data determine (MacKay's gamma); all P of them without Bayesian regularisation.
    """

    steps: Array
    losses: list[Array]
    effective: Array


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

    def minimize(self, network: Network, batch: Batch, *, loss: Loss, max_steps: int) -> Descent:
        """Train every member of `network` in place on the whole batch.

        Raises
        ------
        ValueError
            When the network is not in float64.
        """
        from scipy import optimize

        minimize: Any = optimize.minimize

        _require_double(network)
        steps, losses = [], []
        for member in range(network.members):
            part, own = network.part(slice(member, member + 1)), _rows(batch, member)

            def evaluate(w: Array, part: Network = part, own: Batch = own) -> tuple[float, Array]:
                part.parameters[0] = w
                value, gradient = loss.value_and_gradient(part.forward(own.inputs), own.targets, own.weight)
                part.backward(gradient)
                return float(value[0]), part.gradients[0].copy()

            start = part.parameters[0].copy()
            seen = [evaluate(start)[0]]
            found = minimize(
                evaluate, start, jac=True, method="L-BFGS-B", options={"maxiter": max_steps}, callback=_noting(seen)
            )
            part.parameters[0] = found.x
            steps.append(int(found.nit))
            losses.append(np.array(seen))
        return Descent(np.array(steps), losses, np.full(network.members, float(network.parameters.shape[1])))


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

    def minimize(self, network: Network, batch: Batch, *, max_steps: int) -> Descent:
        """Train every member of `network` in place on the whole batch; weights mask or weigh squared errors.

        Raises
        ------
        ValueError
            When the network is not in float64.
        """
        _require_double(network)
        done = [
            self._descend(network.part(slice(e, e + 1)), _rows(batch, e), max_steps) for e in range(network.members)
        ]
        losses = [losses for losses, _ in done]
        steps = np.array([len(own) - 1 for own in losses])
        return Descent(steps, losses, np.array([effective for _, effective in done]))

    def _descend(self, network: Network, batch: Batch, max_steps: int) -> tuple[Array, float]:
        """Return the mean squared errors along the way and the effective number of parameters."""
        w, mu = network.parameters[0], self.damping
        root, n, P = _root(batch), _count(batch), w.size
        alpha, beta, gamma = (1e-2, 1.0, float(P)) if self.bayesian else (0.0, 1.0, float(P))
        r = _residuals(network, batch, root)
        losses = [float(r @ r) / n]
        for _ in range(max_steps):
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
            losses.append(float(r @ r) / n)
            if self.bayesian:
                gamma = P - alpha * float(np.trace(np.linalg.inv(hessian + alpha * np.eye(P))))
                alpha = gamma / max(float(w @ w), 1e-12)
                beta = max(n - gamma, 1e-3) / max(float(r @ r), 1e-12)
                mu = max(mu, 1e-9 * beta)
        return np.array(losses), gamma


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


def _noting(losses: list[float]) -> Callable[[OptimizeResult], None]:
    """Return what scipy calls after an iteration: it looks at the name of the one argument."""

    def note(intermediate_result: OptimizeResult) -> None:
        losses.append(float(intermediate_result.fun))

    return note


def _require_double(network: Network) -> None:
    if network.parameters.dtype != np.float64:
        raise ValueError(f"second-order methods need a network in float64, not {network.parameters.dtype}")


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
