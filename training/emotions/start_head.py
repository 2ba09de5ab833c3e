"""A head to start from: that of a checkpoint of the same family, or of a plain classifier."""

from pathlib import Path

import torch
from torch import Tensor

from cternet.networks.checkpoint import CheckpointError, load_model
from cternet.networks.emotion import EmotionNetwork
from training.data import DataError


def load_head(network: EmotionNetwork, folder: Path) -> None:
    """Take everything but the backbone from a checkpoint.

    Of the same family: first the head alone, then everything (LP-FT; Kumar et al., https://arxiv.org/abs/2202.10054).
    Of a plain classifier, into the classifier of a network whose S starts at 1, so that Y(S) starts as its answer.

    Raises:
        DataError: the checkpoint cannot be loaded or its head does not fit.
    """
    try:
        trained = load_model(folder, EmotionNetwork)
    except CheckpointError as error:
        raise DataError(f"--start-head: {error}") from None
    theirs, ours = head_of(trained), head_of(network)
    if trained.ccim is None:  # a new one changes nothing at first
        theirs |= {name: value for name, value in ours.items() if name.startswith("ccim.")}
    if trained.config.classes != network.config.classes:
        raise DataError(
            f"--start-head: {folder} has other classes, or in another order ({', '.join(trained.config.classes)}); "
            "give the same with --model.classes, or start without its head"
        )
    plain = trained.plain_classifier
    if plain is not None and network.plain_classifier is None:
        theirs = ours | (network.as_plain(plain) or theirs)
    if {name: value.shape for name, value in theirs.items()} != {name: value.shape for name, value in ours.items()}:
        raise DataError(f"--start-head: the head in {folder} does not fit into the {network.config.family} network to train")
    with torch.no_grad():
        for name, value in ours.items():
            value.copy_(theirs[name])
        kept = buffers_of(trained)
        for name, value in buffers_of(network).items():  # a batch norm's statistics; the dictionary is the run's own
            if not name.startswith("ccim.dict") and name in kept and kept[name].shape == value.shape:
                value.copy_(kept[name])


def head_of(network: EmotionNetwork) -> dict[str, Tensor]:
    return {name: value for name, value in network.named_parameters() if not name.startswith("backbone.")}


def buffers_of(network: EmotionNetwork) -> dict[str, Tensor]:
    return {name: value for name, value in network.named_buffers() if not name.startswith("backbone.")}
