"""One training step, ours against the frameworks', on one thread each.

The step is forward, backward and Adam on a network of 48 inputs, two hidden ReLU layers and 12 outputs in float32, with
the squared error. PyTorch runs eagerly with the best of its default, foreach and fused Adam (torch.compile beside it
with ``--compile``), scikit-learn trains its MLPRegressor on the same batch. All start from the same weights and see the
same data; the losses after ten steps must agree to 1e-4. Every figure is the median of alternating rounds, and
`sgemm_share` is the rate of the step's matrix products over that of one product of 1024 x 512 x 512 in the same round.

Needs the extra ``bench`` for the peers; without it only our own columns are filled.
"""

from __future__ import annotations

import argparse
import json
import os
import warnings
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np  # noqa: E402 - threads are set before NumPy loads

from forecast import nn  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

INPUTS, OUTPUTS, RATE = 48, 12, 1e-3
BATCHES, HIDDEN = (32, 256, 1024), (16, 64, 256, 512)
MEMBERS, MEMBER_UNITS = 16, 32
SKLEARN_STEPS = 50
BUDGETS, BUDGET_SIZES = (1.0, 5.0), ((16, 32, 1), (128, 256, 8), (512, 1024, 1))  # units, batch, members
ADAMS: dict[str, dict[str, bool]] = {"default": {}, "foreach": {"foreach": True}, "fused": {"fused": True}}

Stepper = "Callable[[], float]"


