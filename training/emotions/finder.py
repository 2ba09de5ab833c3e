"""The saliency network that finds subjects for a network to be trained."""

from dataclasses import asdict
from typing import Any

from cternet.networks.checkpoint import CheckpointError, load_model
from cternet.networks.ras import RAS
from training.data import DataError


def load_finder(source: str) -> RAS:
    """From a checkpoint.

    Raises:
        DataError: it cannot be loaded.
    """
    try:
        return load_model(source, RAS)
    except CheckpointError as error:
        raise DataError(f"--saliency: {error}") from None


def finder_settings(finder: RAS) -> dict[str, Any]:
    """What it takes to make such a network; its figures stay with its own checkpoint."""
    return {name: value for name, value in asdict(finder.config).items() if name not in ("metrics", "training_data")}
