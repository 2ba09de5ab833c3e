"""What a run needs before its first step: its folder, its examples, its start weights."""

import hashlib
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from huggingface_hub.errors import HfHubHTTPError
from safetensors.torch import load_file
from torch import Tensor, nn

from cternet.disk import writing
from cternet.networks.checkpoint import CheckpointError, load_model
from cternet.networks.emotion import EmotionNetwork
from cternet.networks.families import make_network, named_in
from cternet.networks.precision import chosen, device_for
from training.data import DataError, Example, leave_out_unreadable, load_examples
from training.data.targets import require_images
from training.emotions.config import TrainConfig
from training.engine.checkpoints import newest_state, write_json
from training.engine.config import RunConfig
from training.engine.efficientnet_lite import check_settings, is_lite, lite_weights
from training.engine.processes import on_main

FREE_TO_CHANGE = {
    "cache",
    "cpu",
    "data",
    "masks",
    "out",
    "resume",
    "sample_maps",
    "save_every",
    "splits",
    "tracker",
    "workers",
}
"""Settings that may differ when a run is resumed: they do not change what it computes."""


def settings_of(config: RunConfig) -> dict[str, Any]:
    """The settings as JSON values, with the precision that is used here."""
    used = chosen(config.precision, device_for(cpu=config.cpu))
    return json.loads(json.dumps(asdict(config) | {"precision": used}, default=str))


