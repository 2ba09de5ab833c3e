"""What a network makes of a few photos, for the tracker of a run."""

import copy
from collections.abc import Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from numpy.typing import NDArray

from cternet.networks.network import Network
from cternet.results.predictor import Predictor
from cternet.show.export import figure_of
from cternet.show.figure import DRAWING
from training.data import Example


def sample_figures(network: Network, examples: Sequence[Example]) -> list[NDArray[np.uint8]]:
    """The figure of each photo, as ``cternet.show`` draws it for such a network: (h, w, 3) uint8."""
    predictor = Predictor(copy.deepcopy(network))  # it readies a network for inference; this one goes on training
    pictures = []
    for example in examples:
        with DRAWING:
            canvas = FigureCanvasAgg(figure_of(predictor.analyze(example.path)))
            canvas.draw()
            pictures.append(np.asarray(canvas.buffer_rgba())[..., :3].copy())
    return pictures
