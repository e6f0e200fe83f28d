"""Train the networks that forecast without having seen the user's series, and measure them on held-out generated ones.

    python benchmarks/prior.py                  # sMAPE-like error of the committed weights on a hold-out, by season
    python benchmarks/prior.py --train          # train all again, write forecast/models/prior.npz, print its hash
    python benchmarks/prior.py --train 12 --steps 2000 --out /tmp/prior.npz

The hold-out comes from the same generator with another seed. Its error is the mean of 200 |y - f| / (|y| + |f|) over
``exp`` of the generated series, moved to a level of 1 and a typical change of 3 %.
"""

from __future__ import annotations

import argparse
import json
from hashlib import sha256
from pathlib import Path
from time import perf_counter

import numpy as np

from forecast import nn
from forecast.engine import one_thread
from forecast.models.prior import PRIOR, SHAPES, batches, new_network

STEPS, BATCH, RATE = 16_000, 512, 2e-3
HELD_OUT_SEED = 1_000_003
TYPICAL_CHANGE = 0.03


def train(season_length: int, steps: int) -> nn.Network:
    """Return the network of a season after so many steps on generated series."""
    network, source = new_network(season_length), batches(season_length, size=BATCH)
    started = perf_counter()

    def draw(step: int) -> nn.Batch:
        if step % 1000 == 0:
            print(f"season {season_length}: step {step}, {perf_counter() - started:.0f} s", flush=True)
        return next(source)

    nn.train(
        network,
        draw,
        loss=nn.LOSSES["mae"](),
        optimizer=nn.Adam(weight_decay=0.01),
        schedule=nn.Cosine(RATE, steps, floor=RATE / 100),
        max_steps=steps,
        clip=1.0,
        average=0.995,
    )
    return network


def held_out_error(network: nn.Network, season_length: int) -> float:
    """Return the error of a network on series that it was not trained on."""
    batch = next(batches(season_length, size=2_000, seed=HELD_OUT_SEED))
    inputs, targets = (
        batch.inputs.reshape(-1, batch.inputs.shape[-1]),
        batch.targets.reshape(-1, batch.targets.shape[-1]),
    )
    y_hat = np.exp(TYPICAL_CHANGE * np.median(network.forward(inputs).astype(np.float64), axis=0))
    y = np.exp(TYPICAL_CHANGE * targets.astype(np.float64))
    return float((200 * np.abs(y - y_hat) / (y + y_hat)).mean())


def main() -> None:
    """Train where asked to, then measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--train", nargs="*", type=int, help="seasons to train; all without numbers")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--out", type=Path, default=PRIOR)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    with one_thread():
        weights = dict(np.load(chosen.out, allow_pickle=False)) if chosen.out.is_file() else {}
        if chosen.train is not None:
            for season_length in chosen.train or SHAPES:
                network = train(season_length, chosen.steps)
                weights[f"season_{season_length}"] = network.parameters.astype(np.float16)
                np.savez_compressed(chosen.out, **dict(sorted(weights.items())))
        rows = []
        for season_length in SHAPES:
            if f"season_{season_length}" in weights:
                network = new_network(season_length)
                network.parameters[:] = weights[f"season_{season_length}"]
                naive = new_network(season_length)
                errors = held_out_error(network, season_length), held_out_error(naive, season_length)
                rows.append({"season": season_length, "error": errors[0], "naive": errors[1]})
    if chosen.json:
        print(json.dumps(rows))
        return
    print("season  error  naive")
    for row in rows:
        print(f"{row['season']:6d}  {row['error']:5.2f}  {row['naive']:5.2f}")
    print("sha256", sha256(chosen.out.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
