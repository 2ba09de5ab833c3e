"""Turn a saliency run into something to ship: half-precision weights, config, curves, licence and a model card.

    python -m training.publish_saliency runs/ras --out assets/weights/ras --about fi-saliency

The figures come from the run itself and from what ``training.evaluate_saliency`` wrote into RUN/evaluation; the prose about the
data and the licence from ``training/about``.
"""

import json
import shlex
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from huggingface_hub import EvalResult, ModelCard, ModelCardData
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cternet.networks.checkpoint import CheckpointError, load_model
from cternet.networks.ras import RAS, RASConfig
from training.about import About, read_about
from training.files import SaveError, write_folder
from training.publish import flags
from training.saliency.config import SaliencyConfig
from training.tables import table

TEMPLATE = Path(__file__).with_name("saliency") / "card.md"
NAMES = {"mae": "MAE", "max_f": "max F"}
COUNTS = {"images": "photos", "without_object": "of them without a salient object"}


@dataclass
class Arguments:
    """What to publish, and where."""

    run: Annotated[Path, tyro.conf.Positional]
    """Folder of a finished training run."""
    out: Path
    """Folder to make."""
    about: str | None = None
    """Description of the data and the licence: a name in training/about, or a YAML file."""
    start: str = "the weights named in the command."
    """In words, what the run started from."""
    note: str = ""
    """In words, what else a reader should know of how the figures came about."""


def commands(settings: dict[str, Any], name: str, config: RASConfig) -> str:
    """The commands of a run and of its figures, without the paths of the machine it ran on."""
    data = ["--data", "IMAGES", "--masks", "MASKS"] if settings["masks"] else ["--data", "DUTS"]
    start = ["--start", Path(settings["start"]).name] if settings["start"] else []
    more = flags({key: value for key, value in settings.items() if key != "masks"}, SaliencyConfig)
    lines = [["training.train_saliency", *data, "--out", f"runs/{name}", *start, *more]]
    lines += [
        [
            "training.evaluate_saliency",
            "--weights",
            f"runs/{name}/best",
            *data,
            "--split",
            split,
            "--out",
            f"runs/{name}/evaluation",
        ]
        for split in config.metrics
    ]
    if config.image_size != settings["model"]["image_size"]:
        lines[1:] = [[*line, "--image-size", str(config.image_size)] for line in lines[1:]]
    return "\n".join(shlex.join(["python", "-m", *line]) for line in lines)


