"""EmotionROI: ``images/<class>/N.jpg``, ``ground_truth/<class>/N.jpg``, ``training_testing_split/{training,testing}.txt``.

Peng et al., "Where do emotions come from? Predicting the emotion stimuli map", ICIP 2016: Ekman's six, 1,980 images, each
with a map of how many of fifteen raters marked a pixel.  The lists have a line ``<class>/N.jpg`` an image.
"""

from pathlib import Path

from training.data.config import Source
from training.data.labels import canonical
from training.data.layouts.base import SPLIT_WORDS, Layout, counted, images_in, subfolders
from training.data.rows import DataError, DataSet, Row


def lists(root: Path) -> list[tuple[str, Path]]:
    """(split, file) of the lists, also where they lie beside images/."""
    folder = root / "training_testing_split"
    paths = sorted((folder if folder.is_dir() else root).glob("*.txt"))
    return [(SPLIT_WORDS[path.stem.lower()], path) for path in paths if path.stem.lower() in SPLIT_WORDS]


def matches(root: Path) -> bool:
    return (root / "images").is_dir() and (
        (root / "training_testing_split").is_dir() or ((root / "ground_truth").is_dir() and bool(lists(root)))
    )


def read(root: Path, config: Source) -> DataSet:
    """Classes by folder, the official split, and the stimulus maps.

    Raises:
        DataError: no lists, or a line that is not <class>/<file>.
    """
    found = lists(root)
    if not found:
        raise DataError(f"{root / 'training_testing_split'} has no training.txt and testing.txt; fetch the set again")
    maps = {
        (folder.name, path.stem): path
        for folder in (subfolders(root / "ground_truth") if (root / "ground_truth").is_dir() else [])
        for path in images_in(folder)
    }
    rows: list[Row] = []
    for split, listing in found:
        for line, text in enumerate(listing.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if not text.strip():
                continue
            *_, folder, file = ("", *Path(text.strip().replace("\\", "/")).parts)
            if not folder:
                raise DataError(f"{listing}, line {line}: {text.strip()!r} is not <class>/<file>; fetch the set again")
            rows.append(
                Row(
                    path=root / "images" / folder / file,
                    split=split,
                    label=canonical(folder),
                    stimulus_map=maps.get((folder, Path(file).stem)),
                )
            )
    notes = []
    unmapped = [row.path for row in rows if row.stimulus_map is None]
    if unmapped:
        notes.append(counted(len(unmapped), "images without a stimulus map", unmapped))
    listed = {row.path for row in rows}
    unlisted = [path for folder in subfolders(root / "images") for path in images_in(folder) if path not in listed]
    if unlisted:
        notes.append(f"left out {counted(len(unlisted), 'images that are in neither list', unlisted)}")
    return DataSet(root, "emotionroi", rows, notes=notes)


LAYOUT = Layout(
    "emotionroi", "images/<class>/, ground_truth/<class>/ and training_testing_split/*.txt (EmotionROI)", matches, read
)
