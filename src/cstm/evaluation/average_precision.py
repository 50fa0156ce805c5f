"""COCO's average precision, by pycocotools' own run, in memory."""

from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from io import StringIO

from cstm.data.formats.coco_results import ImageId, Prediction, results_document, truth_document
from cstm.data.frames.masks import RunLength


def average_precision(
    truth: Mapping[ImageId, RunLength], predictions: Mapping[ImageId, Sequence[Prediction]]
) -> float:
    """COCO's mAP over IoU 0.50:0.05:0.95, all areas, at most 100 predictions an image.

    All predictions of all images are ranked by score together, as MTTR's evaluation does it
    (categories unused). An empty mask never matches, not even an empty truth.
    """
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    results = results_document(predictions)
    if not results:
        return 0.0
    with redirect_stdout(StringIO()):
        coco = COCO()
        coco.dataset = truth_document(truth)  # pyright: ignore[reportAttributeAccessIssue]
        coco.createIndex()
        run = COCOeval(coco, coco.loadRes(results), "segm")  # pyright: ignore[reportArgumentType]
        run.params.useCats = 0
        run.params.areaRng, run.params.areaRngLbl = [[0, 1e10]], ["all"]
        run.evaluate()
        run.accumulate()
    # Axes: IoU threshold, recall, category, area, greatest number of predictions (1, 10, 100).
    return float(run.eval["precision"][:, :, 0, 0, -1].mean())
