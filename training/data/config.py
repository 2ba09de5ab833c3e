"""The typed settings that say which images to use and what their labels mean; shared by all commands that read data."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(kw_only=True)
class Source:
    """Where the images are and how they are split."""

    data: str
    """Data set: a folder in any known layout, a .csv or .parquet manifest, or hf:OWNER/NAME (docs/data.md)."""
    layout: str = "auto"
    """Name of the layout, where it is not detected from the files."""
    splits: Path | None = None
    """File of the train/val/test split of a set without an official one; made on first use, by default beside the data."""
    folds: int | None = None
    """Cross-validation in so many parts instead of one split, for small sets."""
    fold: int = 0
    """Which part is the test split, from 0."""
    without: tuple[str, ...] = ()
    """Classes to leave out when reading, as the field does with the three images of anger in Abstract."""
    agreement: Literal[3, 4, 5] = 5
    """Twitter I: keep images on which so many of five raters agree."""
    valence_scale: tuple[float, float] | None = None
    """Lowest and highest rating in a manifest; its middle parts negative from positive."""


@dataclass(kw_only=True)
class DataConfig(Source):
    """Where the images are and what their labels mean."""

    surprise: Literal["positive", "negative", "skip"] = "skip"
    """Polarity of surprise, which has none of its own."""
    other_labels: Literal["fail", "skip"] = "fail"
    """What to do about images whose label is none of the classes."""
    on_bad_image: Literal["fail", "skip"] = "fail"
    """What to do about an unreadable image."""
    several_labels: Literal["keep", "skip"] = "keep"
    """What to do about one picture under several labels, such as Flickr's for photos that are no longer available."""
