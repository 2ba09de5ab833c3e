"""Every layout is told from its files and read into the rows it should give."""

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from cternet.emotions import EKMAN, MIKELS
from tests.training.data.conftest import Place
from tests.training.data.made_up import CAER_NAMES, MADE, ldl, picture, twitter1
from training.data import SPLITS, DataConfig, DataError, DataSet, load_examples
from training.data.layouts import LAYOUTS, detect, read
from training.data.splits import with_splits

every_layout = pytest.mark.parametrize("name", MADE)


def load(root: Path, **settings: object) -> DataSet:
    return read(DataConfig(data=str(root), **settings))


def test_every_layout_has_a_miniature():
    assert {layout.name for layout in LAYOUTS} - {"hub"} == {made.layout for made in MADE.values()}


@every_layout
def test_detected(made: Place, name: str):
    assert detect(made(name)).name == MADE[name].layout
    assert load(made(name)).layout == MADE[name].layout


@every_layout
def test_named_instead_of_detected(made: Place, name: str):
    assert load(made(name), layout=MADE[name].layout).rows == load(made(name)).rows


@every_layout
def test_counts(made: Place, name: str):
    rows = load(made(name)).rows
    assert Counter((row.split, emotion) for row in rows for emotion in row.emotions) == MADE[name].counts


@every_layout
def test_every_image_is_there(made: Place, name: str):
    rows = load(made(name)).rows
    assert rows
    assert all(row.path.is_file() for row in rows)


@every_layout
def test_shares_sum_to_one(made: Place, name: str):
    for row in load(made(name)).rows:
        assert row.distribution is None or sum(row.distribution.values()) == pytest.approx(1)


@every_layout
def test_decisions_are_told(made: Place, name: str):
    config = DataConfig(data=str(made(name)))
    notes = with_splits(read(config), config, create=False).notes
    assert MADE[name].says in " ".join(notes)


def test_emotion6(made: Place):
    data = load(made("Emotion6"))
    assert data.scale == (1, 9)
    assert (data.rows[0].valence, data.rows[0].arousal) == (1.5, 3.8)
    assert data.rows[0].distribution["anger"] == pytest.approx(0.4)
    assert data.classes == (*EKMAN, "neutral")


def test_emotionroi_has_stimulus_maps(made: Place):
    root = made("EmotionROI")
    row = next(row for row in load(root).rows if row.path == root / "images" / "joy" / "2.jpg")
    assert row.stimulus_map == root / "ground_truth" / "joy" / "2.png"
    assert row.split == "test"


@pytest.mark.parametrize("name", ["Twitter I", "Twitter I, lists"])
@pytest.mark.parametrize(("agreement", "labels"), [(3, "pnpnn"), (4, "pnn"), (5, "pn")])
def test_twitter1_agreement(made: Place, name: str, agreement: int, labels: str):
    data = load(made(name), agreement=agreement)
    assert "".join(row.label[0] for row in data.rows) == labels
    assert data.subset == {3: "three-agree", 4: "four-agree", 5: "five-agree"}[agreement]


def test_twitter1_shares(made: Place):
    assert load(made("Twitter I"), agreement=3).rows[2].distribution == {"positive": 0.6, "negative": 0.4}


def test_twitter1_columns_that_do_not_tell(tmp_path: Path):
    path = twitter1(tmp_path) / "amt_result.csv"
    path.write_text(path.read_text().replace("num_of_positive,num_of_negative", "x,y"))
    with pytest.raises(DataError, match=r"amt_result.csv has the columns image, workers, x, y, .*name the two columns"):
        load(tmp_path)


def test_ldl_tie_goes_to_the_first_class_of_the_table(made: Place):
    tied = load(made("TwitterLDL")).rows[2]
    assert tied.distribution["amusement"] == tied.distribution["contentment"]
    assert tied.emotions == ("amusement",)


def test_ldl_without_names_in_its_header(tmp_path: Path, made: Place):
    path = ldl(tmp_path) / "ground_truth.txt"
    path.write_text(path.read_text().replace("Amusement Awe Contentment Excitement", "a b c d"))
    data = load(tmp_path)
    assert "taken as amusement, awe, contentment" in data.notes[0]
    assert [row.distribution for row in data.rows] == [row.distribution for row in load(made("TwitterLDL")).rows]


def test_emoset_without_ids(tmp_path: Path):
    picture(tmp_path / "image" / "awe" / "1.jpg")
    (tmp_path / "info.json").write_text("{}")
    (tmp_path / "train.json").write_text('[["awe", "image/awe/1.jpg", "annotation/awe/1.json"]]')
    assert [(row.path.name, row.label) for row in load(tmp_path).rows] == [("1.jpg", "awe")]


