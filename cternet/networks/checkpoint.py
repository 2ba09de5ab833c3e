"""Checkpoint folders: ``config.json`` and ``model.safetensors``, and what is wrong with one that will not load."""

import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, TypeVar

from huggingface_hub import ModelCard
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RevisionNotFoundError,
)
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from cternet.networks.backbone_network import WEIGHTS, MissingBase
from cternet.networks.confounders import FILE as CONFOUNDERS
from cternet.networks.confounders import Dictionary, read_dictionary
from cternet.networks.families import Family, family_of, in_words, named_in
from cternet.networks.hub import beside, on_hub
from cternet.networks.reliability import FIGURES, PROBE, Reliability, read_reliability
from cternet.networks.timm_classifier import is_timm_name
from cternet.shipped import weights_folder

CONFIG = "config.json"
BANK = "shuffle_bank.safetensors"
SHIPPED = weights_folder()
"""The checkpoints that come with the project."""
LFS_POINTER = b"version https://git-lfs.github.com/spec/"
MEND = "restore the folder (git checkout, or fetch the checkpoint again)"
UNREACHABLE = (HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled, HFValidationError, OSError)

Network = TypeVar("Network", bound=nn.Module)


class CheckpointError(Exception):
    """A checkpoint cannot be loaded; the message names the file and how to fix it."""


def load_model(source: str | Path, kind: type[Network] = nn.Module) -> Network:  # type: ignore[assignment]
    """A network in eval mode, of the family that its folder names.

    Args:
        source: a checkpoint folder, or where there is no such folder an ``owner/name`` of the hub (``hf-hub:`` may stand before
            it, and ``@revision`` after it: a branch, tag or commit), or a model of timm that has weights.
        kind: the class that is needed, or one it is derived from.

    Raises:
        CheckpointError: see its message; also where the network is of another kind.
    """
    folder = Path(source)
    settings = read_config(source)
    try:
        family = family_of(named_in(settings))
    except ValueError as error:
        raise CheckpointError(
            f"{folder / CONFIG} does not describe a network of this version ({error}); {MEND}, or update cternet."
        ) from None
    if not issubclass(family.network, kind):
        needed = in_words(lambda one: issubclass(one.network, kind))
        raise CheckpointError(f"{source} holds {family.about}; give a checkpoint of the family {needed}.")
    try:
        model = on_hub(source)
        place, revision = (str(source), None) if model is None else (model.model, model.revision)
        config = family.config(**known_settings(family, settings))
        with redirect_stdout(io.StringIO()):  # the hub mixin announces on stdout that it loads a file
            network: Any = family.network
            return network.from_pretrained(place, config=config, revision=revision, strict=True).eval()
    except MissingBase as error:
        raise CheckpointError(str(error)) from None
    except SafetensorError as error:
        raise CheckpointError(f"{folder / WEIGHTS} is damaged ({error}); {MEND}.") from None
    except RuntimeError as error:
        if "size mismatch" in str(error) or "Missing key" in str(error) or "Unexpected key" in str(error):
            raise CheckpointError(f"{folder / WEIGHTS} does not fit {folder / CONFIG}; {MEND}.") from None
        reason = str(error).splitlines()[0]  # timm's, of a backbone it does not know
        raise CheckpointError(f"{folder / CONFIG} does not describe a network of this version ({reason}); {MEND}.") from None
    except (TypeError, KeyError, ValueError, AttributeError, AssertionError) as error:
        raise CheckpointError(f"{folder / CONFIG} does not describe a network of this version ({error}); {MEND}.") from None
    except UNREACHABLE as error:
        raise unreachable(source, error) from None


