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
# # Local optima and update locking
#
# Two complaints about backpropagation are as old as the method. It rolls downhill, so it may end in the wrong valley:
# a **local optimum**. And the first layer cannot move before the error has come back through all layers above it,
# which neither brains nor machines like: **update locking**. **How bad are they, and what can be done?**

# %%
import matplotlib as mpl
import numpy as np
from IPython.display import Image
from matplotlib.figure import Figure
from numpy.lib.stride_tricks import sliding_window_view

import forecast
from forecast import figures, nn

mpl.rc_file(figures.STYLE)
BLUE, GREEN, ORANGE = (figures.look(name).colour for name in ("mlp", "seasonal_naive", "arima"))


def show(figure, alt):
    """Show a picture, with words for those who cannot see it."""
    return Image(figures.to_png(figure), retina=True, alt=alt)


# %% [markdown]
# ## Local optima, caught
#
# To see the wrong valleys one needs a network so small that it cannot afford a mistake: two hidden units for two waves
# of a sine. A hundred networks, which differ in nothing but the random numbers they start from, are trained until they
# have come to rest.

# %%
x = np.linspace(-3, 3, 64).reshape(-1, 1)
y = np.sin(2 * x)


def starts(units, *, members=100, steps=1500):
    """Train networks from different starts; return them, their losses and the length of their last gradients."""
    networks = nn.Network(nn.Linear(units), nn.Tanh(), nn.Linear(1), input_size=1, members=members)
    history = nn.train(
        networks,
        lambda step: nn.Batch(x, y),
        loss=nn.MSE(),
        optimizer=nn.Adam(),
        schedule=nn.Cosine(0.1, steps),
        max_steps=steps,
        look_every=steps,
    )
    return networks, np.mean((networks.predict(x) - y) ** 2, axis=(1, 2)), history.gradient_norms[-1]


networks, found, slopes = starts(2)
order = np.argsort(found)

figure = Figure(figsize=(9.6, 3.2), layout="constrained")
left, right = figure.subplots(1, 2)
left.plot(np.arange(100), found[order], ".", color=BLUE)
left.set(title="Final losses of 100 starts, sorted", xlabel="start", ylim=(0, None))
right.plot(x, y, color=figures.MUTED, linewidth=0.9)
for place, colour in ((5, BLUE), (50, GREEN), (95, figures.RED)):
    member = order[place]
    left.plot(place, found[member], "o", color=colour, markersize=8)
    right.plot(x, networks.predict(x)[member], color=colour)
right.set(title="The sine, and what three of them made of it")
show(figure, "The sorted losses form steps; networks of different steps follow different parts of the sine")

# %%
print(f"losses from {found.min():.3f} to {found.max():.3f}, and gradients of length {np.median(slopes):.1e} at the end")
assert np.median(slopes) < 0.01
assert found.max() > 3 * found.min()

# %% [markdown]
# The losses are not spread out evenly: they form *steps*. All these networks have come to rest, the slope beneath them
# is next to nothing, and yet some lie several times as high as others. Each step is a kind of valley: this part of the
# sine is followed, that one given up.
#
# ## Width helps
#
# The same with more units than the task needs. The share of starts that end well grows quickly, for a network with
# units to spare has many ways to be right, and hardly a corner without some direction that leads down.

# %%
widths = (2, 3, 4, 8, 16, 32)
by_width = {2: found} | {units: starts(units, members=50)[1] for units in widths[1:]}

figure = Figure(figsize=(7.2, 3.0), layout="constrained")
ax = figure.add_subplot()
for place, losses in enumerate(by_width.values()):
    jitter = np.linspace(-0.25, 0.25, len(losses))
    ax.semilogy(place + jitter, losses, ".", color=BLUE, alpha=0.4, markeredgewidth=0)
ax.set(xlabel="hidden units", ylabel="final loss of each start")
ax.set_xticks(np.arange(len(widths)), widths)
ax.yaxis.set_major_formatter("{x:g}")
show(figure, "With two units most starts end badly; with sixteen and more all of them end near zero")

# %%
good = {units: float(np.mean(losses < 0.01)) for units, losses in by_width.items()}
print("share of starts that end below 0.01:", {units: f"{share:.0%}" for units, share in good.items()})
assert good[2] < 0.05 < 0.95 < good[32]

# %% [markdown]
# ## On data with noise: choose one, or take them all?
#
# So with enough units every start fits what it has seen. But they fit it in *different* ways, and between and beyond
# the data these ways part. Forty networks learn the sunspots, each stops where the years after are forecast best, and
# then they are tested on fifty-nine years that none has seen. Which one should be believed?

