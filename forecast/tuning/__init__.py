"""Better settings of the models, sought before the test windows of a run: what `forecast tune` does.

The idea: `verb` is the way from data to a folder; `plan` says what may be known and what is sought (`space`), `search`
asks Optuna for trials and tells them in order, `validation` judges them, `journal` and `files` keep what was found;
`expected` says beforehand how long that would take.
"""

from forecast.tuning.files import Search
from forecast.tuning.verb import plan_search, tune

__all__ = ["Search", "plan_search", "tune"]
