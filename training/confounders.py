"""Build the dictionary of confounders that CCIM takes: the typical contexts of a training set.

    python -m training.confounders --data DATA --weights assets/weights/vanilla-fi --out runs/confounders.safetensors
    python -m training.train --data DATA --model.deconfound dot-product --confounders runs/confounders.safetensors ...

A context is the photo without its subject: the box of the person where the data has one, else what the saliency network finds.
The pooled features of all contexts are clustered by k-means; the centres are the confounders, the clusters' shares of the
photos their prior.  Yang et al., "Context De-confounded Emotion Recognition", CVPR 2023, https://arxiv.org/abs/2303.11921
"""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
import tyro
from numpy.typing import NDArray
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.decomposition import IncrementalPCA
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2
from torchvision.transforms.v2.functional import normalize, to_dtype, to_image
from tqdm.auto import tqdm

from cternet.networks.backbone_network import BackboneNetwork
from cternet.networks.checkpoint import SHIPPED, CheckpointError, load_model
from cternet.networks.confounders import Dictionary, Provenance
from cternet.networks.ras import RAS
from cternet.networks.subject import SALIENT, without
from cternet.photos.load import load_image
from training.context import subjects
from training.data import DataConfig, DataError, Example, leave_out_unreadable, load_examples, seed_of
from training.engine.evaluation import name_of
from training.files import SaveError, saving

AT_ONCE = 50_000
"""Contexts up to which k-means takes all of them together; of more it takes parts, read from a file."""
PART = 8192
"""Contexts in such a part."""
EXAMPLES = 5
"""Photos that are named for each confounder."""
SEEN = 224
"""Side at which the contexts of thumbnails are made."""


@dataclass(kw_only=True)
class Confounders(DataConfig):
    """What to cluster, and how."""

    weights: str
    """Checkpoint whose backbone describes the contexts: the one that the network with CCIM starts from."""
    out: Path
    """File of the dictionary (.safetensors)."""
    number: int = 64
    """Confounders."""
    channels: int | None = None
    """Principal components to keep of the features; by default all features."""
    saliency: str = str(SHIPPED / "ras")
    """Saliency network that finds subjects where the data has no boxes."""
    photos: int | None = None
    """Take so many training photos at random; by default all."""
    thumbnails: int = 0
    """Side in pixels of a small picture of each confounder, the context nearest to it, to be shown by the app; 0 keeps none,
    for the photos may belong to others."""
    seed: int = 0
    batch_size: int = 32
    workers: int = 2
    """Processes that decode images."""

    def __post_init__(self) -> None:
        for name in ("number", "channels", "photos"):
            value = getattr(self, name)
            if value is not None and value < 2:
                raise ValueError(f"--{name} must be at least 2, not {value}")


class Pixels(Dataset):
    """index -> (whole photo squashed (3, side, side) in [0, 1], (width, height), index)."""

    def __init__(self, examples: list[Example], side: int) -> None:
        self.examples, self.resize = examples, v2.Resize((side, side), antialias=True)

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int) -> tuple[Tensor, tuple[int, int], int]:
        image = load_image(self.examples[index].path)
        return to_dtype(to_image(self.resize(image)), torch.float32, scale=True), image.size, index


def build(config: Confounders) -> Dictionary:
    """The dictionary of a training set.

    Raises:
        CheckpointError, DataError: the weights or the data cannot be used.
    """
    network, saliency = load_model(config.weights, BackboneNetwork), load_model(config.saliency, RAS)
    examples, _ = leave_out_unreadable(load_examples(config, None, ("train",)), config.on_bad_image)
    examples = chosen(examples, config.photos, config.seed)
    if len(examples) < config.number:
        raise DataError(
            f"{config.data} has {len(examples)} training photos for {config.number} confounders; ask for fewer with --number"
        )
    with tempfile.NamedTemporaryFile(suffix=".features") as file:  # a large set need not fit into memory
        features = np.memmap(file.name, np.float32, "w+", shape=(len(examples), network.backbone.channels))
        missing = describe(network, saliency, examples, features, config)
        reduced = features if config.channels is None else principal(features, config.channels)
        centres, cluster = clustered(reduced, config.number, config.seed)
        nearest = nearest_photos(reduced, centres, cluster)
        pictures = thumbnails([examples[several[0]] for several in nearest], saliency, config.thumbnails)
    counts = np.bincount(cluster, minlength=config.number)
    return Dictionary(
        torch.from_numpy(centres),
        torch.from_numpy(counts / counts.sum()).float(),
        [["/".join(examples[index].path.parts[-2:]) for index in several] for several in nearest],
        Provenance(
            backbone=network.config.backbone,
            weights=name_of(config.weights),
            data=Path(config.data).name,
            photos=len(examples),
            without_subject=missing,
            subject=f"the person's box, or where {name_of(config.saliency)} says at least {SALIENT}",
            seed=config.seed,
        ),
        pictures,
    )