def test_oasis(made: Place):
    data = load(made("OASIS"))
    assert data.scale == (1, 7)
    assert (data.rows[10].valence, data.rows[10].arousal) == (3.0, 3.0)
    assert not data.classes


def test_emotic(made: Place):
    data = load(made("EMOTIC"))
    train = [row for row in data.rows if row.split == "train"]
    assert [row.box for row in train[:2]] == [(1, 2, 20, 22), (4, 2, 9, 12)]
    assert train[0].path == train[1].path
    assert train[0].categories == ("fear", "pain")
    assert (train[0].valence, train[0].arousal, train[0].dominance) == (5, 6, 7)
    assert train[1].categories == ("peace",)
    assert train[1].valence is None
    assert next(row for row in data.rows if row.split == "val").categories == ("esteem", "anger")


def test_faces_of_caer_s(made: Place):
    root = made("CAER-S, faces")
    data = load(root)
    assert {row.box for row in data.rows if row.label == "disgust"} == {(2, 3, 11, 12)}
    (root / "train.txt").write_text("train/Happy/0.png,3,2,3,9\n")
    with pytest.raises(DataError, match="5 columns, not the 6 of picture"):
        load(root)
    (root / "train.txt").write_text("train/Happy/0.png,3,2,3,9,\n")
    with pytest.raises(DataError, match=r"line 1 of .* lacks an edge of the face"):
        load(root)
    (root / "train.txt").write_text("gone.png,3,2,3,9,9\n")
    (root / "test.txt").write_text("elsewhere.png,3,2,3,9,9\n")
    with pytest.raises(DataError, match=r"give paths like test/Happy/0001\.png"):
        load(root)


def test_manifest(made: Place):
    path = made("manifest")
    data = load(path, valence_scale=(1, 5))
    assert data.scale == (1, 5)
    row = data.rows[1]
    assert row.path == path.parent / "photos" / "1.jpg"
    assert row.distribution == {"sadness": 0.75, "joy": 0.25}
    assert (row.label, row.valence, row.arousal) == ("joy", 2, None)
    assert row.stimulus_map == path.parent / "maps" / "1.png"


def test_without_a_class(made: Place):
    data = load(made("ArtPhoto"), without=("Sad",))
    assert len(data.rows) == 14
    assert data.subset == "without-sadness"
    assert "sadness" not in data.classes


def test_files_of_archivers_are_ignored(tmp_path: Path):
    root = MADE["FI, raw"].write(tmp_path)
    picture(root / "__MACOSX" / "1.jpg")
    (root / "awe" / "._1.jpg").write_text("resource fork")
    (root / "papers").mkdir()
    assert len(load(root).rows) == 16


# --- in terms of a network's classes


def test_class_order_is_the_networks(made: Place):
    for classes in (MIKELS, tuple(reversed(MIKELS))):
        for example in load_examples(DataConfig(data=str(made("FI"))), classes, SPLITS):
            assert classes[example.label] == example.path.parent.name


def test_eight_classes_as_polarity(made: Place):
    examples = load_examples(DataConfig(data=str(made("FI"))), ("negative", "positive"), SPLITS)
    positive = {example.path.parent.name for example in examples if example.label == 1}
    assert positive == {"amusement", "awe", "contentment", "excitement"}


@pytest.mark.parametrize(("surprise", "expected"), [("positive", 1), ("negative", 0), ("skip", None)])
def test_polarity_of_surprise(made: Place, surprise: str, expected: int | None, capsys: pytest.CaptureFixture[str]):
    config = DataConfig(data=str(made("CAER-S")), surprise=surprise, without=("neutral",))
    found = {
        example.label for example in load_examples(config, ("negative", "positive"), SPLITS) if "Surprise" in str(example.path)
    }
    assert found == ({expected} if expected is not None else set())
    assert ("left out 4 images of surprise" in capsys.readouterr().err) == (surprise == "skip")


def test_labels_outside_the_classes_are_told_when_skipped(made: Place, capsys: pytest.CaptureFixture[str]):
    config = DataConfig(data=str(made("CAER-S")), other_labels="skip")
    examples = load_examples(config, EKMAN, SPLITS)
    assert len(examples) == 4 * (len(CAER_NAMES) - 1)
    assert "none of the classes: neutral: 4" in capsys.readouterr().err


def test_neutral_counts_where_it_is_a_class(made: Place, tmp_path: Path):
    config = DataConfig(data=str(made("Emotion6")), splits=tmp_path / "splits.csv")
    config.splits.write_text(
        "path,split\n" + "".join(f"images/{name}/1.jpg,test\n" for name in EKMAN) + "images/joy/2.jpg,test\n"
    )
    for classes, expected in ((EKMAN, "joy"), ((*EKMAN, "neutral"), "neutral")):
        last = load_examples(config, classes, ("test",))[-1]
        assert classes[last.label] == expected
        assert sum(last.shares) == pytest.approx(1)


