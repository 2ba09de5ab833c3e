"""A hub that is not asked: models in a cache, under a branch or tag, as the hub's own client keeps them."""

import shutil
from pathlib import Path

import pytest


def cached(cache: Path, patch: pytest.MonkeyPatch, model: str, revisions: dict[str, Path]) -> None:
    """Put folders there as revisions of a model, and have the client look nowhere else."""
    patch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    patch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    place = cache / f"models--{model.replace('/', '--')}"
    for number, (revision, folder) in enumerate(revisions.items()):
        commit = f"{number:040x}"
        shutil.copytree(folder, place / "snapshots" / commit)
        reference = place / "refs" / revision
        reference.parent.mkdir(parents=True, exist_ok=True)
        reference.write_text(commit)
