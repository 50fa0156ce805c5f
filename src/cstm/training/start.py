"""A network trained before, from which a run goes on."""

import sys
from collections.abc import Iterator
from dataclasses import asdict, replace

from cstm.config import ModelConfig
from cstm.data.language.words import Vocabulary
from cstm.faults import few
from cstm.progress import is_first_process
from cstm.training.checkpoint import Checkpoint, load_checkpoint
from cstm.training.plan import Run
from cstm.training.stages import differences, stages_of
from cstm.training.vocabulary import with_words

DECODER_SETTINGS = {"fusion", "decoder", "decoder_channels", "presence"}
"""What may differ between two networks whose encoders are the same."""


def load_start(run: Run) -> Checkpoint | None:
    """Load the network to start from; None where a run begins with its backbones.

    Raises:
        ValueError: its encoders are not what the run trains, or that is the released network.
    """
    if run.start is None:
        return None
    start = load_checkpoint(run.start)
    _, theirs = start.ours(f"{run.start} is the authors' network, which can't be trained")
    ours = run.experiment.model
    assert isinstance(ours, ModelConfig)
    differ = differences(theirs, ours)
    if not differ <= DECODER_SETTINGS:
        raise ValueError(
            f"{run.start} holds another network: it differs in {', '.join(sorted(differ))}; leave "
            "--model settings as they were, or train without --start"
        )
    if is_first_process():
        for told in _changes(start, run, differ):
            print(f"{run.start} {told}", file=sys.stderr)
    return start


def _changes(start: Checkpoint, run: Run, differ: set[str]) -> Iterator[str]:
    """What the run will not have of the network that it starts from, or leaves as it is."""
    if differ:
        yield f"differs in {', '.join(sorted(differ))}: its encoders are taken, with a new decoder"
    (stage,) = stages_of(run.experiment, start=True)
    if stage.trains == "decoder":
        yield "keeps its encoders as they are; --joint all trains them, too"
    theirs, ours = start.experiment.clip.in_training, run.experiment.clip.in_training
    for name, value in asdict(theirs).items():
        if (chosen := getattr(ours, name)) != value:
            option = f"--clip.{name.replace('_', '-')}"
            yield f"sees clips with {option} {value}; what this run trains, with {chosen}"


def with_threshold_of(start: Checkpoint, run: Run) -> Run:
    """The run with the calibrated threshold, where the decoder that it is for goes on.

    A threshold that the run names itself stays, if it is another than the usual one.
    """
    _, theirs = start.ours()
    ours = run.experiment.model
    assert isinstance(ours, ModelConfig)
    names_own = ours.presence_threshold != ModelConfig().presence_threshold
    if names_own or differences(theirs, ours):
        return run
    return replace(run, experiment=replace(run.experiment, model=theirs))


def with_words_of(start: Checkpoint, vocabulary: Vocabulary, run: Run) -> Checkpoint:
    """The network to start from, with the dataset's words where there are vectors for them.

    Of these none is read as another one any more.
    """
    if run.vectors is not None:
        start = with_words(start, run.vectors, run.words, also=vocabulary.words)
    start = replace(start, vocabulary=start.vocabulary.learning(vocabulary.words))
    unknown = [word for word in vocabulary.words if word not in start.vocabulary]
    if unknown and is_first_process():
        hint = "" if run.vectors else "; with --vectors, the file it was trained with, it would"
        print(
            f"{run.start} doesn't know {len(unknown)} of {len(vocabulary.words)} words "
            f"({few(unknown)}){hint}",
            file=sys.stderr,
        )
    return start
