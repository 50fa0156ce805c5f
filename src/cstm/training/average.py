"""An average of a network's weights over its steps, steadier than the weights themselves."""

from copy import deepcopy

import torch

from cstm.model.network import ActorSegmenter


class Average:
    """Moving average or mean of weights and BatchNorm statistics, as a network to use.

    Args:
        network: what is averaged; the average begins as a copy of it.
        decay: how much of the average stays at each step (exponential). It rises to this value in
            the first steps, so that the random weights of the beginning are soon forgotten. 1: the
            mean of all weights since ``begin`` (stochastic weight averaging, Izmailov et al., UAI
            2018).
        begin: step until which a mean is just the weights.
    """

    def __init__(self, network: ActorSegmenter, decay: float, begin: int = 0) -> None:
        self.network = deepcopy(network).eval().requires_grad_(False)
        self.decay = decay
        self.begin = begin

    @torch.no_grad()
    def update(self, network: ActorSegmenter, step: int) -> None:
        """Take in the weights after a step, counted from 0."""
        if self.decay == 1:
            taken = max(0, step - self.begin)
            decay = taken / (taken + 1)
        else:
            decay = min(self.decay, (1 + step) / (10 + step))
        new = network.state_dict()
        for name, mean in self.network.state_dict().items():
            if mean.is_floating_point():
                mean.lerp_(new[name], 1 - decay)
            else:
                mean.copy_(new[name])
