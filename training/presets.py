"""Named recipes: the paper's, for each data set of its tables, and the one of the shipped weights.

``python -m training.train NAME --data DATA --out RUN`` starts from one; every setting can still be given.
"""

from dataclasses import replace

import tyro

from cternet.emotions import EKMAN, MIKELS, POLARITY_CLASSES
from training.config import NETWORK, TrainConfig

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


DEMO = TrainConfig(data=tyro.MISSING, out=tyro.MISSING, train_depthwise=False, precision="auto")
"""What the stages of the shipped weights share, made for two cores; docs/training.md has the commands."""

PLAIN = replace(NETWORK, variant="vanilla")
AT_STRIDE_32 = replace(PLAIN, output_stride=None)

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
    "fi-demo-trunk": ("shipped weights, stage 1: a plain classifier at stride 32", replace(DEMO, model=AT_STRIDE_32)),
    "fi-demo-plain": (
        "shipped weights, stage 2: from stage 1's best, a plain classifier with 14 x 14 maps",
        replace(DEMO, model=PLAIN, epochs=2, lr=1e-4),
    ),
    "fi-demo-teacher": (
        "shipped weights, a second teacher: a plain classifier at stride 32, longer and with mixup",
        replace(DEMO, model=AT_STRIDE_32, epochs=6, views=4, mixup=0.4, ema=0.999),
    ),
    "fi-demo": (
        "shipped weights, stage 3: from stage 2's best, taught by both teachers; --model.variant vanilla or wscnet for those",
        replace(
            DEMO,
            model=replace(NETWORK, training_effect="exact"),
            start_head=True,
            teaching=0.8,
            epochs=1,
            lr=5e-5,
            head_lr=1e-3,
            ema=0.995,
            label_smoothing=0.0,
            view_seed=1,
        ),
    ),
}
