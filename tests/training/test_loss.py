"""Losses against sums written out by hand."""

import math
from dataclasses import replace

import pytest
import torch
from lightning_fabric import Fabric
from small import EXPERIMENT, SCHEDULE
from torch.testing import assert_close

from cstm.data.feeding.rows import Batch
from cstm.model.network import ActorSegmenter
from cstm.training.fit import GRADIENT_NORM, _optimize
from cstm.training.loss import DenseTask, dice_loss, presence_loss, segmentation_loss
from cstm.training.objective import Objective


def test_cross_entropy_is_summed_over_resolutions_with_the_positive_weight():
    target = torch.zeros(1, 4, 4)
    target[0, :2, :2] = 1
    target[0, 3, 3] = 1
    fine, coarse = torch.randn(1, 4, 4), torch.randn(1, 2, 2)

    def cross_entropy(logit: float, cover: float) -> float:
        p = 1 / (1 + math.exp(-logit))
        return -(1.5 * cover * math.log(p) + (1 - cover) * math.log(1 - p))

    covers = [[1.0, 0.0], [0.0, 0.25]]
    expected = sum(
        cross_entropy(float(fine[0, i, j]), float(target[0, i, j])) / 16
        for i in range(4)
        for j in range(4)
    ) + sum(
        cross_entropy(float(coarse[0, i, j]), covers[i][j]) / 4 for i in range(2) for j in range(2)
    )
    loss = segmentation_loss([fine, coarse], target, positive_weight=1.5, dice_weight=0.0)
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_dice_is_zero_for_the_mask_itself_and_nearly_one_for_its_complement():
    target = (torch.rand(2, 32, 32) > 0.5).float()
    assert float(dice_loss(40 * (target - 0.5), target)) == pytest.approx(0, abs=1e-4)
    assert float(dice_loss(40 * (0.5 - target), target)) > 0.99
    with_dice = segmentation_loss([target], target, 1.5, dice_weight=2.0)
    without = segmentation_loss([target], target, 1.5, dice_weight=0.0)
    assert float(with_dice - without) == pytest.approx(2 * float(dice_loss(target, target)))


def test_dice_is_the_mean_of_each_masks_own():
    """Else a large actor in a batch would hide a small one."""
    torch.manual_seed(0)
    logits, target = torch.randn(2, 8, 8), torch.zeros(2, 8, 8)
    target[0, 2, 2], target[1, :7] = 1, 1
    each = []
    for one, mask in zip(logits.sigmoid(), target, strict=True):
        each.append(1 - (2 * float((one * mask).sum()) + 1) / (float(one.sum() + mask.sum()) + 1))
    assert float(dice_loss(logits, target)) == pytest.approx(sum(each) / 2, rel=1e-5)


def test_dice_pushes_every_pixel_down_where_the_actor_is_absent():
    logits = torch.randn(1, 8, 8, requires_grad=True)
    dice_loss(logits, torch.zeros(1, 8, 8)).backward()
    assert logits.grad is not None
    assert (logits.grad > 0).all()
    assert float(dice_loss(torch.full((1, 8, 8), -40.0), torch.zeros(1, 8, 8))) == 0


def test_an_actor_is_there_where_its_mask_has_a_pixel():
    target = torch.zeros(2, 8, 8)
    target[1, 3, 4] = 1
    loss = presence_loss(torch.tensor([1.0, 2.0]), target)
    absent, present = -math.log(1 - 1 / (1 + math.exp(-1))), -math.log(1 / (1 + math.exp(-2)))
    assert float(loss) == pytest.approx((absent + present) / 2)