def chosen(examples: list[Example], count: int | None, seed: int) -> list[Example]:
    """So many of the examples, in their order."""
    if count is None or count >= len(examples):
        return examples
    order = torch.randperm(len(examples), generator=torch.Generator().manual_seed(seed_of(seed)))[:count]
    return [examples[index] for index in sorted(order.tolist())]


@torch.inference_mode()
def describe(
    network: BackboneNetwork, saliency: RAS, examples: list[Example], features: NDArray[np.float32], config: Confounders
) -> int:
    """Fill ``features`` (M, C) with GAP(X) of each photo's context; returns of how many no subject was found."""
    settings, missing = network.config, 0
    loader = DataLoader(Pixels(examples, settings.image_size), batch_size=config.batch_size, num_workers=config.workers)
    for pixels, sizes, indices in tqdm(loader, desc="contexts", unit="batch", leave=False):
        batch = [examples[index] for index in indices.tolist()]
        subject = subjects(pixels, batch, list(zip(*(size.tolist() for size in sizes), strict=True)), saliency)
        missing += int((~subject.any(dim=(1, 2))).sum())
        x = network.forward_features(normalize(without(pixels, subject), list(settings.mean), list(settings.std)))
        features[indices.numpy()] = x.mean(dim=(2, 3)).numpy()
    return missing


def parts(features: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    return [features[start : start + PART] for start in range(0, len(features), PART)]


def principal(features: NDArray[np.float32], channels: int) -> NDArray[np.float32]:
    """The first principal components, (M, channels).

    Raises:
        DataError: there are fewer.
    """
    most = min(features.shape)
    if channels > most:
        raise DataError(f"there are {most} principal components at most; ask for fewer with --channels")
    model = IncrementalPCA(channels, batch_size=max(PART, channels)).fit(features)
    return np.concatenate([model.transform(part) for part in parts(features)]).astype(np.float32)


def clustered(features: NDArray[np.float32], number: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Centres (number, d), and the cluster of each context (M,)."""
    if len(features) <= AT_ONCE:
        model = KMeans(number, n_init=4, random_state=seed).fit(np.asarray(features))
    else:
        model = MiniBatchKMeans(number, batch_size=PART, n_init=1, random_state=seed)
        for part in parts(features):
            model.partial_fit(part)
    cluster = np.concatenate([model.predict(np.ascontiguousarray(part)) for part in parts(features)])
    return model.cluster_centers_.astype(np.float32), cluster.astype(np.int64)


def nearest_photos(features: NDArray[np.float32], centres: NDArray[np.float32], cluster: NDArray[np.int64]) -> list[list[int]]:
    """For each confounder the photos of its cluster whose contexts are nearest to it, the nearest first."""
    found = []
    for index, centre in enumerate(centres):
        members = np.flatnonzero(cluster == index)
        distances = np.linalg.norm(features[members] - centre, axis=1)
        found.append(members[distances.argsort()[:EXAMPLES]].tolist())
    return found


def thumbnails(examples: list[Example], saliency: RAS, side: int) -> Tensor | None:
    """The contexts of photos, (n, side, side, 3) uint8; None where they are to have no pixels."""
    if not side:
        return None
    found = []
    for pixels, (width, height), _ in (Pixels(examples, SEEN)[index] for index in range(len(examples))):
        subject = subjects(pixels[None], [examples[len(found)]], [(width, height)], saliency)
        context = F.interpolate(without(pixels[None], subject), size=(side, side), mode="area")[0]
        found.append((255 * context).round().byte().permute(1, 2, 0))
    return torch.stack(found)


def main() -> None:
    try:
        config = tyro.cli(Confounders, prog="python -m training.confounders", description=__doc__)
        dictionary = build(config)
        config.out.parent.mkdir(parents=True, exist_ok=True)
        partial = config.out.with_name(f".{config.out.name}.partial")
        with saving(config.out, partial):
            dictionary.save(partial)
            partial.replace(config.out)
    except (CheckpointError, DataError, SaveError, OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    about, (number, channels) = dictionary.provenance, dictionary.confounders.shape
    print(
        f"{config.out}: {number} confounders of {channels} channels from {about.photos:,} "
        f"photos; P(z) from {dictionary.prior.min():.3f} to {dictionary.prior.max():.3f}; {about.without_subject:,} "
        "photos without a subject, where the whole photo counts as context"
    )


if __name__ == "__main__":
    main()
