"""Masks as the page hands them out, against those that were drawn."""

import numpy as np

from cstm.data.frames.masks import decode_mask


def iou_with(segmentations, truth) -> float:
    """IoU over all frames of a query's segmentations in masks.json with the drawn actor."""
    masks = [
        np.zeros_like(drawn) if rle is None else decode_mask(rle)
        for rle, drawn in zip(segmentations, truth, strict=True)
    ]
    return (masks & truth).sum() / (masks | truth).sum()
