"""Named recipes of saliency: that of the shipped weights."""

import tyro

from training.saliency.config import SaliencyConfig

PRESETS: dict[str, tuple[str, SaliencyConfig]] = {
    "ras-demo": (
        "the shipped RAS: a short run on few masks, from an encoder that has seen salient objects",
        SaliencyConfig(
            data=tyro.MISSING,
            out=tyro.MISSING,
            train_depthwise=False,
            epochs=9,
            lr=1e-4,
            ema=0.995,
            crop_scale=(0.7, 1.0),
            precision="bf16",
        ),
    ),
}
