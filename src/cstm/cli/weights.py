"""Commands for weights: fetch, calibrate, pack, import-weights."""

import sys
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from cstm.bounds import at_least
from cstm.config import CameraMotion, DataFormat, Device, Resize, Split

_ENOUGH = 50
"""Samples with their actor, and without, below which a threshold rests on one or two of them."""


def fetch(
    names: Annotated[Positional[tuple[str, ...]], arg(metavar="[NAME ...]")] = (
        "inception_v3",
        "i3d",
    ),
    *,
    listing: Annotated[bool, arg(name="list")] = False,
) -> None:
    """Download published weights into the cache, for machines that will have no network.

    Each file is checked by its checksum; what is in the cache already is not downloaded again.
    The cache is $CSTM_CACHE, else cstm in $XDG_CACHE_HOME, else ~/.cache/cstm.

    Example: cstm fetch inception_v3 i3d glove

    Args:
        names: Backbones (--list names them), or glove, word vectors of 2.2 GB.
        listing: Download nothing; list the files: what each was trained on, from where, to where.
    """
    from cstm.download import fetch as download
    from cstm.faults import hint
    from cstm.model.published import PUBLISHED

    if listing:
        for name, weights in PUBLISHED.items():
            path = weights.file.path
            print(f"{name}: {weights.trained_on}; {weights.licence}")
            print(f"  from {weights.file.source}")
            print(f"  {'in' if path.exists() else 'to'} {path}")
        return
    for name in names:
        if name not in PUBLISHED:
            raise ValueError(f"no published weights are named {name!r}; {hint(name, PUBLISHED)}")
    for name in names:
        print(f"{name}: {download(PUBLISHED[name].file)}")


def calibrate(
    source: Annotated[Positional[Path], arg(metavar="FROM")],
    destination: Annotated[Positional[Path], arg(metavar="TO")],
    *,
    root: Path,
    data: DataFormat = "composed",
    split: Split = "train",
    samples: int = 1500,
    lost: float = 0.02,
    size: int | None = None,
    resize: Resize | None = None,
    camera_motion: CameraMotion | None = None,
    statistics: int = 0,
    device: Device = "auto",
    overwrite: bool = False,
) -> None:
    """Choose how sure a network must be that the actor is there, and write it into the weights.

    Of samples some of whose actors are absent, the highest threshold is taken at which no more than
    a given share of the present ones is lost.

    Example: cstm calibrate runs/lite/cstm.safetensors lite.safetensors --root ~/coco

    Args:
        source: lite, or the checkpoint of another network that tells presence.
        destination: File to write, .safetensors; it appears whole or not at all.
        root: Folder of the dataset.
        data: Its format; composed clips have sentences about nobody, and own videos may have.
        split: Part of the dataset; test samples would no longer be a test.
        samples: How many to ask about, spread evenly.
        lost: Share of present actors that may be lost.
        size: Longer side of the network's input from now on; as it was trained if not given.
        resize: How frames are brought to it from now on; as it was trained if not given. Fit has no
            padding, for a network that was trained with pad, and saves its time.
        camera_motion: Whether clips are seen as they were filmed or with the camera's motion
            compensated from now on; as it was trained if not given.
        statistics: So many samples pass first, from which BatchNorm outside the backbones takes its
            means and variances anew: for a mean of two networks, another --size or --resize. (Those
            of its backbones lite never trains.) 0: all stay.
        device: Where to compute; auto takes a GPU if there is one.
        overwrite: Replace the file if there is one.
    """
    from dataclasses import replace

    import numpy as np

    from cstm.data.datasets import open_dataset
    from cstm.evaluation.evaluate import evaluate, spread
    from cstm.evaluation.metrics import RatioProtocol
    from cstm.folder import check_output_file
    from cstm.inference.load import find_weights
    from cstm.processes import pick_device
    from cstm.progress import track
    from cstm.training.batch_norm import statistics_anew
    from cstm.training.calibrate import calibrate as choose
    from cstm.training.calibrate import presences_of, raw, with_threshold
    from cstm.training.checkpoint import load_checkpoint, save_checkpoint

    if not 0 <= lost < 1:
        raise ValueError(f"--lost is a share from 0 to below 1, got {lost}")
    at_least(1, samples=samples)
    at_least(0, statistics=statistics)
    check_output_file(destination, overwrite)
    checkpoint = raw(load_checkpoint(find_weights(source)).seeing(size, resize, camera_motion))
    clip = checkpoint.experiment.clip
    asked = open_dataset(data, root, split, clip)
    indices = spread(len(asked), samples)
    metric = RatioProtocol()
    network = checkpoint.network.to(pick_device(device))
    if statistics:
        shown = np.random.default_rng(0).permutation(spread(len(asked), statistics)).tolist()
        shows = evaluate(
            network, checkpoint.vocabulary, asked, clip, RatioProtocol(), shown, batch=32
        )
        with statistics_anew(network):
            track(shows, len(shown), "showing")
    counts = evaluate(network, checkpoint.vocabulary, asked, clip, metric, indices)
    track(counts, len(indices), "asking")
    presences = presences_of(metric)
    chosen = choose(presences, lost)
    result = with_threshold(checkpoint, chosen.threshold)
    how = {
        "data": f"{data}: {root.resolve().name}",
        "split": split,
        "samples": len(indices),
        "lost": lost,
        "statistics": statistics,
    }
    trace = {**result.provenance, "calibrated": how}
    save_checkpoint(destination, replace(result, provenance=trace))
    present, absent = map(len, presences)
    print(
        f"threshold {chosen.threshold:.4f}: {100 * chosen.lost:.1f}% of {present} present lost, "
        f"{100 * chosen.rejected:.1f}% of {absent} absent rejected; {destination}"
    )
    if min(present, absent) < _ENOUGH:
        print(
            f"so few samples tell little; a threshold to rely on wants {_ENOUGH} of each kind",
            file=sys.stderr,
        )


