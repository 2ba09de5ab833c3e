"""The maps of several methods side by side, and how far each can be trusted."""

from cternet.compare.comparison import Comparison, Panel, compare, measure
from cternet.compare.errors import MapError, Stopped
from cternet.compare.faithfulness import METRICS, Faithfulness, Metric
from cternet.compare.methods import DEFAULT, GROUPS, KINDS, METHODS, Method, named
from cternet.compare.networks import Networks
from cternet.compare.scene import Scene

__all__ = [
    "DEFAULT",
    "GROUPS",
    "KINDS",
    "METHODS",
    "METRICS",
    "Comparison",
    "Faithfulness",
    "MapError",
    "Method",
    "Metric",
    "Networks",
    "Panel",
    "Scene",
    "Stopped",
    "compare",
    "measure",
    "named",
]
