"""The learning rate of section 4.2, and the gentler one of tiny."""

from dataclasses import replace

import pytest
import torch
from small import EXPERIMENT, SCHEDULE

from cstm.data.language.words import Vocabulary
from cstm.experiments import get_experiment
from cstm.model.network import ActorSegmenter
from cstm.schedule import Schedule
from cstm.training.average import Average
from cstm.training.fit import learning_rate, parameter_groups
from cstm.training.objective import Objective
from cstm.training.plan import Pace
from cstm.training.stages import build_stage, stages_of


def test_the_paper_divides_by_10_every_8_epochs():
    schedule = Schedule()
    rates = [learning_rate(epoch * 100, 100, schedule) for epoch in range(12)]
    assert rates == pytest.approx([5e-4] * 8 + [5e-5] * 4)


def test_backbones_and_what_reads_sentences_learn_at_rates_of_their_own():
    network = ActorSegmenter(get_experiment("tiny").model, 9)
    schedule = Schedule(
        backbone_rate=0.1,
        spatial_rate=2.0,
        temporal_rate=4.0,
        language_rate=0.3,
        motion_weight=0.5,
    )
    groups = parameter_groups(Objective(network, schedule))
    rates = {p: group["factor"] for group in groups for p in group["params"]}
    assert sum(len(group["params"]) for group in groups) == len(rates)
    assert set(network.parameters()) <= rates.keys()
    expected = {
        "spatial.backbone": 0.2, "temporal.backbone": 0.4,
        "spatial.language": 0.3, "temporal.language": 0.3, "spatial.cmam": 0.3,
        "temporal.cmam": 0.3, "spatial.coordinates": 1.0, "temporal.coordinates": 1.0,
    }  # fmt: skip
    seen = set()
    for name, parameter in network.named_parameters():
        part = ".".join(name.split(".")[:2])
        assert rates[parameter] == pytest.approx(expected.get(part, 1.0)), name
        seen.add(part)
    assert expected.keys() <= seen
    losses = rates.keys() - set(network.parameters())
    assert losses
    assert all(rates[parameter] == 1 for parameter in losses)
    # A fixed backbone leaves no empty group behind.
    network.requires_grad_(False)
    network.decoder.requires_grad_(True)
    groups = parameter_groups(Objective(network, schedule))
    assert [group["factor"] for group in groups] == [1.0]


def test_the_average_follows_and_forgets_the_beginning():
    network = ActorSegmenter(get_experiment("tiny").model, 9)
    average = Average(network, 0.5)
    value = network.decoder.heads[0][0].bias
    mean = average.network.decoder.heads[0][0].bias
    steps, expected = [3.0, -1.0, 5.0, 5.0, 2.0, 7.0, 1.0, 4.0, 9.0, 9.0], float(mean[0])
    for step, number in enumerate(steps):
        torch.nn.init.constant_(value, number)
        average.update(network, step)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * number
    assert float(mean[0]) == pytest.approx(expected, rel=1e-5)
    assert not mean.requires_grad
    (counter, *_) = (n for n, b in network.named_buffers() if b.dtype == torch.int64)
    network.get_buffer(counter).fill_(7)
    average.update(network, 10)
    assert average.network.get_buffer(counter) == 7
    assert torch.equal(average.network.decoder.heads[1][0].bias, network.decoder.heads[1][0].bias)


def test_the_mean_is_that_of_all_steps_once_training_has_settled():
    network = ActorSegmenter(get_experiment("tiny").model, 9)
    average = Average(network, 1.0, begin=2)
    value, mean = (each.decoder.heads[0][0].bias for each in (network, average.network))
    for step, number in enumerate([8.0, -6.0, 3.0, 5.0, 10.0]):
        torch.nn.init.constant_(value, number)
        average.update(network, step)
        expected = number if step <= 2 else {3: 4.0, 4: 6.0}[step]
        assert float(mean[0]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("setting", "value", "wanted"),
    [("learning_rate", -1.0, "at least 0"), ("positive_weight", float("nan"), "at least 0"),
     ("warm_up_steps", -5, "at least 0"), ("presence_weight", float("inf"), "at least 0"),
     ("batch", 0, "at least 1"), ("samples", -1, "at least 0"), ("average", 1.1, "at most 1"),
     ("seed", -1, "at least 0"), ("seed", 2**63, "below"), ("frozen_stages", 6, "at most 5")],
)  # fmt: skip
def test_settings_that_no_training_has_are_refused(setting, value, wanted):
    with pytest.raises(ValueError, match=f"{setting} should be {wanted}"):
        Schedule(**{setting: value})


@pytest.mark.parametrize("setting", [{"accumulate": 0}, {"save_minutes": -1.0}])
def test_a_pace_that_no_run_has_is_refused(setting):
    with pytest.raises(ValueError, match="should be at least"):
        Pace(**setting)


def test_frozen_stages_keep_their_weights_but_no_layer_that_is_random():
    model = get_experiment("tiny").model
    for coordinates, learns in (("added", False), ("convolved", True)):
        stream = ActorSegmenter(replace(model, coordinates=coordinates), 9).spatial
        stream.freeze(2)
        for number, (stage, part) in enumerate(
            zip(stream.backbone.stages, stream.coordinates, strict=True)
        ):
            assert all(p.requires_grad == (number >= 2) for p in stage.parameters())
            assert all(p.requires_grad == (learns or number >= 2) for p in part.parameters())


def test_a_stage_freezes_what_its_schedule_says(tmp_path):
    schedule = replace(SCHEDULE, frozen_stages=2)
    (stage,) = stages_of(replace(EXPERIMENT, joint="alone", decoder=schedule))
    network = build_stage(stage, Vocabulary(("a", "cat")), tmp_path)
    for stream in (network.spatial, network.temporal):
        for number, part in enumerate(stream.backbone.stages):
            assert all(p.requires_grad == (number >= 2) for p in part.parameters())


def test_cosine_falls_from_the_top_to_nothing_after_warm_up():
    schedule = Schedule(epochs=4, learning_rate=1e-3, decay="cosine", warm_up_steps=10)
    rates = [learning_rate(step, 100, schedule) for step in range(400)]
    assert rates[0] == pytest.approx(1e-4)
    assert max(rates) == pytest.approx(1e-3, rel=0.02)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < 1e-6
