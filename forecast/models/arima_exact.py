"""The exact likelihood of an ARIMA in state space, by statsmodels: the last word on the best candidates of the search.

The idea: a conditional fit is an excellent start, so that few iterations remain, and NaN is left to the Kalman filter.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.models.arima_css import Candidate, Orders, Problem, without_near_unit_roots

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["finals", "fit_exact", "forecast_exact"]

FINALISTS = 3
"""How many of the best candidates are fitted exactly."""
CLOSE = 6.0
"""A finalist is at most this much worse in AICc than the best of the search."""
EXACT_LENGTH = 1000
"""Longer series keep their conditional parameters: the two likelihoods agree there."""
EXACT_WORK = 250_000
"""So do series whose length times squared number of states is more than this: each likelihood takes milliseconds."""


def finals(problem: Problem, search: list[Candidate]) -> list[Candidate]:
    """Return the exact fits of the best candidates, lowest AICc first; none where the conditional ones stay."""
    if problem.fourier or len(problem.z) > EXACT_LENGTH:
        return []
    close = [
        c for c in search[:FINALISTS] if c.aicc <= search[0].aicc + CLOSE and _work(problem, c.orders) <= EXACT_WORK
    ]
    fits = [fit for candidate in close if (fit := fit_exact(problem, candidate)) is not None]
    return sorted(fits, key=lambda fit: fit.aicc)


def _work(problem: Problem, o: Orders) -> int:
    """Return length times squared number of states, which a likelihood takes time in proportion to."""
    gaps = not problem.seen.all()
    states = max(o.p + o.m * o.P, o.q + o.m * o.Q + 1) + gaps * o.lost
    return len(problem.z) * states**2


def fit_exact(problem: Problem, start: Candidate) -> Candidate | None:
    """Return the candidate at its maximum likelihood, or None where there is none worth keeping.

    The series is differenced beforehand where it has no gaps, which is faster; with gaps the differences are states
    and NaN is left to the filter (Durbin & Koopman 2012, section 4.10). The likelihoods of one problem compare.
    """
    orders, gaps = start.orders, not problem.seen.all()
    z = np.where(problem.seen, problem.z, np.nan)
    X = problem.regressors_of(orders)
    n, k = int(problem.seen[orders.lost :].sum()), len(start.params) + 1
    try:
        with _quiet():
            model = _state_space(orders, z, X, simple_differencing=not gaps)
            if not len(start.params):
                llf, params, converged = float(model.loglike(start.params)), start.params, True
            else:
                result = model.fit(start.params, method="lbfgs", maxiter=60, factr=1e8, disp=0, cov_type="none")
                llf, params = float(result.llf), np.asarray(result.params)
                converged = bool(result.mle_retvals["converged"])
    except (np.linalg.LinAlgError, ValueError):
        return None
    if not np.isfinite(llf) or n - k - 1 <= 0 or not without_near_unit_roots(params, orders):
        return None
    return Candidate(orders, params, -2.0 * llf + 2.0 * k * n / (n - k - 1), converged)


def forecast_exact(params: Floats, orders: Orders, z: Floats, X: Floats, X_future: Floats) -> Floats | None:
    """Return the expectation [H] of what follows a series [T] with gaps, by the Kalman filter; None where it fails."""
    exog = X_future if X_future.shape[1] else None
    try:
        with _quiet():
            result = _state_space(orders, z, X, simple_differencing=False).filter(params, cov_type="none")
            z_hat = np.asarray(result.forecast(len(X_future), exog=exog), dtype=np.float64)
    except (np.linalg.LinAlgError, ValueError):
        return None
    return z_hat if np.isfinite(z_hat).all() else None


def _state_space(orders: Orders, z: Floats, X: Floats, *, simple_differencing: bool) -> Any:
    """Return the statsmodels model; its parameters stand in the same order as ours."""
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    o = orders
    return SARIMAX(
        z,
        exog=X if X.shape[1] else None,
        order=(o.p, o.d, o.q),
        seasonal_order=(o.P, o.D, o.Q, o.m) if o.P + o.D + o.Q else (0, 0, 0, 0),
        simple_differencing=simple_differencing,
        concentrate_scale=True,
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the warnings of statsmodels, and the filters it sets when imported, to the block."""
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("ignore")
        yield