def test_a_wild_step_is_clipped_to_the_norm():
    torch.manual_seed(1)
    maps = (torch.randint(0, high, (4, 64, 64), dtype=torch.uint8) for high in (2, 9, 8, 81))
    clip = torch.randint(0, 256, (4, 8, 3, 64, 64), dtype=torch.uint8)
    batch = Batch(clip, torch.randint(2, 9, (4, 6)), *maps, name=list("abcd"))
    wild = replace(SCHEDULE, positive_weight=1e3)
    objective = Objective(ActorSegmenter(EXPERIMENT.model, 9), wild).eval()
    before = [parameter.clone() for parameter in objective.parameters()]
    gradients = torch.autograd.grad(objective(*batch[:-1])[0], list(objective.parameters()))
    norm = torch.stack([gradient.norm() for gradient in gradients]).norm()
    assert norm > 2 * GRADIENT_NORM
    fabric = Fabric(accelerator="cpu", devices=1)
    model, optimizer = fabric.setup(objective, torch.optim.SGD(objective.parameters(), lr=1.0))
    _optimize(fabric, model, optimizer, [batch], 0)
    for parameter, old, gradient in zip(objective.parameters(), before, gradients, strict=True):
        clipped = gradient * (GRADIENT_NORM / norm)
        assert_close(parameter, old - clipped, atol=1e-5, rtol=1e-4)


def test_a_dense_task_is_a_mean_over_stages_at_the_finest_ones_cells():
    task = DenseTask((2, 3, 4, 2, 2), (2, 3), {"action": 9, "direction": 7})
    for head in task.heads:
        torch.nn.init.zeros_(head.weight)
        torch.nn.init.zeros_(head.bias)
    features = [torch.randn(1, w, 24 >> i, 24 >> i) for i, w in enumerate((2, 3, 4, 2, 2))]
    # Of 36 pixels in a row, three make a cell, and the middle one is what the cell has.
    labels = torch.zeros(1, 36, 36, dtype=torch.uint8)
    labels[0, 16, 16] = 2
    loss, accuracy = task(features, {"action": labels, "direction": labels})
    assert loss.item() == pytest.approx(math.log(9) + math.log(7), rel=1e-5)
    assert not math.isnan(accuracy["action"]), "a cell of the finest stage has it"


def test_a_dense_task_sees_which_channels_stand_out_and_not_how_large_they_are():
    torch.manual_seed(0)
    task = DenseTask((2, 3, 4, 2, 2), (2, 3), {"action": 9})
    features = [torch.randn(1, w, 16 >> i, 16 >> i) for i, w in enumerate((2, 3, 4, 2, 2))]
    labels = {"action": torch.randint(0, 10, (1, 32, 32)).to(torch.uint8)}
    loss, _ = task(features, labels)
    larger, _ = task([10 * feature + 5 for feature in features], labels)
    assert larger.item() == pytest.approx(loss.item(), rel=1e-3)


def test_a_dense_task_counts_known_pixels_alone_and_can_be_learned():
    torch.manual_seed(0)
    widths = (2, 6, 6, 6, 2)
    action = torch.zeros(1, 32, 32, dtype=torch.uint8)
    direction = torch.zeros(1, 32, 32, dtype=torch.uint8)
    action[0, :16], action[0, 16:24] = 3, 9
    direction[0, :16] = 2
    features = [torch.randn(1, w, 16 >> i, 16 >> i) for i, w in enumerate(widths)]
    for feature in features[1:4]:
        feature[:, 0] = action[:, :: 32 // feature.shape[2], :: 32 // feature.shape[3]].float()
    task = DenseTask(widths, (2, 3, 4), {"action": 9, "direction": 7})
    optimizer = torch.optim.Adam(task.parameters(), lr=0.05)
    first, accuracy = task(features, {"action": action, "direction": direction})
    for _ in range(200):
        loss, accuracy = task(features, {"action": action, "direction": direction})
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.3 * first.item()
    assert accuracy["action"] > 0.9
    unknown = torch.zeros_like(action)
    nothing, accuracy = task(features, {"action": unknown, "direction": unknown})
    assert nothing.item() == 0
    assert math.isnan(accuracy["action"])
