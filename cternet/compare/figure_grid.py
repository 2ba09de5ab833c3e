"""Where the columns of a comparison's figure stand."""

import math
from dataclasses import dataclass

from cternet.compare.point_canvas import MARGIN, POINTS

GAP = 4.0
NARROWEST, WIDEST = 50.0, 144.0
"""Points of a panel: with more methods than fit, the figure goes on below; with few, it gets narrower."""


@dataclass(frozen=True)
class Grid:
    """Where columns stand, in points: the photo in a first column as wide as the names under it, then ``columns`` maps."""

    columns: int
    panel: float
    first: float

    @classmethod
    def fitting(cls, width_inches: float, methods: int, names: float) -> "Grid":
        """As many columns as fit, evenly filled lines; ``names``: points that the names of the numbers take.

        Raises:
            ValueError: no column fits.
        """
        width = width_inches * POINTS - 2 * MARGIN
        most = int((width - max(names, NARROWEST)) // (NARROWEST + GAP))
        if most < 1:
            raise ValueError(f"{width_inches:g} inches is too narrow for a photo and a map; make the figure wider")
        columns = math.ceil(methods / math.ceil(methods / most))
        panel = (width - columns * GAP) / (columns + 1)
        if names > panel:
            panel = (width - columns * GAP - names) / columns
        panel = min(panel, WIDEST)
        return cls(columns, panel, max(panel, names))

    @property
    def width(self) -> float:
        return self.first + self.columns * (self.panel + GAP)

    def left(self, column: int) -> float:
        """Left edge of a panel; 0 is the photo."""
        return self.first - self.panel + column * (self.panel + GAP)
