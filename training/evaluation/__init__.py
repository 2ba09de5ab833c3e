"""What a network's answers are worth: figures, intervals, calibration, maps against human marking, and reports of them."""

from training.evaluation.figures import collect, evaluate, summarise

__all__ = ["collect", "evaluate", "summarise"]
