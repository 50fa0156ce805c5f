"""Using a network on any video: masks from Python, and as files."""


class SegmentationWarning(UserWarning):
    """What a user should know although the segmentation goes on: its text is one line."""
