"""Data sets as manifests, and photos as tensors.

A reader turns a layout on disk into rows; rows become examples in terms of the network's classes; everything after that
sees examples only.
"""

from training.data.config import DataConfig
from training.data.load import load_examples
from training.data.photos import (
    LABEL,
    Photos,
    Target,
    draws_of,
    eval_transform,
    leave_out_unreadable,
    seed_of,
    train_transform,
    unreadable,
)
from training.data.rows import SPLITS, DataError, DataSet, Row
from training.data.targets import Example

__all__ = [
    "LABEL",
    "SPLITS",
    "DataConfig",
    "DataError",
    "DataSet",
    "Example",
    "Photos",
    "Row",
    "Target",
    "draws_of",
    "eval_transform",
    "leave_out_unreadable",
    "load_examples",
    "seed_of",
    "train_transform",
    "unreadable",
]