def in_this_version(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings of a run as they are called now: older runs said ``variant`` for the family, and those of RAS nothing."""
    model = settings.get("model", {})
    return settings | {"model": {"family": named_in(model)} | model}


def changed_settings(config: RunConfig) -> list[str]:
    """Names of the settings that matter and are not those the run in ``config.out`` was started with."""
    path = config.out / "settings.json"
    try:
        before, now = in_this_version(json.loads(path.read_text())), settings_of(config)
    except (OSError, ValueError):
        raise DataError(
            f"{path} is missing or damaged, so its settings cannot be checked; start anew in another --out"
        ) from None
    model = before.get("model", {})
    flat = [(key, now[key], before.get(key)) for key in now if key not in FREE_TO_CHANGE | {"model"}]
    flat += [(f"model.{key}", value, model.get(key)) for key, value in now["model"].items()]
    return [key for key, ours, theirs in flat if ours != theirs]


def digest(identities: dict[str, Iterable[str]]) -> str:
    """Tells whether two runs see the same examples and split, by what each split's examples are known by."""
    found = hashlib.sha256()
    for split, members in identities.items():
        for identity in members:
            found.update(f"{split}/{identity}\n".encode())
    return found.hexdigest()


def check_run_folder(config: RunConfig) -> None:
    """Refuse to overwrite a run, or to resume one with other settings.

    Raises:
        DataError: see its message.
    """
    out = config.out
    if not config.resume:
        # What a run leaves that was stopped before its first checkpoint may be written over.
        beginnings = {"settings.json", "skipped.json", "tensorboard", "state"}
        if (out / "settings.json").exists():
            beginnings |= {"last", "best"}
        left = [path.name for path in out.iterdir() if not path.name.startswith(".")] if out.exists() else []
        if newest_state(out) or set(left) - beginnings:
            raise DataError(f"{out} already holds a run; go on with --resume, or choose another --out")
        return
    if newest_state(out) is None:
        raise DataError(f"{out} has no checkpoint to resume from; start it without --resume")
    changed = changed_settings(config)
    if changed:
        raise DataError(
            f"{out} was started with other settings ({', '.join(changed)}); resume with the same, or use another --out"
        )


def open_run_folder(config: RunConfig, left_out: dict[Path, str]) -> None:
    """Make the folder of a new run, with its settings and the images it leaves out."""
    if config.resume:
        return
    with writing(config.out):
        config.out.mkdir(parents=True, exist_ok=True)
    write_json(config.out / "settings.json", settings_of(config))
    if left_out:
        write_json(config.out / "skipped.json", {str(path): why for path, why in left_out.items()})


def read_examples(config: TrainConfig, accelerator: Accelerator) -> tuple[dict[str, list[Example]], dict[Path, str]]:
    """The readable examples of train and val, and what was left out; never those of test.

    Raises:
        DataError: no train or val, a class without images, or an unreadable image that may not be skipped.
    """

    def read() -> tuple[list[Example], dict[Path, str]]:
        examples = load_examples(config, config.model.classes, ("train", "val"), every_class=True)
        kept, left_out = leave_out_unreadable(examples, config.on_bad_image)
        require_images(kept, config.model.classes, config.data, ("train", "val"))
        return kept, left_out

    kept, left_out = on_main(accelerator, read)
    return {split: [example for example in kept if example.split == split] for split in ("train", "val")}, left_out


def start_weights(path: Path) -> dict[str, Tensor]:
    """Backbone tensors of a .safetensors file, of a checkpoint folder of this project, or of a package (``efficientnet_lite``).

    Raises:
        DataError: no such file, or not safetensors; no such package.
    """
    if is_lite(path):
        return lite_weights(path)
    file = path / "model.safetensors" if path.is_dir() else path
    if not file.is_file():
        raise DataError(f"start weights {file} do not exist; give a .safetensors file or a checkpoint folder with --start")
    try:
        state = load_file(file)
    except Exception as error:  # safetensors raises its own error class for damaged files
        raise DataError(f"start weights {file} cannot be read ({error}); fetch or export them again") from None
    prefix = "backbone.net."
    inner = {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
    return inner or state


def new_network(config: RunConfig) -> nn.Module:
    """A network of the family asked for, with timm's backbone weights or as ``config.seed`` makes it.

    Raises:
        DataError: timm has no such model, or its weights cannot be fetched.
        ValueError: settings that contradict each other.
    """
    name = config.model.backbone
    if config.start is not None and is_lite(config.start):
        check_settings(config.start, name, config.model.mean, config.model.std)
    if config.start_head and config.start is None:
        raise ValueError("the head is to be started from weights, but none are given; give a checkpoint with --start")
    if config.frozen_sections and config.start is None and not config.pretrained:
        print(
            f"note: the first {config.frozen_sections} sections of the backbone stay as they were drawn at random; "
            "give weights with --start or --pretrained, or train all with --frozen-sections 0",
            file=sys.stderr,
        )
    torch.manual_seed(config.seed)
    try:
        return make_network(config.model, pretrained=config.pretrained)
    except (OSError, HfHubHTTPError) as error:
        reason = str(error).split("\n")[0]
        raise DataError(
            f"timm's weights of {name} cannot be fetched ({reason}); go online once, or give weights: --no-pretrained --start"
        ) from None
    except (
        RuntimeError,
        NotImplementedError,
        TypeError,
        AttributeError,
    ) as error:  # each architecture has its own way to refuse
        stride = getattr(config.model, "output_stride", None)
        asked, mend = (f" with output stride {stride}", ", or --model.output-stride None") if stride else ("", "")
        raise DataError(
            f"timm cannot make the backbone {name}{asked}: {error}; choose another --model.backbone{mend}"
        ) from None


def load_backbone(network: nn.Module, start: Path) -> None:
    """Take the backbone alone from ``start``.

    Raises:
        DataError: the weights cannot be loaded.
        ValueError: they are not for this backbone.
    """
    network.backbone.load_weights(start_weights(start))


def load_start(network: EmotionNetwork, start: Path, *, head: bool) -> None:
    """Take the backbone, and if asked the head too, from ``start``.

    Raises:
        DataError: the weights cannot be loaded.
        ValueError: they are not for this backbone.
    """
    load_backbone(network, start)
    if head:
        load_head(network, start)


def load_head(network: EmotionNetwork, folder: Path) -> None:
    """Take everything but the backbone from a checkpoint.

    Of the same family: first the head alone, then everything (LP-FT; Kumar et al., https://arxiv.org/abs/2202.10054).
    Of a plain classifier, into the classifier of a network whose S starts at 1, so that Y(S) starts as its answer.

    Raises:
        DataError: the checkpoint cannot be loaded or its head does not fit.
    """
    try:
        trained = load_model(folder, EmotionNetwork)
    except CheckpointError as error:
        raise DataError(f"--start-head: {error}") from None
    theirs, ours = head_of(trained), head_of(network)
    if trained.config.classes != network.config.classes:
        raise DataError(
            f"--start-head: {folder} has other classes, or in another order ({', '.join(trained.config.classes)}); "
            "give the same with --model.classes, or start without its head"
        )
    plain = trained.plain_classifier
    if plain is not None and network.plain_classifier is None:
        theirs = ours | (network.as_plain(plain) or theirs)
    if {name: value.shape for name, value in theirs.items()} != {name: value.shape for name, value in ours.items()}:
        raise DataError(f"--start-head: the head in {folder} does not fit into the {network.config.family} network to train")
    with torch.no_grad():
        for name, value in ours.items():
            value.copy_(theirs[name])
        kept = buffers_of(trained)
        for name, value in buffers_of(network).items():  # a batch norm's statistics
            if name in kept and kept[name].shape == value.shape:
                value.copy_(kept[name])


def head_of(network: EmotionNetwork) -> dict[str, Tensor]:
    return {name: value for name, value in network.named_parameters() if not name.startswith("backbone.")}


def buffers_of(network: EmotionNetwork) -> dict[str, Tensor]:
    return {name: value for name, value in network.named_buffers() if not name.startswith("backbone.")}
