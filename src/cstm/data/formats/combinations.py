"""Which test videos hold what no training video holds."""

from pathlib import Path

from cstm.data.formats.a2d_files import a2d_places
from cstm.data.formats.files import find, read_rows


def read_unseen_videos(root: Path) -> set[str] | None:
    """Read ``unseen_combinations.csv``: videos with, say, a running cat, which training lacks.

    None where the dataset has no such file; the drawn world has one.

    Raises:
        ValueError: it has no column ``video_id``.
    """
    path = find(a2d_places(root), "unseen_combinations.csv")
    return {row["video_id"] for row in read_rows(path, "video_id")} if path else None
