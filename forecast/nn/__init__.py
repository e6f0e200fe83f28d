"""A small backpropagation library in NumPy, complete in itself and usable alone.

Its one idea: E networks of equal shape are trained together. All their parameters are one array ``[E, P]``, all
gradients another, and the layers hold views of them; so an optimizer is a few lines over one array, and an ensemble
costs little more than a single network.

Examples
--------
>>> import numpy as np
>>> from forecast import nn
>>> x = np.linspace(-2, 2, 64).reshape(-1, 1)
>>> network = nn.Network(nn.Linear(8), nn.Tanh(), nn.Linear(1), input_size=1, members=3, seed=0)
>>> history = nn.train(
...     network, lambda step: nn.Batch(x, np.sin(x)), loss=nn.MSE(), optimizer=nn.Adam(),
...     schedule=nn.Cosine(0.05, 500), max_steps=500,
... )
>>> bool((history.train_loss[-1] < 1e-2).all())
True
"""

from forecast.nn.gradcheck import GradientReport, gradcheck
from forecast.nn.layers import Identity, Layer, Linear, LinearSkip, ReLU, Sigmoid, Tanh
from forecast.nn.losses import MAE, MSE, Loss
from forecast.nn.network import Network
from forecast.nn.optimizers import SGD, Adam, Optimizer
from forecast.nn.schedules import Constant, Cosine, Schedule, Step
from forecast.nn.training import Batch, Diverged, History, train

ACTIVATIONS = {"identity": Identity, "relu": ReLU, "sigmoid": Sigmoid, "tanh": Tanh}
LOSSES = {"mae": MAE, "mse": MSE}
OPTIMIZERS = {"adam": Adam, "sgd": SGD}

__all__ = [
    "ACTIVATIONS",
    "LOSSES",
    "MAE",
    "MSE",
    "OPTIMIZERS",
    "SGD",
    "Adam",
    "Batch",
    "Constant",
    "Cosine",
    "Diverged",
    "GradientReport",
    "History",
    "Identity",
    "Layer",
    "Linear",
    "LinearSkip",
    "Loss",
    "Network",
    "Optimizer",
    "ReLU",
    "Schedule",
    "Sigmoid",
    "Step",
    "Tanh",
    "gradcheck",
    "train",
]