def read_config(source: str | Path) -> dict[str, Any]:
    """What ``config.json`` of a folder or a hub id says, or what stands for it where timm has a model of that name.

    Raises:
        CheckpointError: the folder is incomplete, the file is damaged, or the hub does not give it.
    """
    folder, model = Path(source), on_hub(source)
    path = folder / CONFIG
    if not folder.exists() and is_timm_name(str(source)):
        return {"family": "timm"}
    if folder.is_dir():
        for name in (CONFIG, WEIGHTS):
            if not (folder / name).is_file():
                raise CheckpointError(f"{folder / name} is missing; {MEND}.")
    elif model is None:
        raise CheckpointError(f"{folder} is not a checkpoint folder; give one that holds {CONFIG} and {WEIGHTS}.")
    else:
        try:
            path = model.fetch(CONFIG)
        except UNREACHABLE as error:
            raise unreachable(source, error) from None
    require_fetched(folder)
    try:
        config = json.loads(path.read_text())
    except ValueError as error:
        raise CheckpointError(f"{folder / CONFIG} is not valid JSON ({error}); {MEND}.") from None
    if not isinstance(config, dict):
        raise CheckpointError(f"{folder / CONFIG} does not describe a network of this version (not a JSON object); {MEND}.")
    if config.get("normalised_map"):
        raise CheckpointError(
            f"{folder / CONFIG} asks for normalised_map, which this version does not have; retrain the network on an "
            "equal budget."
        )
    return config


def require_fetched(folder: Path) -> None:
    """Raises ``CheckpointError`` where a file of the folder only stands for one that Git LFS keeps."""
    for name in (CONFIG, WEIGHTS, BANK):
        if (folder / name).is_file():
            with (folder / name).open("rb") as file:
                if file.read(len(LFS_POINTER)) == LFS_POINTER:
                    raise CheckpointError(f"{folder / name} is only a Git LFS pointer; fetch the file: git lfs pull.")


def known_settings(family: Family, settings: dict[str, Any]) -> dict[str, Any]:
    """The settings that the family's config has; others were of another version."""
    settings = settings | {"family": family.name}
    return {name: value for name, value in settings.items() if name in family.config.__dataclass_fields__}


def unreachable(source: str | Path, error: Exception) -> CheckpointError:
    """What is said of a model that the hub does not give."""
    model = on_hub(source)
    if model is not None and isinstance(error, RevisionNotFoundError):
        return CheckpointError(f"{model.model} has no revision {model.revision}; name a branch, tag or commit of it.")
    reason = str(error).strip().splitlines()[0]
    return CheckpointError(f"{source} could not be fetched from the hub ({reason}); check the name and your connection.")


def optional(source: str | Path, file: str, *more: str) -> Path | None:
    """A file that need not stand beside a checkpoint's weights, or None; where it is there, ``more`` are beside it if they are.

    Raises:
        CheckpointError: the hub does not answer.
    """
    try:
        path = beside(source, file)
        for other in more if path is not None else ():
            beside(source, other)
    except UNREACHABLE as error:
        raise unreachable(source, error) from None
    return path


def load_reliability(source: str | Path) -> Reliability | None:
    """How far the answers of a checkpoint can be trusted, where that was measured, or None.

    Raises:
        CheckpointError: a file is damaged, or the hub does not answer.
    """
    path = optional(source, FIGURES, PROBE)
    try:
        return None if path is None else read_reliability(path.parent)
    except ValueError as error:
        raise CheckpointError(str(error)) from None


def load_confounders(source: str | Path) -> Dictionary | None:
    """What the confounders of a checkpoint's CCIM are, where that is told, or None.

    Raises:
        CheckpointError: the file is damaged, or the hub does not answer.
    """
    path = optional(source, CONFOUNDERS)
    try:
        return None if path is None else read_dictionary(path)
    except ValueError as error:
        raise CheckpointError(f"{error}; restore or delete it.") from None


def load_card(source: str | Path) -> str:
    """The model card beside a checkpoint's weights, in Markdown without its metadata; empty where there is none.

    Raises:
        CheckpointError: the hub does not answer.
    """
    path = optional(source, "README.md")
    try:
        return "" if path is None else ModelCard(path.read_text(encoding="utf-8"), ignore_metadata_errors=True).text.strip()
    except (OSError, UnicodeError):
        return ""


def load_bank(source: str | Path) -> Tensor | None:
    """S_out of other images (M, D, H, W) beside a checkpoint's weights, or None.

    Raises:
        CheckpointError: the file is damaged, or the hub does not answer.
    """
    path = optional(source, BANK)
    if path is None:
        return None
    try:
        return load_file(path)["s_out"].float()
    except (SafetensorError, KeyError) as error:
        raise CheckpointError(f"{path} is damaged ({error}); restore or delete it.") from None
