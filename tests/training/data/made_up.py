"""A miniature of every layout, of noise; each writer returns what to read."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.io import savemat

from cternet.emotions import EKMAN, MIKELS

Counts = dict[tuple[str | None, str], int]


def picture(path: Path, seed: int | None = None) -> Path:
    """Noise of its own: seeds default to the path, and no two are near-duplicates."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(list(str(path).encode()) if seed is None else seed)
    Image.fromarray(noise.integers(0, 255, (24, 32, 3), dtype=np.uint8)).save(path)
    return path


def class_folders(root: Path, classes: Iterable[str], counts: dict[str, int], suffix: str = ".jpg") -> Path:
    """``{split}/<class>/N``; the split "" stands for none."""
    for split, count in counts.items():
        for name in classes:
            for number in range(count):
                picture(root / split / name / f"{number}{suffix}")
    return root


def emotion6(root: Path) -> Path:
    lines = ["[image_filename]\t[valence]\t[arousal]\t" + "\t".join(f"[prob. {name}]" for name in (*EKMAN, "neutral"))]
    for number, name in enumerate(EKMAN):
        picture(root / "images" / name / "1.jpg")
        shares = ["0.1"] * 7
        shares[number], shares[6] = "0.4", "0.1"
        lines.append("\t".join([f"{name}/1.jpg", f"{number + 1}.5", "3.8", *shares]))
    picture(root / "images" / "joy" / "2.jpg")
    lines.append("\t".join(["joy/2.jpg", "5", "2", "0", "0", "0", "0.2", "0.2", "0", "0.6"]))  # neutral, then a tie
    (root / "ground_truth.txt").write_text("\r\n".join(lines) + "\r\n")
    return root


def emotionroi(root: Path) -> Path:
    listed: dict[str, list[str]] = {"training": [], "testing": []}
    for name in EKMAN:
        for number, split in enumerate(("training", "training", "testing")):
            picture(root / "images" / name / f"{number}.jpg")
            picture(root / "ground_truth" / name / f"{number}.png")
            listed[split].append(f"{name}/{number}.jpg")
    picture(root / "images" / "joy" / "left-over.jpg")
    folder = root / "training_testing_split"
    folder.mkdir()
    for split, names in listed.items():
        (folder / f"{split}.txt").write_text("\n".join(names) + "\n")
    return root


def artphoto(root: Path) -> Path:
    for name in ("sad" if name == "sadness" else name for name in MIKELS):
        for number in range(2):
            picture(root / f"{name}_{number:04d}.jpg")
    (root / "ReadMe.rtf").write_text("not an image")
    return root


def abstract(root: Path) -> Path:
    lines = ["'','Amusement','Anger','Awe','Content','Disgust','Excitement','Fear','Sad'"]
    for number in range(8):
        picture(root / f"abstract_{number:04d}.jpg")
        lines.append(f"'abstract_{number:04d}.jpg'," + ",".join("6" if column == number else "1" for column in range(8)))
    picture(root / "abstract_0099.jpg")
    lines.append("'abstract_0099.jpg',4,0,4,1,0,0,0,1")
    (root / "ABSTRACT_groundTruth.csv").write_text("\n".join(lines) + "\n")
    return root


TWITTER = (("a.jpg", 5, 0), ("b.jpg", 1, 4), ("c.jpg", 3, 2), ("d.jpg", 0, 5), ("e.jpg", 2, 3))


def twitter1(root: Path) -> Path:
    for name, _, _ in TWITTER:
        picture(root / "Agg_AMT_Candidates" / name)
    lines = ["image,workers,num_of_positive,num_of_negative", *(f"{name},5,{good},{bad}" for name, good, bad in TWITTER)]
    (root / "amt_result.csv").write_text("\n".join(lines) + "\n")
    return root


def twitter1_lists(root: Path) -> Path:
    for word, agreement in (("three", 3), ("four", 4), ("five", 5)):
        chosen = [(name, good, bad) for name, good, bad in TWITTER if max(good, bad) >= agreement]
        lines = [f"{name} {int(good > bad)}" for name, good, bad in chosen]
        (root / f"twitter_{word}_agrees.txt").write_text("\n".join(lines) + "\n")
        for name, _, _ in chosen:
            picture(root / "Agg_AMT_Candidates" / name)
    return root


