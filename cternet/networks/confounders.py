"""The dictionary of confounders that CCIM takes, as a file: typical contexts, how common each is, and where they are from."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

FILE = "confounders.safetensors"
"""What the file is called beside the weights of a network with CCIM."""


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


@dataclass(frozen=True, eq=False)
class Dictionary:
    """Typical contexts.

    Attributes:
        confounders: z, (n, d_z).
        prior: P(z), (n,), the shares of the photos; sums to 1.
        examples: for each, the photos whose contexts are nearest to it.
        provenance: where it is from.
        thumbnails: of the nearest photo's context, (n, side, side, 3) uint8; None where they were not kept.
    """

    confounders: Tensor
    prior: Tensor
    examples: list[list[str]]
    provenance: Provenance
    thumbnails: Tensor | None = None

    def save(self, path: Path) -> None:
        """Write it."""
        about = {"provenance": json.dumps(asdict(self.provenance)), "examples": json.dumps(self.examples)}
        tensors = {"confounders": self.confounders, "prior": self.prior}
        tensors |= {} if self.thumbnails is None else {"thumbnails": self.thumbnails}
        save_file({name: one.contiguous() for name, one in tensors.items()}, path, metadata=about)


def read_dictionary(path: Path) -> Dictionary:
    """A dictionary from its file.

    Raises:
        ValueError: it is no such file, or damaged; the message names it.
    """
    try:
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
            provenance = Provenance(**json.loads(about["provenance"]))
            thumbnails = file.get_tensor("thumbnails") if "thumbnails" in file.keys() else None  # noqa: SIM118
            confounders, prior = file.get_tensor("confounders"), file.get_tensor("prior")
            found = Dictionary(confounders, prior, json.loads(about["examples"]), provenance, thumbnails)
        if confounders.ndim != 2 or prior.shape != confounders.shape[:1] or not torch.isfinite(confounders).all():
            raise ValueError("it does not hold confounders (n, d) and a prior (n,)")
    except (SafetensorError, KeyError, TypeError, ValueError, OSError) as error:
        raise ValueError(f"{path} is not a dictionary of confounders, or is damaged ({error})") from None
    return found
