"""Figures of a checkpoint on a split.

    python -m training.evaluate --weights assets/weights/cternet-fi --data DATA --split test --out runs/eval

writes runs/eval/test.json and the confusion matrix runs/eval/test.png (as the paper's Figure 2), and prints a summary.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
import tyro
from accelerate import Accelerator
from matplotlib.figure import Figure
from torch.utils.data import DataLoader

from cternet.checkpoint import CheckpointError, load_model
from training.checkpoints import write_json
from training.data import DataConfig, DataError, Photos, eval_transform, leave_out_unreadable, load_examples
from training.evaluation import evaluate


@dataclass(kw_only=True)
class Arguments(DataConfig):
    """What to evaluate and where."""

    weights: str
    """Checkpoint folder or hub id."""
    out: Path
    """Folder for the JSON and the picture."""
    split: Literal["train", "val", "test"] = "test"
    batch_size: int = 64
    workers: int = 2
    precision: Literal["no", "bf16"] = "no"
    cpu: bool = False
    """Use the CPU even where a GPU is."""


def confusion_figure(figures: dict[str, Any], classes: tuple[str, ...], title: str) -> Figure:
    """The confusion matrix in shares of the true class, as the paper's Figure 2."""
    counts = torch.tensor(figures["confusion_matrix"], dtype=torch.float64)
    shares = counts / counts.sum(dim=1, keepdim=True).clamp(min=1)
    figure = Figure(figsize=(7, 6), layout="constrained", dpi=120)
    axes = figure.add_subplot()
    axes.imshow(shares.numpy(), cmap="Blues", vmin=0, vmax=1)
    for row in range(len(classes)):
        for column in range(len(classes)):
            share = shares[row, column].item()
            axes.text(
                column, row, f"{share:.2f}", ha="center", va="center", color="white" if share > 0.5 else "black", fontsize=9
            )
    axes.set_xticks(range(len(classes)), classes, rotation=45, ha="right")
    axes.set_yticks(range(len(classes)), classes)
    axes.set_xlabel("predicted")
    axes.set_ylabel("labelled")
    axes.set_title(title)
    return figure


def main() -> None:
    arguments = tyro.cli(Arguments, description=__doc__)
    try:
        network = load_model(arguments.weights)
        config = network.config
        examples = load_examples(arguments, config.classes, (arguments.split,))
        examples, left_out = leave_out_unreadable(examples, arguments.on_bad_image)
        arguments.out.mkdir(parents=True, exist_ok=True)
    except (CheckpointError, DataError, OSError) as error:
        sys.exit(f"error: {error}")
    accelerator = Accelerator(mixed_precision=arguments.precision, cpu=arguments.cpu)
    photos = Photos(examples, eval_transform(config))
    loader = DataLoader(
        photos,
        batch_size=arguments.batch_size,
        sampler=[(index, 0) for index in range(len(photos))],
        num_workers=arguments.workers,
    )
    network = network.to(accelerator.device, memory_format=torch.channels_last)
    figures = evaluate(network, accelerator.prepare_data_loader(loader), accelerator, config.classes)
    figures["left_out"] = {str(path): why for path, why in left_out.items()}
    if not accelerator.is_main_process:
        return
    write_json(arguments.out / f"{arguments.split}.json", figures)
    answer = figures[figures["prediction"]]
    title = f"{Path(arguments.weights).name}, {arguments.split}: {answer['accuracy']:.1%}"
    confusion_figure(answer, config.classes, title).savefig(arguments.out / f"{arguments.split}.png")
    for name in ("v", "y", "y_te"):
        if name in figures:
            polarity = figures[name].get("polarity_accuracy")
            also = "" if polarity is None else f", polarity {polarity:.2%}"
            print(f"{name}: accuracy {figures[name]['accuracy']:.2%}{also}, macro F1 {figures[name]['macro_f1']:.3f}")
    print(f"{figures['images']} images; prediction is {figures['prediction']}; written to {arguments.out}")


if __name__ == "__main__":
    main()
