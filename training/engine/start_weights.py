"""What a run starts from: a new network, and weights for its backbone."""

import sys
from pathlib import Path

import torch
from huggingface_hub.errors import HfHubHTTPError
from safetensors.torch import load_file
from torch import Tensor, nn

from cternet.networks.backbone_network import MissingBase, base_weights
from cternet.networks.checkpoint import CheckpointError, load_model, read_config
from cternet.networks.confounders import Dictionary
from cternet.networks.families import make_network
from training.data import DataError
from training.engine.config import RunConfig
from training.engine.confounders import dictionary_on
from training.engine.efficientnet_lite import check_settings, is_lite, lite_weights


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
        if path.is_dir() and (base := read_config(path).get("base")):
            state = load_file(base_weights(str(path), base)) | state
    except (CheckpointError, MissingBase) as error:
        raise DataError(f"--start: {error}") from None
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
    dictionary = dictionary_for(config)
    torch.manual_seed(config.seed)
    try:
        network = make_network(config.model, pretrained=config.pretrained)
        if dictionary is not None:
            network.ccim.dictionary.copy_(dictionary.confounders)
            network.ccim.prior.copy_(dictionary.prior)
        return network
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
        AssertionError,
    ) as error:  # each architecture has its own way to refuse
        stride = getattr(config.model, "output_stride", None)
        reason = f": {error}" if str(error) else ""  # VGG's assertion says nothing
        asked, mend = (f" with output stride {stride}", ", or --model.output-stride None") if stride else ("", "")
        raise DataError(f"timm cannot make the backbone {name}{asked}{reason}; choose another --model.backbone{mend}") from None


def dictionary_for(config: RunConfig) -> Dictionary | None:
    """The dictionary of a network with CCIM, whose size the network's settings then tell; None for one without.

    Raises:
        DataError: see ``dictionary_on``.
        ValueError: there is none, or one that nothing takes.
    """
    asked = getattr(config.model, "deconfound", None)
    if (asked is None) != (config.confounders is None):
        raise ValueError("give --model.deconfound and --confounders together, or neither")
    if config.confounders is None:
        return None
    return dictionary_on(config.model.backbone, config.confounders)


def load_backbone(network: nn.Module, start: Path) -> None:
    """Take the backbone alone from ``start``.

    Raises:
        DataError: the weights cannot be loaded.
        ValueError: they are not for this backbone.
    """
    network.backbone.load_weights(start_weights(start))


def load_everything(network: nn.Module, folder: Path) -> None:
    """Go on from another run's weights, head and all.

    Raises:
        DataError: the checkpoint cannot be loaded or is of another shape.
    """
    try:
        network.load_state_dict(load_model(folder, type(network)).state_dict())
    except CheckpointError as error:
        raise DataError(f"--start-head: {error}") from None
    except RuntimeError:
        raise DataError(
            f"--start-head: {folder} is not of the network to train; give the same --model settings as there"
        ) from None
