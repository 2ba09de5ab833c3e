"""A folder a class: ``<class>/*``, or ``{train,val,test}/<class>/*`` with any of the three splits.

So lie FI (You et al., AAAI 2016), Twitter II (Borth et al., 2013), Flickr and Instagram (Katsurai and Satoh, 2016), and
CAER-S without boxes of faces (``caers`` has it with them).
"""

from pathlib import Path

from cternet.photos.load import EXTENSIONS
from training.data.config import Source
from training.data.labels import EMOTIONS, canonical
from training.data.layouts.base import SPLIT_WORDS, Layout, counted, images_in, subfolders, visible
from training.data.rows import DataError, DataSet, Row

KINDS = ", ".join(sorted(EXTENSIONS))


def split_folders(root: Path) -> list[tuple[str, Path]]:
    """(split, folder) for the folders named after a split, train first."""
    found = [(SPLIT_WORDS[path.name.lower()], path) for path in subfolders(root) if path.name.lower() in SPLIT_WORDS]
    return sorted(found, key=lambda pair: list(SPLIT_WORDS.values()).index(pair[0]))


def matches(root: Path) -> bool:
    if not root.is_dir():
        return False
    if any(subfolders(folder) for _, folder in split_folders(root)):
        return True
    return sum(any(images_in(folder)) for folder in subfolders(root)) >= 2  # one folder of images is no set of classes


def read(root: Path, config: Source) -> DataSet:
    """Classes by the folders' names, splits by theirs.

    Raises:
        DataError: no class folders, or one without images.
    """
    splits = split_folders(root)
    rows: list[Row] = []
    notes = [f"{folder.name} is taken as {split}" for split, folder in splits if folder.name != split]
    others: list[Path] = []
    for split, parent in splits or [(None, root)]:
        for folder in subfolders(parent):
            files = images_in(folder)
            if not files and split is None and canonical(folder.name) not in EMOTIONS:
                continue  # beside raw class folders lie papers, scripts and the like
            if not files:
                raise DataError(f"the class folder {folder} holds no image ({KINDS}); put its images there, or remove it")
            rows += [Row(path=path, split=split, label=canonical(folder.name)) for path in files]
            others += sorted(set(visible(folder)) - set(files))
    if not rows:
        raise DataError(
            f"{root} has no class folders; expected {{train,val,test}}/<class>/*.jpg or <class>/*.jpg, "
            f"found {', '.join(path.name for path in visible(root)[:8]) or 'nothing'}"
        )
    if others:
        notes.append(f"left out {counted(len(others), f'files that are not images by name ({KINDS})', others)}")
    return DataSet(root, "class-folders", rows, notes=notes)


LAYOUT = Layout("class-folders", "<class>/*.jpg or {train,val,test}/<class>/*.jpg", matches, read)