def data(batch: int) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and targets of one batch."""
    rng = np.random.default_rng(batch)
    return (
        rng.normal(size=(batch, INPUTS)).astype(np.float32),
        rng.normal(size=(batch, OUTPUTS)).astype(np.float32),
    )


def our_network(units: int, members: int = 1, seed: int = 0) -> nn.Network:
    """Return the network of the comparison."""
    layers = [nn.Linear(units), nn.ReLU(), nn.Linear(units), nn.ReLU(), nn.Linear(OUTPUTS)]
    return nn.Network(*layers, input_size=INPUTS, members=members, seed=seed)


def our_step(x: np.ndarray, y: np.ndarray, network: nn.Network) -> Callable[[], float]:
    """Return a function that takes one step and returns the loss before it."""
    loss, optimizer = nn.MSE(), nn.Adam()
    optimizer.reset(network.parameters)

    def step() -> float:
        losses, gradient = loss.value_and_gradient(network.forward(x), y, None)
        network.backward(gradient)
        optimizer.step(network.parameters, network.gradients, RATE)
        return float(losses[0])

    return step


def torch_step(
    x: np.ndarray, y: np.ndarray, network: nn.Network, units: int, adam: dict[str, bool], *, compiled: bool = False
) -> Callable[[], float]:
    """Return the same for PyTorch, starting from the parameters of `network`."""
    import torch

    torch.set_num_threads(1)
    layers = [torch.nn.Linear(INPUTS, units), torch.nn.ReLU(), torch.nn.Linear(units, units), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers, torch.nn.Linear(units, OUTPUTS))
    start = 0
    with torch.no_grad():
        for layer in model:
            if isinstance(layer, torch.nn.Linear):
                n, m = layer.in_features, layer.out_features
                flat = network.parameters[0, start : start + (n + 1) * m]
                layer.weight.copy_(torch.from_numpy(flat[: n * m].reshape(n, m).T.copy()))
                layer.bias.copy_(torch.from_numpy(flat[n * m :].copy()))
                start += (n + 1) * m
    run = torch.compile(model) if compiled else model
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE, **adam)
    loss, tx, ty = torch.nn.MSELoss(), torch.from_numpy(x), torch.from_numpy(y)

    def step() -> float:
        optimizer.zero_grad(set_to_none=True)
        value = loss(run(tx), ty)
        value.backward()
        optimizer.step()
        return value.detach()

    return step


def sklearn_steps(x: np.ndarray, y: np.ndarray, units: int) -> Callable[[], float]:
    """Return a function that lets scikit-learn take `SKLEARN_STEPS` steps: one call of its own has no such loop."""
    from sklearn.neural_network import MLPRegressor

    model = MLPRegressor(
        hidden_layer_sizes=(units, units),
        batch_size=len(x),
        learning_rate_init=RATE,
        alpha=0.0,
        shuffle=False,
        max_iter=SKLEARN_STEPS,
        n_iter_no_change=SKLEARN_STEPS + 1,
    )

    def steps() -> float:
        return float(model.fit(x, y).loss_)

    return steps


def sgemm() -> Callable[[], object]:
    """Return a function that takes one matrix product, as large as the products of the largest network."""
    a, b = np.ones((1024, 512), np.float32), np.ones((512, 512), np.float32)
    out = np.empty((1024, 512), np.float32)
    return lambda: np.matmul(a, b, out=out)


def alternate(steps: dict[str, Callable[[], object]], *, rounds: int, seconds: float) -> dict[str, list[float]]:
    """Return microseconds a call of each, a figure per round, the rounds taken in turn."""
    counts = {}
    for name, step in steps.items():
        for _ in range(3):
            step()
        start = perf_counter()
        step()
        counts[name] = max(1, int(seconds / max(perf_counter() - start, 1e-6)))
    figures: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            start = perf_counter()
            for _ in range(counts[name]):
                step()
            figures[name].append((perf_counter() - start) / counts[name] * 1e6)
    return figures


def agree(x: np.ndarray, y: np.ndarray, units: int) -> None:
    """Check that ten steps of ours and of PyTorch from the same start lead to the same loss."""
    network = our_network(units)
    theirs = torch_step(x, y, our_network(units), units, {})
    ours = our_step(x, y, network)
    for _ in range(10):
        ours()
        theirs()
    first, second = ours(), float(theirs())
    if abs(first - second) > 1e-4 * abs(second):
        raise SystemExit(f"losses differ after ten steps: {first} and {second}")


def compare(batch: int, units: int, *, rounds: int, seconds: float, peers: bool, compiled: bool) -> dict[str, Any]:
    """Return the row of one network."""
    x, y = data(batch)
    steps: dict[str, Callable[[], object]] = {"ours": our_step(x, y, our_network(units)), "sgemm": sgemm()}
    if peers:
        agree(x, y, units)
        for name, adam in ADAMS.items():
            steps[f"torch {name}"] = torch_step(x, y, our_network(units), units, adam)
        if compiled:
            steps["torch compiled"] = torch_step(x, y, our_network(units), units, {"fused": True}, compiled=True)
        steps["sklearn"] = sklearn_steps(x, y, units)
    figures = alternate(steps, rounds=rounds, seconds=seconds)
    figures["sklearn"] = [figure / SKLEARN_STEPS for figure in figures.get("sklearn", [])]
    flops = 2 * batch * (2 * INPUTS * units + 3 * units * units + 3 * units * OUTPUTS)
    share = [
        flops / ours / (2 * 1024 * 512 * 512 / peer)
        for ours, peer in zip(figures["ours"], figures["sgemm"], strict=True)
    ]
    eager = {name: median(figures[f"torch {name}"]) for name in ADAMS} if peers else {}
    best = min(eager, key=lambda name: eager[name]) if peers else None
    ratio = median(t / o for t, o in zip(figures[f"torch {best}"], figures["ours"], strict=True)) if peers else None
    return {
        "batch": batch,
        "hidden": units,
        "ours_us": round(median(figures["ours"]), 1),
        "torch_us": round(eager[best], 1) if best else None,
        "sklearn_us": round(median(figures["sklearn"]), 1) if peers else None,
        "sgemm_share": round(median(share), 3),
        "torch_adam": best,
        "torch_compiled_us": round(median(figures["torch compiled"]), 1) if "torch compiled" in figures else None,
        "times_faster_than_torch": round(ratio, 2) if ratio else None,
    }


def members(*, rounds: int, seconds: float) -> dict[str, Any]:
    """Return how a group of 16 members compares with a loop over 16 single networks, batches of 32."""
    x, y = data(32)
    group = our_step(x, y, our_network(MEMBER_UNITS, members=MEMBERS))
    singles = [our_step(x, y, our_network(MEMBER_UNITS, seed=seed)) for seed in range(MEMBERS)]

    def loop() -> None:
        for single in singles:
            single()

    figures = alternate({"group": group, "loop": loop}, rounds=rounds, seconds=seconds)
    ratio = median(b / a for a, b in zip(figures["group"], figures["loop"], strict=True))
    return {"members": MEMBERS, "units": MEMBER_UNITS, "group_us": round(median(figures["group"]), 1),
            "loop_us": round(median(figures["loop"]), 1), "times_faster_than_loop": round(ratio, 2)}  # fmt: skip


def workers(*, rounds: int, seconds: float) -> list[dict[str, Any]]:
    """Return the time that 8 members take on two threads over that on one, batches of 256, by the hidden units."""
    x, y = data(256)
    rows = []
    for units in (16, 64, 128, 256, 512):
        steps = max(3, int(seconds * 2e4 / units))
        trained: dict[int, np.ndarray] = {}

        def run(count: int, units: int = units, steps: int = steps, trained: dict[int, np.ndarray] = trained) -> None:
            network = our_network(units, members=8)
            settings = {"loss": nn.MSE(), "optimizer": nn.Adam(), "schedule": nn.Constant(RATE), "max_steps": steps}
            nn.train_parallel(network, lambda _: nn.Batch(x, y), workers=count, **settings)
            trained[count] = network.parameters

        one, two = [], []
        for _ in range(rounds):
            for count, times in ((1, one), (2, two)):
                start = perf_counter()
                run(count)
                times.append(perf_counter() - start)
        ratio = median(b / a for a, b in zip(one, two, strict=True))
        same = bool(np.array_equal(trained[1], trained[2]))
        rows.append({"members": 8, "units": units, "ms_a_step": round(median(one) / steps * 1e3, 2),
                     "two_over_one": round(ratio, 3), "identical": same})  # fmt: skip
    return rows


def budget() -> list[dict[str, Any]]:
    """Return what a training with a budget of time took, with a validation block as large as a batch."""
    rows = []
    for units, batch, count in BUDGET_SIZES:
        samples = nn.Batch(*data(batch))
        for asked in BUDGETS:
            network = our_network(units, members=count)
            settings = {"loss": nn.MSE(), "optimizer": nn.Adam(), "schedule": nn.Constant(RATE), "max_steps": 10**9}
            start = perf_counter()
            history = nn.train(network, lambda _, own=samples: own, validation=samples, max_seconds=asked, **settings)
            took = perf_counter() - start
            rows.append({"units": units, "batch": batch, "members": count, "steps": int(history.steps[-1]),
                         "asked_s": asked, "took_s": round(took, 3), "share": round(took / asked, 4)})  # fmt: skip
    return rows


def can_compare() -> bool:
    """Load the peers, if installed: only where they are measured, as PyTorch slows the garbage collector down."""
    try:
        import sklearn  # noqa: F401
        import torch  # noqa: F401
    except ImportError:
        return False
    return True


def main() -> None:
    """Measure, then print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="alternating rounds (default 7)")
    parser.add_argument("--seconds", type=float, default=0.2, help="length of a round of each peer (default 0.2)")
    parser.add_argument("--compile", action="store_true", help="torch.compile beside it (needs a C++ compiler)")
    parser.add_argument("--members", action="store_true", help="only the group of members against the loop")
    parser.add_argument("--workers", action="store_true", help="only two threads against one")
    parser.add_argument("--budget", action="store_true", help="only trainings with a budget of time")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    timing = {"rounds": arguments.rounds, "seconds": arguments.seconds}
    if arguments.members:
        rows = [members(**timing)]
    elif arguments.workers:
        rows = workers(**timing)
    elif arguments.budget:
        rows = budget()
    else:
        peers = can_compare()
        rows = [
            compare(batch, units, peers=peers, compiled=arguments.compile, **timing)
            for batch in BATCHES
            for units in HIDDEN
        ]
    if arguments.json:
        print(json.dumps(rows, indent=1))
        return
    print("  ".join(f"{key:>14}" for key in rows[0]))
    for row in rows:
        print("  ".join(f"{value!s:>14}" for value in row.values()))


if __name__ == "__main__":
    main()
