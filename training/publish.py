"""Turn a run into a folder to ship: half-precision weights, config, figures and a model card.

    python -m training.publish --run runs/cternet --test runs/eval/test.json --out assets/weights/cternet-fi

The figures in the card come from the run itself and from ``training.evaluate``; the prose about the data is in
``training/card.md``.
"""

import json
import shlex
import sys
from dataclasses import MISSING, asdict, dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import torch
import tyro
from huggingface_hub import EvalResult, ModelCard, ModelCardData
from safetensors.torch import save_file

from cternet.checkpoint import BANK, CheckpointError, load_model
from cternet.model import CTERNetConfig
from cternet.predictor import Predictor
from training.checkpoints import SaveError, write_folder, write_json
from training.config import TrainConfig
from training.evaluate import confusion_figure

TEMPLATE = Path(__file__).with_name("card.md")
ANSWERS = {"v": "v, class scores of the map", "y": "Y(S), factual", "y_te": "Y_TE, total effect"}


@dataclass
class Arguments:
    """What to publish."""

    run: Path
    """Folder of a finished training run."""
    test: Path
    """JSON that training.evaluate wrote for the test split."""
    out: Path
    """Folder to make."""
    start: str
    """In words, what the run started from."""
    table: Path | None = None
    """table.json of training.ablate: the recipe over several seeds."""
    table_note: str = ""
    """In words, how that table was made and what it says."""
    bank_images: Path | None = None
    """Folder of photos whose attention becomes the shuffle bank."""
    first: Path | None = None
    """Folder of the run whose trunk this one started from, for the card's commands."""


def flags(settings: dict[str, Any], defaults: Any, prefix: str = "") -> list[str]:
    """The command-line flags that differ from the defaults; paths become placeholders."""
    found: list[str] = []
    for field in fields(defaults):
        if field.name not in settings:  # the run is older than this setting
            continue
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        value, name = settings[field.name], f"--{prefix}{field.name.replace('_', '-')}"
        plain = json.loads(json.dumps(asdict(default) if is_dataclass(default) else default, default=str))
        if field.name in ("data", "out", "cache", "start", "resume", "cpu", "workers", "metrics") or value == plain:
            continue
        if is_dataclass(default):
            found += flags(value, type(default), f"{prefix}{field.name}.")
        elif isinstance(value, bool):
            found.append(name if value else f"--{prefix}no-{field.name.replace('_', '-')}")
        else:
            found += [name, *map(str, value if isinstance(value, list) else [value])]
    return found


def command(settings: dict[str, Any], start: str, out: str) -> str:
    parts = ["python", "-m", "training.train", "--data", "DATA", "--out", out, "--start", start, *flags(settings, TrainConfig)]
    return shlex.join(parts)


def per_cent(value: float) -> str:
    return f"{100 * value:.2f}"


def answers_table(figures: dict[str, Any]) -> str:
    lines = ["| answer | accuracy | polarity (argmax) | polarity (summed) | macro F1 |", "| --- | --- | --- | --- | --- |"]
    for key, words in ANSWERS.items():
        if key in figures:
            f = figures[key]
            chosen = " **(the prediction)**" if key == figures["prediction"] else ""
            title = words if len([k for k in ANSWERS if k in figures]) > 1 else "logits"
            cells = [per_cent(f[name]) for name in ("accuracy", "polarity_accuracy", "polarity_accuracy_by_sum", "macro_f1")]
            lines.append(f"| {title}{chosen} | {' | '.join(cells)} |")
    return "\n".join(lines)


def confusion_table(figures: dict[str, Any], classes: tuple[str, ...]) -> str:
    lines = [f"| labelled \\ predicted | {' | '.join(classes)} | recall |", "| --- |" + " --- |" * (len(classes) + 1)]
    for name, row in zip(classes, figures["confusion_matrix"], strict=True):
        lines.append(f"| {name} | {' | '.join(map(str, row))} | {per_cent(figures['per_class'][name]['recall'])} |")
    return "\n".join(lines)


def seeds_table(path: Path | None) -> str:
    from training.ablate import markdown

    return markdown(json.loads(path.read_text())) if path else ""


