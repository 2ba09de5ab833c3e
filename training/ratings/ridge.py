"""The baseline a network that rates must beat: ridge regression on the pooled features of a frozen backbone.

    python -m training.ratings.ridge --data OASIS --weights assets/weights/vanilla-fi

The penalty is chosen by leave-one-out on train (scikit-learn's RidgeCV); val is not used.
"""

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import tyro
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor
from tqdm.auto import tqdm

from cternet.networks.backbone_network import BackboneNetwork
from cternet.networks.checkpoint import CheckpointError, load_model
from training.data import DataConfig, DataError, Example, Photos, eval_transform
from training.engine.batches import evaluation_loader
from training.ratings.figures import figures, summary
from training.ratings.targets import RatingTarget, load_rated

PENALTIES = np.logspace(0, 5, 31)


@dataclass(kw_only=True)
class Ridge(DataConfig):
    """What to fit and measure."""

    weights: str
    """Checkpoint whose frozen backbone gives the features."""
    batch_size: int = 32
    workers: int = 2
    """Processes that decode images."""


def fitted(config: Ridge) -> dict[str, Any]:
    """Figures on test of a ridge regression fitted on train.

    Raises:
        CheckpointError, DataError: the weights or the data cannot be used.
    """
    network = load_model(config.weights, BackboneNetwork)
    examples = load_rated(config, (), "ratings", ("train", "test"))
    parts = {split: [one for one in examples if one.split == split] for split in ("train", "test")}
    (x, y), (x_test, y_test) = (features(network, part, config) for part in parts.values())
    rated = []
    for axis in range(2):
        model = make_pipeline(StandardScaler(), RidgeCV(PENALTIES)).fit(x.numpy(), y[:, axis].numpy())
        rated.append(torch.from_numpy(model.predict(x_test.numpy())))
    return figures(torch.stack(rated, dim=1), y_test, None, torch.empty(0, 2))


@torch.inference_mode()
def features(network: BackboneNetwork, examples: list[Example], config: Ridge) -> tuple[Tensor, Tensor]:
    """GAP(X) (M, C) and targets (M, 3)."""
    photos = Photos(examples, eval_transform(network.config), target=RatingTarget("ratings"))
    loader = evaluation_loader(photos, batch_size=config.batch_size, workers=config.workers)
    found = [
        (network.forward_features(images).mean(dim=(2, 3)), targets)
        for images, targets, _ in tqdm(loader, desc="features", leave=False)
    ]
    pooled, targets = (torch.cat(parts) for parts in zip(*found, strict=True))
    return pooled, targets


def main() -> None:
    config = tyro.cli(Ridge, prog="python -m training.ratings.ridge", description=__doc__)
    try:
        print(f"ridge regression on {config.weights}, test: {summary(fitted(config))}")
    except (CheckpointError, DataError, OSError, ValueError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
