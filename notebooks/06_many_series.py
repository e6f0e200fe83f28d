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
# # Many series, one network
#
# A single short series teaches a network little: [architecture](04_architecture.ipynb) hardly mattered there, and a
# network without hidden layers was hard to beat. But series rarely come alone. **What changes when one network learns
# from all of them, and what can it then say about a series it has never seen?**

# %%
import matplotlib as mpl
import numpy as np
import pandas as pd
from IPython.display import Image
from matplotlib.figure import Figure

import forecast
from forecast import figures

mpl.rc_file(figures.STYLE)
LOOKS = {name: figures.look(name) for name in ("mlp", "arima", "seasonal_naive")}


def show(figure, alt):
    """Show a picture, with words for those who cannot see it."""
    return Image(figures.to_png(figure), retina=True, alt=alt)


# %% [markdown]
# ## Sixty-four stores
#
# Three years of monthly sales, of stores large and small. We make them ourselves, so that we know what no forecaster
# is told: all stores share the shape of the year, some more strongly than others, each drifts its own way, and every
# month has its luck.

# %%
MONTHS, HORIZON = 36, 12
YEAR = np.array([-0.35, -0.25, 0.0, 0.1, 0.15, 0.05, -0.15, -0.2, 0.0, 0.1, 0.25, 0.5])
DRIFT, LUCK = 0.02, 0.12


def stores(count, *, seed):
    """Return the sales of some stores, and what the best possible forecast for the last year is."""
    rng, t, frames = np.random.default_rng(seed), np.arange(MONTHS + HORIZON), []
    for number in range(count):
        size, strength = rng.lognormal(4, 1), rng.uniform(0.6, 1.4)
        level = np.cumsum(rng.normal(0, DRIFT, len(t)))
        y = size * np.exp(level + strength * YEAR[t % 12] + LUCK * rng.standard_normal(len(t)))
        possible = size * np.exp(level[MONTHS - 1] + strength * YEAR[t % 12])
        ds = pd.date_range("2021-01-01", periods=len(t), freq="MS")
        name = f"store {number + 1:02d}"
        frames.append(pd.DataFrame({"unique_id": name, "ds": ds, "y": y, "possible": possible}))
    return pd.concat(frames, ignore_index=True)


sales = stores(64, seed=1)
whole = forecast.read_series(sales[["unique_id", "ds", "y"]]).panel
past = whole.drop_last(HORIZON)
print(f"{whole.n_series} series of {MONTHS} months to learn from, {HORIZON} to test on")

figure = Figure(figsize=(9.6, 2.6), layout="constrained")
for place, name in enumerate(("store 01", "store 02", "store 03", "store 04")):
    ax = figure.add_subplot(1, 4, place + 1)
    own = sales[sales["unique_id"] == name]
    ax.plot(own["ds"][:MONTHS], own["y"][:MONTHS], color=figures.INK, linewidth=1)
    ax.plot(own["ds"][MONTHS:], own["y"][MONTHS:], color=figures.MUTED, linewidth=0.9, linestyle=":")
    ax.set(title=name, ylim=(0, 1.08 * own["y"].max()))
    ax.tick_params("x", labelsize=7)
show(figure, "Four of the stores: different sizes and luck, and in each a peak towards the end of the year")

# %% [markdown]
# ## One each, or one for all?
#
# We care about the first sixteen stores and forecast their last year: by a network for each store, by a network for
# every four, and so on up to one for all. The networks are the same in all cases (`prior="none"` keeps out what
# networks trained beforehand know); only what they learn from grows. The error is sMAPE, in percent, over the sixteen
# stores.

# %%
CARED = past.ids[:16]
truth = sales.groupby("unique_id").tail(HORIZON)


def network():
    """Return a network that knows nothing but what it is given."""
    return forecast.MLP(preset="fast", prior="none")


def smape(forecasts, against=truth, by="y_hat"):
    """Return the symmetric percentage error over all stores that were forecast."""
    both = against if forecasts is None else against.merge(forecasts, on=["unique_id", "ds"])
    return float(np.mean(200 * np.abs(both["y"] - both[by]) / (both["y"].abs() + both[by].abs())))


def cared(forecasts):
    """Return the forecasts of the sixteen stores."""
    return forecasts[forecasts["unique_id"].isin(CARED)]


errors = {}
for count in (1, 4, 16, 64):
    groups = [past.take(range(first, first + count)) for first in range(0, max(16, count), count)]
    fitted = [network().fit(group, horizon=HORIZON) for group in groups]
    errors[count] = smape(cared(pd.concat([each.predict() for each in fitted])))
together = fitted[0]
first = past.take(range(16))
beside = {
    "seasonal_naive": smape(forecast.SeasonalNaive().fit(first, horizon=HORIZON).predict()),
    "arima": smape(forecast.ARIMA().fit(first, horizon=HORIZON).predict()),
}
possible = smape(None, truth[truth["unique_id"].isin(CARED)], by="possible")

figure = Figure(figsize=(7.2, 3.4), layout="constrained")
ax = figure.add_subplot()
ax.plot(list(errors), list(errors.values()), "o-", color=LOOKS["mlp"].colour, label="network")
for name, error in beside.items():
    ax.axhline(error, color=LOOKS[name].colour, linestyle=LOOKS[name].dash, label=f"{name}, each store alone")
