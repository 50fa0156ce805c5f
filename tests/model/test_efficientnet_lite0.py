"""What its convolutions do besides: padding as TensorFlow's, gradients in single precision."""

import pytest
import torch
from torch.nn import functional

from cstm.model.backbones.efficientnet_lite0 import DepthwiseConv2d, SameConv2d


@pytest.mark.parametrize("size", [(9, 8), (8, 9), (8, 8), (9, 9)])
@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (5, 1), (5, 2)])
def test_as_many_cells_are_left_as_strides_fit_and_the_far_end_gets_the_odd_pad(
    size: tuple[int, int], kernel: int, stride: int
):
    torch.manual_seed(0)
    conv = SameConv2d(2, 3, kernel, stride, bias=False)
    x = torch.randn(1, 2, *size)
    # Padded by more than enough at both ends, its cells are every stride-th of these.
    every = functional.conv2d(functional.pad(x, [kernel] * 4), conv.weight)
    firsts = [max((-(-n // stride) - 1) * stride + kernel - n, 0) // 2 for n in size]
    rows, columns = (
        [kernel - first + stride * cell for cell in range(-(-n // stride))]
        for first, n in zip(firsts, size, strict=True)
    )
    torch.testing.assert_close(conv(x), every[:, :, rows][..., columns])


def test_a_cpu_finds_depthwise_gradients_in_single_precision():
    torch.manual_seed(0)
    conv = DepthwiseConv2d(8, 5, stride=1)
    x = torch.randn(2, 8, 6, 6, dtype=torch.bfloat16, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        y = conv(x)
    assert y.dtype == torch.bfloat16
    (gradient,) = torch.autograd.grad(y.float().square().sum(), conv.weight)
    exact = functional.conv2d(x.detach().float(), conv.weight, padding=2, groups=8)
    # What comes out is rounded, and so is its gradient; the sum over all cells is not.
    rounded = (2 * exact.bfloat16().float()).bfloat16().float()
    (expected,) = torch.autograd.grad(exact, conv.weight, rounded)
    assert torch.equal(gradient, expected)


def test_double_precision_stays_double():
    conv = DepthwiseConv2d(8, 5, stride=2).double()
    assert conv(torch.randn(1, 8, 6, 6).double()).dtype == torch.float64


def test_where_nothing_is_learnt_autocast_decides():
    conv = DepthwiseConv2d(8, 3, stride=2).requires_grad_(False)
    with torch.autocast("cpu", torch.bfloat16):
        assert conv(torch.randn(1, 8, 6, 6)).dtype == torch.bfloat16
