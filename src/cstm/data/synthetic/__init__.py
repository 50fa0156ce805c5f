"""A small world of drawn actors that move: clips, masks and sentences in A2D Sentences' format."""

from cstm.data.synthetic.clip import Clip, render_clip
from cstm.data.synthetic.writer import synthesize

__all__ = ["Clip", "render_clip", "synthesize"]