def test_valence_as_polarity(made: Place, tmp_path: Path):
    config = DataConfig(data=str(made("OASIS")), splits=tmp_path / "splits.csv", other_labels="skip")
    examples = load_examples(config, ("negative", "positive"), SPLITS)
    assert len(examples) == 29  # 4.0 is neither
    assert sum(example.label for example in examples) == 14


def test_what_a_row_says_beside_a_label_is_kept(made: Place):
    """For tasks that learn it: several persons of an image, each with a box, categories and ratings."""
    found = load_examples(DataConfig(data=str(made("EMOTIC"))), None, SPLITS)
    rows = load(made("EMOTIC")).rows
    assert len(found) == len(rows) and len({example.path for example in found}) < len(found)
    for example, row in zip(found, rows, strict=True):
        assert (example.path, example.split, example.label) == (row.path, row.split, None)
        assert (example.box, example.categories) == (row.box, row.categories)
        assert (example.valence, example.arousal, example.scale) == (row.valence, row.arousal, (1, 10))
    assert any(example.box for example in found) and any(len(example.categories) > 1 for example in found)


def test_people_of_emotic_of_whom_nothing_is_said_are_left_out_and_counted(tmp_path: Path):
    def person(**changed: object) -> dict[str, object]:
        rating = {"valence": 3.0, "arousal": 4.0, "dominance": 5.0}
        whole = {"body_bbox": np.array([0.0, 0, 5, 5]), "combined_categories": "Peace", "combined_continuous": rating}
        return whole | changed

    nobody = person(combined_categories=np.array([]), combined_continuous=np.array([]))
    people = [person(), nobody, person(body_bbox=np.array([np.nan] * 4))]
    kinds = [(name, object) for name in people[0]]
    structs = np.array([tuple(one.values()) for one in people], dtype=kinds)
    image = np.array(
        [("0.jpg", "mscoco\\images", structs)], dtype=[("filename", object), ("folder", object), ("person", object)]
    )
    picture(tmp_path / "emotic" / "mscoco" / "images" / "0.jpg")
    savemat(tmp_path / "Annotations.mat", {"val": image})
    data = load(tmp_path)
    assert [(row.categories, row.path.is_file()) for row in data.rows] == [(("peace",), True)]
    assert "left out 2 people without a box or annotations" in " ".join(data.notes)


@pytest.mark.parametrize("fold", [0, 4])
def test_the_five_published_folds_of_twitter1_with_tabs_and_minus_ones(tmp_path: Path, fold: int):
    for number in range(1, 6):
        folder = tmp_path / "five_agrees" / f"test{number}"
        folder.mkdir(parents=True)
        (folder / "train.txt").write_text("C:\\twitter\\images\\a b.jpg\t1\nb.jpg -1\n")
        (folder / "test.txt").write_text(f"{number}.jpg\t-1\n")
        picture(tmp_path / "images" / f"{number}.jpg")
    for name in ("a b.jpg", "b.jpg"):
        picture(tmp_path / "images" / name)
    data = load(tmp_path, fold=fold)
    assert data.layout == "twitter1"
    found = [(row.path.name, row.split, row.label) for row in data.rows]
    assert found == [("a b.jpg", "train", "positive"), ("b.jpg", "train", "negative"), (f"{fold + 1}.jpg", "test", "negative")]
    assert all(row.path.is_file() for row in data.rows)
    with pytest.raises(DataError, match="has 5 published folds"):
        load(tmp_path, fold=5)


@pytest.mark.parametrize("name", ["EmoSet", "CAER-S"])
def test_a_set_inside_one_more_folder(made: Place, name: str, tmp_path: Path):
    inside = shutil.copytree(made(name), tmp_path / "download" / "set")
    (tmp_path / "download" / "LICENSE.txt").touch()
    rows = load(tmp_path / "download").rows
    assert len(rows) == len(load(inside).rows) == len(load(made(name)).rows)


def test_emoset_without_its_info_and_with_paths_of_windows(made: Place, tmp_path: Path):
    root = shutil.copytree(made("EmoSet"), tmp_path / "set")
    (root / "info.json").unlink()
    for path in root.glob("*.json"):
        path.write_text(path.read_text().replace("image/", "image\\\\").replace("/", "\\\\"))
    data = load(root)
    assert data.layout == "emoset"
    assert all(row.path.is_file() for row in data.rows)


@pytest.mark.parametrize("ending", [".jfif", ".avif", ".heic"])
def test_photos_of_phones_and_browsers_are_counted(tmp_path: Path, ending: str):
    for name in ("awe", "fear"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"photo{ending}").touch()
    assert len(load(tmp_path).rows) == 2