# %%
values = np.sqrt(forecast.read_series("sunspots").panel.values)
values = (values - values[:190].mean()) / values[:190].std()
windows = sliding_window_view(values, 12).astype(np.float32)
learned, chosen, tested = (
    nn.Batch(windows[cut, :11], windows[cut, 11:]) for cut in (slice(0, 179), slice(179, 239), slice(239, None))
)
networks = nn.Network(nn.Linear(16), nn.ReLU(), nn.Linear(1), input_size=11, members=40)
history = nn.train(
    networks,
    lambda step: learned,
    loss=nn.MSE(),
    optimizer=nn.Adam(),
    schedule=nn.Constant(0.01),
    max_steps=400,
    validation=chosen,
    patience=100,
)
outputs = networks.predict(tested.inputs)
assert len(tested.targets) == 59
each = np.mean((outputs - tested.targets) ** 2, axis=(1, 2))
favourite = each[history.val_loss.min(axis=0).argmin()]
together = float(np.mean((outputs.mean(axis=0) - tested.targets) ** 2))

rng = np.random.default_rng(0)
counts = (1, 2, 3, 5, 10, 20, 40)
draws = {
    k: [np.mean((outputs[rng.permutation(40)[:k]].mean(axis=0) - tested.targets) ** 2) for _ in range(200)]
    for k in counts
}

figure = Figure(figsize=(9.6, 3.0), layout="constrained")
left, right = figure.subplots(1, 2, sharey=True)
left.hist(each, bins=15, orientation="horizontal", color=BLUE, alpha=0.5)
left.axhline(favourite, color=ORANGE, label="best on the validation block")
left.axhline(together, color=figures.RED, label="mean of all forty forecasts")
left.set(title="Test loss of forty starts", xlabel="networks")
left.legend()
low, middle, high = (np.array([np.quantile(draws[k], q) for k in counts]) for q in (0.1, 0.5, 0.9))
right.fill_between(counts, low, high, color=BLUE, alpha=0.2, linewidth=0)
right.plot(counts, middle, "o-", color=BLUE)
right.set(title="Test loss of the mean of so many", xlabel="networks in the mean", xscale="log")
right.set_xticks(counts, counts)
right.xaxis.set_minor_formatter("")
show(
    figure,
    "Losses of single networks are spread out; their mean lies near the lower end, and ten networks give most of that",
)

# %%
print(f"single networks: {each.min():.3f} to {each.max():.3f}")
print(f"the favourite: {favourite:.3f}; the mean of all: {together:.3f}")
print(f"the mean beats {np.mean(each > together):.0%} of the networks it is made of")
assert together < np.median(each)
assert middle[4] - together < 0.25 * (middle[0] - together)

# %% [markdown]
# That the mean is better than the average network is no luck but arithmetic. For the squared error (Krogh & Vedelsby
# 1995)
#
# $$\text{loss of the mean} = \text{mean of the losses} - \text{variance among the networks}.$$
#
# So different valleys are not only harmless, they are the raw material: what the networks disagree about cancels. This
# is why `mlp` trains an ensemble, from different starts and on different samples, and why `members` matters more than
# most settings.

# %%
variance = float(np.mean(outputs.var(axis=0)))
print(f"{together:.5f} = {each.mean():.5f} - {variance:.5f}")
np.testing.assert_allclose(together, each.mean() - variance, rtol=1e-5)

# %% [markdown]
# ## Update locking
#
# Backpropagation sends the error down through the very weights that are being learned, layer after layer; so the first
# layer waits for all others. **Direct feedback alignment** (Nokland 2016) cuts this short: each layer gets the error
# at the output, times a *fixed random* matrix of its own, and no layer waits for another. It sounds as if it could not
# work.
#
# Networks with two hidden layers learn the sunspots: by backpropagation, by direct feedback (whose upper layers start
# at zero, so that they have no direction of their own yet), and, for scale, moving their last layer alone.

# %%
STEPS = 800


def learn(feedback="back", *, frozen=False, blank=False, depth=2, watch=None, members=10):
    """Train networks and return their losses on what they learn from, after every ten steps."""
    hidden = [layer for _ in range(depth) for layer in (nn.Linear(32), nn.Tanh())]
    networks = nn.Network(*hidden, nn.Linear(1), input_size=11, members=members, feedback=feedback)
    below = networks.parameters.shape[1] - 33
    if blank:
        networks.parameters[:, 12 * 32 :] = 0.0
    start, track = networks.parameters[:, :below].copy(), []

    def draw(step):
        if frozen:
            networks.parameters[:, :below] = start
        if step % 10 == 0:
            track.append(np.mean((networks.forward(learned.inputs) - learned.targets) ** 2, axis=(1, 2)))
            if watch is not None:
                watch(networks)
        return learned

    nn.train(networks, draw, loss=nn.MSE(), optimizer=nn.Adam(), schedule=nn.Cosine(0.004, STEPS), max_steps=STEPS)
    return np.array(track)


