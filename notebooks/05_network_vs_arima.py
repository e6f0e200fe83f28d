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
# # Network or ARIMA?
#
# ARIMA is half a century old, has a handful of parameters and is hard to beat. A network has thousands and can bend to
# any shape. **Where does each of them win, and how does one know that it was not luck?**

# %%
import os
import tempfile

import matplotlib as mpl
import numpy as np
import pandas as pd
from IPython.display import Image
from matplotlib.figure import Figure
from scipy.stats import norm, ttest_rel

import forecast
from forecast import figures

mpl.rc_file(figures.STYLE)
NETWORK, ARIMA = figures.look("mlp").colour, figures.look("arima").colour


def show(figure, alt):
    """Show a picture, with words for those who cannot see it."""
    return Image(figures.to_png(figure), retina=True, alt=alt)


# %% [markdown]
# ## Four series
#
# Two are bundled: the **airline** passengers, with trend and season, and the **Nile**, whose yearly floods have little
# of either.
#
# Of the other two we know how they were made, so that there is a right answer:
#
# - **Fish** (Ricker 1954): the more fish there are, the fewer survive. $y_t = y_{t-1}\, e^{2.6\,(1 - y_{t-1}) +
#   \text{noise}}$ is one bent line, and yet looks like chance: it is *chaos*.
# - **Shocks**: every value is made of today's shock and nine tenths of yesterday's, $y_t = e_t + 0.9\, e_{t-1}$.
#   Nothing bends here, but the shocks are not seen. This is the very thing ARIMA was made for: its MA(1).

# %%
rng = np.random.default_rng(3)
noise = rng.standard_normal(420)
fish = [0.5]
for e in noise[1:]:
    fish.append(fish[-1] * np.exp(2.6 * (1 - fish[-1]) + 0.05 * e))
shocks = noise.copy()
shocks[1:] += 0.9 * noise[:-1]


def frame(values):
    """Return the last 320 values as a series that is numbered from 0."""
    return pd.DataFrame({"unique_id": "made", "ds": np.arange(320), "y": np.asarray(values)[-320:]})


series = {"airline": "airline", "Nile": "nile", "fish": frame(fish), "shocks": frame(shocks)}

figure = Figure(figsize=(9.6, 2.4), layout="constrained")
for place, (name, data) in enumerate(series.items()):
    own = forecast.read_series(data).panel.to_frame().tail(100)
    ax = figure.add_subplot(1, 4, place + 1)
    ax.plot(own["ds"], own["y"], color=figures.INK, linewidth=0.9)
    ax.set(title=name)
    if own["ds"].dtype.kind == "M":
        ax.set_xticks(own["ds"].iloc[::30], [f"{ds:%Y}" for ds in own["ds"].iloc[::30]])
show(figure, "The last hundred values of each series: a growing season, and three that look like chance")

# %% [markdown]
# ## The contest
#
# Both models must forecast the end of each series, window after window, from what came before: eight years of twelve
# months for the airline, and otherwise one step, thirty to eighty times. Both are fitted once, before the first window
# (`refit=0`).

# %%
windows = {"airline": (12, 8), "Nile": (1, 30), "fish": (1, 60), "shocks": (1, 80)}
settings = {"refit": 0, "models": ["mlp", "arima"], "preset": "fast", "jobs": 1}
trials = {
    name: forecast.backtest(series[name], horizon=horizon, n_windows=n_windows, **settings)
    for name, (horizon, n_windows) in windows.items()
}
scores = pd.DataFrame({name: trial.leaderboard.set_index("model")["mase"] for name, trial in trials.items()}).T
scores[["mlp", "arima", "seasonal_naive", "naive"]].round(2)

# %% [markdown]
# ## Luck, or not?
#
# A smaller mean error proves nothing by itself. The **Diebold-Mariano test** asks: given how much the difference of
# the two errors varies from window to window, could its true mean be zero? For windows that do not overlap this is
# nothing but the $t$ test for pairs, which takes one line. Two more give what goes with it: the ratios of errors that
# the test does *not* refuse, and about how many windows it would take to tell a difference of this size, if it is
# real, four times out of five.


