"""What a run shows while it goes on: the tracker, and the figures of a few photos."""

import copy
from collections.abc import Callable, Sequence

import numpy as np
from accelerate import Accelerator
from accelerate.utils import is_trackio_available, is_wandb_available
from matplotlib.backends.backend_agg import FigureCanvasAgg
from numpy.typing import NDArray

from cternet.networks.cternet import CTERNet
from cternet.results.predictor import Predictor
from cternet.show.figure import DRAWING, analysis_figure
from training.data import DataError, Example


def check_tracker(name: str) -> None:
    """Raises ``DataError`` where the tracker's package is not installed."""
    installed = {"tensorboard": True, "wandb": is_wandb_available(), "trackio": is_trackio_available()}
    if not installed[name]:
        raise DataError(f"--tracker {name} needs a package that is not installed: pip install {name}")


def sample_figures(network: CTERNet, examples: Sequence[Example]) -> list[NDArray[np.uint8]]:
    """The figure of each photo, with S, S*, the effect map and the logits: (h, w, 3) uint8."""
    predictor = Predictor(copy.deepcopy(network))  # it readies a network for inference; this one goes on training
    pictures = []
    for example in examples:
        with DRAWING:
            canvas = FigureCanvasAgg(analysis_figure(predictor.analyze(example.path)))
            canvas.draw()
            pictures.append(np.asarray(canvas.buffer_rgba())[..., :3].copy())
    return pictures


def log_pictures(accelerator: Accelerator, draw: Callable[[], list[NDArray[np.uint8]]], step: int) -> None:
    """Send what ``draw`` makes, (h, w, 3) each, to the trackers that take pictures; without such trackers nothing is drawn."""
    takers = [tracker for tracker in accelerator.trackers if hasattr(tracker, "log_images")]
    figures = {f"maps/{n}": figure[None] for n, figure in enumerate(draw())} if takers else {}
    if figures:
        for tracker in takers:
            layout = {"dataformats": "NHWC"} if tracker.name == "tensorboard" else {}
            tracker.log_images(figures, step=step, **layout)
