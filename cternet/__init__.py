"""CTERNet: why an image evokes an emotion, by factual and counterfactual attention.

>>> from cternet import Predictor
>>> analysis = Predictor.from_pretrained("assets/weights/cternet-fi").analyze("photo.jpg")
>>> analysis.prediction, analysis.total_effect
"""

from cternet.networks.allocations import ALLOCATIONS, LEVELS, AllocationName, available
from cternet.networks.checkpoint import CheckpointError, load_model
from cternet.networks.classifier import Classifier, Outputs
from cternet.networks.config import CTERNetConfig
from cternet.networks.cternet import CTERNet
from cternet.networks.emotion import EmotionNetwork
from cternet.networks.families import FAMILIES
from cternet.networks.network import Network, Rater
from cternet.photos.load import MAX_BYTES, ImageError, load_image
from cternet.photos.preprocess import middle_square, preprocess
from cternet.results.analysis import Analysis
from cternet.results.counterfactual import Counterfactual
from cternet.results.debiased import Debiased
from cternet.results.predictor import Predictor
from cternet.results.result import Classified, Rated, Result
from cternet.shipped import version
from cternet.show import notebook

__version__ = version()

__all__ = [
    "ALLOCATIONS",
    "FAMILIES",
    "LEVELS",
    "MAX_BYTES",
    "AllocationName",
    "Analysis",
    "CTERNet",
    "CTERNetConfig",
    "CheckpointError",
    "Classified",
    "Classifier",
    "Counterfactual",
    "Debiased",
    "EmotionNetwork",
    "ImageError",
    "Network",
    "Outputs",
    "Predictor",
    "Rated",
    "Rater",
    "Result",
    "__version__",
    "available",
    "load_image",
    "load_model",
    "middle_square",
    "preprocess",
]

notebook.install()
