"""What a run shows while it goes on: the tracker, and pictures of a few photos."""

from collections.abc import Callable

import numpy as np
from accelerate import Accelerator
from accelerate.utils import is_trackio_available, is_wandb_available
from numpy.typing import NDArray

from training.data import DataError


def check_tracker(name: str) -> None:
    """Raises ``DataError`` where the tracker's package is not installed."""
    installed = {"tensorboard": True, "wandb": is_wandb_available(), "trackio": is_trackio_available()}
    if not installed[name]:
        raise DataError(f"--tracker {name} needs a package that is not installed: pip install {name}")


def log_pictures(accelerator: Accelerator, draw: Callable[[], list[NDArray[np.uint8]]], step: int) -> None:
    """Send what ``draw`` makes, (h, w, 3) each, to the trackers that take pictures; without such trackers nothing is drawn."""
    takers = [tracker for tracker in accelerator.trackers if hasattr(tracker, "log_images")]
    figures = {f"maps/{n}": figure[None] for n, figure in enumerate(draw())} if takers else {}
    if figures:
        for tracker in takers:
            layout = {"dataformats": "NHWC"} if tracker.name == "tensorboard" else {}
            tracker.log_images(figures, step=step, **layout)
