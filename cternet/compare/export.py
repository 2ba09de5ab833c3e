"""Comparisons as files: figure (PNG, SVG, PDF), maps (NPZ), numbers (CSV), and their means as a table for a paper (LaTeX)."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cternet.compare.comparison import Comparison
from cternet.compare.figure import DPI, comparison_figure
from cternet.compare.methods import METHODS
from cternet.compare.metrics import METRICS
from cternet.compare.pictures import shrunk
from cternet.compare.table import latex
from cternet.show.export import replacing
from cternet.show.figure import DRAWING, save

PICTURES = (".png", ".svg", ".pdf")
ENDINGS = (*PICTURES, ".npz", ".csv", ".tex")
"""Of the files that can be written."""
PHOTO_SIDE = 640
"""Pixels of the longer side of the photos beside the maps."""


def write(
    comparisons: Sequence[Comparison], path: Path, *, models: Mapping[str, str] | None = None, **figure_options: Any
) -> Path:
    """Write one file; its ending says which.  What was there is replaced once the new file is complete.

    Args:
        models: names of the networks, by kind, for the figure's caption and the NPZ.
        figure_options: as in ``comparison_figure``.

    Raises:
        ValueError: an ending that is not among ``ENDINGS``, nothing to write, or what ``comparison_figure`` cannot draw.
        OSError: the file cannot be written.
    """
    check_ending(path)
    ending = path.suffix.lower()
    with replacing(path) as file:
        if ending in PICTURES:
            with DRAWING:
                save(comparison_figure(comparisons, models=models, **figure_options), file, ending[1:], dpi=DPI)
        elif ending == ".npz":
            named: dict[str, Any] = arrays(comparisons, models=models)
            np.savez_compressed(file, **named)
        else:
            file.write((numbers(comparisons) if ending == ".csv" else latex(comparisons)).encode())
    return path


def check_ending(path: Path) -> None:
    """Raises ValueError, listing the choices, unless the ending of ``path`` is among ``ENDINGS``."""
    if path.suffix.lower() not in ENDINGS:
        raise ValueError(f"cannot tell from {path.name!r} what to write; end the name in one of {', '.join(ENDINGS)}")


def arrays(comparisons: Sequence[Comparison], *, models: Mapping[str, str] | None = None) -> dict[str, np.ndarray]:
    """Every map (H, W), named ``NUMBER_PHOTO/METHOD``, and what is needed to read them; ``about`` says what is what."""
    methods = tuple(dict.fromkeys(panel.method for comparison in comparisons for panel in comparison.panels))
    about = [
        "Maps of several methods for the same photos, as float32 on each method's own grid and scale.",
        "NUMBER_PHOTO/METHOD: the map (H, W), stretched over the photo; missing where the method has none (see problems).",
        "NUMBER_PHOTO/photo: the photo (h, w, 3), uint8 RGB, scaled down.",
        "NUMBER_PHOTO/agreement: Spearman's rank correlation of every two maps (M, M), in the order of methods.",
        "photos, labels, predictions: name of each photo, class the maps look at, class CTERNet predicts.",
        *(f"network {kind}: {name}" for kind, name in (models or {}).items()),
        *(f"method {method}: {described(method)}" for method in methods),
    ]
    found = {
        "about": np.array(about),
        "photos": np.array([comparison.name for comparison in comparisons]),
        "labels": np.array([comparison.label for comparison in comparisons]),
        "predictions": np.array([comparison.prediction for comparison in comparisons]),
        "methods": np.array(methods),
    }
    problems = []
    for number, comparison in enumerate(comparisons, start=1):
        folder = f"{number:03d}_{safe(comparison.name)}"
        found[f"{folder}/photo"] = shrunk(comparison.photo, PHOTO_SIDE)
        found[f"{folder}/agreement"] = comparison.agreement
        for panel in comparison.panels:
            if panel.values is None:
                problems.append(f"{folder}/{panel.method}: {panel.problem}")
            else:
                found[f"{folder}/{panel.method}"] = panel.values
    return found | {"problems": np.array(problems, dtype=str)}


def described(method: str) -> str:
    """A method in words, with the unit of its values."""
    chosen = METHODS[method]
    below = "speak against the class" if chosen.per_class else "are less than the middle"
    sign = f"signed: values below 0 {below}" if chosen.signed else "larger where the method sees more"
    return f"{chosen.title} ({chosen.paper}, {chosen.link}). {chosen.about} In the method's own unit, {sign}."


def safe(name: str) -> str:
    """A file name's stem as it can stand in any archive."""
    return re.sub(r"[^A-Za-z0-9-]+", "_", Path(name).stem)[:60].strip("_") or "photo"


def numbers(comparisons: Sequence[Comparison]) -> str:
    """One row a photo and method, as CSV; empty cells where nothing was measured.

    ``random_``: the same number of a random map on the same classifier.  ``agreement``: mean rank correlation with the photo's
    other maps.
    """
    header = ["photo", "label", "prediction", "method", "explains", "height", "width", "smallest", "largest"]
    header += [*METRICS, *(f"random_{name}" for name in METRICS), "agreement", "problem"]
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(header)
    for comparison in comparisons:
        for panel in comparison.panels:
            row: list[object] = [comparison.name, comparison.label, comparison.prediction, panel.method]
            row.append(METHODS[panel.method].explains)
            if panel.values is None:
                lines.writerow([*row, *[""] * (len(header) - len(row) - 1), panel.problem])
                continue
            row += [*panel.values.shape, panel.values.min(), panel.values.max()]
            for measured in (panel.numbers, comparison.control(panel.method)):
                row += [""] * len(METRICS) if measured is None else [getattr(measured, name) for name in METRICS]
            agreement = comparison.agreement_with_others(panel.method)
            lines.writerow([*row, "" if np.isnan(agreement) else agreement, ""])
    return text.getvalue()
