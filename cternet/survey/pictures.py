"""A photo's pictures in the report: a thumbnail of photo and map, and one strip of photo and maps."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cternet.compare import METHODS, Comparison
from cternet.compare.pictures import picture, scales, shrunk
from cternet.survey.options import Options
from cternet.survey.table import key

QUALITY = 85
"""Of the JPEG files; WebP would be a third smaller and costs thirty times as long to write."""


def folder_of(path: str) -> str:
    """Where a photo's pictures lie: 256 folders, so that none gets too long."""
    return f"pictures/{key(path)[:2]}"


def write_pictures(comparison: Comparison, out: Path, options: Options) -> None:
    """``<key>.jpg``, photo and most telling map, small; ``<key>-maps.jpg``, photo and panels side by side, equally large."""
    folder = out / folder_of(comparison.name)
    folder.mkdir(parents=True, exist_ok=True)
    name = key(comparison.name)
    Image.fromarray(thumbnail(comparison, options)).save(folder / f"{name}.jpg", quality=QUALITY)
    Image.fromarray(strip(comparison, options, options.panel)).save(folder / f"{name}-maps.jpg", quality=QUALITY)


def thumbnail(comparison: Comparison, options: Options) -> NDArray[np.uint8]:
    """Photo and map side by side; the total effect if it was made, otherwise the first map; the photo alone without any."""
    there = [panel for panel in comparison.panels if panel.values is not None]
    chosen = next((panel for panel in there if panel.method == "effect"), there[0] if there else None)
    shown = replace(comparison, panels=() if chosen is None else (chosen,))
    return strip(shown, options, options.thumbnail)


def strip(comparison: Comparison, options: Options, side: int) -> NDArray[np.uint8]:
    """(h, (1 + M) w, 3) RGB, each picture's longer side ``side`` pixels; a panel without a map is grey."""
    photo = shrunk(comparison.photo, side)
    spans = scales([comparison], "own", style=options.style)
    cells = [photo]
    for panel in comparison.panels:
        if panel.values is None:
            cells.append(np.full_like(photo, 128))
            continue
        signed, span = METHODS[panel.method].signed, spans[0, panel.method]
        cells.append(picture(photo, panel.values, span, signed=signed, style=options.style))
    return np.concatenate(cells, axis=1)
