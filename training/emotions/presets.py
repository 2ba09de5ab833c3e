"""Named recipes: the paper's, for each data set of its tables, and the one of the shipped weights.

``python -m training.train NAME --data DATA --out RUN`` starts from one; every setting can still be given.
"""

from dataclasses import replace
from pathlib import Path

import tyro

from cternet.emotions import EKMAN, MIKELS, POLARITY_CLASSES
from cternet.networks.config import CLEFConfig
from training.emotions.config import NETWORK, TrainConfig
from training.engine.efficientnet_lite import SCALING

PAPER = TrainConfig(
    data=tyro.MISSING,
    out=tyro.MISSING,
    model=replace(NETWORK, backbone="res2net101d", output_stride=None, image_size=448, geometry="center", dropout=0.0),
    pretrained=True,
    frozen_sections=0,
    train_batch_norm=True,
    # 30 epochs of batches of 18 and this crop are the authors' code's; the rest is in the paper, section 4.2.
    epochs=30,
    batch_size=18,
    crop_scale=(0.08, 1.0),
    optimizer="sgd",
    lr=1e-4,
    head_lr=1e-4,
    momentum=0.9,
    weight_decay=0.0,
    schedule="step",
    step_epochs=10,
    label_smoothing=0.0,
    clip=None,
    ema=0.0,
)


def paper(classes: tuple[str, ...], **changes: object) -> TrainConfig:
    return replace(PAPER, model=replace(PAPER.model, classes=classes), **changes)


CPU = TrainConfig(data=tyro.MISSING, out=tyro.MISSING, train_depthwise=False, precision="auto")
"""Stages that two processor cores can run: the first sections stay as they are, and what they put out is cached."""

GPU = TrainConfig(data=tyro.MISSING, out=tyro.MISSING, frozen_sections=0, batch_size=64, mixup=0.2, precision="auto", workers=4)
"""What the stages of the shipped weights share; docs/training.md has the commands."""

LITE = replace(NETWORK, backbone="tf_efficientnet_lite2", mean=SCALING, std=SCALING, allocation="shuffle", answer="y")
"""The shipped network: S* is another photo's attention, so that a look that would suit any photo has no effect."""

PLAIN = replace(LITE, family="vanilla", output_stride=None)
"""A plain classifier on the same backbone at its own stride, where a step is cheap."""

CLEF = CLEFConfig(backbone=PLAIN.backbone, output_stride=PLAIN.output_stride, mean=PLAIN.mean, std=PLAIN.std)
"""CLEF on the same backbone."""

PRESETS: dict[str, tuple[str, TrainConfig]] = {
    "fi-paper": ("Tables 1, 3 and 4: FI, eight emotions", paper(MIKELS)),
    "emotion6-paper": ("Tables 1, 3 and 4: Emotion6, six emotions", paper(EKMAN)),
    "fi-polarity-paper": ("Table 2: FI, polarity", paper(POLARITY_CLASSES)),
    "emotion6-polarity-paper": (
        "Table 2: Emotion6, polarity; surprise counts as positive",
        paper(POLARITY_CLASSES, surprise="positive"),
    ),
    "artphoto-paper": ("Tables 2, 3 and 4: ArtPhoto, polarity, the first of five folds", paper(POLARITY_CLASSES, folds=5)),
    "twitter2-paper": ("Tables 2, 3 and 4: Twitter II, polarity", paper(POLARITY_CLASSES)),
    "fi-teacher": (
        "a teacher of the shipped weights: a plain classifier whose batch norms keep their ImageNet statistics",
        replace(GPU, model=PLAIN, start=Path("lite2"), epochs=6, lr=4e-4),
    ),
    "fi-demo-trunk": (
        "shipped weights, stage 1: a plain classifier at stride 32 from ImageNet weights that come as a Python package",
        replace(
            GPU,
            model=PLAIN,
            start=Path("lite2"),
            train_batch_norm=True,
            epochs=8,
            lr=6e-4,
            mixup=0.3,
            seed=3,
            view_seed=3,
        ),
    ),
    "fi-demo": (
        "shipped weights, stage 2: from stage 1's best, taught by it and others; --model.family vanilla or wscnet for those",
        replace(
            GPU,
            model=LITE,
            start_head=True,
            train_batch_norm=True,
            teaching=0.85,
            epochs=5,
            label_smoothing=0.0,
            view_seed=1,
        ),
    ),
    "fi-cpu-trunk": ("stage 1 on two processor cores", replace(CPU, model=PLAIN, start=Path("lite2"))),
    "fi-cpu": (
        "stage 2 on two processor cores: one epoch, taught by stage 1",
        replace(
            CPU,
            model=LITE,
            start_head=True,
            teaching=0.7,
            epochs=1,
            lr=1e-4,
            ema=0.995,
            label_smoothing=0.0,
            view_seed=1,
        ),
    ),
    "fi-clef": (
        "CLEF on the trunk of a plain classifier, which stays as it is: two heads, on what is computed once of each photo",
        replace(
            CPU,
            model=CLEF,
            start=Path("assets/weights/vanilla-fi"),
            frozen_sections=8,
            views=1,
            epochs=3,
            batch_size=64,
        ),
    ),
}
