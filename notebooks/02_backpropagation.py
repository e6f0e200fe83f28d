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
# # Backpropagation by hand
#
# A network is a formula with many numbers in it. Training moves each of these numbers a little, in the direction in
# which the error falls. **How does the network know that direction, for all of them at once?**
#
# The answer is the chain rule, walked from the error back to the first layer. Here it is done by hand for two layers,
# with every intermediate result on the table; then `forecast.nn` has to find the same numbers; then we ask whether
# either of them is right, without trusting any derivation.

# %%
import matplotlib as mpl
import numpy as np
from IPython.display import Image
from matplotlib.figure import Figure

from forecast import figures, nn

mpl.rc_file(figures.STYLE)
np.set_printoptions(precision=4, suppress=True)


def show(figure, alt):
    """Show a picture, with words for those who cannot see it."""
    return Image(figures.to_png(figure), retina=True, alt=alt)


# %% [markdown]
# ## The task
#
# Five points of a sine. One input, three hidden units, one output: ten numbers to learn.
#
# | | formula | shape |
# |---|---|---|
# | input | $x$ | 5 x 1 |
# | first layer | $z = x W_1 + b_1$ | 5 x 3 |
# | activation | $a = \tanh z$ | 5 x 3 |
# | second layer | $\hat y = a W_2 + b_2$ | 5 x 1 |
# | loss | $J = \frac{1}{5} \sum (\hat y - y)^2$ | a number |

# %%
x = np.linspace(-2, 2, 5).reshape(-1, 1)
y = np.sin(x)

W1, b1 = np.array([[0.8, -0.5, 0.3]]), np.array([[0.1, 0.0, -0.2]])
W2, b2 = np.array([[0.4], [-0.3], [0.6]]), np.array([[0.05]])

# %% [markdown]
# ## Forward: from the input to the loss
#
# Nothing but the five lines of the table. What is computed on the way is kept, since the way back will ask for it.

# %%
z = x @ W1 + b1
a = np.tanh(z)
y_hat = a @ W2 + b2
J = np.mean((y_hat - y) ** 2)

print("hidden units\n", a)
print("output ", y_hat.ravel())
print("target ", y.ravel())
print(f"loss    {J:.6f}")

# %% [markdown]
# ## Backward: one layer at a time
#
# Write $\mathrm{d}v$ for $\partial J / \partial v$, which has the shape of $v$. The loss is the only thing whose
# derivative we need to know by heart; every layer then turns the derivative by its *output* into the derivative by its
# *input*, and on the way finds those of its own weights:
#
# 1. **Loss.** $\mathrm{d}\hat y = \frac{2}{5} (\hat y - y)$.
# 2. **Second layer.** Each $\hat y = \sum_i a_i W_{2,i} + b_2$, so $\mathrm{d}W_2 = a^\top \mathrm{d}\hat y$,
#    $\mathrm{d}b_2 = \sum \mathrm{d}\hat y$, and what goes down is $\mathrm{d}a = \mathrm{d}\hat y\, W_2^\top$.
# 3. **Activation.** The slope of $\tanh$ is $1 - \tanh^2$, so $\mathrm{d}z = \mathrm{d}a \cdot (1 - a^2)$.
# 4. **First layer.** As the second: $\mathrm{d}W_1 = x^\top \mathrm{d}z$ and $\mathrm{d}b_1 = \sum \mathrm{d}z$.

# %%
dy_hat = 2 * (y_hat - y) / len(x)
dW2, db2 = a.T @ dy_hat, dy_hat.sum(axis=0, keepdims=True)
da = dy_hat @ W2.T
dz = da * (1 - a**2)
dW1, db1 = x.T @ dz, dz.sum(axis=0, keepdims=True)

for name, value in {"dW1": dW1, "db1": db1, "dW2": dW2.T, "db2": db2}.items():
    print(f"{name}  {value}")

# %% [markdown]
# Note what did *not* happen: no derivative was worked out twice. The error $\mathrm{d}\hat y$ was computed once and
# handed down, so all ten derivatives together cost about as much as a forward pass or two, however many weights there
# are. That is the whole trick, and why networks of millions of weights can be trained at all.
#
# ## The same numbers from `forecast.nn`
#
# The library keeps all weights of a network in one flat array, layer after layer, and the gradients in another of the
# same shape. So we copy our weights in, ask for the gradients, and compare.

