"""Layouts on disk, each told from its files and read into rows; a new data set is a new reader here."""

from pathlib import Path

from training.data.config import DataConfig
from training.data.rows import EXTENSIONS, SPLITS, DataError, DataSet, Row


def read(config: DataConfig) -> DataSet:
    """The data set at ``config.data``.

    Raises:
        DataError: no such folder, or a layout nobody knows.
    """
    root = Path(config.data)
    if not root.is_dir():
        raise DataError(f"{root} is not a folder; give the data set's folder with --data")
    return read_class_folders(root)


def read_class_folders(root: Path) -> DataSet:
    """``{train,val,test}/<class>/*`` (FI's layout); splits and classes found on disk.

    Raises:
        DataError: no split, or a class folder without images.
    """
    splits = [split for split in SPLITS if (root / split).is_dir()]
    if not splits:
        raise DataError(f"{root} has none of the folders train, val, test; expected {{train,val,test}}/<class>/*.jpg")
    rows = []
    for split in splits:
        for folder in sorted(path for path in (root / split).iterdir() if path.is_dir()):
            files = sorted(path for path in folder.iterdir() if path.suffix.lower() in EXTENSIONS)
            if not files:
                raise DataError(f"the class folder {folder} holds no image ({', '.join(sorted(EXTENSIONS))})")
            rows += [Row(path=path, split=split, label=folder.name) for path in files]
    return DataSet(root, "class-folders", rows)
