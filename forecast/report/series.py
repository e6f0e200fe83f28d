"""Which series of many are worth a picture.

The idea: a mean over a thousand series hides the ten on which a model fails, so the worst are drawn, and beside them
the ordinary ones, chosen by a rule that is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

__all__ = ["chosen_series"]


def chosen_series(ids: Sequence[str], ratio: pd.Series[float], *, seed: int, third: int) -> dict[str, str]:
    """Return which series are drawn and why: a third the worst by `ratio`, a third in the middle, the rest by lot.

    Examples
    --------
    >>> import pandas as pd
    >>> chosen_series(list("abcde"), pd.Series({"a": 1.0, "b": 3.0, "c": 2.0, "d": 0.5, "e": 0.1}), seed=0, third=1)
    {'b': 'worst', 'a': 'middle', 'e': 'by lot'}
    """
    known = ratio.reindex(list(ids)).dropna().sort_values(ascending=False, kind="stable")
    why = dict.fromkeys(known.index[:third], "worst")
    first = max(0, (len(known) - third) // 2)
    why |= {name: "middle" for name in known.index[first : first + third] if name not in why}
    rest = [name for name in ids if name not in why]
    places = sorted(np.random.default_rng(seed).permutation(len(rest))[: 3 * third - len(why)])
    return why | {rest[place]: "by lot" for place in places}
