"""The maps of several methods side by side, and how far each can be trusted."""

from cternet.compare.comparison import Comparison, Panel, compare, measure
from cternet.compare.errors import MapError, Stopped
from cternet.compare.methods import DEFAULT, GROUPS, KINDS, METHODS, Method, make_map, named, networks_of, unavailable
from cternet.compare.metrics import METRICS, Faithfulness, Metric
from cternet.compare.networks import Networks
from cternet.compare.sample import Sample, load_samples

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
    "Sample",
    "Stopped",
    "compare",
    "load_samples",
    "make_map",
    "measure",
    "named",
    "networks_of",
    "unavailable",
]
