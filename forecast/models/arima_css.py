"""One ARIMA candidate, fitted fast: the conditional sum of squares and what it is made of.

The idea: the residuals of an ARIMA and their exact derivatives are all linear filters of the series, so that a least
squares fit costs about a millisecond.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "MAX_SEASON",
    "Candidate",
    "Orders",
    "Problem",
    "difference",
    "fit_css",
    "forecast_css",
    "ols",
    "regressors",
    "residuals",
    "residuals_and_jacobian",
    "spread",
    "stable",
    "without_near_unit_roots",
]

MAX_SEASON = 24
"""The longest season that enters as lags; a longer one enters as Fourier regressors."""
_UNIT_ROOT = 1.01
"""Candidates with a root closer to the unit circle than this modulus are rejected."""
_MAX_ITERATIONS = 60
_TOLERANCE = 1e-8


@dataclass(frozen=True)
class Orders:
    """ARIMA(p, d, q)(P, D, Q)m with `constant`: a mean when nothing is differenced, a drift when one difference is.

    Examples
    --------
    >>> str(Orders(0, 1, 1, 0, 1, 1, m=12))
    '(0,1,1)(0,1,1)12'
    """

    p: int = 0
    d: int = 0
    q: int = 0
    P: int = 0
    D: int = 0
    Q: int = 0
    m: int = 1
    constant: bool = False

    def __str__(self) -> str:
        season = f"({self.P},{self.D},{self.Q}){self.m}" if self.P + self.D + self.Q else ""
        kind = "mean" if self.d + self.D == 0 else "drift"
        return f"({self.p},{self.d},{self.q}){season}{' with ' + kind if self.constant else ''}"

    @property
    def lost(self) -> int:
        """How many first values differencing takes away."""
        return self.d + self.D * self.m


@dataclass(frozen=True)
class Problem:
    """A series made ready for the search; all candidates of one problem share its differences.

    Parameters
    ----------
    z : ndarray [T]
        The series without gaps, at unit scale.
    seen : ndarray [T]
        False where a value was filled in; residuals there do not count.
    base : Orders
        ``d``, ``D`` and ``m``, and whether a constant is possible; the other orders are 0.
    fourier : int
        Pairs of Fourier regressors, K.
    period : float
        Their longest period, in steps.
    exog : ndarray [T, F], optional
        Further regressors.
    """

    z: Floats
    seen: NDArray[np.bool_]
    base: Orders
    fourier: int = 0
    period: float = 1.0
    exog: Floats | None = None

    @cached_property
    def w(self) -> Floats:
        """The differenced series, [n]."""
        return difference(self.z, self.base)

    @cached_property
    def design(self) -> Floats:
        """The differenced regressors [n, k] with a constant; the first column is the constant where there is one."""
        return difference(self.regressors_of(self.base), self.base)

    @cached_property
    def innovations(self) -> Floats:
        """Rough residuals [n], from a long autoregression: the first half of the start of Hannan & Rissanen (1982)."""
        n, m = len(self.w), self.base.m
        u = self.w - self.design @ ols(self.design, self.w)
        steps = list(range(1, min(int(8 * np.log10(n)), n // 5) + 1))
        if 1 < m <= MAX_SEASON:
            steps += [s for s in (m - 1, m, m + 1, 2 * m) if s > len(steps) and 4 * s < n]
        L = np.column_stack([_lag(u, s) for s in steps]) if steps else np.empty((n, 0))
        return u - L @ ols(L, u)

    @property
    def skipped(self) -> int:
        """How many first residuals no candidate is judged by: they feel the zeros that stand before the series."""
        return min(self.base.m + 5 if self.base.m <= MAX_SEASON else 5, len(self.w) // 5)

    def counted(self, skipped: int | None = None) -> NDArray[np.bool_]:
        """Return which of the n residuals a candidate is judged by."""
        counted = self.seen[self.base.lost :].copy()
        counted[: self.skipped if skipped is None else skipped] = False
        return counted

    def regressors_of(self, orders: Orders) -> Floats:
        """Return the regressors [T, k] of a candidate before any difference."""
        X = regressors(np.arange(1 - len(self.z), 1), orders, fourier=self.fourier, period=self.period)
        return X if self.exog is None else np.hstack([X, self.exog])

    def design_of(self, orders: Orders) -> Floats:
        """Return the differenced regressors of a candidate, with or without the constant."""
        return self.design if orders.constant or not self.base.constant else self.design[:, 1:]


@dataclass(frozen=True)
class Candidate:
    """A candidate with its parameters: regressors, AR, MA, seasonal AR, seasonal MA; and its AICc."""

    orders: Orders
    params: Floats
    aicc: float
    converged: bool


def fit_css(problem: Problem, orders: Orders, *, skipped: int | None = None) -> Candidate:
    """Fit a candidate by least squares on its conditional residuals (Box & Jenkins 1976, section 7.1).

    Steps are those of Levenberg and Marquardt, ``(J'J + l diag(J'J)) s = -J'e``, kept where the AR and MA polynomials
    stay stable. With n residuals that count and k parameters, the variance among them,
    ``AICc = n log(sse / n) + n (1 + log 2 pi) + 2 k + 2 k (k + 1) / (n - k - 1)``.

    Parameters
    ----------
    skipped : int, optional
        First residuals that do not count; AICc of two fits compare when both skip to the same time.
    """
    Z = problem.design_of(orders)
    counted = problem.counted(skipped)
    params = _start(problem, orders, Z)
    n, k = int(counted.sum()), len(params) + 1
    if n - k - 1 <= 0:
        return Candidate(orders, params, np.inf, converged=False)
    params, sse, converged = _minimise(params, orders, problem.w, Z, counted)
    aicc = n * (np.log(max(sse / n, 1e-20)) + 1.0 + np.log(2.0 * np.pi)) + 2.0 * k * n / (n - k - 1)
    kept = without_near_unit_roots(params, orders)
    return Candidate(orders, params, float(aicc) if kept else np.inf, converged)


def residuals(params: Floats, orders: Orders, w: Floats, Z: Floats) -> Floats:
    """Return the conditional residuals [n] of a differenced series [n] with regressors [n, k].

    ``theta(B) Theta(B^m) e = phi(B) Phi(B^m) (w - Z beta)`` with zeros before the first value: one linear filter.
    """
    beta, *_ = parts = _split(params, orders)
    phi, theta, Phi, Theta = _polynomials(parts, orders)
    return _filter(np.convolve(phi, Phi), np.convolve(theta, Theta), w - Z @ beta)


def residuals_and_jacobian(params: Floats, orders: Orders, w: Floats, Z: Floats) -> tuple[Floats, Floats]:
    """Return the residuals [n] and their derivatives by every parameter [n, P].

    With u = w - Z beta, A = phi Phi and M = theta Theta, so that e = A/M u::

        de/dbeta  = -A/M Z          de/dphi_i   = -B^i    Phi/M u     de/dPhi_i   = -B^(mi) phi/M u
                                    de/dtheta_i = -B^i    1/theta e   de/dTheta_i = -B^(mi) 1/Theta e
    """
    beta, ar, ma, sar, sma = parts = _split(params, orders)
    phi, theta, Phi, Theta = _polynomials(parts, orders)
    A, M = np.convolve(phi, Phi), np.convolve(theta, Theta)
    u = w - Z @ beta
    e = _filter(A, M, u)
    one = np.ones(1)
    blocks = [-_filter(A, M, Z)] if len(beta) else []
    for count, step, over, under, x in (
        (len(ar), 1, Phi, M, u),
        (len(ma), 1, one, theta, e),
        (len(sar), orders.m, phi, M, u),
        (len(sma), orders.m, one, Theta, e),
    ):
        if count:
            filtered = _filter(over, under, x)
            blocks.append(-np.column_stack([_lag(filtered, step * i) for i in range(1, count + 1)]))
    return e, np.hstack(blocks) if blocks else np.empty((len(w), 0))


def forecast_css(params: Floats, orders: Orders, z: Floats, X: Floats, X_future: Floats) -> Floats:
    """Return the continuation [H] of a series [T] without gaps, all future residuals being 0.

    The residuals followed by H zeros go back through the inverse filter ``M/A``; the differences are then undone by
    ``z_t = w_t - delta_1 z_(t-1) - ...`` with ``delta(B) = (1 - B)^d (1 - B^m)^D``.
    """
    beta, *_ = parts = _split(params, orders)
    phi, theta, Phi, Theta = _polynomials(parts, orders)
    A, M = np.convolve(phi, Phi), np.convolve(theta, Theta)
    horizon = len(X_future)
    u = z - X @ beta
    e = _filter(A, M, difference(u, orders))
    future = _filter(M, A, np.r_[e, np.zeros(horizon)])[len(e) :]
    delta = difference(np.r_[np.zeros(orders.lost), 1.0, np.zeros(orders.lost)], orders)
    path = np.r_[u[len(u) - orders.lost :], future]
    for t in range(orders.lost, len(path)):
        path[t] -= delta[:0:-1] @ path[t - orders.lost : t]
    y_hat: Floats = path[orders.lost :] + X_future @ beta
    return y_hat


def spread(params: Floats, orders: Orders, horizon: int) -> Floats:
    """Return the standard deviations [H] of forecasts h steps ahead over that of one step.

    ``sqrt(psi_0^2 + ... + psi_(h-1)^2)`` with the weights of ``psi(B) = M(B) / (A(B) delta(B))`` (Box & Jenkins 1976,
    section 5.1.1).

    Examples
    --------
    >>> spread(np.empty(0), Orders(d=1), 4).round(3).tolist()
    [1.0, 1.414, 1.732, 2.0]
    """
    phi, theta, Phi, Theta = _polynomials(_split(params, orders), orders)
    delta = difference(np.r_[np.zeros(orders.lost), 1.0, np.zeros(orders.lost)], orders)
    under = np.convolve(np.convolve(phi, Phi), delta)
    psi = _filter(np.convolve(theta, Theta), under, np.r_[1.0, np.zeros(horizon)])[:horizon]
    return np.asarray(np.sqrt(np.cumsum(psi**2)))


def innovations(params: Floats, orders: Orders, z: Floats, X: Floats) -> Floats:
    """Return the one-step errors [T] of a series without gaps; NaN where differences leave nothing to compare."""
    beta, *_ = parts = _split(params, orders)
    phi, theta, Phi, Theta = _polynomials(parts, orders)
    e = _filter(np.convolve(phi, Phi), np.convolve(theta, Theta), difference(z - X @ beta, orders))
    return np.asarray(np.r_[np.full(len(z) - len(e), np.nan), e])


def regressors(times: NDArray[np.int64], orders: Orders, *, fourier: int, period: float) -> Floats:
    """Return the regressors [T, k] at whole-numbered times: the constant of `orders`, then K sines and cosines.

    The constant becomes a column of ones when it is differenced, so it is a mean (1), or a drift a step (t) or a
    season (t / m): regression with ARIMA errors (Hyndman & Athanasopoulos 2021, chapter 10).
    """
    t = times.astype(np.float64)
    column = np.ones_like(t) if orders.d + orders.D == 0 else t / orders.m**orders.D
    waves = 2.0 * np.pi * t[:, None] * np.arange(1, fourier + 1) / period
    return np.hstack([column[:, None][:, : int(orders.constant)], np.sin(waves), np.cos(waves)])


def difference(x: Floats, orders: Orders) -> Floats:
    """Return ``(1 - B)^d (1 - B^m)^D x`` along the first axis, `orders.lost` values shorter."""
    for _ in range(orders.D):
        x = x[orders.m :] - x[: -orders.m]
    for _ in range(orders.d):
        x = x[1:] - x[:-1]
    return x


def stable(phi: Floats, *, margin: float = 1.0) -> bool:
    """Whether all roots of ``1 - phi_1 x - phi_2 x^2 - ...`` lie outside the circle of radius `margin`.

    Levinson's recursion run backwards gives the partial autocorrelations, all below one in size exactly then
    (Barndorff-Nielsen & Schou 1973); coefficients ``phi_i margin^i`` move the circle.

    Examples
    --------
    >>> stable(np.array([0.5, 0.4])), stable(np.array([0.5, 0.5]))
    (True, False)
    """
    a = phi * margin ** np.arange(1, len(phi) + 1)
    while len(a):
        last = a[-1]
        if abs(last) >= 1.0:
            return False
        a = (a[:-1] + last * a[-2::-1]) / (1.0 - last * last)
    return True


def without_near_unit_roots(params: Floats, orders: Orders) -> bool:
    """Whether every root of the four polynomials, each in its own power of B, is at least 1.01 in modulus."""
    return _stable_parts(_split(params, orders), _UNIT_ROOT)


def _minimise(
    params: Floats, orders: Orders, w: Floats, Z: Floats, counted: NDArray[np.bool_]
) -> tuple[Floats, float, bool]:
    """Return parameters, sum of squares and whether it converged, from stable start parameters."""
    e, J = residuals_and_jacobian(params, orders, w, Z)
    e, J = e[counted], J[counted]
    sse, damping = float(e @ e), 1e-3
    for _ in range(_MAX_ITERATIONS if len(params) else 0):
        H, g = J.T @ J, J.T @ e
        diagonal = np.diag(H) + 1e-12 * (1.0 + np.trace(H))
        step = np.linalg.solve(H + damping * np.diag(diagonal), -g)
        trial = params + step
        if _stable_parts(_split(trial, orders), 1.001):
            e_trial, J_trial = residuals_and_jacobian(trial, orders, w, Z)
            e_trial = e_trial[counted]
            found = float(e_trial @ e_trial)
        else:
            found = np.inf
        if found < sse:
            gain = sse - found
            params, sse, e, J, damping = trial, found, e_trial, J_trial[counted], damping / 8.0
            if gain <= _TOLERANCE * sse:
                return params, sse, True
        elif damping > 1e6:
            return params, sse, bool(np.abs(g @ step) <= _TOLERANCE * max(sse, 1e-300))
        else:
            damping *= 8.0
    return params, sse, not len(params)


def _start(problem: Problem, orders: Orders, Z: Floats) -> Floats:
    """Return stable start parameters: least squares on lags of the series and of its rough innovations."""
    beta = ols(Z, problem.w)
    u, m = problem.w - Z @ beta, orders.m
    columns = [_lag(u, i) for i in range(1, orders.p + 1)]
    columns += [_lag(problem.innovations, i) for i in range(1, orders.q + 1)]
    columns += [_lag(u, m * i) for i in range(1, orders.P + 1)]
    columns += [_lag(problem.innovations, m * i) for i in range(1, orders.Q + 1)]
    if not columns:
        return beta
    L = np.column_stack(columns)
    parts = np.split(ols(L, u), np.cumsum([orders.p, orders.q, orders.P]))
    return np.concatenate([beta, *(_shrunk(part, sign) for part, sign in zip(parts, (1, -1, 1, -1), strict=True))])


def _shrunk(part: Floats, sign: int) -> Floats:
    """Return the coefficients with their roots moved out until these are well outside the unit circle."""
    while not stable(sign * part, margin=1.05):
        part = part * 0.9 ** np.arange(1, len(part) + 1)
    return part


def _stable_parts(parts: list[Floats], margin: float) -> bool:
    _, ar, ma, sar, sma = parts
    return all(stable(phi, margin=margin) for phi in (ar, -ma, sar, -sma))


def _split(params: Floats, o: Orders) -> list[Floats]:
    """Return the parameters as regression, AR, MA, seasonal AR and seasonal MA."""
    k = len(params) - o.p - o.q - o.P - o.Q
    return np.split(params, np.cumsum([k, o.p, o.q, o.P]))


def _polynomials(parts: list[Floats], orders: Orders) -> tuple[Floats, Floats, Floats, Floats]:
    """Return phi(B), theta(B), Phi(B^m), Theta(B^m) as coefficients of the powers of B."""
    _, ar, ma, sar, sma = parts
    return np.r_[1.0, -ar], np.r_[1.0, ma], _spread(-sar, orders.m), _spread(sma, orders.m)


def _spread(coefficients: Floats, m: int) -> Floats:
    polynomial = np.zeros(m * len(coefficients) + 1)
    polynomial[0] = 1.0
    polynomial[m::m] = coefficients
    return polynomial


def _lag(x: Floats, steps: int) -> Floats:
    """Return ``B^steps x`` with zeros before the first value."""
    lagged = np.zeros_like(x)
    lagged[steps:] = x[: len(x) - steps] if steps < len(x) else 0.0
    return lagged


def ols(X: Floats, y: Floats) -> Floats:
    """Return the least squares coefficients [k], of least norm where they are not unique."""
    if not X.size:
        return np.zeros(X.shape[1])
    return np.asarray(np.linalg.lstsq(X, y, rcond=None)[0], dtype=np.float64)


def _filter(over: Floats, under: Floats, x: Floats) -> Floats:
    """Return ``over(B) / under(B) x`` along the first axis, with zeros before the first value."""
    from scipy.signal import lfilter

    if not len(x):
        return x
    filtered: Floats = lfilter(over, under, x, axis=0)
    return filtered
