"""Whether maps depend on what a network learnt.

Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS 2018, https://arxiv.org/abs/1810.03292: weights are made random from
the head downwards, and a map that stays as it was says nothing of what was learnt.
"""

import copy
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from cternet import ALLOCATIONS, CTERNet, Predictor
from cternet.compare import METHODS, MapError, Networks, Sample, load_samples, make_map
from cternet.compare.agreement import agreement
from cternet.networks.ras import RAS
from cternet.photos.load import Photo

STAGES: dict[str, float] = {"head": 0.0, "head and half the trunk": 0.5, "everything": 1.0}
"""What is random, as the share of the backbone's sections, deepest first, that is random beside all that follows it."""
SEED = 1810_03292
"""Of random weights.  With the seed of the training, 0 for the shipped networks, the random head would be the one that training
started from, and a head trained for few epochs is still close to it."""


@torch.no_grad()
def randomise(network: CTERNet | RAS, share: float, seed: int) -> CTERNet | RAS:
    """A copy whose head and the ``share`` deepest sections of whose backbone are as they were before any training."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        fresh = type(network)(network.config)
    changed = copy.deepcopy(network)
    sections, new = changed.backbone.sections(), fresh.backbone.sections()
    kept = len(sections) - round(share * len(sections))
    theirs = fresh.state_dict()
    for name, value in changed.state_dict().items():
        if not name.startswith("backbone."):
            value.copy_(theirs[name])
    for section, other in zip(sections[kept:], new[kept:], strict=True):
        section.load_state_dict(other.state_dict())
    return changed


def randomised(networks: Networks, share: float, others: Sequence[Photo], seed: int = SEED) -> Networks:
    """The same networks with random weights from the head down to ``share`` of each backbone.

    Args:
        others: photos whose attention a CTERNet borrows as S*, where it borrows: a random network borrows what it makes itself.
    """
    changed = copy.copy(networks)
    changed.all = {name: randomise(network, share, seed) for name, network in networks.all.items()}
    old = networks.predictor
    network = changed.all["cternet"]
    changed.predictor = Predictor(network, name=old.name, device=old.device)
    if ALLOCATIONS[network.config.allocation].needs == "bank":
        maps = [torch.from_numpy(analysis.s) for analysis in changed.predictor.analyze_batch(others)]
        network.shuffle_mean.copy_(torch.stack(maps).mean(dim=0))
        changed.predictor = changed.predictor.with_bank(others)
    return changed


def map_or_none(sample: Sample, method: str, label: str) -> NDArray[np.float32] | None:
    try:
        return make_map(sample, method, label)
    except MapError:
        return None


def likeness(
    networks: Networks, photos: Iterable[Photo], methods: Sequence[str], *, others: Sequence[Photo], seed: int = SEED
) -> dict[str, dict[str, NDArray[np.float64]]]:
    """Rank correlation of each method's maps with those of randomised networks, for the class predicted before.

    Args:
        others: see ``randomised``.

    Returns:
        For each of ``STAGES`` and each method a correlation in [-1, 1] for every photo; 0 where random weights leave a map
        that is the same everywhere, which has nothing of the old one; NaN where there was no map to begin with.
    """
    changed = {stage: randomised(networks, share, others, seed) for stage, share in STAGES.items()}
    found: dict[str, dict[str, list[float]]] = {stage: {method: [] for method in methods} for stage in STAGES}
    needed = {METHODS[method].network for method in methods} - {None}
    for photo in photos:
        (sample,) = load_samples(networks, [photo], needed)
        label = sample.analysis.prediction
        before = {method: map_or_none(sample, method, label) for method in methods}
        for stage, random in changed.items():
            (other,) = load_samples(random, [photo], needed)
            for method in methods:
                after = map_or_none(other, method, label)
                missing = 0.0 if before[method] is not None and after is None else np.nan
                both = before[method] is not None and after is not None
                found[stage][method].append(agreement([before[method], after])[0, 1] if both else missing)
    return {stage: {method: np.array(values) for method, values in rows.items()} for stage, rows in found.items()}