def card(arguments: Arguments, config: CTERNetConfig, test: dict[str, Any]) -> ModelCard:
    """The model card in the Hub's format."""
    name = arguments.out.name
    settings = json.loads((arguments.run / "settings.json").read_text())
    history = [json.loads(line) for line in (arguments.run / "metrics.jsonl").read_text().splitlines()]
    best = max(history, key=lambda entry: entry["val"]["accuracy"])
    answer = test[test["prediction"]]
    commands = []
    if arguments.first:
        commands.append(command(json.loads((arguments.first / "settings.json").read_text()), "START.safetensors", "runs/trunk"))
    commands.append(command(settings, "runs/trunk/best" if arguments.first else "START.safetensors", f"runs/{name}"))
    commands.append(f"python -m training.evaluate --weights runs/{name}/best --data DATA --split test --out runs/{name}-eval")
    result = [
        EvalResult(
            task_type="image-classification",
            dataset_type="fi",
            dataset_name="Flickr & Instagram (FI), held-out copies at 224 px",
            dataset_split="test",
            metric_type=kind,
            metric_name=words,
            metric_value=round(answer[key], 4),
        )
        for kind, words, key in (("accuracy", "accuracy", "accuracy"), ("accuracy", "polarity accuracy", "polarity_accuracy"))
    ]
    data = ModelCardData(
        model_name=name,
        license="other",
        license_name="research-only",
        license_link="LICENSE",
        library_name="cternet",
        pipeline_tag="image-classification",
        tags=["emotion-recognition", "counterfactual", "explainability", config.variant],
        eval_results=result,
    )
    return ModelCard.from_template(
        data,
        template_path=str(TEMPLATE),
        name=name,
        variant=config.variant,
        config=config,
        parameters=f"{sum(p.numel() for p in load_model(arguments.run / 'best').parameters()) / 1e6:.2f}",
        start=arguments.start,
        commands="\n".join(commands),
        epochs=len(history),
        best_epoch=best["epoch"],
        val=per_cent(best["val"]["accuracy"]),
        images=test["images"],
        answers=answers_table(test),
        confusion=confusion_table(answer, config.classes),
        seeds=seeds_table(arguments.table),
        seeds_note=arguments.table_note,
    )


def compact(figures: dict[str, Any]) -> dict[str, Any]:
    """The headline figures of a split."""
    names = ("accuracy", "macro_f1", "polarity_accuracy", "polarity_accuracy_by_sum")
    return {
        key: {name: round(figures[key][name], 6) for name in names if name in figures[key]} for key in ANSWERS if key in figures
    } | {"images": figures["images"], "prediction": figures["prediction"]}


def main() -> None:
    arguments = tyro.cli(Arguments, description=__doc__)
    try:
        network = load_model(arguments.run / "best")
        test = json.loads(arguments.test.read_text())
    except (CheckpointError, OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    config = network.config
    config.training_data = "Flickr & Instagram (FI; You et al., 2016), 16,321 photos at 224 px, eight emotions"
    config.metrics = {"val": compact(config.metrics["val"]), "test": compact(test)}

    def write(folder: Path) -> None:
        network.half().save_pretrained(folder, config=asdict(config))
        card(arguments, config, test).save(folder / "README.md")
        (folder / "LICENSE").write_text(LICENSE)
        confusion_figure(test[test["prediction"]], config.classes, f"{arguments.out.name}, FI test").savefig(
            folder / "confusion.png"
        )
        write_json(folder / "evaluation-test.json", {key: value for key, value in test.items() if key != "left_out"})
        if arguments.bank_images and config.variant == "cternet":
            predictor = Predictor(load_model(folder)).with_bank(sorted(arguments.bank_images.glob("*.jpg")))
            save_file({"s_out": predictor.bank.to(torch.float16).contiguous()}, folder / BANK)

    try:
        write_folder(arguments.out, write)
    except SaveError as error:
        sys.exit(f"error: {error}")
    size = sum(path.stat().st_size for path in arguments.out.iterdir()) / 2**20
    print(f"{arguments.out}: {size:.1f} MB")


LICENSE = """These weights are for research only.

They were trained on photos of the Flickr & Instagram data set (You et al., AAAI 2016), whose photos belong to their owners and
whose labels were collected for research.  They start from the encoder of TRACER-TE0 (Apache-2.0,
https://github.com/Karel911/TRACER), itself an ImageNet-pretrained EfficientNet-B0 fine-tuned for salient objects on DUTS.

You may use, change and share the weights for non-commercial research and teaching, without any warranty, if you name this
project and keep this notice.  Do not use them to judge, rank, monitor or make decisions about people.

The code of the project is under the MIT licence; this notice concerns the weights in this folder alone.
"""


if __name__ == "__main__":
    main()
