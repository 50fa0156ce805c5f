"""Networks with the real one's contract, small enough to know what they must answer."""

import pytest
import torch
from torch import nn

from cstm.data.language.words import Vocabulary
from cstm.model.network import Predicted


def for_each(clip: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
    """A clip for every sentence about it."""
    return clip.repeat_interleave(len(words) // len(clip), dim=0)


class TargetBrightness(nn.Module):
    """Says "actor" where the target frame is brighter than half, and notes what it was shown."""

    def __init__(self) -> None:
        super().__init__()
        self.clips: list[torch.Tensor] = []
        self.words: list[list[int]] = []
        self.batches: list[int] = []

    def predict(self, clip: torch.Tensor, words: torch.Tensor) -> Predicted:
        assert torch.is_inference_mode_enabled()
        assert not self.training
        clip = for_each(clip, words)
        self.batches.append(len(clip))
        self.clips.extend(clip.clone())
        self.words.extend(words.tolist())
        target = clip[:, clip.shape[1] // 2].mean(1)
        return Predicted(20 * (target - 0.5))


class Learned(nn.Module):
    """Mixes all frames and words through random weights; batch norm betrays a training mode."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.frames = nn.Conv3d(3, 4, (8, 3, 3), padding=(0, 1, 1))
        self.norm = nn.BatchNorm2d(4)
        self.words = nn.Embedding(vocabulary, 4)
        self.mask = nn.Conv2d(4, 1, 3, padding=1)

    def predict(self, clip: torch.Tensor, words: torch.Tensor) -> Predicted:
        seen = self.norm(self.frames(for_each(clip, words).transpose(1, 2))[:, :, 0])
        gate = self.words(words).sum(1)[:, :, None, None]
        return Predicted(10 * self.mask((5 * seen * gate).tanh())[:, 0])


@pytest.fixture
def brightness() -> TargetBrightness:
    return TargetBrightness()


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary(("a", "cat", "dog", "jumping", "left", "on", "running", "the", "white"))


@pytest.fixture
def learned(vocabulary: Vocabulary) -> Learned:
    return Learned(len(vocabulary))
