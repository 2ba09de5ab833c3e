"""Figures of a saliency network: mean absolute error and max F-measure (``training.saliency.figures`` has the protocol).

Written are SPLIT.json, and SPLIT.png with some photos, their masks and their maps.
"""

from dataclasses import dataclass
from pathlib import Path

from accelerate import Accelerator
from PIL import Image

from cternet.networks.checkpoint import load_model
from cternet.networks.ras import RAS
from training.engine.batches import evaluation_loader
from training.engine.evaluation import EvaluationConfig, Report, name_of
from training.engine.processes import on_main
from training.saliency.figures import evaluate
from training.saliency.pairs import PairSource, read_pairs
from training.saliency.photos import WholePhotos
from training.saliency.pictures import contact_sheet


@dataclass(kw_only=True)
class SaliencyEvaluation(EvaluationConfig, PairSource):
    """What to measure, and on what."""

    batch_size: int = 32
    image_size: int | None = None
    """Side of the square input, where not the network's own; larger than in training is often better (Touvron et al., 2019,
    https://arxiv.org/abs/1906.06423).  What is published takes the size it was measured with."""


def measure(config: SaliencyEvaluation, accelerator: Accelerator) -> Report:
    """The figures of ``config.weights``.

    Raises:
        CheckpointError, DataError: the weights or the data cannot be used.
        ValueError: an input that is too small.
    """
    if config.image_size is not None and config.image_size < 32:
        raise ValueError(f"--image-size must be at least 32, not {config.image_size}")
    network = load_model(config.weights, RAS).to(accelerator.device)
    network.config.image_size = config.image_size or network.config.image_size
    found, left_out = on_main(accelerator, lambda: read_pairs(config, (config.split,)))
    pairs = found[config.split]
    loader = evaluation_loader(WholePhotos(pairs, network.config), batch_size=config.batch_size, workers=config.workers)
    figures = evaluate(network, pairs, accelerator.prepare_data_loader(loader), accelerator)
    summary = (
        f"{config.split}: MAE {figures['mae']:.4f}, max F {figures['max_f']:.4f} on {figures['images']:,} photos "
        f"({figures['without_object']} without a salient object)"
    )
    figures |= {
        "weights": name_of(config.weights),
        "data": config.data.name,
        "split": config.split,
        "image_size": network.config.image_size,
        "left_out": {str(path): why for path, why in left_out.items()},
    }

    def write(out: Path) -> None:
        Image.fromarray(contact_sheet(network, pairs)).save(out / f"{config.split}.png")

    return Report(name=config.split, figures=figures, summary=summary, write=write)