# %%
network = nn.Network(nn.Linear(3), nn.Tanh(), nn.Linear(1), input_size=1, dtype=np.float64)
network.parameters[0] = np.concatenate([W1.ravel(), b1.ravel(), W2.ravel(), b2.ravel()])

losses, slope = nn.MSE().value_and_gradient(network.forward(x), y)
network.backward(slope)

by_hand = np.concatenate([dW1.ravel(), db1.ravel(), dW2.ravel(), db2.ravel()])
np.testing.assert_allclose(losses[0], J, rtol=1e-12)
np.testing.assert_allclose(network.gradients[0], by_hand, rtol=1e-12)
print("by hand    ", by_hand)
print("forecast.nn", network.gradients[0])

# %% [markdown]
# ## What a gradient promises
#
# The gradient $g$ says: walk a small distance $t$ against it, and the loss falls by $t \lVert g \rVert^2$. Small is
# the catch. Below, the loss along that walk (line) and what the gradient promises (dashed).

# %%
start = network.parameters.copy()
squared_length = float(by_hand @ by_hand)
walk = np.linspace(0, 1, 101)


def loss_after(t):
    """Return the loss after walking `t` against the gradient."""
    network.parameters[0] = start[0] - t * by_hand
    return float(nn.MSE().value_and_gradient(network.forward(x), y)[0][0])


along = np.array([loss_after(t) for t in walk])
network.parameters[0] = start[0]
best = walk[along.argmin()]

figure = Figure(figsize=(7.2, 3.2), layout="constrained")
ax = figure.add_subplot()
ax.plot(walk, along, color=figures.INK, label="loss along the walk")
ax.plot(walk, J - walk * squared_length, color=figures.MUTED, linestyle="--", label="what the gradient promises")
ax.plot(best, along.min(), "o", color=figures.RED, label="as far as it helps")
ax.set(xlabel="distance walked, t", ylabel="loss", ylim=(0, 1.6 * J))
ax.legend(loc="upper center")
show(figure, "The loss falls along the gradient as promised at first, reaches a lowest point and rises again")

# %%
near = 1e-6
assert abs((loss_after(near) - loss_after(-near)) / (2 * near) + squared_length) < 1e-8
network.parameters[0] = start[0]
assert 0 < best < walk[-1], "the walk has a lowest point: beyond it, going on makes things worse"
print(f"for each unit of t the loss falls by {squared_length:.4f} at first; walking helps up to t = {best:.2f}")

# %% [markdown]
# ## Update: do it again
#
# A step is one line: $w \leftarrow w - \eta\, g$, with the learning rate $\eta$. Ten steps by hand, and the same ten
# by the library; they must agree in every digit that matters.

# %%
rate, weights = 0.3, [W1.copy(), b1.copy(), W2.copy(), b2.copy()]
for _ in range(10):
    V1, c1, V2, c2 = weights
    hidden = np.tanh(x @ V1 + c1)
    error = 2 * (hidden @ V2 + c2 - y) / len(x)
    below = error @ V2.T * (1 - hidden**2)
    gradients = [x.T @ below, below.sum(axis=0, keepdims=True), hidden.T @ error, error.sum(axis=0, keepdims=True)]
    weights = [w - rate * g for w, g in zip(weights, gradients, strict=True)]

history = nn.train(
    network,
    lambda step: nn.Batch(x, y),
    loss=nn.MSE(),
    optimizer=nn.SGD(),
    schedule=nn.Constant(rate),
    max_steps=10,
)
np.testing.assert_allclose(network.parameters[0], np.concatenate([w.ravel() for w in weights]), rtol=1e-12)
print("ten steps by hand and ten by nn.train end at the same ten weights")

# %% [markdown]
# With patience, and the Adam optimizer instead of plain steps, this very network goes through all five points. What it
# draws between and beyond them is its own invention: five points are not yet a sine.

# %%
fine = np.linspace(-2.4, 2.4, 121).reshape(-1, 1)
seen = {"start": start[0].copy(), "10 plain steps": network.parameters[0].copy()}
history = nn.train(
    network,
    lambda step: nn.Batch(x, y),
    loss=nn.MSE(),
    optimizer=nn.Adam(),
    schedule=nn.Cosine(0.05, 800),
    max_steps=800,
)
seen["800 steps of Adam"] = network.parameters[0].copy()