def pack(
    source: Annotated[Positional[Path], arg(metavar="FROM")],
    destination: Annotated[Positional[Path], arg(metavar="TO")],
    *,
    vectors: Path | None = None,
    words: int | None = None,
    synonyms: bool = False,
    overwrite: bool = False,
) -> None:
    """Make weights ready to be shared: half precision, matrices in 8 bits, more words.

    A network whose word vectors come from a file understands any word of that file: give the file,
    and its commonest words come along.

    Example: cstm pack runs/lite/cstm.safetensors lite.safetensors --vectors glove

    Args:
        source: A checkpoint, or the name of weights that come with the package.
        destination: File to write, .safetensors; it appears whole or not at all.
        vectors: What the network was trained with, for more words: glove, or a file.
        words: How many of its commonest words to know, 10,000 if not given; 1,000 take 0.3 MB.
        synonyms: Read words that composed and drawn clips never say as ones that they do, a cyclist
            as a person; for a network that was trained on such clips alone.
        overwrite: Replace the file if there is one.
    """
    from cstm.folder import check_output_file
    from cstm.inference.load import find_weights
    from cstm.model.pretrained import find_vectors
    from cstm.training.checkpoint import load_checkpoint, save_checkpoint
    from cstm.training.vocabulary import with_synonyms, with_words

    if words is not None and vectors is None:
        raise ValueError("--words are of a file of word vectors; name it with --vectors")
    commonest = 10_000 if words is None else words
    at_least(1, words=commonest)
    check_output_file(destination, overwrite)
    checkpoint = load_checkpoint(find_weights(source))
    if vectors is not None:
        vectors = find_vectors(vectors)
        checkpoint = with_words(checkpoint, vectors, commonest)
    if synonyms:
        checkpoint = with_synonyms(checkpoint)
    save_checkpoint(destination, checkpoint, compact=True)
    megabytes = destination.stat().st_size / 1e6
    known = len(checkpoint.vocabulary.known)
    print(f"{megabytes:.1f} MB with {known:,} words written to {destination}")


def import_weights(
    source: Annotated[Positional[Path], arg(metavar="FROM")],
    destination: Annotated[Positional[Path], arg(metavar="TO")],
    *,
    vectors: Path,
    words: int = 50_000,
    sentences: tuple[Path, ...] = (),
    overwrite: bool = False,
) -> None:
    """Turn the checkpoint that the paper's authors released into one that cstm takes everywhere.

    The release holds no word vectors, so those of the commonest English words come along. What it
    is and what equals the authors' script: docs/released.md.

    Example: cstm import-weights checkpoint.pth.tar released.safetensors \\
        --vectors glove --sentences a2d_annotation.txt

    Args:
        source: The authors' checkpoint.pth.tar; no code in it is run.
        destination: File to write, .safetensors; it appears whole or not at all.
        vectors: GloVe 840B, which the release was trained with: glove (downloaded once, 2.2 GB), or
            glove.840B.300d.zip or .txt.
        words: How many of the commonest words to keep; 50,000 take 60 MB.
        sentences: Text files whose words are kept besides, however rare; takes minutes.
        overwrite: Replace the file if there is one.
    """
    from cstm.training.import_weights import import_released

    checkpoint = import_released(source, destination, vectors, words, sentences, overwrite)
    known = len(checkpoint.vocabulary.words)
    print(f"the released network, with {known:,} words, written to {destination}")
