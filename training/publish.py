"""Turn a run into something to ship: half-precision weights, config, figures, pictures and a model card.

    python -m training.publish runs/cternet --out assets/weights/cternet-fi --about fi
    python -m training.publish runs/cternet --to hub --repo OWNER/NAME

The figures come from the run itself and from what ``training.evaluate`` wrote into RUN/evaluation; the prose about the
data and its licence from ``training/about``.
"""

import json
import shlex
import sys
from dataclasses import MISSING, asdict, dataclass, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
import tyro
from huggingface_hub import EvalResult, HfApi, ModelCard, ModelCardData
from huggingface_hub.errors import HfHubHTTPError, HTTPError, LocalTokenNotFoundError
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from safetensors.torch import save_file

from cternet.networks.checkpoint import BANK, CheckpointError, load_model
from cternet.networks.classifier import ANSWERS
from cternet.networks.config import EmotionConfig
from cternet.networks.emotion import EmotionNetwork
from cternet.networks.families import family_of
from cternet.results.predictor import Predictor
from training.about import About, read_about
from training.emotions.config import TrainConfig
from training.engine.run_folder import in_this_version
from training.evaluation.attention import REPLACEMENTS
from training.evaluation.pictures import confusion_figure
from training.evaluation.report import answers_table, attention_table, attention_words, per_cent
from training.files import SaveError, write_folder, write_json
from training.tables import table

LEFT_OUT = {"cache", "cpu", "data", "metrics", "out", "resume", "splits", "start", "teachers", "tracker", "workers"}
"""Settings that say where things lie on a machine, or that the card's command has apart."""
TEMPLATE = Path(__file__).with_name("card.md")


@dataclass
class Arguments:
    """What to publish, and where."""

    run: Annotated[Path, tyro.conf.Positional]
    """Folder of a finished training run."""
    to: Literal["folder", "hub"] = "folder"
    """Only write the folder, or also push it to the Hugging Face Hub."""
    out: Path | None = None
    """Folder to make; by default RUN/published."""
    repo: str | None = None
    """OWNER/NAME on the hub."""
    private: bool = False
    """Make a new hub repository private."""
    test: Path | None = None
    """JSON that training.evaluate wrote for the test split; by default RUN/evaluation/test.json, if it is there."""
    about: str | None = None
    """Description of the data and the licence: a name in training/about, or a YAML file."""
    start: str = "the weights named in the command."
    """In words, what the run started from."""
    note: str = ""
    """In words, what else a reader should know of how the figures came about."""
    commands: Path | None = None
    """File with the commands that made the weights, where the run's own does not tell the whole story."""
    table: Path | None = None
    """What training.ablate wrote as JSON: the recipe over several seeds."""
    table_note: str = ""
    """In words, how that table was made and what it says."""
    bank_images: Path | None = None
    """Folder of photos whose attention becomes the shuffle bank."""


def flags(settings: dict[str, Any], defaults: Any, prefix: str = "") -> list[str]:
    """The command-line flags that differ from the defaults, a dataclass or an instance of one; paths become placeholders."""
    found: list[str] = []
    for field in fields(defaults):
        if field.name not in settings:  # the run is older than this setting
            continue
        if isinstance(defaults, type):
            default = field.default_factory() if field.default_factory is not MISSING else field.default
        else:
            default = getattr(defaults, field.name)
        value, name = settings[field.name], f"--{prefix}{field.name.replace('_', '-')}"
        plain = json.loads(json.dumps(asdict(default) if is_dataclass(default) else default, default=str))
        if field.name in LEFT_OUT or value == plain:
            continue
        if is_dataclass(default):
            found += flags(value, default, f"{prefix}{field.name}.")
        elif isinstance(value, bool):
            found.append(name if value else f"--{prefix}no-{field.name.replace('_', '-')}")
        else:
            found += [name, *map(str, value if isinstance(value, list) else [value])]
    return found


