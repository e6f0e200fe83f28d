"""The orders of an ARIMA as people type them: ``arima(2,1,1)(0,1,1)12``, the name of a model that searches for none.

The idea: such a name says all there is to say of the model, so it stands wherever the name of a model does: in a list
at the command line, as the head of a table in the file of settings, in the tables of a run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from forecast.errors import ConfigError, shown

__all__ = ["FixedOrders", "canonical", "is_orders", "listed"]

MOST = 24
"""The largest order, and the longest season that can enter as lags."""
EXAMPLE = '--models "arima(2,1,1)(0,1,1)12"'
_TRIPLE = r"\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*\)"
_NAME = re.compile(rf"\s*arima\s*{_TRIPLE}\s*(?:{_TRIPLE}\s*(?:\[\s*(\d+)\s*\]|(\d+)))?\s*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class FixedOrders:
    """The orders that a name stands for: those of single steps, those of seasons, and how long a season is.

    Examples
    --------
    >>> FixedOrders.read("arima(2, 1, 1)(0, 1, 1)[12]")
    FixedOrders(order=(2, 1, 1), seasonal_order=(0, 1, 1), season_length=12)
    >>> FixedOrders.read("arima(2,1,1)").name
    'arima(2,1,1)'
    """

    order: tuple[int, int, int]
    seasonal_order: tuple[int, int, int] = (0, 0, 0)
    season_length: int = 1

    @classmethod
    def read(cls, text: str) -> FixedOrders:
        """Return what `text` stands for.

        Raises
        ------
        ConfigError
            U102, where it is written in another way, an order is too large, or a season too short or too long.
        """
        found = _NAME.fullmatch(text)
        if found is None:
            what = "should be arima(p,d,q), or arima(p,d,q)(P,D,Q) and the length of the season"
            raise ConfigError("U102", f"{shown(text)} {what}", hint=EXAMPLE)
        p, d, q, P, D, Q, *lengths = (None if part is None else int(part) for part in found.groups())
        orders = cls((p or 0, d or 0, q or 0), (P or 0, D or 0, Q or 0), next((m for m in lengths if m is not None), 1))
        orders._require_sense(text, seasonal=P is not None)
        return orders if any(orders.seasonal_order) else cls(orders.order)

    @property
    def name(self) -> str:
        """The one spelling: without spaces, and without a season that does nothing."""
        text = f"arima({','.join(map(str, self.order))})"
        season = f"({','.join(map(str, self.seasonal_order))}){self.season_length}"
        return text + season if any(self.seasonal_order) else text

    @property
    def settings(self) -> dict[str, Any]:
        """What `forecast.models.arima.ARIMA` is made with."""
        orders = {"order": self.order, "seasonal_order": self.seasonal_order, "season_length": self.season_length}
        return orders | {"name": self.name}

    def _require_sense(self, text: str, *, seasonal: bool) -> None:
        for value, letter in zip((*self.order, *self.seasonal_order), "pdqPDQ", strict=True):
            most = 2 if letter in "dD" else MOST
            if value > most:
                raise ConfigError(
                    "U102", f"{shown(text)}: {letter} is {value}, at most {most} is possible", hint=EXAMPLE
                )
        if seasonal and not 2 <= self.season_length <= MOST:
            hint = (
                f'--models "{FixedOrders(self.order).name}", or arima, which takes a longer season by sines and cosines'
            )
            what = f"a season of {self.season_length} values cannot enter as lags, only one of 2 to {MOST}"
            raise ConfigError("U102", f"{shown(text)}: {what}", hint=hint)


def is_orders(name: str) -> bool:
    """Whether a name is meant as an ARIMA of fixed orders, well written or not.

    Examples
    --------
    >>> [is_orders(name) for name in ("arima", "arima(2,1", "Arima (0,1,1)", "arimax")]
    [False, True, True, False]
    """
    return re.match(r"\s*arima\s*[(\[\d]", name, re.IGNORECASE) is not None


def canonical(name: str) -> str:
    """Return the name of a model in its one spelling; one that has no orders as it is.

    Raises
    ------
    ConfigError
        U102, as `FixedOrders.read`.
    """
    return FixedOrders.read(name).name if is_orders(name) else name


def listed(text: str) -> list[str]:
    """Return the parts of a text between its commas, but for those within parentheses.

    Examples
    --------
    >>> listed("mlp, arima(2,1,1)(0,1,1)12,,naive")
    ['mlp', 'arima(2,1,1)(0,1,1)12', 'naive']
    """
    parts, depth = [""], 0
    for letter in text:
        depth = max(0, depth + (letter == "(") - (letter == ")"))
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]
