"""BatchNorm over the samples of all processes, and its statistics taken anew after training."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.modules.batchnorm import _BatchNorm

from cstm.model.backbones import Backbone
from cstm.processes import are_several


def synchronize(module: nn.Module) -> None:
    """Let every BatchNorm inside a module see the samples of all processes; names stay.

    On GPUs it becomes torch's own SyncBatchNorm, which knows no CPU.
    """
    if not are_several():
        return
    if distributed.get_backend() == "nccl":
        nn.SyncBatchNorm.convert_sync_batchnorm(module)
        return
    for name, child in module.named_children():
        if isinstance(child, _BatchNorm):
            setattr(module, name, SynchronizedBatchNorm(child))
        else:
            synchronize(child)


class _Sum(torch.autograd.Function):
    """Sum over all processes; so is the gradient, since every process uses the sum."""

    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        total = value.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return _Sum.forward(ctx, gradients[0].contiguous())


def _sum(value: Tensor) -> Tensor:
    total = _Sum.apply(value)
    assert isinstance(total, Tensor)
    return total


class SynchronizedBatchNorm(_BatchNorm):
    """BatchNorm in any number of dimensions, over all processes, for any device.

    Args:
        alone: the module whose parameters, statistics and settings it takes over.
    """

    def __init__(self, alone: _BatchNorm) -> None:
        super().__init__(alone.num_features, alone.eps, alone.momentum, alone.affine)
        self.weight, self.bias = alone.weight, alone.bias
        self.running_mean, self.running_var = alone.running_mean, alone.running_var
        self.num_batches_tracked = alone.num_batches_tracked
        self.train(alone.training)

    def _check_input_dim(self, input: Tensor) -> None:
        assert input.dim() >= 2, "expected (batch channel *grid)"

    def forward(self, input: Tensor) -> Tensor:
        """Normalise a feature (batch channel *grid)."""
        if not self.training:
            return super().forward(input)
        axes = [0, *range(2, input.dim())]
        shape = (-1, *[1] * (input.dim() - 2))
        x = input.to(torch.promote_types(input.dtype, torch.float32))
        count = _sum(x.new_tensor([x.numel() / x.shape[1]]))
        mean = _sum(x.sum(axes)) / count
        centred = x - mean.view(shape)
        variance = _sum(centred.square().sum(axes)) / count
        self._track(mean.detach(), (variance * count / (count - 1)).detach())
        scale = self.weight * torch.rsqrt(variance + self.eps)
        return (centred * scale.view(shape) + self.bias.view(shape)).to(input.dtype)

    @torch.no_grad()
    def _track(self, mean: Tensor, variance: Tensor) -> None:
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
        self.num_batches_tracked += 1
        self.running_mean.lerp_(mean.to(self.running_mean.dtype), self.momentum)
        self.running_var.lerp_(variance.to(self.running_var.dtype), self.momentum)


@contextmanager
def statistics_anew(network: nn.Module) -> Iterator[None]:
    """Have BatchNorm outside the backbones take its statistics from what passes in the block.

    A mean of two networks' weights is not used to the mean of their statistics (Izmailov et al.,
    Averaging weights leads to wider optima, UAI 2018), and a network that is used at another size
    than it was trained at not to those of its training (Touvron et al., Fixing the train-test
    resolution discrepancy, NeurIPS 2019). Backbones keep theirs, which ``lite`` never trains. The
    network is in evaluation mode before and after; what nothing passes keeps what it had. Means and
    variances are those of all samples together, whatever the batches in which they pass; but each
    batch is normalised by its own on its way, so large ones are better.
    """
    backbones = [module for module in network.modules() if isinstance(module, Backbone)]
    kept = {module for backbone in backbones for module in backbone.modules()}
    layers = [
        module
        for module in network.modules()
        if isinstance(module, _BatchNorm) and module not in kept
    ]
    passed = Counter[_BatchNorm]()
    moments = defaultdict[_BatchNorm, Tensor](lambda: torch.zeros(2, 1, dtype=torch.float64))

    def note(layer: _BatchNorm, inputs: tuple[Tensor, ...]) -> None:
        # Of a large mean and a small variance, single precision leaves a negative one.
        channels = inputs[0].detach().double().transpose(0, 1).flatten(1)
        both = torch.stack([channels.mean(1), channels.square().mean(1)]).cpu()
        passed[layer] += len(inputs[0])
        moments[layer] = moments[layer] + len(inputs[0]) * both

    before = [deepcopy(layer.state_dict()) for layer in layers]
    hooks = [layer.register_forward_pre_hook(note) for layer in layers]
    for layer in layers:
        layer.train()
    try:
        yield
    finally:
        for layer, state, hook in zip(layers, before, hooks, strict=True):
            hook.remove()
            layer.eval()
            if count := passed[layer]:
                mean, square = moments[layer] / count
                state |= {"running_mean": mean, "running_var": square - mean.square()}
            layer.load_state_dict(state)