def command(settings: dict[str, Any], out: str) -> str:
    """The command of a run, without the paths of the machine it ran on."""

    def named(path: str) -> str:
        found = Path(path)
        return f"runs/{found.parent.name}/{found.name}" if found.name in ("best", "last") else found.name

    parts = ["python", "-m", "training.train", "--data", "DATA", "--out", out]
    if settings.get("start"):
        parts += ["--start", named(settings["start"])]
    if settings.get("teachers"):
        parts += ["--teachers", *map(named, settings["teachers"])]
    return shlex.join([*parts, *flags(settings, TrainConfig)])


def confusion_table(figures: dict[str, Any], classes: tuple[str, ...]) -> str:
    rows = [
        [name, *row, per_cent(figures["per_class"][name]["recall"])]
        for name, row in zip(classes, figures["confusion_matrix"], strict=True)
    ]
    return table(["labelled \\ predicted", *classes, "recall"], rows)


def seeds_table(path: Path | None) -> str:
    from training.ablate import markdown

    return markdown(json.loads(path.read_text())) if path else ""


def curves(history: list[dict[str, Any]]) -> Figure:
    """Loss terms and accuracy on val, by epoch."""
    epochs = [entry["epoch"] for entry in history]
    figure = Figure(figsize=(8, 3.2), layout="constrained", dpi=120)
    losses, accuracies = figure.subplots(1, 2)
    for name in history[0]["loss"]:
        losses.plot(epochs, [entry["loss"][name] for entry in history], marker="o", label=f"CE({name})")
    for name in (key for key in history[0]["val"] if key.startswith("accuracy_")):
        values = [100 * entry["val"][name] for entry in history]
        accuracies.plot(epochs, values, marker="o", label=name.removeprefix("accuracy_"))
    losses.set(title="Training loss", xlabel="epoch")
    accuracies.set(title="Accuracy on val, %", xlabel="epoch")
    for axes in (losses, accuracies):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend()
    return figure


def card(
    arguments: Arguments,
    config: EmotionConfig,
    name: str,
    about: About,
    history: list[dict[str, Any]],
    test: dict[str, Any] | None,
) -> ModelCard:
    """The model card in the Hub's format; its figures are those on test, or on val where the run was not tested."""
    settings = in_this_version(json.loads((arguments.run / "settings.json").read_text()))
    network = load_model(arguments.run / "best", EmotionNetwork)
    best = max(history, key=lambda entry: entry["val"]["accuracy"])
    split, figures = ("test", test) if test else ("val", network.config.metrics["val"])
    answer = figures[figures["prediction"]]
    commands = arguments.commands.read_text().strip() if arguments.commands else command(settings, f"runs/{name}")
    if test:
        parts = (
            "--attention " if "attention" in test else ""
        ) + f"--weights runs/{name}/best --data DATA --split test --out runs/{name}/evaluation"
        commands += f"\npython -m training.evaluate {parts}"
    result = [
        EvalResult(
            task_type="image-classification",
            dataset_type=about.dataset_type,
            dataset_name=about.dataset_name,
            dataset_split=split,
            metric_type="accuracy",
            metric_name=words,
            metric_value=round(answer[key], 4),
        )
        for words, key in (("accuracy", "accuracy"), ("polarity accuracy", "polarity_accuracy"))
        if key in answer
    ]
    data = ModelCardData(
        model_name=name,
        license="other",
        license_name=about.licence_name,
        license_link="LICENSE",
        library_name="cternet",
        pipeline_tag="image-classification",
        tags=["emotion-recognition", "counterfactual", "explainability", config.family],
        eval_results=result,
    )
    return ModelCard.from_template(
        data,
        template_path=str(TEMPLATE),
        name=name,
        family=config.family,
        kind=family_of(config.family).about,
        config=config,
        about=about,
        parameters=f"{sum(p.numel() for p in network.parameters()) / 1e6:.2f}",
        start=arguments.start,
        note=arguments.note,
        averaged=bool(settings.get("ema")),
        commands=commands,
        epochs=len(history),
        best_epoch=best["epoch"],
        val=per_cent(best["val"]["accuracy"]),
        split=split,
        images=figures["images"],
        answers=answers_table(figures),
        attention=f"{attention_table(figures)}\n\n{attention_words(figures)}" if "attention" in figures else "",
        confusion=confusion_table(answer, config.classes),
        seeds=seeds_table(arguments.table),
        seeds_note=arguments.table_note,
    )


