"""How faithful each method's maps are over the photos of a survey, beside a random map and beside CAM.

A photo on which every map of a classifier scores well says nothing for any of them; so methods are compared photo by photo, and
intervals are of the mean difference (bootstrap over photos).
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from cternet.compare import METHODS, METRICS
from training.tables import table

CONFIDENCE = 0.95
RESAMPLES = 9999
REFERENCE = "cam"


def read_table(report: Path) -> pd.DataFrame:
    """A survey's table.

    Raises:
        ValueError: there is none.
    """
    path = report / "table.parquet" if report.is_dir() else report
    if not path.is_file():
        raise ValueError(f"{path} does not exist; make it with: python -m cternet.survey PHOTOS --out {report} --measure")
    return pd.read_parquet(path)


def read_tables(reports: Sequence[Path]) -> pd.DataFrame:
    """Surveys of the same photos with other methods as one table: the photos that are in all of them."""
    frames = [read_table(report).set_index("path") for report in reports]
    joined = frames[0]
    for frame in frames[1:]:
        joined = joined.join(frame[[column for column in frame if column not in joined]], how="inner")
    return joined.reset_index()


def measured(frame: pd.DataFrame) -> list[str]:
    """The methods with numbers, in the registry's order."""
    first = next(iter(METRICS))
    return [method for method in METHODS if f"{first}_{method}" in frame and frame[f"{first}_{method}"].notna().any()]


def mean_interval(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Mean of values (M,) that are there, and its 95 % interval."""
    values = values[np.isfinite(values)]
    if len(values) < 2:
        return (float(values.mean()) if len(values) else np.nan, np.nan, np.nan)
    found = stats.bootstrap(
        (values,),
        np.mean,
        vectorized=True,
        method="percentile",
        n_resamples=RESAMPLES,
        batch=max(1, 2**21 // len(values)),
        confidence_level=CONFIDENCE,
        rng=np.random.default_rng(0),
    ).confidence_interval
    return float(values.mean()), float(found.low), float(found.high)


def gain(frame: pd.DataFrame, method: str, metric: str) -> NDArray[np.float64]:
    """By how much a method's map is better than a random one on the same photo and classifier (M,); positive is better."""
    control = frame[f"{metric}_random_{METHODS[method].explains}"]
    sign = 1 if METRICS[metric].higher_is_better else -1
    return (sign * (frame[f"{metric}_{method}"] - control)).to_numpy(float)


def verdict(low: float, high: float) -> str:
    """What an interval of a difference says."""
    return "wins" if low > 0 else "loses" if high < 0 else "ties" if np.isfinite(low) else "–"


def written(mean: float, low: float, high: float) -> str:
    return f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]"


def means_table(frame: pd.DataFrame, methods: Sequence[str]) -> str:
    """Mean numbers of each method and of the random map of each classifier."""
    rows = []
    for classifier in dict.fromkeys(METHODS[method].explains for method in methods):
        names = [(METHODS[method].title, method) for method in methods if METHODS[method].explains == classifier]
        for title, column in [*names, ("random map", f"random_{classifier}")]:
            values = [frame[f"{metric}_{column}"] for metric in METRICS]
            photos = int(values[0].notna().sum())
            rows.append([classifier, title, photos, *(f"{value.mean():.3f}" for value in values)])
    header = ["classifier", "map", "photos", *(f"{metric.title} {metric.arrow}" for metric in METRICS.values())]
    return table(header, rows, left=2)


def differences_table(frame: pd.DataFrame, methods: Sequence[str], reference: str | None) -> str:
    """Gains over the random map, or by how much they exceed those of ``reference``; with intervals and verdicts.

    Two classifiers answer differently, so their numbers do not compare; their gains over a random map do.
    """
    rows = []
    for method in methods:
        if method == reference:
            continue
        cells = []
        for metric in METRICS:
            values = gain(frame, method, metric)
            if reference is not None:
                values = values - gain(frame, reference, metric)
            found = mean_interval(values)
            cells.append(f"{written(*found)} {verdict(*found[1:])}")
        rows.append([METHODS[method].title, METHODS[method].explains, *cells])
    return table(["map", "classifier", *(metric.title for metric in METRICS.values())], rows, left=2)


def report(frame: pd.DataFrame) -> str:
    """The study in Markdown.

    Raises:
        ValueError: nothing was measured.
    """
    methods = measured(frame)
    if not methods:
        raise ValueError("nothing in this survey was measured; make it again, in another folder, with --measure")
    parts = [
        f"## Faithfulness over {len(frame):,} photos\n",
        means_table(frame, methods),
        "\n### Better than a random map?\n",
        "Gain over the random map on the same photo and classifier, mean and 95 % interval; positive is better.\n",
        differences_table(frame, methods, None),
    ]
    if REFERENCE in methods:
        parts += [
            f"\n### Better than {METHODS[REFERENCE].title}?\n",
            f"Gain over the random map, minus that of {METHODS[REFERENCE].title}; positive is better.\n",
            differences_table(frame, methods, REFERENCE),
        ]
    return "\n".join(parts) + "\n"