def ldl(root: Path) -> Path:
    """With the blank that ends every line of the real file, and the split in its MATLAB file."""
    header = "images-name Amusement Awe Contentment Excitement Anger Disgust Fear Sadness"
    votes = ["5 1 1 0 0 0 0 0", "0 0 0 0 6 0 1 1", "3 0 3 0 0 0 0 2", "0 0 0 0 0 0 0 8"]
    for number in range(4):
        picture(root / "images" / f"{number}.jpg")
    lines = [header, *(f"{number}.jpg {line} " for number, line in enumerate(votes))]
    (root / "ground_truth.txt").write_text("\n".join(lines) + "\n")
    names = np.array([[f"{number}.jpg"] for number in range(4)], dtype=object)
    train = np.array([[1], [1], [0], [1]])
    savemat(root / "twitter_ldl_config.mat", {"imgname": names, "train_ind": train, "test_ind": 1 - train})
    return root


def emoset(root: Path) -> Path:
    (root / "info.json").write_text(json.dumps({"emotion": {"label2idx": {"amusement": 0, "awe": 1, "anger": 4}}}))
    for split, count in (("train", 2), ("val", 1), ("test", 1)):
        entries = []
        for name in MIKELS:
            for number in range(count):
                stem = f"{name}_{split}{number}"
                picture(root / "image" / name / f"{stem}.jpg")
                entries.append([name, stem, f"image/{name}/{stem}.jpg", f"annotation/{name}/{stem}.json"])
        (root / f"{split}.json").write_text(json.dumps(entries))
    return root


def oasis(root: Path) -> Path:
    """As its authors publish it: no split, blanks after the theme."""
    lines = [",Theme,Category,Source,Valence_mean,Valence_SD,Valence_N,Arousal_mean,Arousal_SD,Arousal_N"]
    for number in range(30):
        picture(root / "images" / f"Acorns {number}.jpg")
        lines.append(f"I{number},Acorns {number} ,Object,Pixabay,{1 + number / 5:.2f},1,100,{2 + number / 10:.2f},1,100")
    (root / "OASIS.csv").write_text("\n".join(lines) + "\n")
    return root


def emotic(root: Path) -> Path:
    """One person or several an image; one rater in train, several combined in val and test."""

    def continuous(value: float) -> dict[str, float]:
        return {"valence": value, "arousal": value + 1, "dominance": value + 2}

    def structs(entries: list[dict]) -> np.ndarray:
        """A MATLAB struct array."""
        kinds = [(name, object) for name in entries[0]]
        return np.array([tuple(entry.values()) for entry in entries], dtype=kinds)

    one = {
        "body_bbox": [1, 2, 20, 22],
        "annotations_categories": {"categories": np.array(["Fear", "Pain"], dtype=object)},
        "annotations_continuous": continuous(5.0),
    }
    other = {
        "body_bbox": [4, 2, 9, 12],
        "annotations_categories": {"categories": "Peace"},
        "annotations_continuous": continuous(float("nan")),
    }
    combined = {
        "body_bbox": [0, 0, 5, 5],
        "combined_categories": np.array(["Esteem", "Anger"], dtype=object),
        "combined_continuous": continuous(3.0),
    }
    splits = {"train": ("mscoco", [one, other]), "val": ("ade20k", [combined]), "test": ("framesdb", [combined])}
    table = {}
    for split, (database, people) in splits.items():
        folder = f"{database}/images"
        images = []
        for number in range(2):
            picture(root / "emotic" / folder / f"{number}.jpg")
            images.append({"filename": f"{number}.jpg", "folder": folder, "person": structs(people)})
        table[split] = structs(images)
    (root / "Annotations").mkdir()
    savemat(root / "Annotations" / "Annotations.mat", table)
    return root


def manifest(root: Path) -> Path:
    lines = ["path,split,label,valence,arousal,stimulus_map,Sad,Happy,camera"]
    for number, split in enumerate(("train", "training", "validation", "test")):
        picture(root / "photos" / f"{number}.jpg")
        lines.append(f"photos/{number}.jpg,{split},{'Happy' if number % 2 else ''},{number + 1},,maps/{number}.png,3,1,Leica")
    path = root / "photos.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def parquet(root: Path) -> Path:
    import pandas as pd

    lines = [{"path": f"{number}.jpg", "label": "awe" if number % 2 else "fear"} for number in range(6)]
    for line in lines:
        picture(root / line["path"])
    pd.DataFrame(lines).to_parquet(root / "manifest.parquet")
    return root