def compact(figures: dict[str, Any]) -> dict[str, Any]:
    """The headline figures of a split."""
    names = ("accuracy", "macro_f1", "polarity_accuracy", "polarity_accuracy_by_sum")
    found = {
        key: {name: round(figures[key][name], 6) for name in names if name in figures[key]} for key in ANSWERS if key in figures
    } | {"images": figures["images"], "prediction": figures["prediction"]}
    if audit := figures.get("attention"):
        found["attention"] = {
            "idle": audit["idle"],
            "top_quarter": round(audit["top_quarter"], 6),
            "changed_by_flat": round(audit["flat"]["changes"], 6),
            "lost": {name: round(audit[name]["lost"]["accuracy"][0], 6) for name in REPLACEMENTS},
        }
    return found


def publish(arguments: Arguments, out: Path) -> None:
    """Write the folder ``out``.

    Raises:
        CheckpointError, OSError, ValueError: the run, its figures or the description cannot be read.
        SaveError: the folder cannot be written.
    """
    network = load_model(arguments.run / "best", EmotionNetwork)
    about, config = read_about(arguments.about), network.config
    history = [json.loads(line) for line in (arguments.run / "metrics.jsonl").read_text().splitlines()]
    measured = arguments.test or arguments.run / "evaluation" / "test.json"
    test = json.loads(measured.read_text()) if arguments.test or measured.exists() else None
    if not history or not config.metrics.get("val"):
        raise ValueError(f"{arguments.run} has no finished epoch to publish")
    if test is not None and not (test.get("split") == "test" and not test.get("polarity") and "prediction" in test):
        raise ValueError(f"{measured} is not the evaluation of the classes on a test split; make it with training.evaluate")
    name = arguments.repo.split("/")[-1] if arguments.repo else out.name
    figures = test or config.metrics["val"]
    text = card(arguments, config, name=name, about=about, history=history, test=test)
    config.training_data = about.training_data
    config.metrics = {"val": compact(config.metrics["val"])} | ({"test": compact(test)} if test else {})

    def write(folder: Path) -> None:
        network.half().save_pretrained(folder, config=asdict(config))
        text.save(folder / "README.md")
        (folder / "LICENSE").write_text(about.licence)
        title = f"{name}, {'test' if test else 'val'}"
        confusion_figure(figures[figures["prediction"]], config.classes, title).savefig(folder / "confusion.png")
        curves(history).savefig(folder / "curves.png")
        if test:
            write_json(folder / "evaluation-test.json", {key: value for key, value in test.items() if key != "left_out"})
        if arguments.bank_images and network.has_counterfactual:
            predictor = Predictor(load_model(folder)).with_bank(sorted(arguments.bank_images.glob("*.jpg")))
            save_file({"s_out": predictor.bank.to(torch.float16).contiguous()}, folder / BANK)

    write_folder(out, write)


def push(folder: Path, repo: str, private: bool) -> str:
    """Upload the folder to the hub; returns its address.

    Raises:
        ValueError: not logged in, no right to write there, or the hub cannot be reached.
    """
    api = HfApi()
    try:
        api.whoami()
        api.create_repo(repo, private=private, exist_ok=True)
        return str(api.upload_folder(folder_path=folder, repo_id=repo, commit_message="Publish weights"))
    except LocalTokenNotFoundError:
        raise ValueError("you are not logged in to the hub; log in with: hf auth login. The folder is written") from None
    except (HfHubHTTPError, HTTPError, OSError) as error:
        raise ValueError(f"{repo} could not be pushed: {error}. The folder {folder} is written; push again later") from None


def main() -> None:
    arguments = tyro.cli(Arguments, description=__doc__)
    out = arguments.out or arguments.run / "published"
    try:
        if arguments.to == "hub" and not arguments.repo:
            raise ValueError("--to hub needs the repository's name: --repo OWNER/NAME")
        publish(arguments, out)
        size = sum(path.stat().st_size for path in out.iterdir()) / 2**20
        print(f"{out}: {size:.1f} MB")
        if arguments.to == "hub":
            print(push(out, arguments.repo, arguments.private))
    except (CheckpointError, SaveError, OSError, ValueError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
