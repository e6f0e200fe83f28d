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
# # The learning rate
#
# A gradient says in which direction the loss falls, and nothing about how far to go. That is left to one number, the
# learning rate. **What does a rate too small cost, what does one too large do, and how is a good one found?**

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
# ## One weight
#
# Start with the smallest loss there is: $J(w) = \frac{c}{2} w^2$, a bowl of curvature $c$. Its gradient is $c\,w$, so
# a step is $w \leftarrow (1 - \eta c)\,w$, and everything follows from the size of that bracket: below $\eta = 1/c$
# the weight creeps towards zero from one side, above it jumps from side to side, and from $\eta = 2/c$ on each jump
# lands higher.

# %%
c, slope = 1.0, np.linspace(-1.35, 1.35, 61)
figure = Figure(figsize=(9.6, 2.6), layout="constrained")
ends = {}
for ax, rate in zip(figure.subplots(1, 4, sharey=True), (0.15, 0.9, 1.8, 2.1), strict=True):
    w = -1.0 * (1 - rate * c) ** np.arange(9)
    ends[rate] = abs(w[-1])
    ax.plot(slope, c * slope**2 / 2, color=figures.MUTED, linewidth=0.9)
    ax.plot(w, c * w**2 / 2, ".-", color=BLUE, linewidth=0.9)
    ax.plot(w[-1], c * w[-1] ** 2 / 2, "o", color=figures.RED)
    ax.set(title=f"rate {rate} / c", xlabel="w", xlim=(-1.5, 1.5), ylim=(-0.05, 1.2))
show(figure, "Eight steps in a bowl: creeping, quick, jumping from side to side, and climbing out")

# %%
assert ends[0.9] < 1e-6 < ends[1.8] < ends[0.15] < 1 < ends[2.1]
print({f"{rate} / c": f"|w| = {end:.1e} after 8 steps" for rate, end in ends.items()})

# %% [markdown]
# ## Twelve weights: many curvatures, one rate
#
# Now a real series: the sunspot numbers, forecast from the eleven years before by a network without hidden layers,
# eleven weights and a bias. Its loss is a bowl in twelve dimensions, with twelve curvatures: the eigenvalues of the
# Hessian matrix, which for the squared error is $\frac{2}{n} X^\top X$.

# %%
values = np.sqrt(forecast.read_series("sunspots").panel.values)  # the root evens out large and small cycles
values = (values - values[:200].mean()) / values[:200].std()
windows = sliding_window_view(values, 12)
past, coming = windows[:190, :11], windows[:190, 11:]

design = np.c_[past, np.ones(len(past))]
curvatures = np.linalg.eigvalsh(2 * design.T @ design / len(design))
limit = 2 / curvatures[-1]
lowest = np.linalg.lstsq(design, coming)[1][0] / len(design)
print(
    f"curvatures from {curvatures[0]:.3f} to {curvatures[-1]:.3f}: {curvatures[-1] / curvatures[0]:.0f} times as large"
)
print(f"so rates must stay below 2 / {curvatures[-1]:.3f} = {limit:.3f}; the lowest loss there is: {lowest:.4f}")


# %% [markdown]
# The steepest direction sets the limit, the flattest one then has to live with it. So the same rate is at once nearly
# too large and far too small, and that is why gradient descent is slow. We can check both: the distance from the
# lowest loss falls more quickly the larger the rate, up to the limit, and two percent beyond the limit it explodes.


# %%
def excess(optimizer, schedule, *, steps=300, draw=lambda step: nn.Batch(past, coming), members=1):
    """Return how far the loss on all samples is above the lowest one, after every step."""
    network = nn.Network(nn.Linear(1), input_size=11, members=members, dtype=np.float64)
    network.parameters[...] = 0.0
    track = []

    def drawn(step):
        track.append(float(np.mean((network.forward(past) - coming) ** 2)))
        return draw(step)

    nn.train(network, drawn, loss=nn.MSE(), optimizer=optimizer, schedule=schedule, max_steps=steps)
    return np.array(track) - lowest


plain = {share: excess(nn.SGD(), nn.Constant(share * limit)) for share in (0.1, 0.5, 0.95)}
beyond = excess(nn.SGD(), nn.Constant(1.02 * limit), steps=150)
momentum = excess(nn.SGD(momentum=0.9), nn.Constant(0.95 * limit))

