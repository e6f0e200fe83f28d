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
# # Architecture
#
# How many hidden units, how many layers, which activation, how far to look back? A network that is too small cannot
# learn what there is; one that is too large learns what there is not. **How does one see which of the two is
# happening, and how much does the choice matter?**

# %%
import matplotlib as mpl
import numpy as np
import pandas as pd
from IPython.display import Image
from matplotlib.figure import Figure
from numpy.lib.stride_tricks import sliding_window_view

import forecast
from forecast import figures, nn

mpl.rc_file(figures.STYLE)
BLUE, ORANGE = figures.look("mlp").colour, figures.look("arima").colour


def show(figure, alt):
    """Show a picture, with words for those who cannot see it."""
    return Image(figures.to_png(figure), retina=True, alt=alt)


# %% [markdown]
# ## Three blocks of time
#
# The task: next year's sunspot number from those of the years before. The years are cut into three blocks, in the
# order of time. Networks **learn** from the first. The second, the **validation** block, says when to stop and what to
# choose; since it has been looked at, it is no longer an honest judge. The third, the **test** block, is.

# %%
series = forecast.read_series("sunspots").panel.to_frame()
values = np.sqrt(series["y"].to_numpy())  # the root evens out large and small cycles
values = (values - values[:190].mean()) / values[:190].std()
FIRST, LEARNED, CHOSEN = 32, 190, 250


def blocks(input_size):
    """Return the samples whose targets lie in each of the three blocks; the same targets for any look-back."""
    windows = sliding_window_view(values, input_size + 1)[FIRST - input_size :].astype(np.float32)
    whole = nn.Batch(windows[:, :-1], windows[:, -1:])
    cuts = [slice(0, LEARNED - FIRST), slice(LEARNED - FIRST, CHOSEN - FIRST), slice(CHOSEN - FIRST, None)]
    return [nn.Batch(whole.inputs[cut], whole.targets[cut]) for cut in cuts]


figure = Figure(figsize=(9.6, 2.6), layout="constrained")
ax = figure.add_subplot()
ax.plot(series["ds"], values, color=figures.INK, linewidth=0.9)
edges = series["ds"].iloc[[FIRST, LEARNED, CHOSEN, len(values) - 1]].tolist()
for name, colour, begin, end in zip(
    ("learned from", "chosen by", "tested on"), (BLUE, ORANGE, figures.RED), edges, edges[1:], strict=False
):
    ax.axvspan(begin, end, color=colour, alpha=0.1, linewidth=0)
    ax.text(begin, 3.5, f" {name}", color=colour, va="top")
ax.set(title="Yearly sunspot numbers, square root, standardised", ylim=(-2.6, 3.6))
show(figure, "Three centuries of sunspots in cycles of about eleven years, cut into three blocks of time")


# %% [markdown]
# ## Overfitting, seen
#
# Ten networks of 32 hidden units look back eleven years, one cycle, and train for long. Grey: the loss on what they
# learn from. Blue: on the validation block, with a dot at each network's lowest.


# %%
def train(*sizes, input_size=11, activation=nn.Tanh, steps=800, stop=True, members=10, brake=None, **settings):
    """Return networks and their history; with `stop` they keep their best weights on the validation block."""
    learned, chosen, _ = blocks(input_size)
    layers = [layer for size in sizes for layer in (nn.Linear(size), activation(), *([brake] if brake else []))]
    networks = nn.Network(*layers, nn.Linear(1), input_size=input_size, members=members)
    history = nn.train(
        networks,
        lambda step: learned,
        loss=nn.MSE(),
        optimizer=nn.Adam(weight_decay=settings.pop("weight_decay", 0.0)),
        schedule=nn.Constant(0.01),
        max_steps=steps,
        validation=chosen if stop else None,
        **settings,
    )
    return networks, history


def losses(networks, block):
    """Return the loss of each network on the samples of a block."""
    return np.mean((networks.predict(block.inputs) - block.targets) ** 2, axis=(1, 2))


networks, history = train(32)
looks, members = history.val_loss.shape
curves = pd.DataFrame(
    {
        "step": np.repeat(history.steps, members),
        "member": np.tile(np.arange(members), looks),
        "train_loss": history.train_loss.ravel(),
        "val_loss": history.val_loss.ravel(),
        "learning_rate": np.repeat(history.rates, members),
    }
)
show(
    figures.training_curves(curves),
    "Losses over the steps: on the training block they fall and fall, on the validation block they turn and rise",
)

