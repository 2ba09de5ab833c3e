"""Named recipes of valence and arousal: the two stages of the shipped weights."""

import tyro

from cternet.networks.config import ValenceArousalConfig
from training.engine.efficientnet_lite import SCALING
from training.ratings.config import RatingConfig

NETWORK = ValenceArousalConfig(backbone="tf_efficientnet_lite2", output_stride=None, mean=SCALING, std=SCALING)
"""On the trunk of the shipped plain classifier, of which the last section is trained alone."""

PRESETS: dict[str, tuple[str, RatingConfig]] = {
    "va-fi": (
        "stage 1: FI's emotion labels through the lexicon; --start assets/weights/vanilla-fi",
        RatingConfig(
            data=tyro.MISSING,
            out=tyro.MISSING,
            model=NETWORK,
            truth="labels",
            frozen_sections=7,
            epochs=4,
            views=2,
            precision="auto",
        ),
    ),
    "va-oasis": (
        "stage 2: OASIS's ratings, from stage 1's best with --start",
        RatingConfig(
            data=tyro.MISSING,
            out=tyro.MISSING,
            model=NETWORK,
            start_head=True,
            frozen_sections=7,
            epochs=20,
            views=10,
            ema=0.98,
            crop_scale=(0.7, 1.0),
            precision="auto",
        ),
    ),
}
