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

from forecast.nn.activations import (
    ACTIVATIONS,
    ELU,
    GELU,
    Activation,
    Identity,
    LeakyReLU,
    ReLU,
    Sigmoid,
    SiLU,
    Softplus,
    Tanh,
)
from forecast.nn.blocks import DoublyResidual, LinearSkip, Residual
from forecast.nn.distributions import DISTRIBUTIONS, CrossEntropy, Distribution, GaussianNLL, Pinball
from forecast.nn.gradcheck import GradientReport, gradcheck
from forecast.nn.initializers import INITIALIZERS
from forecast.nn.layers import Dropout, Layer, LayerNorm, Linear
from forecast.nn.losses import LOSSES, MAE, MSE, SMAPE, BinaryCrossEntropy, Huber, LogCosh, Loss
from forecast.nn.network import Network
from forecast.nn.optimizers import OPTIMIZERS, SGD, Adam, AdamW, Optimizer, RMSprop, Rprop
from forecast.nn.parallel import train_parallel
from forecast.nn.range_test import RangeTest, range_test
from forecast.nn.schedules import (
    SCHEDULES,
    Constant,
    Cosine,
    CosineRestarts,
    Exponential,
    InverseTime,
    OneCycle,
    ReduceOnPlateau,
    Schedule,
    Step,
    Warmup,
)
from forecast.nn.second_order import LBFGS, Descent, LevenbergMarquardt, jacobian
from forecast.nn.training import Batch, Diverged, History, train

__all__ = [
    "ACTIVATIONS",
    "DISTRIBUTIONS",
    "ELU",
    "GELU",
    "INITIALIZERS",
    "LBFGS",
    "LOSSES",
    "MAE",
    "MSE",
    "OPTIMIZERS",
    "SCHEDULES",
    "SGD",
    "SMAPE",
    "Activation",
    "Adam",
    "AdamW",
    "Batch",
    "BinaryCrossEntropy",
    "Constant",
    "Cosine",
    "CosineRestarts",
    "CrossEntropy",
    "Descent",
    "Distribution",
    "Diverged",
    "DoublyResidual",
    "Dropout",
    "Exponential",
    "GaussianNLL",
    "GradientReport",
    "History",
    "Huber",
    "Identity",
    "InverseTime",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "LevenbergMarquardt",
    "Linear",
    "LinearSkip",
    "LogCosh",
    "Loss",
    "Network",
    "OneCycle",
    "Optimizer",
    "Pinball",
    "RMSprop",
    "RangeTest",
    "ReLU",
    "ReduceOnPlateau",
    "Residual",
    "Rprop",
    "Schedule",
    "SiLU",
    "Sigmoid",
    "Softplus",
    "Step",
    "Tanh",
    "Warmup",
    "gradcheck",
    "jacobian",
    "range_test",
    "train",
    "train_parallel",
]
