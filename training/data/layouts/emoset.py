"""EmoSet-118K: ``info.json`` and ``{train,val,test}.json``, lists of ``[emotion, id, image path, annotation path]``.

Yang et al., "EmoSet: a large-scale visual emotion dataset with rich attributes", ICCV 2023: Mikels' eight.  Some copies leave
the id out of the lists.  Its label2idx has another order than our table; classes go by name, so it does not matter.
"""

import json
from pathlib import Path

from training.data.config import Source
from training.data.labels import canonical
from training.data.layouts.base import Layout
from training.data.rows import SPLITS, DataError, DataSet, Row


def matches(root: Path) -> bool:
    return (root / "info.json").is_file() and any((root / f"{split}.json").is_file() for split in SPLITS)


def read(root: Path, config: Source) -> DataSet:
    """The official splits.

    Raises:
        DataError: a list that is not JSON, or an entry of another form.
    """
    rows: list[Row] = []
    for split in SPLITS:
        path = root / f"{split}.json"
        if not path.is_file():
            continue
        try:
            entries = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise DataError(f"{path} is not JSON ({error}); fetch it again") from None
        for number, entry in enumerate(entries):
            if not isinstance(entry, list) or len(entry) not in (3, 4) or not all(isinstance(part, str) for part in entry):
                raise DataError(
                    f"entry {number} of {path} is not [emotion, id, image path, annotation path]; fetch the file again"
                )
            rows.append(Row(path=root / entry[-2], split=split, label=canonical(entry[0])))
    if not rows:
        raise DataError(f"{root} has no image in train.json, val.json or test.json; fetch them again")
    return DataSet(root, "emoset", rows)


LAYOUT = Layout("emoset", "info.json and {train,val,test}.json (EmoSet-118K)", matches, read)
