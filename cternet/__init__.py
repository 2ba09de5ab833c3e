"""CTERNet: why an image evokes an emotion, by factual and counterfactual attention.

>>> from cternet import Predictor
>>> analysis = Predictor.from_pretrained("assets/weights/cternet-fi").analyze("photo.jpg")
>>> analysis.prediction, analysis.total_effect
"""

from cternet.allocations import ALLOCATIONS, LEVELS
from cternet.analysis import Analysis, Counterfactual
from cternet.checkpoint import CheckpointError, load_model
from cternet.images import ImageError, load_image
from cternet.model import CTERNet, CTERNetConfig, Outputs
from cternet.predictor import Predictor

__all__ = [
    "ALLOCATIONS",
    "LEVELS",
    "Analysis",
    "CTERNet",
    "CTERNetConfig",
    "CheckpointError",
    "Counterfactual",
    "ImageError",
    "Outputs",
    "Predictor",
    "load_image",
    "load_model",
]