ax.axhline(possible, color=figures.MUTED, linewidth=0.9, label="the best that is possible")
ax.set(
    xlabel="stores that one network learns from", ylabel="sMAPE, %", xscale="log", ylim=(0, 1.1 * max(errors.values()))
)
ax.set_xticks(list(errors), list(errors))
ax.xaxis.set_minor_formatter("")
ax.legend(loc="lower left")
show(
    figure,
    "The more stores a network learns from, the smaller its error; alone it does no better than seasonal naive",
)

# %%
print({f"{count} stores": round(error, 1) for count, error in errors.items()})
print({name: round(error, 1) for name, error in beside.items()}, f"possible: {possible:.1f}")
shortfall = {name: error - possible for name, error in {"alone": errors[1], "all": errors[64], **beside}.items()}
print({name: f"{value:.1f} above what is possible" for name, value in shortfall.items()})
assert errors[64] < errors[16] < errors[1]
assert errors[64] < min(beside.values()) < 1.1 * errors[1]
assert shortfall["all"] < 0.6 * shortfall["alone"]

# %% [markdown]
# Alone, a network has seen each month of the year three times, each time with its luck, and is no better than
# repeating last year. ARIMA, also alone, fares about the same. With all stores together the network sees each month
# two hundred times; luck averages out, and what the stores have in common remains. Most of what the single networks
# lacked is gained by nothing but company.
#
# How do so different stores fit into one network? Every series is brought to a common form first and the forecast
# taken back afterwards:

# %%
for name in ("input_size", "parameters", "root", "root_why", "step_scale", "step_scale_why"):
    print(f"{name:>15}: {together.choices_[name]}")

# %% [markdown]
# ## Stores that it has never seen
#
# Thirty new stores opened fifteen months ago. That is too little to learn from: a network of its own has hardly one
# sample, and even the seasonal naive forecast knows each month only once. But the network of the sixty-four has seen
# many stores. Asked about a panel that it was not fitted to, it takes the *values* from there and the *weights* from
# before.

# %%
OPENED = 15
new = stores(30, seed=9)
young = new.groupby("unique_id").head(MONTHS).groupby("unique_id").tail(OPENED)
panel = forecast.read_series(young[["unique_id", "ds", "y"]], season_length=12).panel
later = new.groupby("unique_id").tail(HORIZON)

forecasts = {
    "network of the 64 others": together.predict(panel),
    "a network for the 30 new ones": network().fit(panel, horizon=HORIZON).predict(),
    "seasonal naive": forecast.SeasonalNaive().fit(panel, horizon=HORIZON).predict(),
}
unseen = {name: smape(found, later) for name, found in forecasts.items()}

figure = Figure(figsize=(9.6, 2.8), layout="constrained")
axes = figure.subplots(1, 3)
for ax, name in zip(axes, panel.ids[:3], strict=False):
    own = new[new["unique_id"] == name].tail(OPENED + HORIZON)
    ax.plot(own["ds"][:OPENED], own["y"][:OPENED], color=figures.INK, label="known")
    ax.plot(own["ds"][OPENED - 1 :], own["y"][OPENED - 1 :], color=figures.MUTED, linestyle=":", label="what came")
    for colour, (label, found) in zip(
        (LOOKS["mlp"].colour, None, LOOKS["seasonal_naive"].colour), forecasts.items(), strict=True
    ):
        if colour:
            ahead = found[found["unique_id"] == name]
            ax.plot(ahead["ds"], ahead["y_hat"], color=colour, label=label)
    ax.set(title=f"new {name}", ylim=(0, 1.08 * own["y"].max()))
    ax.tick_params("x", labelsize=7)
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper left", ncols=4)
show(
    figure,
    "Three new stores with fifteen known months: the network that learned from others follows what came",
)

# %%
for name, error in unseen.items():
    print(f"{name:>30}: sMAPE {error:.1f} %")
assert unseen["network of the 64 others"] < 0.9 * unseen["seasonal naive"]
assert unseen["network of the 64 others"] < unseen["a network for the 30 new ones"]

# %% [markdown]
# ## In `forecast run`
#
# One row a value and a column of names is all it takes: `forecast run sales.csv --id store` trains one network across
# all series, compares it with the methods that look at each series alone, and says whether the difference is more than
# luck, with the series as the units of the test:

# %%
trial = forecast.backtest(sales[["unique_id", "ds", "y"]], horizon=HORIZON, n_windows=1, models=["mlp"], preset="fast")
trial.leaderboard[["model", "smape", "mase"]].round(2)

# %%
board = trial.leaderboard.set_index("model")
assert board["smape"].idxmin() == "mlp"

# %% [markdown]
# ## In short
#
# - One network for all series learns what they share, each series alone keeps what is its own: level, scale, season.
# - It gains most where series are short, many and alike, and can forecast a series that it has never seen.
# - `mlp` takes this one step further: unless told otherwise, networks trained beforehand on generated series have a
#   share in its forecast, the larger the fewer the values. So even a single short series is not quite alone.
