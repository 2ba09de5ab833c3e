"""Splits: stratified, near-duplicates together, kept in a file, folds that partition."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from cternet.emotions import MIKELS
from tests.training.data.conftest import Place
from tests.training.data.made_up import class_folders, emotionroi, picture
from training.data import DataConfig, DataError, DataSet, load_examples
from training.data.layouts import read
from training.data.splits import with_splits

CLASSES = ("anger", "awe", "fear")


def load(root: Path, **settings: object) -> DataSet:
    config = DataConfig(data=str(root), **settings)
    return with_splits(read(config), config)


def splits_of(data: DataSet) -> dict[Path, str]:
    return {row.path: row.split for row in data.rows}


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Three classes of 20 images; in awe one image has three copies of other sizes and qualities."""
    root = class_folders(tmp_path / "raw", CLASSES, {"": 20}, ".png")
    smooth = np.random.default_rng(0).integers(0, 255, (9, 9, 3), dtype=np.uint8)
    original = Image.fromarray(smooth).resize((90, 90), Image.Resampling.BICUBIC)
    for number, size in enumerate((90, 64, 120, 40)):
        original.resize((size, size)).save(root / "awe" / f"copy{number}.jpg", quality=95 - 10 * number)
    return root


def test_shares_within_each_class(tmp_path: Path):
    root = class_folders(tmp_path / "raw", CLASSES, {"": 40}, ".png")
    counts = Counter((row.label, row.split) for row in load(root).rows)
    assert counts == {(name, split): n for name in CLASSES for split, n in (("train", 32), ("val", 2), ("test", 6))}


def test_small_classes_are_in_every_split(tmp_path: Path):
    root = class_folders(tmp_path / "raw", ("awe",), {"": 30}, ".png")
    class_folders(root, ("anger",), {"": 3}, ".png")
    counts = Counter(row.split for row in load(root).rows if row.label == "anger")
    assert counts == {"train": 1, "val": 1, "test": 1}


def test_near_duplicates_stay_together(raw: Path):
    together = {row.split for row in load(raw).rows if row.path.name.startswith("copy")}
    assert len(together) == 1
    data = load(raw, folds=3)
    assert len({row.split for row in data.rows if row.path.name.startswith("copy")}) == 1


def test_the_file_is_made_once_and_reused(raw: Path):
    first = splits_of(load(raw))
    file = raw.parent / "raw-splits.csv"
    content = file.read_bytes()
    table = pd.read_csv(file)
    assert list(table.columns) == ["path", "split"]
    assert table.path.is_monotonic_increasing
    assert splits_of(load(raw)) == first
    assert file.read_bytes() == content
    file.unlink()
    assert splits_of(load(raw)) == first, "made anew, it is the same"


def test_what_the_file_says_counts(raw: Path, tmp_path: Path):
    load(raw)
    file = raw.parent / "raw-splits.csv"
    table = pd.read_csv(file)
    table["split"] = "test"
    table.to_csv(tmp_path / "mine.csv", index=False)
    assert set(splits_of(load(raw, splits=tmp_path / "mine.csv")).values()) == {"test"}


def test_the_file_moves_with_the_data(raw: Path, tmp_path: Path):
    first = {path.name + path.parent.name: split for path, split in splits_of(load(raw)).items()}
    (tmp_path / "elsewhere").mkdir()
    moved = raw.rename(tmp_path / "elsewhere" / "raw")
    (raw.parent / "raw-splits.csv").rename(tmp_path / "elsewhere" / "raw-splits.csv")
    assert {path.name + path.parent.name: split for path, split in splits_of(load(moved)).items()} == first


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.iloc[1:], r"lacks 1 images of \S*raw \(first: anger/0.png\); move raw-splits.csv away"),
        (lambda table: pd.concat([table, table.tail(1).replace(r"fear", "joy", regex=True)]), "names 1 images that .* has not"),
        (lambda table: table.replace("val", "dev"), "says 'dev' for .*, not train, val or test"),
        (lambda table: table.rename(columns={"split": "part"}), "has the columns path, part, not path, split"),
        (lambda table: table.iloc[:0], "has no rows"),
    ],
)
def test_a_file_that_does_not_fit(raw: Path, change, message: str):
    load(raw)
    file = raw.parent / "raw-splits.csv"
    change(pd.read_csv(file)).to_csv(file, index=False)
    with pytest.raises(DataError, match=message):
        load(raw)


def test_a_place_that_cannot_be_written(raw: Path, tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"\S*file cannot be written to .*--splits FILE"):
        load(raw, splits=tmp_path / "file" / "splits.csv")


def test_subsets_have_files_of_their_own(raw: Path):
    load(raw)
    assert len(load(raw, without=("fear",)).rows) == 44
    assert (raw.parent / "raw-without-fear-splits.csv").is_file()


# --- folds


def test_folds_partition(raw: Path):
    tests = [{path for path, split in splits_of(load(raw, folds=4, fold=fold)).items() if split == "test"} for fold in range(4)]
    assert sum(map(len, tests)) == len(set.union(*tests)) == 64
    assert list(pd.read_csv(raw.parent / "raw-folds4.csv").columns) == ["path", "fold0", "fold1", "fold2", "fold3"]