figure = Figure(figsize=(7.2, 3.2), layout="constrained")
ax = figure.add_subplot()
for (name, parameters), dash in zip(seen.items(), (":", "--", "-"), strict=True):
    network.parameters[0] = parameters
    ax.plot(fine, network.predict(fine)[0], color=figures.look("mlp").colour, linestyle=dash, label=name)
ax.plot(fine, np.sin(fine), color=figures.MUTED, linewidth=0.8, label="sine")
ax.plot(x, y, "o", color=figures.INK, label="the five points")
ax.legend(loc="lower right")
show(figure, "As training goes on, the network's curve moves until it goes through all five points")

# %%
assert history.train_loss[-1, 0] < 1e-3 < J
print(f"loss: {J:.3f} at the start, {history.train_loss[-1, 0]:.1e} in the end")

# %% [markdown]
# ## But is it right?
#
# Two derivations that agree may share a mistake. A derivative has a definition, though, that needs no derivation: move
# a weight by a little and see what the loss does. `nn.gradcheck` does so along random directions through the weights
# of each layer and through the inputs, in double precision.

# %%
rng = np.random.default_rng(0)
deep = nn.Network(
    nn.Linear(8), nn.Tanh(), nn.LayerNorm(), nn.Linear(6), nn.GELU(), nn.Linear(3),
    input_size=4, members=2, dtype=np.float64, seed=1,
)  # fmt: skip
report = nn.gradcheck(deep, nn.Huber(), rng.normal(size=(5, 4)), rng.normal(size=(5, 3)), directions=2)
print(report)
assert report.passed

# %% [markdown]
# A check that never fails proves nothing, so it has to catch a mistake as well: here is a `tanh` whose slope is wrong
# by a tenth of a percent.


# %%
class CarelessTanh(nn.Tanh):
    """A tanh whose derivative is off by 0.1 %."""

    def backward(self, dy, *, inward=True):
        """Return nearly dJ/dx."""
        return 1.001 * super().backward(dy, inward=inward)


careless = nn.Network(nn.Linear(8), CarelessTanh(), nn.Linear(3), input_size=4, dtype=np.float64)
report = nn.gradcheck(careless, nn.MSE(), rng.normal(size=(5, 4)), rng.normal(size=(5, 3)), directions=2)
print(report)
assert not report.passed

# %% [markdown]
# Only the layers *below* the mistake show it: the last layer's own derivative does not pass through the `tanh`. That
# is how such a report points at the culprit.
#
# ## How little is a little?
#
# The definition says "move by $h$, with $h \to 0$", and computers have no zero to go to. Too large an $h$, and the
# curve bends within the step; too small, and the difference of two nearly equal numbers is rounding. In between lies a
# valley, the same for every smooth function: with differences to both sides the error first falls like $h^2$ and then
# rises like $1/h$.

# %%
network.parameters[0] = start[0]
steps = np.logspace(-12, 0, 49)
errors = [abs((loss_after(h) - loss_after(-h)) / (2 * h) / -squared_length - 1) for h in steps]
network.parameters[0] = start[0]

figure = Figure(figsize=(7.2, 3.0), layout="constrained")
ax = figure.add_subplot()
ax.loglog(steps, np.maximum(errors, 1e-16), ".-", color=figures.INK)
ax.axvspan(1e-7, 1e-5, color=figures.look("mlp").colour, alpha=0.12, linewidth=0)
ax.set(xlabel="size of the step, h", ylabel="relative error of the difference")
ax.xaxis.set_major_formatter("{x:.0e}")
ax.yaxis.set_major_formatter("{x:.0e}")
show(figure, "The error of a numeric derivative over the step: a valley; the steps that gradcheck takes lie in it")

# %%
by_step = dict(zip(np.round(np.log10(steps), 2), errors, strict=True))
assert max(by_step[-5], by_step[-6]) < 1e-7 < min(by_step[0], by_step[-12])
print(f"relative error: {by_step[0]:.0e} with h = 1, {by_step[-5]:.0e} with 1e-5, {by_step[-12]:.0e} with 1e-12")

# %% [markdown]
# The band marks the steps that `nn.gradcheck` takes. Every layer, loss and block of the library is held against such
# differences in the tests, and on the command line `forecast gradcheck` does it for you.
#
# ## In short
#
# - Forward computes the loss and keeps what it met; backward hands one derivative down, layer by layer.
# - The price of all derivatives together is about a forward pass or two.
# - A gradient is true only nearby: how far to follow it is [the next question](03_learning_rate.ipynb).
