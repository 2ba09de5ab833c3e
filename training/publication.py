"""What is published of a run, whatever it has learnt: its settings, the command that made it, its curves."""

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro
from huggingface_hub import EvalResult, ModelCard, ModelCardData
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from safetensors.torch import load_file, save_file
from torch import nn

from cternet.networks.backbone_network import WEIGHTS
from training.about import About
from training.engine.run_folder import in_this_version

PLACES = {"confounders", "data", "lexicon", "masks", "out", "saliency", "splits", "start", "teachers"}
LEFT_OUT = PLACES | {"cache", "cpu", "metrics", "resume", "tracker", "workers"}
"""Settings that say where things lie on a machine, or that a card's command has apart."""


@dataclass
class Publication:
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
    about: str | None = None
    """Description of the data and the licence: a name in training/about, or a YAML file."""
    start: str = "the weights named in the command."
    """In words, what the run started from."""
    note: str = ""
    """In words, what else a reader should know of how the figures came about."""
    base: Path | None = None
    """Checkpoint folder whose backbone the run left as it was, in the most part: only what differs is stored.  It must then lie
    beside the folder that is published."""
    commands: Path | None = None
    """File with the commands that made the weights, where the run's own does not tell the whole story."""

    def settings(self) -> dict[str, Any]:
        """The run's settings, as they are called now."""
        return in_this_version(json.loads((self.run / "settings.json").read_text()))

    def history(self) -> list[dict[str, Any]]:
        """What each epoch of the run left in ``metrics.jsonl``.

        Raises:
            ValueError: it has no finished epoch.
        """
        path = self.run / "metrics.jsonl"
        found = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        if not found:
            raise ValueError(f"{self.run} has no finished epoch to publish")
        return found


@dataclass(frozen=True)
class Product:
    """What a task makes of a run.

    Attributes:
        network: to be stored in half precision, with its config.
        about: description of the data and the licence.
        card: the model card.
        pictures: by file name.
        write: writes what else belongs to it into the folder, in which the network lies by then.
    """

    network: nn.Module
    about: About
    card: ModelCard
    pictures: dict[str, Figure]
    write: Callable[[Path], None] = field(default=lambda _folder: None)


def flags(settings: dict[str, Any], defaults: Any, prefix: str = "") -> list[str]:
    """The command-line flags that differ from the defaults, a dataclass or an instance of one; paths become placeholders."""
    found: list[str] = []
    for one in fields(defaults):
        if one.name not in settings:  # the run is older than this setting
            continue
        if isinstance(defaults, type):
            default = one.default_factory() if one.default_factory is not MISSING else one.default
        else:
            default = getattr(defaults, one.name)
        value, name = settings[one.name], f"--{prefix}{one.name.replace('_', '-')}"
        plain = json.loads(json.dumps(asdict(default) if is_dataclass(default) else default, default=str))
        if one.name in LEFT_OUT or value == plain:
            continue
        if is_dataclass(default):
            found += flags(value, default, f"{prefix}{one.name}.")
        elif isinstance(value, bool):
            found.append(name if value else f"--{prefix}no-{one.name.replace('_', '-')}")
        else:
            found += [name, *map(str, value if isinstance(value, list) else [value])]
    return found


def without_paths(path: str) -> str:
    """A checkpoint or a file as a card names it: without the folders of the machine it lies on."""
    found = Path(path)
    return f"runs/{found.parent.name}/{found.name}" if found.name in ("best", "last") else found.name


def training_command(settings: dict[str, Any], config: type, first: Sequence[str], out: str) -> list[str]:
    """The command of a run: ``first`` (its task, its data), the weights it takes, and what is not the default."""
    weights = [value for name in ("start", "teachers", "confounders", "lexicon") for value in named_weights(settings, name)]
    return ["python", "-m", "training.train", *first, "--out", out, *weights, *flags(settings, config)]


def named_weights(settings: dict[str, Any], name: str) -> list[str]:
    given = settings.get(name) or []
    paths = [given] if isinstance(given, str) else given
    return [f"--{name}", *map(without_paths, paths)] if paths else []


def evaluation_command(name: str, split: str, data: Sequence[str], more: Sequence[str] = ()) -> list[str]:
    """The command that measured a run's best weights on a split."""
    where = ["--weights", f"runs/{name}/best", *data, "--split", split, "--out", f"runs/{name}/evaluation"]
    return ["python", "-m", "training.evaluate", *where, *more]


def evaluations(run: Path) -> dict[str, dict[str, Any]]:
    """What ``training.evaluate`` wrote for val and, where it was measured, for test, by split.

    Raises:
        ValueError: the run was not measured on val.
    """
    files = {split: run / "evaluation" / f"{split}.json" for split in ("val", "test")}
    if not files["val"].is_file():
        raise ValueError(f"{files['val']} is missing; make it with training.evaluate --split val")
    return {split: json.loads(file.read_text()) for split, file in files.items() if file.is_file()}


def leave_out_shared(others: Sequence[tuple[Path, str]], folder: Path) -> None:
    """Store only the weights that are not those of other checkpoints.

    Args:
        others: their folders, and what the names of their weights begin with in this one.
        folder: the checkpoint that is written.

    Raises:
        ValueError: one of them shares no weights.
    """
    for other, prefix in others:
        ours, theirs = load_file(folder / WEIGHTS), load_file(other / WEIGHTS)
        shared = {name for name, value in theirs.items() if (prefix + name) in ours and ours[prefix + name].equal(value)}
        if not shared:
            raise ValueError(f"{other} shares no weights with this run; publish it without that folder")
        kept = {
            name: value
            for name, value in ours.items()
            if name.removeprefix(prefix) not in shared or not name.startswith(prefix)
        }
        save_file(kept, folder / WEIGHTS, metadata={"format": "pt"})


def lines(commands: Sequence[Sequence[str]]) -> str:
    return "\n".join(map(shlex.join, commands))


def card_data(
    name: str, about: About, *, pipeline: str, tags: list[str], split: str, results: Mapping[tuple[str, str], float]
) -> ModelCardData:
    """What the hub reads of a card.

    Args:
        results: figures on ``split``, by metric and by what it is called.
    """
    return ModelCardData(
        model_name=name,
        license="other",
        license_name=about.licence_name,
        license_link="LICENSE",
        library_name="cternet",
        pipeline_tag=pipeline,
        tags=tags,
        eval_results=[
            EvalResult(
                task_type=pipeline,
                dataset_type=about.dataset_type,
                dataset_name=about.dataset_name,
                dataset_split=split,
                metric_type=metric,
                metric_name=words,
                metric_value=value,
            )
            for (metric, words), value in results.items()
        ],
    )


def curves(history: Sequence[dict[str, Any]], panels: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure:
    """Lines over epochs, side by side.

    Args:
        history: of a run.
        panels: for each title the lines, by label; a line alone needs none.
    """
    epochs = [entry["epoch"] for entry in history]
    figure = Figure(figsize=(4 * len(panels), 3.2), layout="constrained", dpi=120)
    for axes, (title, drawn) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
        for label, values in drawn.items():
            axes.plot(epochs, values, marker="o", label=label)
        if len(drawn) > 1:
            axes.legend()
        axes.set(title=title, xlabel="epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
    return figure


def millions(network: nn.Module) -> str:
    """Its parameters, in millions."""
    return f"{sum(p.numel() for p in network.parameters()) / 1e6:.2f}"