# %%
lowest, last = np.median(history.val_loss.min(axis=0)), np.median(history.val_loss[-1])
first, end = (np.median(history.train_loss[look]) for look in (1, -1))
print(f"training loss   {first:.3f} at first, {end:.4f} in the end")
print(f"validation loss {lowest:.3f} at its lowest (step {np.median(history.best_step):.0f}), {last:.3f} in the end")
assert last > 1.5 * lowest
assert end < 0.1 * lowest

# %% [markdown]
# From the dots on, the networks learn the noise of these particular years by heart. It makes them ever better at the
# past and ever worse at what comes.
#
# ## Overfitting, stopped
#
# The cure needs no theory: stop at the dot. `nn.train` does so for each network apart: it ends with the weights of its
# best look, and `patience` says how long to wait for a better one. The judge is the test block, which nobody has
# looked at.

# %%
learned, chosen, tested = blocks(11)
on, _ = train(32, stop=False)
stopped, short = train(32, patience=100)
results = {"trained on": losses(on, tested), "stopped": losses(stopped, tested)}
for name, found in results.items():
    print(f"{name:>10}: test loss {np.median(found):.3f} (networks from {found.min():.3f} to {found.max():.3f})")
print(f"and stopping saves time: {short.steps[-1]} steps instead of {history.steps[-1]}")
assert np.median(results["stopped"]) < 0.8 * np.median(results["trained on"])

# %% [markdown]
# ## How many hidden units?
#
# Now the size: from no hidden layer at all to 128 units. Trained to the end, the picture is the one of every textbook.
# Stopped in time, it is another.

# %%
sizes = (0, 1, 2, 4, 8, 16, 32, 64, 128)
rows = []
for size in sizes:
    for stop in (False, True):
        networks, _ = train(*([size] if size else []), stop=stop)
        rows.append(
            {
                "units": size,
                "stopped": stop,
                "learned": np.median(losses(networks, learned)),
                "tested": np.median(losses(networks, tested)),
                "spread": losses(networks, tested).std(),
            }
        )
by_size = pd.DataFrame(rows)

figure = Figure(figsize=(9.6, 3.4), layout="constrained")
for ax, stop, title in zip(
    figure.subplots(1, 2, sharey=True), (False, True), ("Trained to the end", "Stopped in time"), strict=True
):
    own, places = by_size[by_size["stopped"] == stop], np.arange(len(sizes))
    ax.plot(places, own["learned"], ".-", color=figures.MUTED, label="training loss")
    ax.errorbar(places, own["tested"], own["spread"], fmt="o-", color=BLUE, label="test loss, with its spread")
    ax.set(title=title, xlabel="hidden units", ylim=(0, None))
    ax.set_xticks(places, sizes)
    ax.legend(loc="upper left")
show(figure, "Trained to the end, the test loss rises steeply with size; stopped in time, it hardly depends on size")

# %%
end, cut = (by_size[by_size["stopped"] == stop].set_index("units")["tested"] for stop in (False, True))
print(pd.DataFrame({"trained to the end": end, "stopped": cut}).round(3).to_string())
assert end[32] > 1.5 * end[0]
assert cut.max() < 0.75 * end[32]
assert by_size.query("not stopped and units == 64")["learned"].item() < 0.01

# %% [markdown]
# A network stopped in time is as large as it needs to be: of a hundred units it uses what it got to before the clock
# ran out. So it is safer to take a network somewhat too large and to stop it than to look for the right size.
#
# Look at the left end, too: **no hidden layer at all** is hard to beat here. That is no accident but the usual case
# with one short series, and the reason why the networks of `forecast` start from a simple forecast and must prove that
# they improve on it.
#
# ## How far to look back?

# %%
backs = (1, 2, 3, 5, 8, 11, 16, 22, 32)
by_back = {}
for back in backs:
    networks, _ = train(16, input_size=back, steps=500)
    by_back[back] = losses(networks, blocks(back)[2])

figure = Figure(figsize=(7.2, 3.0), layout="constrained")
ax = figure.add_subplot()
medians = {back: np.median(found) for back, found in by_back.items()}
for place, found in enumerate(by_back.values()):
    ax.plot(np.full(len(found), place), found, "o", color=BLUE, alpha=0.25, markeredgewidth=0)
