# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Quickstart
#
# You have a file of values over time and a question: **what comes next, how sure can one be, and is a network worth
# it?** Here is the way from your file to the report that answers it.
#
# ## Your file
#
# Any CSV with a column of times and one of values will do. To have one at hand, we write down the passengers of an
# airline as a spreadsheet in some office might have saved them: with semicolons, decimal commas, and names of its own.

# %%
import os
import tempfile
from pathlib import Path

from IPython.display import Image

from forecast import figures, read_series

os.chdir(tempfile.mkdtemp())
months = read_series("airline").frame
rows = [f"{ds:%m/%Y};{y / 10:.1f}".replace(".", ",") for ds, y in zip(months["ds"], months["y"], strict=True)]
Path("sales.csv").write_text("\n".join(["Month;Passengers", *rows]), encoding="utf-8")

print(*Path("sales.csv").read_text(encoding="utf-8").splitlines()[:4], "...", sep="\n")

# %% [markdown]
# ## From the file to the report, in six lines
#
# What is not said is worked out, and written down: which column is what, how the dates are meant, how often values
# come, how long the season is. Two models are named, the network and ARIMA; the naive methods always run beside them.
# Each must forecast eight years, `windows`, of which it has seen nothing.

# %%
import forecast

checkup = forecast.check("sales.csv")
run = forecast.run("sales.csv", horizon=12, models=["mlp", "arima"], n_windows=8, preset="fast", out="reports/sales")
print(*checkup.facts["notes"], sep="; ")
print(run.verdict)
print(run.report)


# %% [markdown]
# The last line is the report: one HTML file without anything beside it, to be opened, mailed or printed. The rest of
# this page shows what is in it, since a run can be looked at from Python just as well.
#
# ## What comes next, and how sure?


# %%
def show(figure, alt):
    """Show a picture, with words for those who cannot see it."""
    return Image(figures.to_png(figure), retina=True, alt=alt)


best, runner_up = run.leaderboard["model"][:2]
show(
    figures.fan_chart(run.history, forecasts=run.forecasts, model=best, runner_up=runner_up, season_length=12),
    "The last years of the series and the forecast of the next twelve months, with its bands",
)

# %%
ahead = run.forecasts[run.forecasts["model"] == best]
ahead.set_index("ds")[["lo-95", "lo-80", "y_hat", "hi-80", "hi-95"]].head(3).round(1)

# %% [markdown]
# The bands are not a formula's promise. They are made from the errors of the eight windows, and the run says how often
# they held there; where there were too few errors for a level, it says so instead of drawing a band.

# %%
coverage = run.more("coverage.csv")
coverage[coverage["model"] == best][["interval", "coverage", "coverage_low", "coverage_high", "cases"]].round(1)

# %% [markdown]
# ## Is the network worth it?
#
# Below, each model's error as a share of that of the seasonal naive forecast, which repeats last year: left of the
# line is better.

# %%
show(
    figures.ratio_dots(run.leaderboard),
    "One dot for each model: its error relative to seasonal naive; the network and ARIMA lie left of the line",
)

# %%
for pair in run.metrics["verdict"]["pairs"]:
    print(f"{pair['model']} against {pair['against']}: {pair['word']} ({pair['ratio']:.2f} of its error)")
words = {pair["against"]: pair["word"] for pair in run.metrics["verdict"]["pairs"]}
assert words["seasonal_naive"] == "better"

# %% [markdown]
# There are four words: *better*, *cannot be told apart*, *worse*, *too little data to tell*. That a model beat another
# in eight windows may have been luck, so the difference is tested, and "cannot be told apart" is an answer, too: then
# take whichever you like better ([more on that](05_network_vs_arima.ipynb)).
#
# ## Where it went well, and where not
#
# Before you trust a forecast, look at old ones. Here is what the two models said at each of the eight cutoffs, and
# what came.

# %%
show(
    figures.backtest_windows(run.history, backtest=run.backtest, models=[best, runner_up]),
    "The tested years: what came, and what both models had forecast from each cutoff",
)

# %% [markdown]
# ## When something is wrong with the file
#
# Nothing is guessed in silence. A message says what was found, where, and what to type instead:

# %%
try:
    forecast.run("sales.csv", target="Sales")
except forecast.ForecastError as error:
    print(error)

# %% [markdown]
# ## What is left behind
#
# A run folder holds everything one needs to check it, in plain files. `backtest.csv` is the one to remember: every
# score can be computed again from it.

# %%
print(*sorted(path.name for path in run.folder.iterdir()), sep="  ")
again = forecast.load_run("reports/sales")
assert again.verdict == run.verdict
own = again.backtest[again.backtest["model"] == best]
mase = ((own["y"] - own["y_hat"]).abs() / own["scale"]).mean()
print(f"MASE of {best}, computed again: {mase:.4f}; in the leaderboard: {run.leaderboard['mase'][0]:.4f}")
assert abs(mase - run.leaderboard["mase"][0]) < 1e-9

# %% [markdown]
# ## In short
#
# - In Python `forecast.run("sales.csv")`, on the command line `forecast run sales.csv`: the same names, the same
#   results.
# - Read the verdict first, then the old forecasts, then the new one.
# - Next: [how a network learns](02_backpropagation.ipynb), or [what changes with many series](06_many_series.ipynb).