def curves(history: list[dict[str, Any]]) -> Figure:
    """Loss terms, and error and max F on val, by epoch."""
    epochs = [entry["epoch"] for entry in history]
    figure = Figure(figsize=(11, 3.2), layout="constrained", dpi=120)
    losses, errors, measures = figure.subplots(1, 3)
    for name, label in (("bce", "cross-entropy"), ("iou", "1 − IoU")):
        losses.plot(epochs, [entry["loss"][name] for entry in history], marker="o", label=label)
    losses.legend()
    for axes, name in ((errors, "mae"), (measures, "max_f")):
        axes.plot(epochs, [entry["val"][name] for entry in history], marker="o")
    titles = {losses: "Training loss, summed over the maps", errors: "MAE on val", measures: "max F on val"}
    for axes, title in titles.items():
        axes.set(title=title, xlabel="epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
    return figure


def history_table(history: list[dict[str, Any]]) -> str:
    rows = [
        [
            entry["epoch"],
            *(f"{entry['loss'][name]:.3f}" for name in ("bce", "iou")),
            *(f"{entry['val'][name]:.4f}" for name in NAMES),
        ]
        for entry in history
    ]
    return table(["epoch", "loss: cross-entropy", "loss: 1 − IoU", "MAE on val", "max F on val"], rows)


def figures_table(metrics: dict[str, dict[str, Any]]) -> str:
    rows = [
        [split, *(f"{found[key]:.4f}" for key in NAMES), *(found[key] for key in COUNTS)] for split, found in metrics.items()
    ]
    return table(["split", *NAMES.values(), *COUNTS.values()], rows)


def card(arguments: Arguments, network: RAS, name: str, about: About, history: list[dict[str, Any]]) -> ModelCard:
    """The model card in the Hub's format; ``network.config.metrics`` holds its figures."""
    settings = json.loads((arguments.run / "settings.json").read_text())
    config, metrics = network.config, network.config.metrics
    split = list(metrics)[-1]
    data = ModelCardData(
        model_name=name,
        license="other",
        license_name=about.licence_name,
        license_link="LICENSE",
        library_name="cternet",
        pipeline_tag="image-segmentation",
        tags=["salient-object-detection"],
        eval_results=[
            EvalResult(
                task_type="image-segmentation",
                dataset_type=about.dataset_type,
                dataset_name=about.dataset_name,
                dataset_split=split,
                metric_type=key,
                metric_name=words,
                metric_value=metrics[split][key],
            )
            for key, words in NAMES.items()
        ],
    )
    return ModelCard.from_template(
        data,
        template_path=str(TEMPLATE),
        name=name,
        config=config,
        about=about,
        levels=len(network.backbone.level_channels),
        parameters=f"{sum(p.numel() for p in network.parameters()) / 1e6:.2f}",
        start=arguments.start,
        note=arguments.note,
        averaged=bool(settings["ema"]),
        commands=commands(settings, name, config),
        train_size=settings["model"]["image_size"],
        epochs=len(history),
        best_epoch=max(history, key=lambda entry: entry["val"]["max_f"] - entry["val"]["mae"])["epoch"],
        history=history_table(history),
        figures=figures_table(metrics),
    )


def measured(run: Path) -> tuple[dict[str, dict[str, Any]], int]:
    """Figures on val and, where it was measured, on test, by split; and the side of the input they were measured with.

    Raises:
        ValueError: the run was not measured on val, or on val and test with different inputs.
    """
    files = {split: run / "evaluation" / f"{split}.json" for split in ("val", "test")}
    if not files["val"].is_file():
        raise ValueError(f"{files['val']} is missing; make it with training.evaluate_saliency --split val")
    found = {split: json.loads(file.read_text()) for split, file in files.items() if file.is_file()}
    sizes = {values["image_size"] for values in found.values()}
    if len(sizes) > 1:
        raise ValueError(
            f"{files['val']} and {files['test']} were measured with another --image-size; measure both with the same"
        )
    figures = {
        split: {key: round(values[key], 6) for key in NAMES} | {key: values[key] for key in COUNTS}
        for split, values in found.items()
    }
    return figures, sizes.pop()


def publish(arguments: Arguments) -> None:
    """Write the folder.

    Raises:
        CheckpointError, OSError, ValueError: the run, its figures or the description cannot be read.
        SaveError: the folder cannot be written.
    """
    network, about = load_model(arguments.run / "best", RAS), read_about(arguments.about)
    history = [json.loads(line) for line in (arguments.run / "metrics.jsonl").read_text().splitlines()]
    network.config.training_data = about.training_data
    network.config.metrics, network.config.image_size = measured(arguments.run)
    text = card(arguments, network, arguments.out.name, about, history)

    def write(folder: Path) -> None:
        network.half().save_pretrained(folder, config=asdict(network.config))
        text.save(folder / "README.md")
        (folder / "LICENSE").write_text(about.licence)
        curves(history).savefig(folder / "curves.png")

    write_folder(arguments.out, write)


def main() -> None:
    arguments = tyro.cli(Arguments, description=__doc__)
    try:
        publish(arguments)
    except (CheckpointError, SaveError, OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    size = sum(path.stat().st_size for path in arguments.out.iterdir()) / 2**20
    print(f"{arguments.out}: {size:.1f} MB")


if __name__ == "__main__":
    main()
