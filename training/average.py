"""Average the weights of runs that began with the same weights (model soups; Wortsman et al., https://arxiv.org/abs/2203.05482).

    python -m training.average runs/a runs/b --data DATA --out runs/both

One network comes out, as fast as each of them.  Its accuracy on val is printed beside theirs.  The folder can be evaluated and
published like a run's; its settings and history are the first one's.
"""

import json
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import torch
import tyro
from torch.optim.swa_utils import AveragedModel

from cternet.disk import writing
from cternet.networks.checkpoint import CheckpointError, load_model
from cternet.networks.emotion import EmotionNetwork
from cternet.networks.precision import Precision
from training.data import DataConfig, DataError, Photos, eval_transform, leave_out_unreadable, load_examples
from training.engine.batches import evaluation_loader
from training.engine.checkpoints import SaveError, write_folder, write_json
from training.engine.processes import accelerated
from training.evaluation import evaluate
from training.evaluation.report import per_cent

SAYS_NOTHING_OF_THE_NETWORK = {"metrics", "training_data"}
"""Of a config; networks that differ in nothing else can be averaged."""


@dataclass(kw_only=True)
class Arguments(DataConfig):
    """What to average, and where to put it."""

    runs: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """Folders of two or more finished runs of one start."""
    out: Path
    """Folder to make."""
    batch_size: int = 64
    workers: int = 2
    precision: Precision = "auto"
    """float32 (no), bfloat16 where the network allows (bf16), or what the processor is fast in (auto)."""
    cpu: bool = False
    """Use the CPU even where a GPU is."""


def average(networks: list[EmotionNetwork], names: list[Path]) -> EmotionNetwork:
    """The network whose parameters and buffers are the mean of theirs.

    Raises:
        DataError: fewer than two, or networks that are not alike.
    """
    if len(networks) < 2:
        raise DataError("an average needs two runs at least; name more")
    first, *others = networks
    for other, name in zip(others, names[1:], strict=True):
        ours, theirs = asdict(first.config), asdict(other.config)
        if different := [key for key in ours if ours[key] != theirs.get(key) and key not in SAYS_NOTHING_OF_THE_NETWORK]:
            raise DataError(f"{name} is another network than {names[0]} ({', '.join(different)}); average runs of one recipe")
    mean = AveragedModel(first, use_buffers=True)
    for network in networks:
        mean.update_parameters(network)
    return mean.module


def val_figures(network: EmotionNetwork, arguments: Arguments) -> dict[str, Any]:
    """Figures on val, as a run has them of its own network.

    Raises:
        DataError: the data cannot be used.
    """
    accelerator = accelerated(arguments.precision, cpu=arguments.cpu)
    examples = load_examples(arguments, network.config.classes, ("val",))
    examples, _ = leave_out_unreadable(examples, arguments.on_bad_image)
    if not examples:
        raise DataError(f"{arguments.data} has no readable image in val")
    photos = Photos(examples, eval_transform(network.config))
    loader = evaluation_loader(photos, batch_size=arguments.batch_size, workers=arguments.workers)
    network.to(accelerator.device, memory_format=torch.channels_last)
    prepared = accelerator.prepare_data_loader(loader)
    return evaluate(network, prepared, accelerator, network.config.classes, surprise=arguments.surprise)


def main() -> None:
    arguments = tyro.cli(Arguments, description=__doc__)
    runs, out = list(arguments.runs), arguments.out
    try:
        if out.exists() and any(out.iterdir()):
            raise DataError(f"{out} is not empty; choose another --out")
        networks = [load_model(run / "best", EmotionNetwork) for run in runs]
        mean = average(networks, runs)
        settings = json.loads((runs[0] / "settings.json").read_text())
        figures = val_figures(mean, arguments)
        for name, found in [
            *((run, net.config.metrics["val"]) for run, net in zip(runs, networks, strict=True)),
            (out, figures),
        ]:
            print(f"{name}: {per_cent(found[found['prediction']]['accuracy'])} % on val")
        config = asdict(mean.config) | {"metrics": {"val": figures}}
        with writing(out):
            out.mkdir(parents=True, exist_ok=True)
            shutil.copy(runs[0] / "metrics.jsonl", out)
        write_json(out / "settings.json", settings | {"averaged": [run.name for run in runs]})
        write_folder(out / "best", lambda folder: mean.save_pretrained(folder, config=config))
    except (CheckpointError, DataError, SaveError, OSError, ValueError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