# %%
def window_losses(backtest):
    """Return the mean scaled error of each window, a column for each model."""
    errors = backtest.assign(loss=lambda rows: (rows["y"] - rows["y_hat"]).abs() / rows["scale"])
    return errors.groupby(["cutoff", "model"])["loss"].mean().unstack()


def judged(losses):
    """Return what can be said about network and ARIMA."""
    ours, theirs = losses["mlp"], losses["arima"]
    test, ratio = ttest_rel(ours, theirs), ours.mean() / theirs.mean()
    ratios = np.linspace(0, 2, 401)
    kept = ratios[[ttest_rel(ours, one * theirs).pvalue >= 0.05 for one in ratios]]
    told = test.pvalue < 0.05
    return {
        "ratio": round(ratio, 2),
        "low": round(kept.min(), 2),
        "high": round(kept.max(), 2),
        "p": round(test.pvalue, 4),
        "verdict": ("network" if ratio < 1 else "ARIMA") if told else "cannot be told apart",
        "windows": len(losses),
        "needed": "" if told else round(len(losses) * ((norm.ppf(0.975) + norm.ppf(0.8)) / test.statistic) ** 2),
    }


losses = {name: window_losses(trial.backtest) for name, trial in trials.items()}
verdicts = pd.DataFrame({name: judged(found) for name, found in losses.items()}).T
verdicts

# %%
figure = Figure(figsize=(9.6, 2.6), layout="constrained")
ax = figure.add_subplot()
for place, (_, row) in enumerate(verdicts.iterrows()):
    colour = {"network": NETWORK, "ARIMA": ARIMA}.get(row["verdict"], figures.MUTED)
    ax.plot([row["low"], row["high"]], [place, place], color=colour, linewidth=3, alpha=0.4)
    ax.plot(row["ratio"], place, "o", color=colour, markersize=8)
    ax.annotate(row["verdict"], (row["high"], place), (8, 0), textcoords="offset points", va="center", color=colour)
ax.axvline(1, color=figures.INK, linewidth=0.9)
ax.set_yticks(range(len(verdicts)), verdicts.index)
ax.set(xlabel="error of the network as a share of ARIMA's, with its 95 % interval", xlim=(0, 1.7), ylim=(3.5, -0.5))
ax.grid(visible=True, axis="x")
show(figure, "On fish the network wins clearly, on shocks ARIMA, on airline and Nile the intervals hold 1")

# %%
assert verdicts["verdict"].tolist() == ["cannot be told apart", "cannot be told apart", "network", "ARIMA"]
assert (verdicts["needed"][:2] > verdicts["windows"][:2]).all()

# %% [markdown]
# One win each, and two draws. The draws are the usual case with a single short series: the last column says how many
# windows a difference of this size would take, and they are more than there are. It would be easy, and wrong, to
# announce a winner there.
#
# ## Why the network wins on fish
#
# Plot each year against the year before, and chaos turns out to be a curve.

# %%
history = np.asarray(fish)[-320:]
tested = trials["fish"].backtest.sort_values("ds")
before = history[tested.loc[tested["model"] == "mlp", "ds"].to_numpy() - 1]
grid = np.linspace(0.02, history.max(), 200)

figure = Figure(figsize=(9.6, 3.2), layout="constrained")
for ax, (model, colour, title) in zip(
    figure.subplots(1, 2, sharey=True), [("mlp", NETWORK, "The network"), ("arima", ARIMA, "ARIMA")], strict=True
):
    ax.plot(grid, grid * np.exp(2.6 * (1 - grid)), color=figures.MUTED, linewidth=0.9, label="how it was made")
    ax.plot(before, tested.loc[tested["model"] == model, "y"], ".", color=figures.INK, label="what came")
    ax.plot(
        before,
        tested.loc[tested["model"] == model, "y_hat"],
        "o",
        color=colour,
        alpha=0.6,
        markeredgewidth=0,
        label="forecast",
    )
    ax.set(title=title, xlabel="fish this year")
    ax.legend()
