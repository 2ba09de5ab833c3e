"""ArtPhoto: all images in one folder, named ``<emotion>_<number>.jpg``.

Machajdik and Hanbury, "Affective image classification using features inspired by psychology and art theory", ACM MM 2010:
806 photos of Mikels' eight emotions.
"""

from pathlib import Path

from training.data.config import Source
from training.data.labels import EMOTIONS, canonical
from training.data.layouts.base import Layout, images_in
from training.data.rows import DataError, DataSet, Row


def label_of(path: Path) -> str:
    return canonical(path.stem.split("_")[0])


def matches(root: Path) -> bool:
    files = images_in(root) if root.is_dir() else []
    return len(files) > 0 and sum(label_of(path) in EMOTIONS for path in files) > len(files) / 2


def read(root: Path, config: Source) -> DataSet:
    """Labels from the names, as they are: one outside the table is reported where the classes are known.

    Raises:
        DataError: no images.
    """
    rows = [Row(path=path, label=label_of(path)) for path in images_in(root)]
    if not rows:
        raise DataError(f"{root} holds no image named <emotion>_*.jpg; give the folder that does with --data")
    return DataSet(root, "flat-names", rows)


LAYOUT = Layout("flat-names", "<emotion>_*.jpg in one folder (ArtPhoto)", matches, read)
