"""Salient-object detection: photos with masks, the loss, the figures, and the run that trains RAS on them."""

from training.saliency.figures import evaluate
from training.saliency.pairs import Pair, PairSource, read_pairs
from training.saliency.run import SaliencyConfig, SaliencyRun

__all__ = ["Pair", "PairSource", "SaliencyConfig", "SaliencyRun", "evaluate", "read_pairs"]
