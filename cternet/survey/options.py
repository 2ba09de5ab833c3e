"""How photos are surveyed."""

from dataclasses import dataclass

from cternet.compare import DEFAULT, METHODS
from cternet.compare.pictures import STYLES, Style, offered


@dataclass(frozen=True)
class Options:
    """How photos are surveyed."""

    methods: tuple[str, ...] = DEFAULT
    """Whose maps are made, by name."""
    measure: bool = False
    """Measure every map, beside a random one: deletion, insertion, ROAD; seconds per photo and method on a CPU."""
    quick: bool = False
    """Measure with compiled networks, in bfloat16 if the device has it: twice as fast; the third digit differs."""
    sample: int | None = None
    """Number of photos to draw at random; by default all."""
    seed: int = 0
    """Seed of the sample."""
    shown: int = 10_000
    """Number of photos the page shows; the table has all."""
    thumbnail: int = 160
    """Longer side of a small picture, in pixels."""
    panel: int = 256
    """Longer side of a large picture, in pixels."""
    style: Style = "grey"
    """Grey maps, or colours over the photo."""
    maps: bool = False
    """Also keep the maps themselves, one NPZ per part."""
    batch_size: int = 16
    """Photos per forward pass."""
    workers: int = 2
    """Threads that decode photos."""

    def __post_init__(self) -> None:
        least = {"sample": 1, "shown": 0, "thumbnail": 16, "panel": 16, "batch_size": 1, "workers": 1}
        for name, smallest in least.items():
            if getattr(self, name) is not None and getattr(self, name) < smallest:
                raise ValueError(f"{name.replace('_', '-')} must be at least {smallest}, not {getattr(self, name)}")
        unknown = [name for name in self.methods if name not in METHODS]
        if unknown or not self.methods:
            raise ValueError(f"unknown method: {', '.join(unknown) or 'none given'}; choose from {', '.join(METHODS)}")
        offered(self.style, STYLES, "style")


DEFAULTS = Options()
FREE_TO_CHANGE = {"batch_size", "workers"}
"""Options that do not change what a survey finds."""
