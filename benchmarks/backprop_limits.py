"""What plain backpropagation is blamed for, each answer measured: local optima, cost, update locking.

Local optima: how far the final losses of many starts lie apart, and what warm restarts and averaging an ensemble do.
Cost: members stacked in one array against a loop over single networks. Update locking, that early layers wait for the
error to come back: direct feedback alignment beside backpropagation, same losses and layers.
"""

from __future__ import annotations

import argparse
import json
import os
from time import perf_counter
from typing import TYPE_CHECKING, Any

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np  # noqa: E402 - threads are set before NumPy loads

from forecast import nn  # noqa: E402

if TYPE_CHECKING:
    from forecast.nn.schedules import Schedule

RATE = 0.01


def friedman(n: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the Friedman #1 task (Friedman 1991): five inputs that matter, five that do not, noise of deviation 1."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(size=(n, 10)).astype(np.float32)
    y = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    scaled = (y + rng.normal(size=n) - 14.4) / 5.0
    return (x - 0.5).astype(np.float32) * 3.46, scaled[:, None].astype(np.float32)


def network(members: int, *, units: int = 32, feedback: str = "back", seed: int = 0) -> nn.Network:
    """Return networks with two hidden layers."""
    layers = [nn.Linear(units), nn.Tanh(), nn.Linear(units), nn.Tanh(), nn.Linear(1)]
    return nn.Network(*layers, input_size=10, members=members, feedback=feedback, seed=seed)


def learn(net: nn.Network, schedule: Schedule, *, steps: int, seed: int = 1) -> float:
    """Train on batches of 64 of the task and return the seconds it took."""
    x, y = friedman(1000, seed=seed)
    rng = np.random.default_rng(seed)

    def draw(_step: int) -> nn.Batch:
        chosen = rng.integers(0, len(x), 64)
        return nn.Batch(x[chosen], y[chosen])

    start = perf_counter()
    nn.train(net, draw, loss=nn.MSE(), optimizer=nn.Adam(), schedule=schedule, max_steps=steps, look_every=100)
    return perf_counter() - start


def test_losses(net: nn.Network) -> np.ndarray:
    """Return the squared error of every member, and last that of their mean, on new data."""
    x, y = friedman(5000, seed=99)
    outputs = net.forward(x)
    each = np.mean((outputs - y) ** 2, axis=(1, 2))
    return np.r_[each, np.mean((outputs.mean(axis=0) - y) ** 2)]


def local_optima(steps: int, starts: int) -> list[dict[str, Any]]:
    """Return the spread of final test losses over many starts, for plain and restarted schedules."""
    rows = []
    schedules = {
        "constant rate": nn.Constant(RATE),
        "cosine": nn.Cosine(RATE, steps),
        "cosine, 3 warm restarts": nn.CosineRestarts(RATE, period=max(1, steps // 4)),
    }
    for name, schedule in schedules.items():
        net = network(starts)
        learn(net, schedule, steps=steps)
        *each, together = test_losses(net)
        rows.append(
            {
                "schedule": name,
                "starts": starts,
                "worst": round(float(np.max(each)), 4),
                "median": round(float(np.median(each)), 4),
                "best": round(float(np.min(each)), 4),
                "spread": round(float(np.std(each)), 4),
                "mean of all": round(float(together), 4),
            }
        )
    return rows


def cost(steps: int) -> list[dict[str, Any]]:
    """Return the seconds of members trained together and one after another."""
    rows = []
    for members in (4, 16, 50):
        together = learn(network(members), nn.Constant(RATE), steps=steps)
        apart = sum(learn(network(1, seed=seed), nn.Constant(RATE), steps=steps) for seed in range(members))
        rows.append(
            {
                "members": members,
                "together_s": round(together, 3),
                "loop_s": round(apart, 3),
                "times_faster": round(apart / together, 2),
            }
        )
    return rows


def update_locking(steps: int, starts: int) -> list[dict[str, Any]]:
    """Return accuracy and time of backpropagation and of direct feedback alignment."""
    rows = []
    for feedback in ("back", "direct"):
        net = network(starts, feedback=feedback)
        seconds = learn(net, nn.Cosine(RATE, steps), steps=steps)
        *each, _ = test_losses(net)
        rows.append(
            {
                "feedback": feedback,
                "median": round(float(np.median(each)), 4),
                "spread": round(float(np.std(each)), 4),
                "seconds": round(seconds, 3),
            }
        )
    untrained = test_losses(network(starts))
    rows.append({"feedback": "untrained", "median": round(float(np.median(untrained[:-1])), 4), "spread": None,
                 "seconds": 0.0})  # fmt: skip
    return rows


def main() -> None:
    """Measure, then print tables or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=3000, help="training steps (default 3000)")
    parser.add_argument("--starts", type=int, default=50, help="networks started (default 50)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    result = {
        "local optima: test loss over starts (noise alone: 0.04)": local_optima(arguments.steps, arguments.starts),
        "cost: members together against a loop": cost(arguments.steps // 5),
        "update locking: direct feedback beside backpropagation": update_locking(arguments.steps, arguments.starts),
    }
    if arguments.json:
        print(json.dumps(result, indent=1))
        return
    for title, rows in result.items():
        print(f"\n{title}")
        print("  ".join(f"{key:>24}" for key in rows[0]))
        for row in rows:
            print("  ".join(f"{value!s:>24}" for value in row.values()))


if __name__ == "__main__":
    main()
