"""Slow, obvious versions of what the package does fast: loops over single numbers, no NumPy tricks."""

from __future__ import annotations

import math

import numpy as np


def samples_at(values, start, end, cut, input_size, horizon):
    """One sample of one series: inputs, targets and mask as lists."""
    inputs = [values[max(i, start)] for i in range(cut - input_size, cut)]
    targets = [values[i] if i < end else 0.0 for i in range(cut, cut + horizon)]
    mask = [1.0 if i < end else 0.0 for i in range(cut, cut + horizon)]
    return inputs, targets, mask


def forward(x, weight, bias):
    """x W + b for one row, by loops."""
    return [sum(x[i] * weight[i][j] for i in range(len(x))) + bias[j] for j in range(len(bias))]


def adam(parameter, gradients, rate, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """A single number following its gradients, as written in the paper."""
    m = v = 0.0
    for t, g in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        parameter -= rate * (m / (1 - beta1**t)) / (math.sqrt(v / (1 - beta2**t)) + epsilon)
    return parameter


def mase(y, y_hat, past, season_length):
    """Mean absolute scaled error by loops."""
    steps = [abs(past[i] - past[i - season_length]) for i in range(season_length, len(past))]
    scale = sum(steps) / len(steps)
    return sum(abs(a - b) for a, b in zip(y, y_hat, strict=True)) / len(y) / scale


def rmsse(y, y_hat, past, season_length):
    """Root mean squared scaled error by loops."""
    squares = [(past[i] - past[i - season_length]) ** 2 for i in range(season_length, len(past))]
    errors = [(a - b) ** 2 for a, b in zip(y, y_hat, strict=True)]
    return math.sqrt(sum(errors) / len(errors) / (sum(squares) / len(squares)))


def seasonal_indices(y, m):
    """Classical additive decomposition by loops."""
    half = m // 2
    detrended = {}
    for t in range(half, len(y) - half):
        if m % 2:
            trend = sum(y[t - half : t + half + 1]) / m
        else:
            inner = sum(y[t - half + 1 : t + half])
            trend = (inner + 0.5 * (y[t - half] + y[t + half])) / m
        detrended.setdefault(t % m, []).append(y[t] - trend)
    means = [sum(detrended[k]) / len(detrended[k]) for k in range(m)]
    return [value - sum(means) / m for value in means]


def dense(x, weight, bias):
    """x W + b of a layer with ReLU after it, for one row."""
    return [max(value, 0.0) for value in forward(x, weight, bias)]


def n_beats(x, blocks, horizon):
    """A doubly residual stack for one row: `blocks` are lists of (weight, bias), the last pair being the head."""
    total, rest = [0.0] * horizon, list(x)
    for number, pairs in enumerate(blocks):
        hidden = rest
        for weight, bias in pairs[:-1]:
            hidden = dense(hidden, weight, bias)
        out = forward(hidden, *pairs[-1])
        if number < len(blocks) - 1:
            rest = [r - b for r, b in zip(rest, out[: len(x)], strict=True)]
            out = out[len(x) :]
        total = [t + f for t, f in zip(total, out, strict=True)]
    return total


def pinball(y_hat, y, quantiles):
    """Mean pinball loss of the quantiles of one target."""
    return sum(max(q * (y - z), (q - 1) * (y - z)) for z, q in zip(y_hat, quantiles, strict=True)) / len(quantiles)


def cross_entropy(logits, y, edges):
    """Minus the log-probability of the bin in which y lies, the outer bins being open."""
    total = sum(math.exp(z) for z in logits)
    found = sum(1 for edge in edges[1:-1] if y >= edge)
    return -math.log(math.exp(logits[found]) / total)


def smape(y_hat, y):
    """Symmetric percentage error of one forecast."""
    return 0.0 if y_hat == y == 0 else 200 * abs(y_hat - y) / (abs(y_hat) + abs(y))


def normal_log_density(y, mean, scale):
    """Log-density of a normal distribution."""
    return -0.5 * ((y - mean) / scale) ** 2 - math.log(scale * math.sqrt(2 * math.pi))


def histogram_quantile(probabilities, edges, level):
    """Walk through the bins until the level is used up."""
    left = level
    for p, low, high in zip(probabilities, edges[:-1], edges[1:], strict=True):
        if left <= p and p > 0:
            return low + (high - low) * left / p
        left -= p
    return edges[-1]


def nesterov(parameter, gradients, rate, momentum=0.9):
    """The way of a single number under Nesterov's momentum."""
    velocity, way = 0.0, []
    for g in gradients:
        velocity = momentum * velocity + g
        parameter -= rate * (g + momentum * velocity)
        way.append(parameter)
    return way


def rmsprop(parameter, gradients, rate, decay=0.9, epsilon=1e-8):
    """The way of a single number under RMSprop."""
    square, way = 0.0, []
    for g in gradients:
        square = decay * square + (1 - decay) * g * g
        parameter -= rate * g / (math.sqrt(square) + epsilon)
        way.append(parameter)
    return way


def rprop(parameter, gradients, losses, rate, up=1.2, down=0.5, smallest=1e-6, largest=1.0):
    """The way of a single number under Rprop that takes a change back where sign and loss say it went too far."""
    size, before, change, loss_before, way = rate, 0.0, 0.0, math.inf, []
    for g, loss in zip(gradients, losses, strict=True):
        if g * before > 0:
            size = min(size * up, largest)
        elif g * before < 0:
            size = max(size * down, smallest)
            if loss > loss_before:
                parameter -= change
            g = 0.0
        change = -math.copysign(size, g) if g else 0.0
        parameter += change
        before, loss_before = g, loss
        way.append(parameter)
    return way


def theta_errors(z, alpha, theta, level):
    """One-step errors of the dynamic optimised Theta model, value by value, from the third value on."""
    errors = []
    for t in range(1, len(z)):
        level = alpha * z[t - 1] + (1 - alpha) * level
        seen = z[:t]
        if t == 1:
            A, B = seen[0], 0.0
        else:
            B, A = np.polyfit(np.arange(1, t + 1), seen, 1)
        pull = (1 - alpha) ** t * A + B * (1 - (1 - alpha) ** (t + 1)) / alpha
        errors.append(z[t] - level - (1 - 1 / theta) * pull)
    return errors[2:]


def croston(y, alpha):
    """Croston's size and interval, period by period, with the correction of Syntetos and Boylan."""
    size = interval = None
    since = 0
    for value in y:
        since += 1
        if value:
            size = value if size is None else alpha * value + (1 - alpha) * size
            interval = since if interval is None else alpha * since + (1 - alpha) * interval
            since = 0
    return 0.0 if size is None else (1 - alpha / 2) * size / interval


def tsb(y, alpha, beta):
    """Size and probability, period by period."""
    size, probability = None, float(y[0] != 0)
    for t, value in enumerate(y):
        if t:
            probability = beta * float(value != 0) + (1 - beta) * probability
        if value:
            size = value if size is None else alpha * value + (1 - alpha) * size
    return 0.0 if size is None else size * probability


def outlying_places(y, lag):
    """The values that are far from what stood `lag` before and after, one after another."""
    steps = [y[t] - y[t - lag] for t in range(lag, len(y))]
    known = [step for step in steps if step == step]
    if not known:
        return []
    middle = float(np.median(known))
    distances = [abs(step - middle) for step in known]
    size = 1.4826 * float(np.median(distances)) or 1.2533 * sum(distances) / len(distances)
    found = []
    for t in range(len(y)):
        before = (steps[t - lag] - middle) / size if t >= lag else math.nan
        after = (steps[t] - middle) / size if t + lag < len(y) else math.nan
        sides = [side for side in (before, after) if side == side]
        opposite = len(sides) < 2 or sides[0] * sides[1] < 0
        if y[t] == y[t] and sides and opposite and min(map(abs, sides)) > 5:
            found.append(t)
    return found


def strength_of_season(y, m):
    """Strength of trend and season of a series from its additive decomposition, all by loops; m is even."""
    half = m // 2
    trend, rest = {}, {}
    for t in range(half, len(y) - half):
        trend[t] = (sum(y[t - half : t + half + 1]) - (y[t - half] + y[t + half]) / 2) / m
        rest[t] = y[t] - trend[t]
    season = {}
    for position in range(m):
        own = [rest[t] for t in rest if t % m == position]
        season[position] = sum(own) / len(own)

    def variance(values):
        values = list(values)
        mean = sum(values) / len(values)
        return sum((v - mean) ** 2 for v in values) / len(values)

    noise = variance(rest[t] - season[t % m] for t in rest)
    with_trend = variance(trend[t] + rest[t] - season[t % m] for t in rest)
    with_season = variance(rest.values())
    return max(0.0, 1 - noise / with_trend), max(0.0, 1 - noise / with_season)
