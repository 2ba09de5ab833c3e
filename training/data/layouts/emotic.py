"""EMOTIC: ``Annotations/Annotations.mat`` and ``emotic/{mscoco,framesdb,emodb_small,ade20k}/images/*``.

Kosti et al., "Context based emotion recognition using EMOTIC dataset", TPAMI 2020: people in photos, each with a box, valence,
arousal and dominance (1 to 10) and some of 26 categories.  A row is a person; an image may have several.  In train one rater
speaks (annotations_categories, annotations_continuous), in val and test several are combined (combined_*).
"""

from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from training.data.config import Source
from training.data.layouts.base import Layout, counted
from training.data.rows import SPLITS, DataError, DataSet, Row


def annotations(root: Path) -> Path | None:
    return next((path for path in (root / "Annotations" / "Annotations.mat", root / "Annotations.mat") if path.is_file()), None)


def as_list(value: Any) -> list[Any]:
    """MATLAB's arrays of one come out bare."""
    return list(value) if isinstance(value, (list, np.ndarray)) else [value]


def said_of(person: dict[str, Any]) -> tuple[Any, dict[str, Any]] | None:
    """The categories and the ratings; None for a person without either, or without a box."""
    said, rating = person.get("combined_categories"), person.get("combined_continuous")
    if said is None or np.size(said) == 0:
        said = as_dict(person.get("annotations_categories")).get("categories")
    rating = as_dict(rating) or as_dict(person.get("annotations_continuous"))
    box = np.asarray(person.get("body_bbox", ()), np.float64)
    if said is None or np.size(said) == 0 or not rating or box.shape != (4,) or not np.isfinite(box).all():
        return None
    return said, rating


def as_dict(value: Any) -> dict[str, Any]:
    """MATLAB's empty structs come out as empty arrays, and of several raters the first speaks."""
    if isinstance(value, (list, np.ndarray)) and len(value):
        value = value[0]
    return value if isinstance(value, dict) else {}


def person_row(person: dict[str, Any], path: Path, split: str) -> Row | None:
    """None for a person of whom nothing is said."""
    found = said_of(person)
    if found is None:
        return None
    said, rating = found
    values = [float(rating[name]) for name in ("valence", "arousal", "dominance")]
    valence, arousal, dominance = (None if np.isnan(value) else value for value in values)
    left, top, right, bottom = (int(value) for value in person["body_bbox"])
    return Row(
        path=path,
        split=split,
        valence=valence,
        arousal=arousal,
        dominance=dominance,
        box=(left, top, right, bottom),
        categories=tuple(str(name).strip().lower() for name in as_list(said)),
    )


def read(root: Path, config: Source) -> DataSet:
    """A row a person, in the official splits; no single label.

    Raises:
        DataError: no annotations, or of another form.
    """
    path = annotations(root)
    if path is None:
        raise DataError(f"{root} has no Annotations/Annotations.mat; fetch the annotations beside emotic/")
    images = root / "emotic" if (root / "emotic").is_dir() else root
    rows: list[Row] = []
    left_out: list[Path] = []
    try:
        found = loadmat(path, simplify_cells=True)
        for split in SPLITS:
            for image in as_list(found.get(split, [])):
                file = images / str(image["folder"]).replace("\\", "/") / image["filename"]
                for person in as_list(image["person"]):
                    row = person_row(person, file, split)
                    if row is None:
                        left_out.append(file.relative_to(images))
                    else:
                        rows.append(row)
    except (KeyError, TypeError, ValueError, NotImplementedError, MatReadError) as error:
        raise DataError(f"{path} is not EMOTIC's annotations ({type(error).__name__}: {error}); fetch it again") from None
    if not rows:
        raise DataError(f"{path} describes nobody in train, val or test; fetch it again")
    notes = ["a row is a person, with a box; there is no single label"]
    if left_out:
        notes.append(f"left out {counted(len(left_out), 'people without a box or annotations', left_out)}")
    return DataSet(root, "emotic", rows, scale=(1.0, 10.0), notes=notes)


LAYOUT = Layout("emotic", "Annotations/Annotations.mat and emotic/ (EMOTIC)", lambda root: annotations(root) is not None, read)
