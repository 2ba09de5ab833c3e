"""The dictionary of confounders that CCIM takes, as a file: typical contexts, how common each is, and where they are from."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from training.data import DataError
from training.files import saving


@dataclass(frozen=True)
class Provenance:
    """Where a dictionary is from.

    Attributes:
        backbone: timm's name of the network whose features were clustered.
        weights: the checkpoint it was taken from.
        data: the data set.
        photos: how many.
        without_subject: of how many no subject was found, so that the whole photo counted as context.
        subject: how subjects were found.
        seed: of the clustering.
    """

    backbone: str
    weights: str
    data: str
    photos: int
    without_subject: int
    subject: str
    seed: int


@dataclass(frozen=True)
class Dictionary:
    """Typical contexts.

    Attributes:
        confounders: z, (n, d_z).
        prior: P(z), (n,), the shares of the photos; sums to 1.
        examples: for each, the photos nearest to it.
        provenance: where it is from.
    """

    confounders: Tensor
    prior: Tensor
    examples: list[list[str]]
    provenance: Provenance

    def save(self, path: Path) -> None:
        """Raises ``SaveError`` where it cannot be written."""
        about = {"provenance": json.dumps(asdict(self.provenance)), "examples": json.dumps(self.examples)}
        partial = path.with_name(f".{path.name}.partial")
        with saving(path, partial):
            save_file({"confounders": self.confounders.contiguous(), "prior": self.prior.contiguous()}, partial, metadata=about)
            partial.replace(path)


def read_dictionary(path: Path, backbone: str) -> Dictionary:
    """A dictionary for networks on that backbone.

    Raises:
        DataError: no such file, damaged, or of another backbone.
    """
    make = "make one with python -m training.confounders"
    if not path.is_file():
        raise DataError(f"there is no dictionary {path}; {make}")
    try:
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
            provenance = Provenance(**json.loads(about["provenance"]))
            found = Dictionary(
                file.get_tensor("confounders"), file.get_tensor("prior"), json.loads(about["examples"]), provenance
            )
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path} is no dictionary of confounders, or damaged ({error}); {make}") from None
    if provenance.backbone != backbone:
        raise DataError(
            f"{path} holds contexts as {provenance.backbone} sees them, and this network's backbone is {backbone}; {make} "
            "and the --weights of a checkpoint on the same backbone"
        )
    if (
        found.confounders.ndim != 2
        or found.prior.shape != found.confounders.shape[:1]
        or not torch.isfinite(found.confounders).all()
    ):
        raise DataError(f"{path} does not hold confounders (n, d) and a prior (n,); {make}")
    return found
