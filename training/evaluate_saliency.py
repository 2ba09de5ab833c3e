"""Measure a saliency network: mean absolute error and max F-measure (``training.saliency.figures`` has the protocol).

    python -m training.evaluate_saliency --weights runs/ras/best --data DUTS --out runs/ras/evaluation
    python -m training.evaluate_saliency --weights WEIGHTS --data IMAGES --masks MASKS --split val --out runs/ras/evaluation

writes OUT/SPLIT.json, and OUT/SPLIT.png with some photos, their masks and their maps.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import tyro
from accelerate import Accelerator
from PIL import Image

from cternet.disk import writing
from cternet.networks.checkpoint import CheckpointError, load_model
from cternet.networks.precision import Precision
from cternet.networks.ras import RAS
from training.data import DataError
from training.engine.batches import evaluation_loader
from training.engine.processes import accelerated, on_main
from training.files import write_json
from training.saliency.figures import evaluate
from training.saliency.pairs import Pair, PairSource, read_pairs
from training.saliency.photos import WholePhotos
from training.saliency.pictures import contact_sheet


@dataclass(kw_only=True)
class Arguments(PairSource):
    """What to measure, and on what."""

    weights: str
    """Checkpoint folder or hub id."""
    split: Literal["train", "val", "test"] = "test"
    out: Path
    """Folder for the figures."""
    image_size: int | None = None
    """Side of the square input, where not the network's own; larger than in training is often better (Touvron et al., 2019,
    https://arxiv.org/abs/1906.06423).  What is published takes the size it was measured with."""
    batch_size: int = 32
    workers: int = 2
    """Processes that decode images."""
    precision: Precision = "no"
    """float32 (no), bfloat16 where the network allows (bf16), or what the processor is fast in (auto)."""
    cpu: bool = False
    """Use the CPU even where a GPU is."""


def measure(arguments: Arguments, accelerator: Accelerator) -> tuple[dict[str, Any], RAS, list[Pair]]:
    """What is written as JSON, and what it was measured with.

    Raises:
        CheckpointError, DataError: the weights or the data cannot be used.
    """
    if arguments.image_size is not None and arguments.image_size < 32:
        raise ValueError(f"--image-size must be at least 32, not {arguments.image_size}")
    network = load_model(arguments.weights, RAS).to(accelerator.device)
    network.config.image_size = arguments.image_size or network.config.image_size
    found, left_out = on_main(accelerator, lambda: read_pairs(arguments, (arguments.split,)))
    pairs = found[arguments.split]
    loader = evaluation_loader(WholePhotos(pairs, network.config), batch_size=arguments.batch_size, workers=arguments.workers)
    figures = evaluate(network, pairs, accelerator.prepare_data_loader(loader), accelerator)
    return (
        figures
        | {
            "weights": Path(arguments.weights).name,
            "data": arguments.data.name,
            "split": arguments.split,
            "image_size": network.config.image_size,
            "left_out": {str(path): why for path, why in left_out.items()},
        },
        network,
        pairs,
    )


def main() -> None:
    arguments = tyro.cli(Arguments, description=__doc__)
    accelerator = accelerated(arguments.precision, cpu=arguments.cpu)
    try:
        with writing(arguments.out):
            arguments.out.mkdir(parents=True, exist_ok=True)
        figures, network, pairs = measure(arguments, accelerator)
        if accelerator.is_main_process:
            sheet = Image.fromarray(contact_sheet(network, pairs))
            with writing(arguments.out):
                write_json(arguments.out / f"{arguments.split}.json", figures)
                sheet.save(arguments.out / f"{arguments.split}.png")
            print(
                f"{arguments.split}: MAE {figures['mae']:.4f}, max F {figures['max_f']:.4f} on {figures['images']:,} photos "
                f"({figures['without_object']} without a salient object); written to {arguments.out}"
            )
    except (CheckpointError, DataError, OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        print("stopped; nothing was written", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