figure = Figure(figsize=(9.6, 3.4), layout="constrained")
ax = figure.add_subplot()
for (share, track), dash in zip(plain.items(), (":", "--", "-"), strict=True):
    ax.semilogy(track, color=BLUE, linestyle=dash, label=f"{share} of the limit")
ax.semilogy(beyond, color=figures.RED, label="1.02 of the limit")
ax.semilogy(momentum, color=GREEN, label="0.95 of the limit, momentum 0.9")
ax.set(xlabel="step", ylabel="loss above the lowest")
ax.yaxis.set_major_formatter("{x:.0e}")
ax.legend(loc="lower left")
show(figure, "The loss falls faster with larger rates, explodes beyond the limit, and falls fastest with momentum")

# %%
assert plain[0.1][-1] > plain[0.5][-1] > plain[0.95][-1] > 1e4 * momentum[-1]
assert beyond[-1] > beyond[75] > plain[0.95][75]
reached = {name: int(np.argmax(track < 1e-3)) for name, track in {"plain": plain[0.95], "momentum": momentum}.items()}
print(f"steps until the loss is within 0.001 of the lowest: {reached}")
assert reached["momentum"] < reached["plain"] / 2

# %% [markdown]
# **Momentum** is the cheapest cure. A step is no longer the gradient but a running sum of gradients: along the flat
# direction they all agree and add up to steps ten times as long, across the ravine they change sign and cancel.
#
# And when a rate is too large after all? `nn.train` watches the loss of each member, takes it back to its best weights
# and halves its rate; only when that has not helped three times does it give up, and says so.

# %%
network = nn.Network(nn.Linear(1), input_size=11, dtype=np.float64)
try:
    nn.train(
        network,
        lambda step: nn.Batch(past, coming),
        loss=nn.MSE(),
        optimizer=nn.SGD(),
        schedule=nn.Constant(50 * limit),
        max_steps=1000,
    )
except nn.Diverged as error:
    print(error)
    caught = error
assert caught.rate > limit  # even an eighth of fifty limits is beyond the limit

# %% [markdown]
# ## Noise, and why rates should fall
#
# So far every step saw all samples. In practice a step sees a few, which is cheaper and, on a network, also helps out
# of bad corners; but then the gradient is noisy, and at the bottom of the bowl there is nothing left but noise. A
# constant rate ends up wandering about at a height that grows with the rate. **Schedules** have both: large steps
# first, small ones last.

# %%
STEPS, RATE = 2000, 0.2 * limit
schedules = {
    "constant": nn.Constant(RATE),
    "a tenth, constant": nn.Constant(RATE / 10),
    "halved every 250": nn.Step(RATE, 250),
    "cosine": nn.Cosine(RATE, STEPS),
    "one-cycle": nn.OneCycle(RATE, STEPS),
}


def few(step):
    """Return eight samples, others at every step and for each of the ten networks."""
    chosen = np.random.default_rng(step).integers(0, len(past), (10, 8))
    return nn.Batch(past[chosen], coming[chosen])


tracks = {
    name: excess(nn.SGD(momentum=0.9), schedule, steps=STEPS, draw=few, members=10)
    for name, schedule in schedules.items()
}
colours = [figures.RED, figures.MUTED, ORANGE, BLUE, GREEN]

figure = Figure(figsize=(9.6, 3.4), layout="constrained")
left, right = figure.subplots(1, 2)
for colour, (name, schedule) in zip(colours, schedules.items(), strict=True):
    left.plot([schedule(step) / limit for step in range(STEPS)], color=colour, label=name)
    smooth = np.exp(np.convolve(np.log(tracks[name]), np.ones(50) / 50, mode="valid"))
    right.semilogy(np.arange(len(smooth)) + 25, smooth, color=colour)
left.set(title="The rate, in limits", xlabel="step")
right.set(title="Loss above the lowest (mean of ten networks, smoothed)", xlabel="step")
right.yaxis.set_major_formatter("{x:.0e}")
left.legend()
show(figure, "Left the schedules; right the losses: those whose rate falls end far below the constant ones")

# %%
ends = {name: float(np.mean(track[-50:])) for name, track in tracks.items()}
for name, end in ends.items():
    print(f"{name:>18}: {end:.1e} above the lowest loss in the end")
assert max(ends["cosine"], ends["one-cycle"], ends["halved every 250"]) < min(
    ends["constant"], ends["a tenth, constant"]
)

