"""Commands for weights: fetch, import-weights."""

import difflib
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg


def fetch(
    names: Positional[tuple[str, ...]] = ("inception_v3", "i3d"),
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
    from cstm.model.published import BACKBONE_WEIGHTS, GLOVE

    published = BACKBONE_WEIGHTS | {"glove": GLOVE}
    if listing:
        for name, weights in published.items():
            path = weights.file.path
            print(f"{name}: {weights.trained_on}; {weights.licence}")
            print(f"  from {weights.file.source}")
            print(f"  {'in' if path.exists() else 'to'} {path}")
        return
    for name in names:
        if name not in published:
            close = difflib.get_close_matches(name, published)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(published)}"
            raise ValueError(f"no published weights are named {name!r}; {hint}")
    for name in names:
        print(f"{name}: {download(published[name].file)}")


def import_weights(
    source: Positional[Path],
    destination: Positional[Path],
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
        --vectors glove.840B.300d.zip --sentences a2d_annotation.txt

    Args:
        source: The authors' checkpoint.pth.tar; no code in it is run.
        destination: File to write, .safetensors; it appears whole or not at all.
        vectors: GloVe 840B (glove.840B.300d.zip or .txt), which the release was trained with.
        words: How many of the commonest words to keep; 50,000 take 60 MB.
        sentences: Text files whose words are kept besides, however rare; takes minutes.
        overwrite: Replace the file if there is one.
    """
    from cstm.training.import_weights import import_released

    checkpoint = import_released(source, destination, vectors, words, sentences, overwrite)
    known = len(checkpoint.vocabulary.words)
    print(f"the released network, with {known:,} words, written to {destination}")
