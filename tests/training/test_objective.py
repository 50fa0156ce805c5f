"""What a step makes smaller, and that it is one step however a batch is parted."""

from dataclasses import replace

import pytest
import torch
from lightning_fabric import Fabric
from small import EXPERIMENT, SCHEDULE
from torch.testing import assert_close

from cstm.data.feeding.rows import Batch
from cstm.data.frames.transforms import unit_range
from cstm.model.backbones import Backbone, build_spatial
from cstm.model.network import ActorSegmenter
from cstm.training.fit import _optimize, parameter_groups
from cstm.training.loss import segmentation_loss
from cstm.training.objective import Objective

WEIGHTS = {"motion_loss": 0.2, "class_loss": 0.3, "presence_loss": 0.4}


@pytest.fixture
def batch() -> Batch:
    torch.manual_seed(1)
    maps = (torch.randint(0, high, (4, 64, 64), dtype=torch.uint8) for high in (2, 9, 8, 81))
    return Batch(
        torch.randint(0, 256, (4, 8, 3, 64, 64), dtype=torch.uint8),
        torch.randint(2, 9, (4, 6)),
        *maps,
        name=["a", "b", "c", "d"],
    )


def objective(**settings) -> Objective:
    torch.manual_seed(0)
    return Objective(ActorSegmenter(EXPERIMENT.model, 9), replace(SCHEDULE, **settings)).eval()


def test_the_loss_is_the_sum_of_all_by_their_weights(batch):
    weights = {name.replace("loss", "weight"): weight for name, weight in WEIGHTS.items()}
    whole = objective(positive_weight=3.0, dice_weight=0.7, **weights)
    loss, values = whole(*batch[:-1])
    responses = whole.network(unit_range(batch.clip), batch.words)
    of_masks = segmentation_loss(
        responses.maps, batch.mask.float(), positive_weight=3.0, dice_weight=0.7
    )
    assert_close(values["loss"], of_masks)
    others = sum(weight * values[name] for name, weight in WEIGHTS.items())
    assert others > 0.1
    assert_close(loss, of_masks + others)


@pytest.mark.parametrize("parts", [1, 2, 4])
def test_parts_of_a_batch_make_one_step(batch, parts):
    """But for the means of the auxiliary losses, which see a part at a time."""
    fabric = Fabric(accelerator="cpu", devices=1)
    whole = objective(motion_weight=0.0, class_weight=0.0)
    before = [parameter.clone() for parameter in whole.parameters()]
    loss, values = whole(*batch[:-1])
    gradients = torch.autograd.grad(loss, list(whole.parameters()))
    norm = torch.stack([gradient.norm() for gradient in gradients]).norm()
    model, optimizer = fabric.setup(whole, torch.optim.SGD(whole.parameters(), lr=0.1))
    size = 4 // parts
    pieces = [Batch(*(item[i : i + size] for item in batch)) for i in range(0, 4, size)]
    watched = _optimize(fabric, model, optimizer, pieces, 0)
    assert watched["loss"] == pytest.approx(float(values["loss"]), abs=1e-5)
    length = 0.1 * min(1.0, float(10 / norm))
    for parameter, old, gradient in zip(whole.parameters(), before, gradients, strict=True):
        assert_close(parameter, old - length * gradient, atol=1e-5, rtol=1e-4)


def teacher_of(network: ActorSegmenter) -> Backbone:
    """A backbone like the network's, with other weights."""
    torch.manual_seed(3)
    return build_spatial("narrow2d", network.spatial.backbone.widths[0])


def test_an_encoder_tells_what_its_teacher_makes_of_the_target_frame(batch):
    plain = objective()
    teacher = teacher_of(plain.network)
    settings = replace(SCHEDULE, distillation_weight=0.7)
    whole = Objective(plain.network, settings, teacher).train()
    whole.motion, whole.classes = plain.motion, plain.classes
    assert not any(module.training for module in teacher.modules())
    head = whole.distillation.head
    whole.eval()
    loss, values = whole(*batch[:-1])
    assert_close(loss, plain(*batch[:-1])[0] + 0.7 * values["distillation_loss"])

    clip = unit_range(batch.clip)
    taught = clip[:, 4]
    for stage in teacher.stages:
        taught = stage(taught)
    told = plain.network(clip, batch.words).spatial[-1]
    told = (told - told.mean(1, keepdim=True)) / (told.var(1, False, keepdim=True) + 1e-5).sqrt()
    told = torch.einsum("oi,bihw->bohw", head.weight[..., 0, 0], told) + head.bias[:, None, None]
    mean = taught.mean((0, 2, 3), keepdim=True)
    spread = (taught.var((0, 2, 3), False, keepdim=True) + 1e-5).sqrt()
    expected = ((told - (taught - mean) / spread) ** 2).mean()
    assert_close(values["distillation_loss"], expected, atol=1e-4, rtol=1e-4)


def test_heads_that_probe_learn_and_leave_the_network_to_its_own_losses(batch):
    network = ActorSegmenter(EXPERIMENT.model, 9)
    settings = replace(SCHEDULE, motion_weight=0.5, class_weight=0.5, distillation_weight=0.5)
    whole = Objective(network, settings, teacher_of(network)).eval()
    alone = Objective(network, replace(settings, motion_weight=0.0, class_weight=0.0)).eval()

    def gradients(objective, of):
        objective.zero_grad()
        objective(*batch[:-1])[0].backward()
        return [p.grad.clone() for p in of.parameters() if p.grad is not None]

    own = gradients(alone, network)
    heads = [gradients(whole, head) for head in (whole.motion, whole.classes, whole.distillation)]
    pulled = gradients(whole, network)
    assert not all(torch.allclose(a, b, atol=1e-6) for a, b in zip(pulled, own, strict=True))
    loss = whole(*batch[:-1])[0]
    whole.probing = True
    assert_close(whole(*batch[:-1])[0], loss)
    for a, b in zip(gradients(whole, network), own, strict=True):
        assert_close(a, b)
    for head, before in zip((whole.motion, whole.classes, whole.distillation), heads, strict=True):
        assert before
        for a, b in zip(gradients(whole, head), before, strict=True):
            assert_close(a, b)


def test_a_teacher_stays_as_it_is(batch):
    network = ActorSegmenter(EXPERIMENT.model, 9)
    teacher = teacher_of(network)
    before = {name: tensor.clone() for name, tensor in teacher.state_dict().items()}
    learning = Objective(network, replace(SCHEDULE, distillation_weight=1.0), teacher).train()
    groups = parameter_groups(learning)
    optimizer = torch.optim.Adam(groups, lr=1e-2)
    first = None
    for _ in range(20):
        loss, values = learning(*batch[:-1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        first = first or values["distillation_loss"]
    assert values["distillation_loss"] < 0.8 * first
    for name, tensor in teacher.state_dict().items():
        assert torch.equal(tensor, before[name]), name
