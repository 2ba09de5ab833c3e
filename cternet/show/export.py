"""A result as files: the figure (PNG), the arrays (NPZ), the numbers (JSON)."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from matplotlib.figure import Figure

from cternet.results.analysis import Analysis
from cternet.results.result import Classified, Rated, Result
from cternet.show.classified_figure import classified_figure
from cternet.show.figure import DRAWING, analysis_figure, save
from cternet.show.rated_figure import rated_figure

__all__ = [
    "figure_of",
    "replacing",
    "write",
]

FIGURES: dict[type[Result], Callable[..., Figure]] = {
    Analysis: analysis_figure,
    Classified: classified_figure,
    Rated: rated_figure,
}
"""By kind of result, the more special first."""


def write(result: Result, path: Path, **figure_options: Any) -> Path:
    """Write one file; its ending says which: .json, .npz, or a picture format of matplotlib.

    Args:
        figure_options: as in ``figure_of``.
    """
    with replacing(path) as file:
        if path.suffix == ".json":
            file.write(f"{json.dumps(result.numbers(), indent=2)}\n".encode())
        elif path.suffix == ".npz":
            arrays: dict[str, Any] = result.maps()
            np.savez_compressed(file, **arrays)
        else:
            with DRAWING:
                save(figure_of(result, **figure_options), file, path.suffix.removeprefix("."))
    return path


def figure_of(result: Result, **options: Any) -> Figure:
    """The figure of a result, with the options of the function that draws its kind."""
    for kind, draw in FIGURES.items():
        if isinstance(result, kind):
            return draw(result, **options)
    raise TypeError(f"there is no figure of a {type(result).__name__}; add one to FIGURES")


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of ``path`` once it is complete; where that fails, what was there stays."""
    temporary = path.with_name(f".{path.name}.new")
    try:
        with temporary.open("wb") as file:
            yield file
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
