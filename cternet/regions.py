"""Regions of a map: what each one contributes to the total effect, and apart from it, what ignoring it would do.

Affective regions are the connected parts of the attention map above a threshold; superpixels come from the photo itself, by
SLIC (Achanta et al., "SLIC Superpixels Compared to State-of-the-art Superpixel Methods", https://doi.org/10.1109/TPAMI.2012.120).
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cternet.results.analysis import Analysis
from cternet.results.result import Array
from cternet.show.words import significant, third

__all__ = [
    "RANKING",
    "Region",
    "affective_regions",
    "middle",
    "report",
    "superpixels",
]

Parts = NDArray[np.int32]
"""A partition of the cells (H, W): the number of the region each belongs to; 0 is the rest."""

THRESHOLD = 0.75
"""Of a map's range: about where mean plus one standard deviation lies on the example photos, a quarter of the cells."""
PIXELS = 16
"""Side of a cell in the picture that superpixels are cut from."""
RANKING = "by how much ignoring each lowers the predicted emotion, largest first"
"""The order of ``report``."""


def affective_regions(s: Array, threshold: float = THRESHOLD, *, smallest: int = 2) -> Parts:
    """The connected parts of a map above a threshold, numbered from 1, largest first; 0 elsewhere.

    Cells that share a corner are connected: on a grid this coarse a slanting arm or horizon would fall to pieces otherwise.

    Args:
        s: (H, W).
        threshold: in [0, 1], a share of the map's range above its minimum.
        smallest: parts of fewer cells belong to the rest, unless there is no larger one.

    Returns:
        int32 (H, W); all 0 where the map is the same everywhere.

    Raises:
        ValueError: a threshold outside [0, 1].
    """
    if not 0 <= threshold <= 1:
        raise ValueError(f"the threshold must be from 0 to 1, a share of the map's range, not {threshold}")
    low, high = float(s.min()), float(s.max())
    if high - low <= 1e-6 * max(abs(low), abs(high), 1e-12):
        return np.zeros(s.shape, np.int32)
    above = s.astype(np.float64) >= low + threshold * (high - low)
    above |= s == s.max()  # rounding must not lose the peak at a threshold of 1
    _, parts, stats, _ = cv2.connectedComponentsWithStats(above.astype(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    cells = stats[1:, cv2.CC_STAT_AREA]
    kept = np.flatnonzero(cells >= min(smallest, cells.max()))
    order = kept[np.argsort(-cells[kept], kind="stable")]
    numbers = np.zeros(len(cells) + 1, np.int32)
    numbers[order + 1] = np.arange(1, len(order) + 1)
    return numbers[parts]


def superpixels(photo: NDArray[np.uint8], shape: tuple[int, int], count: int = 12, *, compactness: float = 20.0) -> Parts:
    """The photo's superpixels on the map's cells, numbered from 1: each cell belongs to the one that covers most of it.

    Args:
        photo: (h, w, 3) uint8 RGB, what the map covers.
        shape: cells (H, W).
        count: about how many, 1 to the number of cells.
        compactness: of SLIC; higher gives squarer superpixels, lower ones follow colours more closely.

    Raises:
        ValueError: a count out of range.
    """
    from skimage.segmentation import slic  # a tenth of a second for all who want no superpixels

    rows, columns = shape
    if not 1 <= count <= rows * columns:
        raise ValueError(f"the number of superpixels must be from 1 to {rows * columns}, not {count}")
    picture = cv2.resize(photo, (columns * PIXELS, rows * PIXELS), interpolation=cv2.INTER_AREA)
    # A smaller least size than SLIC's own, or plain photos come back in three or four pieces.
    pixels = slic(picture, n_segments=count, compactness=compactness, sigma=1, min_size_factor=0.25, start_label=0)
    blocks = pixels.reshape(rows, PIXELS, columns, PIXELS).swapaxes(1, 2).reshape(rows * columns, -1)
    most = np.array([np.bincount(block).argmax() for block in blocks])
    return (np.unique(most, return_inverse=True)[1] + 1).reshape(shape).astype(np.int32)


@dataclass(frozen=True, eq=False)
class Region:
    """What one part of a map does; logits (K,), exact.

    number: its own in the partition; 0 is the rest.  cells: bool (H, W).  area: its share of the photo.  place: in words.
    contribution: (1/N) sum (S_p - E[S*]) g_p over its cells; over a partition these sum to Y_TE.
    change: -(1/N) sum S_p g_p, what ignoring it would do; below 0 where an emotion loses.  These sum to nothing in particular.
    prediction: the emotion that leads; without: the one that would lead without this region.
    labels: K class names.
    """

    number: int
    cells: NDArray[np.bool_]
    area: float
    place: str
    contribution: NDArray[np.float64]
    change: NDArray[np.float64]
    prediction: str
    without: str
    labels: tuple[str, ...]

    @property
    def name(self) -> str:
        """``region 2``, or ``the rest``."""
        return f"region {self.number}" if self.number else "the rest"

    @property
    def sentence(self) -> str:
        """What ignoring it would do to the predicted emotion, in plain words."""
        where_it_is = f"{self.place}, {self.area:.0%} of the photo".replace("%", " %")
        change = self.change[self.labels.index(self.prediction)]
        moves = f"{'falls' if change < 0 else 'rises'} by {significant(change).lstrip('+-')}" if change else "stays as it is"
        lead = f"{self.without} would {'still ' if self.without == self.prediction else ''}lead"
        return f"Without {self.name} ({where_it_is}) {self.prediction} {moves} and {lead}."


def report(analysis: Analysis, parts: Parts) -> list[Region]:
    """Every region of a partition, ranked by ``RANKING``; the rest, if there is one, comes last.

    Args:
        analysis: contributions are to Y_TE under the allocation it looks at, predictions under its own.
        parts: (H, W), as ``affective_regions`` and ``superpixels`` give it.

    Raises:
        ValueError: a partition of another map.
    """
    if parts.shape != analysis.s.shape:
        raise ValueError(f"the regions were made for another map: {parts.shape} cells, not {analysis.s.shape}")
    leading = int(analysis.scores.argmax())
    evidence = analysis.evidence.astype(np.float64)
    regions = []
    for number in np.unique(parts):
        cells = parts == number
        change = -evidence[:, cells] @ analysis.attended[cells].astype(np.float64) / cells.size
        regions.append(
            Region(
                number=int(number),
                cells=cells,
                area=float(cells.mean()),
                place=middle(cells) if number else "elsewhere",
                contribution=analysis.effect_map[:, cells].sum(axis=1),
                change=change,
                prediction=analysis.prediction,
                without=analysis.labels[int((analysis.scores + change).argmax())],
                labels=analysis.labels,
            )
        )
    return sorted(regions, key=lambda region: (region.number == 0, region.change[leading], region.number))


# --- in words


def middle(cells: NDArray[np.bool_]) -> str:
    """In words, where the middle of some cells (H, W) is."""
    return third([index.mean() for index in np.nonzero(cells)], cells.shape)
