"""The maps of several methods side by side, and how far each can be trusted."""

from cternet.compare.comparison import Comparison, Panel, compare, measure
from cternet.compare.errors import MapError
from cternet.compare.export import write
from cternet.compare.methods import DEFAULT, GROUPS, KINDS, METHODS, Method, make_map, named, networks_of, unavailable
from cternet.compare.metrics import METRICS, Faithfulness, Metric
from cternet.compare.networks import SOURCES, Networks, loaded_name
from cternet.compare.pictures import SCALES, STYLES, ScaleOf, Style, colours, picture, scales, shrunk
from cternet.compare.sample import Sample, load_samples
from cternet.stopping import Stopped

__all__ = [
    "DEFAULT",
    "GROUPS",
    "KINDS",
    "METHODS",
    "METRICS",
    "SCALES",
    "SOURCES",
    "STYLES",
    "Comparison",
    "Faithfulness",
    "MapError",
    "Method",
    "Metric",
    "Networks",
    "Panel",
    "Sample",
    "ScaleOf",
    "Stopped",
    "Style",
    "colours",
    "compare",
    "load_samples",
    "loaded_name",
    "make_map",
    "measure",
    "named",
    "networks_of",
    "picture",
    "scales",
    "shrunk",
    "unavailable",
    "write",
]