ax.plot(np.arange(len(backs)), list(medians.values()), "-", color=BLUE)
ax.set(xlabel="years looked back", ylabel="test loss", ylim=(0, None))
ax.set_xticks(np.arange(len(backs)), backs)
show(
    figure,
    "The test loss falls steeply from one year to two, is lowest in the middle, and rises again for long look-backs",
)

# %%
best = min(medians, key=medians.get)
print({back: round(float(median), 3) for back, median in medians.items()}, f"- the best look-back: {best} years")
assert medians[1] > 1.5 * medians[2]
assert 3 <= best <= 16
assert medians[32] > medians[best]

# %% [markdown]
# One year says how high the cycle stands but not whether it rises or falls; two years say both. After that each
# further year brings a little news and sixteen more weights, and at some point the weights cost more than the news is
# worth.
#
# ## Activations, layers, brakes
#
# Everything else one can turn, one row each: ten networks, stopped in time, as dots; the bar is their median, the ring
# the loss of **the mean of their ten forecasts**.

# %%
variants = {
    "16 tanh (as above)": ((16,), {}),
    "16 sigmoid": ((16,), {"activation": nn.Sigmoid}),
    "16 ReLU": ((16,), {"activation": nn.ReLU}),
    "16 GELU": ((16,), {"activation": nn.GELU}),
    "16 softplus": ((16,), {"activation": nn.Softplus}),
    "16 + 16": ((16, 16), {}),
    "16 + 16 + 16": ((16, 16, 16), {}),
    "weight decay 1": ((16,), {"weight_decay": 1.0}),
    "dropout 0.2": ((16,), {"brake": nn.Dropout(0.2)}),
    "input noise 0.3": ((16,), {"input_noise": 0.3}),
    "averaged weights": ((16,), {"average": 0.98}),
}
singles, together = {}, {}
for name, (hidden, settings) in variants.items():
    networks, _ = train(*hidden, steps=500, **settings)
    singles[name] = losses(networks, tested)
    together[name] = float(np.mean((networks.predict(tested.inputs).mean(axis=0) - tested.targets) ** 2))

figure = Figure(figsize=(9.6, 3.6), layout="constrained")
ax = figure.add_subplot()
for place, name in enumerate(variants):
    found = singles[name]
    ax.plot(found, np.full(len(found), place), "o", color=BLUE, alpha=0.3, markeredgewidth=0)
    ax.plot([np.median(found)] * 2, [place - 0.3, place + 0.3], color=BLUE)
    ax.plot(together[name], place, "o", markerfacecolor="none", color=figures.RED, markersize=7)
ax.set_yticks(np.arange(len(variants)), variants)
ax.set(xlabel="test loss", ylim=(len(variants) - 0.5, -0.5))
ax.grid(visible=True, axis="x")
show(
    figure,
    "For each variant ten dots, which overlap from row to row; the rings of the means lie left of nearly all medians",
)

# %%
middles = np.array([np.median(found) for found in singles.values()])
within = np.mean([np.ptp(found) for found in singles.values()])
print(f"between variants: medians from {middles.min():.3f} to {middles.max():.3f}")
print(f"within a variant: the worst of ten starts is on average {within:.3f} above the best")
gains = 1 - np.array(list(together.values())) / middles
print(f"the mean of ten forecasts has {100 * gains.mean():.0f} % less loss than the median network")
assert np.ptp(middles) < 2 * within
assert np.ptp(middles) < 0.5 * np.median(results["trained on"] - results["stopped"])
assert (gains > 0).all()

# %% [markdown]
# Two answers. The choice among activations, layers and brakes matters about as much as *the luck of the start*, and
# much less than stopping in time: rows differ, but so do the ten dots within each row, and a single network per row
# could have told any story. And the one thing that helps in every row costs no thought at all: train several networks
# and average them.
#
# ## In short
#
# - Overfitting is a training loss that falls while the loss on later data rises; stop where it turns.
# - Stopped in time, a network may be larger than it needs to be. Look back about as far as the series remembers.
# - Judge on data that chose nothing, and by several starts: one start says little
#   ([why](07_local_optima_and_update_locking.ipynb)).
# - `forecast run` does all this for its `mlp`: a look-back by rule, stopping on the latest block, an ensemble, a start
#   at a simple forecast. `hidden_sizes`, `input_size`, `activation`, `dropout` and the rest can be set under
#   `[models.mlp]`: see `forecast models mlp`.
