import json

import numpy as np
import pytest
from blobs import QUERIES, results, write
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def test_masks_json_says_which_frames_it_holds(tmp_path):
    indices = [100, 105, 110, 115]
    assert write(tmp_path / "out", results(4, indices=indices), save=["json"]) == 4
    written = json.loads((tmp_path / "out/masks.json").read_text())
    assert written["indices"] == indices
    assert written["frames"] == 4
    assert written["fps"] == 25, "the video's own rate"
    for place, result in enumerate(results(4, indices=indices)):
        for number, mask in enumerate(result.masks):
            encoded = written["queries"][number]["segmentations"][place]
            assert (coco_mask.decode(encoded) == mask).all() if encoded else not mask.any()


def test_cocos_own_tools_read_the_coco_file(tmp_path, capsys):
    indices = [0, 5, 10, 15]
    write(tmp_path / "out", results(4, indices=indices), save=["coco"])
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["coco.json"]
    coco = COCO(tmp_path / "out/coco.json")
    capsys.readouterr()
    assert coco.getCatIds() == [1, 2]
    assert [category["name"] for category in coco.loadCats([1, 2])] == QUERIES
    assert coco.getImgIds() == [1, 6, 11, 16]
    seen = 0
    for result in results(4, indices=indices):
        (image,) = coco.loadImgs([result.index + 1])
        assert image["file_name"] == f"{result.index:05d}.png"
        assert (image["height"], image["width"]) == result.masks.shape[1:]
        for number, mask in enumerate(result.masks):
            ids = coco.getAnnIds(imgIds=[image["id"]], catIds=[number + 1])
            assert len(ids) == mask.any()
            for annotation in coco.loadAnns(ids):
                seen += 1
                assert annotation["id"] == seen
                assert (coco.annToMask(annotation) == mask).all()
                assert annotation["area"] == mask.sum()
                rows, columns = np.nonzero(mask)
                left, top, width, height = annotation["bbox"]
                assert (left, top) == (columns.min(), rows.min())
                assert (width, height) == (np.ptp(columns) + 1, np.ptp(rows) + 1)
                assert annotation["score"] == pytest.approx(result.scores[number], abs=1e-6)
    assert seen == 6
