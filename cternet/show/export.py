"""An analysis as files: the figure (PNG), the arrays (NPZ), the numbers (JSON)."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from cternet.networks.emotion import ANSWERS
from cternet.results.analysis import Analysis
from cternet.show.figure import DRAWING, analysis_figure, save


def numbers(analysis: Analysis) -> dict[str, Any]:
    """Every number of an analysis under the names of the paper, JSON-ready; logits unless said otherwise."""
    c = analysis.counterfactual

    def by_label(values: Sequence[float]) -> dict[str, float]:
        return {label: float(value) for label, value in zip(analysis.labels, values, strict=True)}

    return {
        "model": analysis.model,
        "geometry": analysis.geometry,
        "prediction": analysis.prediction,
        "polarity": analysis.polarity,
        "polarity_by_summed_probability": analysis.polarity_by_sum,
        "predicted_with": predicted_with(analysis),
        "probabilities": by_label(analysis.probabilities),
        "counterfactual": {
            "allocation": c.allocation,
            "level": c.level,
            "seed": c.seed,
            "alpha": c.alpha,
            "beta": c.beta,
        },
        "v": by_label(analysis.v),
        "Y(S)": by_label(analysis.y_factual),
        "E[Y(S*)]": by_label(analysis.y_counterfactual),
        "Y(S* shown)": by_label(analysis.y(c.shown)),
        "Y_TE": by_label(analysis.total_effect),
        "Y_TE standard deviation over draws of S*": by_label(analysis.total_effect_std),
    }


def predicted_with(analysis: Analysis) -> dict[str, str]:
    """Which logits the prediction rests on, and the S* and the budget the model was trained with."""
    own = analysis.own
    return {
        "answer": ANSWERS[analysis.answer].symbol,
        "allocation": own.allocation,
        "level": own.level,
        "budget": analysis.pooling.budget,
    }


def arrays(analysis: Analysis) -> dict[str, np.ndarray]:
    """Every array of an analysis: maps (H, W), per-class maps (K, H, W), logits (K,), and the photo as the model saw it."""
    return {
        "labels": np.array(analysis.labels),
        "photo": analysis.seen,
        "S": analysis.attended,
        "S_star_shown": analysis.counterfactual.shown,
        "S_star_mean": analysis.counterfactual.mean,
        "S_out": analysis.s_out,
        "evidence": analysis.evidence,
        "bias": analysis.bias,
        "effect_map": analysis.effect_map,
        "v": analysis.v,
        "Y_S": analysis.y_factual,
        "Y_S_star": analysis.y_counterfactual,
        "Y_TE": analysis.total_effect,
        "Y_TE_covariance": analysis.total_effect_covariance,
    }


def write(analysis: Analysis, path: Path, **figure_options: Any) -> Path:
    """Write one file; its ending says which: .json, .npz, or a picture format of matplotlib.

    Args:
        figure_options: as in ``analysis_figure``.
    """
    with replacing(path) as file:
        if path.suffix == ".json":
            file.write(f"{json.dumps(numbers(analysis), indent=2)}\n".encode())
        elif path.suffix == ".npz":
            np.savez_compressed(file, **arrays(analysis))
        else:
            with DRAWING:
                save(analysis_figure(analysis, **figure_options), file, path.suffix.removeprefix("."))
    return path


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
