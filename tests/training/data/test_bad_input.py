"""What people get wrong: each is one sentence with the path and how to fix it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cternet.emotions import MIKELS
from tests.training.data.conftest import Place
from tests.training.data.made_up import picture
from training.data import SPLITS, DataConfig, DataError, leave_out_unreadable, load_examples
from training.data.layouts import LAYOUTS, read


def edit(name: str, before: str, after: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        path = root / name
        assert before in path.read_text()
        path.write_text(path.read_text().replace(before, after))

    return change


def empty_lists(root: Path) -> None:
    for path in (root / "training_testing_split").iterdir():
        path.unlink()


BAD: list[tuple[str, Callable[[Path], None], str]] = [
    ("FI", lambda root: shutil.rmtree(root / "test"), "{root} has no image in the split test"),
    ("FI", lambda root: shutil.rmtree(root / "val" / "awe"), "{root} has no image of awe in the split val; .*--model.classes"),
    ("FI", lambda root: (root / "val" / "awe" / "0.jpg").unlink(), "class folder {root}/val/awe holds no image .*remove it"),
    ("FI", lambda root: picture(root / "val" / "joy" / "1.jpg"), r"{root} has labels .*joy: 1 .*--other-labels skip"),
    ("FI", lambda root: (root / "val" / "awe").rename(root / "val" / "oar"), r"oar: 1 \(first: {root}/val/oar/0.jpg\)"),
    ("Emotion6", edit("ground_truth.txt", "3.8", "high"), "{root}/ground_truth.txt, line 2: arousal is 'high', not a number"),
    ("EmotionROI", edit("training_testing_split/testing.txt", "joy/2", "2"), "testing.txt, line 4: '2.jpg' is not <class>/"),
    ("EmotionROI", empty_lists, "{root}/training_testing_split has no training.txt"),
    ("ArtPhoto", lambda root: picture(root / "happy_1.jpg"), r"none of the classes .*joy: 1 \(first: {root}/happy_1.jpg"),
    ("Abstract", edit("ABSTRACT_groundTruth.csv", "'Awe'", "'Oar'"), "{root}/ABSTRACT_groundTruth.csv does not have the"),
    ("TwitterLDL", edit("ground_truth.txt", "5 1 1 0", "0 0 0 0"), "{root}/ground_truth.txt has no votes for 0.jpg; remove"),
    ("TwitterLDL", lambda root: (root / "twitter_ldl_config.mat").write_bytes(b"no"), "{root}/twitter_ldl_config.mat cannot"),
    ("EmoSet", edit("val.json", "]]", ""), "{root}/val.json is not JSON .*fetch it again"),
    ("EmoSet", lambda root: (root / "val.json").write_text('[["awe"]]'), r"entry 0 of {root}/val.json is not \[emotion, id"),
    ("OASIS", edit("OASIS.csv", "Theme", "Motto"), "{root}/OASIS.csv has neither a column Theme nor file"),
    ("EMOTIC", lambda root: (root / "Annotations" / "Annotations.mat").write_bytes(b"no"), "Annotations.mat is not EMOTIC's"),
    ("Twitter I, lists", edit("twitter_five_agrees.txt", "a.jpg 1", "a.jpg 2"), "agrees.txt, line 1: 'a.jpg 2' is not"),
    ("Twitter I, lists", lambda root: (root / "twitter_five_agrees.txt").unlink(), "{root} has neither .*another --agreement"),
    ("Parquet", lambda root: (root / "manifest.parquet").write_bytes(b"no"), "table {root}/manifest.parquet cannot be read"),
]


@pytest.mark.parametrize(("name", "damage", "message"), BAD, ids=[f"{name}-{index}" for index, (name, *_) in enumerate(BAD)])
def test_damaged_data_sets(made: Place, tmp_path: Path, name: str, damage, message: str):
    root = shutil.copytree(made(name), tmp_path / "set")
    damage(root)
    with pytest.raises(DataError, match=message.format(root=root)) as caught:
        load_examples(DataConfig(data=str(root)), MIKELS, SPLITS, every_class=True)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,label\na.jpg,awe\n", "has no column path, only file, label; name the column"),
        ("path,label\n", "has no rows"),
        ("path,label\na.jpg,awe\na.jpg,fear\n", "names .*a.jpg twice; remove one"),
        ("path,split\na.jpg,train\nb.jpg,trial\n", "line 3: the split is 'trial', not train, val or test"),
        ("path,valence\na.jpg,low\n", "line 2: valence is 'low', not a number"),
        ("path,awe\na.jpg,-1\n", "line 2: a share is below 0"),
        ("path,awe\n,1\n", "line 2: the path is empty"),
        ("path,sad,sadness\na.jpg,1,1\n", "two columns that mean sadness"),
        ('path,label\n"a.jpg,awe\n', "cannot be read"),
    ],
)
def test_damaged_manifests(tmp_path: Path, text: str, message: str):
    path = tmp_path / "photos.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=message) as caught:
        read(DataConfig(data=str(path)))
    assert str(path) in str(caught.value)


def test_unknown_layout_lists_what_is_known_and_found(tmp_path: Path):
    (tmp_path / "movies").mkdir()
    (tmp_path / "index.html").write_text("")
    with pytest.raises(DataError, match=r"has an unknown layout, found index.html, movies/; ") as caught:
        read(DataConfig(data=str(tmp_path)))
    assert all(layout.name in str(caught.value) and layout.looks in str(caught.value) for layout in LAYOUTS)


def test_empty_folder(tmp_path: Path):
    with pytest.raises(DataError, match="unknown layout, found nothing"):
        read(DataConfig(data=str(tmp_path)))


def test_a_file_that_is_no_manifest(tmp_path: Path):
    path = picture(tmp_path / "photo.jpg")
    with pytest.raises(DataError, match=r"photo.jpg has an unknown layout, found a file that is neither"):
        read(DataConfig(data=str(path)))


def test_unknown_layout_name(made: Place):
    with pytest.raises(DataError, match="--layout imagenet is none of hub, manifest, emoset"):
        read(DataConfig(data=str(made("FI")), layout="imagenet"))


@pytest.mark.parametrize("layout", [layout.name for layout in LAYOUTS if layout.name != "hub"])
def test_a_layout_that_it_is_not(tmp_path: Path, layout: str):
    """An empty folder is refused by every reader, in words."""
    with pytest.raises(DataError, match=str(tmp_path)) as caught:
        read(DataConfig(data=str(tmp_path), layout=layout))
    assert "\n" not in str(caught.value)


def test_without_a_class_that_is_not_there(made: Place):
    with pytest.raises(DataError, match="no image of joy for --without, only of amusement"):
        read(DataConfig(data=str(made("FI")), without=("joy",)))


def test_images_a_table_names_but_nobody_has(made: Place, tmp_path: Path):
    root = shutil.copytree(made("EmoSet"), tmp_path / "set")
    missing = root / "image" / "awe" / "awe_train0.jpg"
    missing.unlink()
    examples = load_examples(DataConfig(data=str(root)), MIKELS, SPLITS)
    with pytest.raises(DataError, match=f"1 unreadable images .*{missing}: awe_train0.jpg does not exist"):
        leave_out_unreadable(examples, "fail")


def test_a_message_names_twenty_unreadable_images(made: Place, tmp_path: Path):
    root = shutil.copytree(made("EmoSet"), tmp_path / "set")
    shutil.rmtree(root / "image")
    with pytest.raises(DataError, match=r"32 unreadable images .*; and 12 more$"):
        leave_out_unreadable(load_examples(DataConfig(data=str(root)), MIKELS, SPLITS), "fail")