angles = []


def watch(networks):
    """Note the angle between what the first layer is told and its true gradient."""
    _, slope = nn.MSE().value_and_gradient(networks.forward(learned.inputs), learned.targets)
    networks.backward(slope)
    first = slice(0, 12 * 32)
    told = networks.gradients[:, first].copy()
    true = nn.Network(
        nn.Linear(32), nn.Tanh(), nn.Linear(32), nn.Tanh(), nn.Linear(1), input_size=11, members=networks.members
    )
    true.parameters[...] = networks.parameters
    _, slope = nn.MSE().value_and_gradient(true.forward(learned.inputs), learned.targets)
    true.backward(slope)
    exact = true.gradients[:, first]
    lengths = np.linalg.norm(told, axis=1) * np.linalg.norm(exact, axis=1)
    cosine = np.sum(told * exact, axis=1) / np.maximum(lengths, 1e-30)
    angles.append(np.degrees(np.arccos(cosine)))


tracks = {
    "backpropagation": learn(),
    "direct feedback": learn("direct", blank=True, watch=watch),
    "last layer alone": learn(frozen=True),
}
angles = np.array(angles)

figure = Figure(figsize=(9.6, 3.2), layout="constrained")
left, right = figure.subplots(1, 2)
steps = np.arange(0, STEPS, 10)
for colour, (name, track) in zip((BLUE, figures.RED, figures.MUTED), tracks.items(), strict=True):
    left.semilogy(steps, np.median(track, axis=1), color=colour, label=name)
left.set(title="Training loss, median of ten networks", xlabel="step")
left.yaxis.set_major_formatter("{x:g}")
left.yaxis.set_minor_formatter("")
left.legend()
right.plot(steps, angles, color=figures.RED, alpha=0.25, linewidth=0.9)
right.plot(steps, np.median(angles, axis=1), color=figures.RED)
right.axhline(90, color=figures.MUTED, linestyle="--", linewidth=0.9)
right.set(
    title="Angle between what the first layer is told and its gradient", xlabel="step", ylabel="degrees", ylim=(0, 130)
)
show(
    figure,
    "Direct feedback learns, more slowly than backpropagation; the angle falls from about ninety degrees to well below",
)

# %%
ends = {name: float(np.median(track[-1])) for name, track in tracks.items()}
print("training loss in the end:", {name: round(end, 4) for name, end in ends.items()})
print(f"angle: {np.median(angles[1]):.0f} degrees after ten steps, {np.median(angles[-1]):.0f} in the end")
assert ends["backpropagation"] < ends["direct feedback"] < ends["last layer alone"]
assert np.median(angles[1]) > 75 > np.median(angles[-1])

# %% [markdown]
# It works, and the right picture shows how. At the start the random feedback points anywhere, at a right angle to the
# gradient. But then the layers above change *so that it becomes useful*: they align with the feedback, the angle
# falls, and anything clearly below ninety degrees leads downhill.
#
# ## And the price?

# %%
depths = (1, 2, 4, 6)
table = {
    depth: [float(np.median(learn(kind, depth=depth, members=5)[-1])) for kind in ("back", "direct")]
    for depth in depths
}
figure = Figure(figsize=(7.2, 2.8), layout="constrained")
ax = figure.add_subplot()
for column, (name, colour) in enumerate({"backpropagation": BLUE, "direct feedback": figures.RED}.items()):
    ax.semilogy(np.arange(len(depths)), [row[column] for row in table.values()], "o-", color=colour, label=name)
ax.set(xlabel="hidden layers", ylabel="training loss in the end")
ax.set_xticks(np.arange(len(depths)), depths)
ax.yaxis.set_major_formatter("{x:g}")
ax.yaxis.set_minor_formatter("")
ax.legend()
show(figure, "The deeper the network, the further direct feedback falls behind backpropagation")

# %%
for depth, (back, direct) in table.items():
    print(f"{depth} hidden layers: backpropagation {back:.4f}, direct feedback {direct:.4f}: {direct / back:.1f} times")
ratios = [direct / back for back, direct in table.values()]
assert min(ratios) > 1
assert ratios[-1] > ratios[0]

# %% [markdown]
# After the same number of steps direct feedback has fitted less, the more so the deeper the network. What it would
# gain, layers that are updated at the same time, needs a machine for every layer; on one machine the networks of time
# series, two or three layers deep, spend no time waiting. So `forecast` backpropagates, and keeps `feedback="direct"`
# for those who want to try.
#
# ## In short
#
# - Local optima are real in small networks and rare in wide ones. On noisy data other starts are other opinions.
# - Do not pick one: average them. The gain is exactly what they disagree about.
# - Layers need not wait for the exact error: a random one will do, at a price that grows with depth.
