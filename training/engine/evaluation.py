"""What it takes to measure a checkpoint on a split, whatever it has learnt."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cternet.networks.precision import Precision


@dataclass(kw_only=True)
class EvaluationConfig:
    """What every evaluation can be told."""

    weights: str
    """Checkpoint folder or hub id; it says which task's settings these are."""
    out: Path
    """Folder for the figures."""
    split: Literal["train", "val", "test"] = "test"
    batch_size: int = 64
    workers: int = 2
    """Processes that decode images."""
    precision: Precision = "no"
    """float32 (no), bfloat16 where the network allows (bf16), or what the processor is fast in (auto)."""
    cpu: bool = False
    """Use the CPU even where a GPU is."""


@dataclass(frozen=True)
class Report:
    """What was measured on a split.

    Attributes:
        name: of the file with the figures, without its ending.
        figures: what is written as JSON.
        summary: what is printed.
        write: writes what belongs to the figures, such as pictures, into a folder.
    """

    name: str
    figures: dict[str, Any]
    summary: str
    write: Callable[[Path], None]


def name_of(weights: str) -> str:
    """What to call a checkpoint: its folder, with the run's where the folder is only the run's best."""
    path = Path(weights)
    return f"{path.parent.name}/{path.name}" if path.name == "best" else path.name
