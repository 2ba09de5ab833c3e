"""Checkpoint folders: ``config.json`` and ``model.safetensors``, and what is wrong with one that will not load."""

import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from typing import TypeVar

from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OfflineModeIsEnabled
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from cternet.networks.model import CTERNet
from cternet.networks.ras import RAS
from cternet.shipped import weights_folder

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
BANK = "shuffle_bank.safetensors"
SHIPPED = weights_folder()
"""The checkpoints that come with the project."""

Network = TypeVar("Network", CTERNet, RAS)


class CheckpointError(Exception):
    """A checkpoint cannot be loaded; the message names the file and how to fix it."""


def load_model(source: str | Path) -> CTERNet:
    """A CTERNet in eval mode from a folder, or from the hub where ``source`` is no folder but a ``name/name`` id.

    Raises:
        CheckpointError: see its message.
    """
    return load_network(source, CTERNet)


def load_ras(source: str | Path) -> RAS:
    """A saliency network in eval mode, from where ``load_model`` takes its own.

    Raises:
        CheckpointError: see its message.
    """
    return load_network(source, RAS)


def load_network(source: str | Path, kind: type[Network]) -> Network:
    """A network of this kind in eval mode.

    Raises:
        CheckpointError: see its message.
    """
    folder = Path(source)
    mend = "restore the folder (git checkout, or fetch the checkpoint again)"
    if folder.is_dir():
        for name in (CONFIG, WEIGHTS):
            if not (folder / name).is_file():
                raise CheckpointError(f"{folder / name} is missing; {mend}.")
        try:
            config = json.loads((folder / CONFIG).read_text())
        except ValueError as error:
            raise CheckpointError(f"{folder / CONFIG} is not valid JSON ({error}); {mend}.") from None
        if isinstance(config, dict) and config.get("normalised_map"):
            raise CheckpointError(
                f"{folder / CONFIG} asks for normalised_map, which this version does not have; train the network anew on an "
                "equal budget."
            )
    elif folder.exists() or str(source).count("/") != 1 or str(source).startswith((".", "/")):
        raise CheckpointError(f"{folder} is not a checkpoint folder; give one that holds {CONFIG} and {WEIGHTS}.")
    try:
        with redirect_stdout(io.StringIO()):  # the hub mixin announces on stdout that it loads a file
            return kind.from_pretrained(str(source), strict=True).eval()
    except SafetensorError as error:
        raise CheckpointError(f"{folder / WEIGHTS} is damaged ({error}); {mend}.") from None
    except RuntimeError as error:
        if "size mismatch" in str(error) or "Missing key" in str(error) or "Unexpected key" in str(error):
            raise CheckpointError(f"{folder / WEIGHTS} does not fit {folder / CONFIG}; {mend}.") from None
        reason = str(error).splitlines()[0]  # timm's, of a backbone it does not know
        raise CheckpointError(f"{folder / CONFIG} does not describe a network of this version ({reason}); {mend}.") from None
    except (TypeError, KeyError, ValueError, AttributeError, AssertionError) as error:
        raise CheckpointError(f"{folder / CONFIG} does not describe a network of this version ({error}); {mend}.") from None
    except (HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled, HFValidationError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise CheckpointError(
            f"{source} could not be fetched from the hub ({reason}); check the name and the network."
        ) from None


def load_bank(source: str | Path) -> Tensor | None:
    """S_out of other images (M, D, H, W) beside a checkpoint folder's weights, or None.

    Raises:
        CheckpointError: the file is damaged.
    """
    path = Path(source) / BANK
    if not path.is_file():
        return None
    try:
        return load_file(path)["s_out"].float()
    except (SafetensorError, KeyError) as error:
        raise CheckpointError(f"{path} is damaged ({error}); restore or delete it.") from None