# %% [markdown]
# ## A network: no formula, but a test
#
# With hidden layers the loss is no bowl, curvatures change as one walks, and no eigenvalue says where the limit is.
# But one can look. A **range test** trains for a moment while the rate rises from next to nothing, and stops when the
# loss explodes. Nothing happens on the far left, the loss falls in the middle, and breaks off on the right; a tenth of
# the rate at the lowest point is a good one to start from.


# %%
def batches(step):
    """Return 32 samples."""
    chosen = np.random.default_rng(step).integers(0, len(past), 32)
    return nn.Batch(past[chosen], coming[chosen])


def hidden(members):
    """Return networks of sixteen hidden units."""
    return nn.Network(nn.Linear(16), nn.Tanh(), nn.Linear(1), input_size=11, members=members)


found = nn.range_test(hidden(10), batches, loss=nn.MSE(), optimizer=nn.Adam(), lowest=1e-5)
show(
    figures.learning_rate_curve(found.rates, found.losses, proposed=found.proposed),
    "The loss over the rate: level, then falling, then breaking off; a line at a tenth of the lowest point",
)

# %% [markdown]
# Is that the rate one would have found by trying them all? Here is the trying: ten networks for each of eleven rates
# and each of three optimizers, 300 steps, and the loss at which half of them ended. Dots mark what the range test
# proposes.

# %%
optimizers = {"plain": nn.SGD, "momentum 0.9": lambda: nn.SGD(momentum=0.9), "Adam": nn.Adam}
rates = np.logspace(-4, 0, 11)
figure = Figure(figsize=(9.6, 3.4), layout="constrained")
ax = figure.add_subplot()
medians, proposals = {}, {}
for colour, (name, make) in zip((figures.MUTED, GREEN, BLUE), optimizers.items(), strict=True):
    ended = []
    for rate in rates:
        networks = hidden(10)
        try:
            nn.train(networks, batches, loss=nn.MSE(), optimizer=make(), schedule=nn.Constant(rate), max_steps=300)
            ended.append(np.median(np.mean((networks.forward(past) - coming) ** 2, axis=(1, 2))))
        except nn.Diverged:
            ended.append(np.nan)
    medians[name] = np.array(ended)
    proposals[name] = nn.range_test(hidden(10), batches, loss=nn.MSE(), optimizer=make(), lowest=1e-5).proposed
    ax.loglog(rates, medians[name], color=colour, label=name)
    height = np.exp(np.interp(np.log(proposals[name]), np.log(rates), np.log(medians[name])))
    ax.plot(proposals[name], height, "o", color=colour, markersize=7)
ax.set(xlabel="learning rate", ylabel="loss after 300 steps", ylim=(0.07, 2))
ax.xaxis.set_major_formatter("{x:g}")
ax.yaxis.set_major_formatter("{x:g}")
ax.yaxis.set_minor_formatter("")
ax.legend()
show(
    figure, "For each optimizer a valley: too small a rate learns little, too large a one nothing; dots near the bottom"
)

# %%
for name, losses in medians.items():
    best = rates[np.nanargmin(losses)]
    print(f"{name:>12}: best {best:.3f}, proposed {proposals[name]:.3f}")
    assert best / 30 < proposals[name] < best
best = {name: rates[np.nanargmin(losses)] for name, losses in medians.items()}
assert best["momentum 0.9"] < best["plain"]
assert medians["Adam"][-1] < medians["Adam"][0]
assert not medians["plain"][-1] < 10
assert not medians["momentum 0.9"][-1] < 10

# %% [markdown]
# Three things to take away from this picture. Each optimizer has a rate of its own: momentum adds gradients up, so it
# wants a smaller one than plain steps. Adam forgives most: it divides each gradient by its usual size, so even the
# largest rate does not blow it up. And the proposals lie on the safe side of the best rate, which is where one wants
# to be, for the other side is a cliff.
#
# ## In short
#
# - Too small: it takes forever. Too large: beyond twice the inverse of the largest curvature it explodes.
# - Momentum shortens the way through ravines; schedules settle the noise at the end.
# - `nn.range_test` finds a rate. `forecast run` needs none of this: its `mlp` has Adam, a cosine and a rate by a rule;
#   all three can be set under `[models.mlp]` ([what to set](04_architecture.ipynb) is the next question).