show(
    figure,
    "Next year's fish over this year's: the network's forecasts lie on the bent curve, ARIMA's on either side of it",
)

# %%
model = forecast.ARIMA().fit(forecast.read_series(series["fish"]).panel, horizon=1)
print("ARIMA chose for the fish:", {key: model.choices_["made"][key] for key in ("order", "transform", "why")})
truth = before * np.exp(2.6 * (1 - before))
off = {
    model: float(np.mean(np.abs(tested.loc[tested["model"] == model, "y_hat"].to_numpy() - truth)))
    for model in ("mlp", "arima")
}
print({model: f"{value:.3f} away from the curve on average" for model, value in off.items()})
assert off["mlp"] < off["arima"] / 2

# %% [markdown]
# A linear model draws straight lines, and no straight line, however many of the years before it takes along, follows
# this hump. The network was not told of any hump either; it bent.
#
# ## Why ARIMA wins on shocks
#
# The best forecast of tomorrow is nine tenths of today's shock, and the shock is not seen. To get it from the values
# one has to take today's value, subtract nine tenths of yesterday's shock, which needs the value before, and so on
# without end: $0.9\,y_t - 0.81\,y_{t-1} + 0.73\,y_{t-2} - \dots$ A network has to learn all these weights one by one
# from noise. ARIMA has one parameter.

# %%
model = forecast.ARIMA().fit(forecast.read_series(series["shocks"]).panel, horizon=1)
order = model.choices_["made"]["order"]
print(f"ARIMA chose {tuple(order)} for the shocks")
scored = trials["shocks"].backtest
errors = {m: (rows["y"] - rows["y_hat"]).abs().mean() for m, rows in scored.groupby("model")}
possible = float(np.mean(np.abs(noise[-80:])))
print(
    f"mean absolute error: network {errors['mlp']:.3f}, ARIMA {errors['arima']:.3f}, the best possible {possible:.3f}"
)
assert errors["mlp"] > errors["arima"] > 0.95 * possible
assert order[2] >= 1

# %% [markdown]
# ## Window by window
#
# The same verdicts as one can see them coming: the difference of the two errors, added up. A line that goes down
# steadily is a network that wins again and again; up, ARIMA; a line that wanders is luck.

# %%
figure = Figure(figsize=(9.6, 2.6), layout="constrained")
for place, (name, found) in enumerate(losses.items()):
    ax = figure.add_subplot(1, 4, place + 1)
    total = np.cumsum(found["mlp"].to_numpy() - found["arima"].to_numpy())
    word = verdicts.loc[name, "verdict"]
    colour = {"network": NETWORK, "ARIMA": ARIMA}.get(word, figures.MUTED)
    ax.plot(np.arange(len(total) + 1), np.r_[0, total], color=colour)
    ax.axhline(0, color=figures.INK, linewidth=0.8)
    ax.set(title=name, xlabel="windows")
show(figure, "Sums of differences: steadily down for fish, up for shocks, wandering for airline and Nile")

# %% [markdown]
# ## The same from `forecast run`
#
# A run makes this comparison each time, for every pair of models, and its verdict is the test, not the ranking.

# %%
os.chdir(tempfile.mkdtemp())
run = forecast.run("airline", horizon=12, n_windows=8, out="reports/airline", **settings)
print(run.verdict)
pair = next(one for one in run.metrics["verdict"]["pairs"] if one["against"] == "arima")
assert np.isclose(pair["p_value"], ttest_rel(losses["airline"]["mlp"], losses["airline"]["arima"]).pvalue)
assert abs(pair["ratio_low"] - verdicts.loc["airline", "low"]) < 0.01

# %% [markdown]
# ## In short
#
# - A network wins where the next value depends on the last ones in a way that bends, and there is enough to see it.
# - ARIMA wins where its few parameters are the truth, above all on short series: what need not be learned cannot be
#   learned wrongly.
# - Between them, on most single series, nothing can be told; then the answer is not "the smaller mean" but "either".
#   With [many series](06_many_series.ipynb) there is more to learn from, and more to test on.