def test_every_fold_has_every_class_in_every_split(raw: Path):
    for fold in range(4):
        counts = Counter((row.label, row.split) for row in load(raw, folds=4, fold=fold).rows)
        assert len(counts) == 9
        assert all(counts[name, "test"] in range(4, 8) for name in CLASSES)


def test_files_of_other_folds_do_not_fit(raw: Path, tmp_path: Path):
    load(raw, folds=4, splits=tmp_path / "folds.csv")
    with pytest.raises(DataError, match="has the columns path, fold0, fold1, fold2, fold3, not path, fold0, fold1, fold2;"):
        load(raw, folds=3, splits=tmp_path / "folds.csv")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"folds": 21}, r"raw has only 20 images of anger .* too few for 21 folds; use --folds 20 or fewer"),
        ({"folds": 1}, "--folds 1 is no cross-validation"),
        ({"folds": 5, "fold": 5}, "--fold 5 of .* is none of 0 to 4"),
    ],
)
def test_folds_that_cannot_be(raw: Path, settings: dict[str, int], message: str):
    with pytest.raises(DataError, match=message):
        load(raw, **settings)


def test_near_duplicates_count_once_for_the_folds(tmp_path: Path):
    root = class_folders(tmp_path / "raw", ("awe",), {"": 6}, ".png")
    for number in range(6):
        picture(root / "fear" / f"{number}.png", seed=number // 2)
    with pytest.raises(
        DataError, match=r"only 3 images of fear \(near-duplicates count once\), too few for 5 folds; use --folds 3"
    ):
        load(root, folds=5)


def test_too_few_images_for_a_split(tmp_path: Path):
    root = class_folders(tmp_path / "raw", ("awe",), {"": 6}, ".png")
    class_folders(root, ("fear",), {"": 2}, ".png")
    with pytest.raises(DataError, match=r"raw has only 2 images of fear .*too few for train, val, test; .*--without fear"):
        load(root)


# --- official splits


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"folds": 2}, r"official splits \(test, train, val\); .*leave --folds away"),
        ({"splits": Path("mine.csv")}, r"official splits \(test, train, val\); leave --splits away"),
    ],
)
def test_official_splits_stand(made: Place, settings: dict[str, object], message: str):
    with pytest.raises(DataError, match=message):
        load(made("FI"), **settings)


def test_val_comes_out_of_an_official_train(tmp_path: Path):
    root = emotionroi(tmp_path / "EmotionROI")
    before = {row.path: row.split for row in read(DataConfig(data=str(root))).rows}
    after = splits_of(load(root))
    assert {path for path, split in after.items() if split == "test"} == {p for p, split in before.items() if split == "test"}
    assert Counter(after.values()) == {"train": 6, "val": 6, "test": 6}
    assert splits_of(load(root)) == after


def test_a_file_may_not_touch_the_official_test(tmp_path: Path):
    root = emotionroi(tmp_path / "EmotionROI")
    load(root)
    file = tmp_path / "EmotionROI-splits.csv"
    file.write_text(file.read_text().replace("images/joy/2.jpg,test", "images/joy/2.jpg,train"))
    with pytest.raises(DataError, match=r"has images/joy/2.jpg in train, officially it is in test"):
        load(root)


def test_no_test_split_is_told(made: Place, capsys: pytest.CaptureFixture[str]):
    config = DataConfig(data=str(made("FI, two splits")))
    assert len(load_examples(config, MIKELS, ("train", "val"), every_class=True)) == 24
    assert "there is no test split" in capsys.readouterr().err
    with pytest.raises(DataError, match="has no image in the split test"):
        load_examples(config, MIKELS, ("test",))


def test_some_images_without_a_split(tmp_path: Path):
    picture(tmp_path / "a.jpg"), picture(tmp_path / "b.jpg")
    path = tmp_path / "photos.csv"
    path.write_text("path,split,label\na.jpg,train,awe\nb.jpg,,awe\n")
    with pytest.raises(DataError, match=r"photos.csv gives no split for 1 of 2 images \(first: \S*b.jpg\)"):
        load(path)


def test_ratings_are_stratified_by_valence(made: Place, tmp_path: Path):
    data = load(made("OASIS"), splits=tmp_path / "splits.csv")
    assert {
        split: len({min(int((row.valence - 1) / 1.2), 4) for row in data.rows if row.split == split})
        for split in ("val", "test")
    } == {
        "val": 5,
        "test": 5,
    }


def test_the_order_of_the_rows_does_not_matter(raw: Path, tmp_path: Path):
    config = DataConfig(data=str(raw), splits=tmp_path / "other.csv")
    data = read(config)
    backwards = with_splits(replace(data, rows=data.rows[::-1]), config)
    assert splits_of(backwards) == splits_of(load(raw))


def test_unreadable_images_do_not_stop_a_split(raw: Path):
    (raw / "fear" / "3.png").write_text("not an image")
    (raw / "fear" / "4.png").write_text("not an image")
    assert len(splits_of(load(raw))) == 64