def each(names: Iterable[str], **splits: int) -> Counts:
    return {(split, name): count for split, count in splits.items() for name in names}


def caers(root: Path) -> Path:
    """Two splits, and where the face is in all pictures but one of each class of train."""
    class_folders(root, CAER, {"train": 3, "test": 1}, ".png")
    for split in ("train", "test"):
        lines = []
        for number, name in enumerate(CAER):
            pictures = sorted((root / split / name).iterdir())[: 2 if split == "train" else 1]
            lines += [f"{split}/{name}/{path.name},{number},2,3,{10 + number},12" for path in pictures]
        (root / f"{split}.txt").write_text("\n".join(lines) + "\n")
    return root


@dataclass(frozen=True)
class Made:
    """layout: by which it must be told.  write: makes it in an empty folder.  counts: (split, emotion) -> rows."""

    layout: str
    write: Callable[[Path], Path]
    counts: Counts
    says: str = ""
    """Part of a note."""


CAER = ("Angry", "Disgust", "Fear", "Happy", "Neutral", "Sad", "Surprise")
CAER_NAMES = ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")
SIDES = ("negative", "positive")

MADE: dict[str, Made] = {
    "FI, raw": Made("class-folders", lambda root: class_folders(root, MIKELS, {"": 2}), {(None, name): 2 for name in MIKELS}),
    "FI, two splits": Made(
        "class-folders",
        lambda root: class_folders(root, MIKELS, {"train": 2, "val": 1}),
        each(MIKELS, train=2, val=1),
        "there is no test split",
    ),
    "FI": Made(
        "class-folders",
        lambda root: class_folders(root, MIKELS, {"train": 2, "val": 1, "test": 1}),
        each(MIKELS, train=2, val=1, test=1),
    ),
    "Twitter II": Made(
        "class-folders",
        lambda root: class_folders(root, SIDES, {"train": 2, "val": 1, "test": 1}),
        each(SIDES, train=2, val=1, test=1),
    ),
    "CAER-S": Made(
        "class-folders",
        lambda root: class_folders(root, CAER, {"train": 2, "validation": 1, "test": 1}, ".png"),
        each(CAER_NAMES, train=2, val=1, test=1),
        "validation is taken as val",
    ),
    "CAER-S, faces": Made(
        "caer-s", caers, each(CAER_NAMES, train=2, test=1), "left out 7 pictures that the lists of faces leave out"
    ),
    "Emotion6": Made(
        "emotion6", emotion6, {(None, name): 1 for name in (*EKMAN, "neutral")}, "1 images of which most raters said neutral"
    ),
    "EmotionROI": Made("emotionroi", emotionroi, each(EKMAN, train=2, test=1), "1 images that are in neither list"),
    "ArtPhoto": Made("flat-names", artphoto, {(None, name): 2 for name in MIKELS}),
    "Abstract": Made("abstract", abstract, {(None, name): 1 for name in MIKELS}, "left out 1 images with a tie"),
    "Twitter I": Made("twitter1", twitter1, {(None, "positive"): 1, (None, "negative"): 1}),
    "Twitter I, lists": Made("twitter1", twitter1_lists, {(None, "positive"): 1, (None, "negative"): 1}),
    "TwitterLDL": Made(
        "ldl",
        ldl,
        {("train", "amusement"): 1, ("train", "anger"): 1, ("test", "amusement"): 1, ("train", "sadness"): 1},
        "1 images with a tie",
    ),
    "EmoSet": Made("emoset", emoset, each(MIKELS, train=2, val=1, test=1)),
    "OASIS": Made("oasis", oasis, {}),
    "EMOTIC": Made(
        "emotic",
        emotic,
        each(("fear", "pain", "peace"), train=2) | each(("esteem", "anger"), val=2, test=2),
        "a row is a person",
    ),
    "manifest": Made(
        "manifest",
        manifest,
        {("train", "sadness"): 1, ("train", "joy"): 1, ("val", "sadness"): 1, ("test", "joy"): 1},
        "columns that mean nothing here: camera",
    ),
    "Parquet": Made("manifest", parquet, {(None, "awe"): 3, (None, "fear"): 3}),
}
