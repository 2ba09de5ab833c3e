"""EmoSet-118K: ``{train,val,test}.json`` beside ``info.json`` or ``image/``, lists of ``[emotion, id, image, annotation]``.

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
    lists = [root / f"{split}.json" for split in SPLITS if (root / f"{split}.json").is_file()]
    return bool(lists) and ((root / "info.json").is_file() or (root / "image").is_dir())


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
            rows.append(Row(path=root / entry[-2].replace("\\", "/"), split=split, label=canonical(entry[0])))
    if not rows:
        raise DataError(f"{root} has no image in train.json, val.json or test.json; fetch them again")
    return DataSet(root, "emoset", rows)


LAYOUT = Layout("emoset", "{train,val,test}.json with info.json or image/ (EmoSet-118K)", matches, read)
