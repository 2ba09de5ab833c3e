"""Folders that are named after emotions, and the table for spreadsheets."""

import csv
import io
import json
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from cternet.compare import Networks
from cternet.survey import Options, survey
from cternet.survey.report import confusion, label_of
from cternet.survey.table import Sheet, plain
from tests.tiny import tiny_photo

LABELS = ["amusement", "anger", "awe"]


@pytest.mark.parametrize(
    ("path", "label"),
    [("awe/a.jpg", 2), ("set/Anger/x/a.jpg", 1), ("anger/awe/a.jpg", 2), ("a.jpg", None), ("other/awe.jpg", None)],
)
def test_the_nearest_folder_that_is_an_emotion_is_the_label(path, label):
    assert label_of(path, LABELS) == label


def test_confusion_counts_photos():
    assert confusion(Counter(), 2) is None
    assert confusion(Counter({(0, 1): 3, (1, 1): 2}), 2) == [[0, 3], [0, 2]]


def test_a_report_of_labelled_photos_has_accuracy_and_a_safe_sheet(networks: Networks, tmp_path: Path):
    label = networks.classes[0]
    for name in (f"{label}/=cmd.png", "elsewhere/b.png"):
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        tiny_photo(len(name)).save(tmp_path / "photos" / name)
    (tmp_path / "photos" / "=1+1").mkdir()
    tiny_photo(3, 120, 40).save(tmp_path / "photos" / "=1+1" / "wide.png")
    survey(tmp_path / "photos", tmp_path / "report", networks, Options(methods=("s", "effect"), workers=1))
    table = pd.read_parquet(tmp_path / "report" / "table.parquet")
    data = (tmp_path / "report" / "data.js").read_text()
    head = json.loads(data[data.index("Object.assign(SURVEY, ") + len("Object.assign(SURVEY, ") : -2])
    predicted = networks.classes.index(table.set_index("path").prediction[f"{label}/=cmd.png"])
    assert head["confusion"][0][predicted] == 1 and sum(map(sum, head["confusion"])) == 1
    with (tmp_path / "report" / "table.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["path"] for row in rows] == ["'=1+1/wide.png" if p.startswith("=") else p for p in table.path]
    assert [float(row["probability"]) for row in rows] == pytest.approx(list(table.probability))
    small = {
        path.stem: Image.open(path).size
        for path in (tmp_path / "report" / "pictures").rglob("*.jpg")
        if "-maps" not in path.name
    }
    assert {round(width / height) for width, height in small.values()} >= {6}, "photo and map side by side, in their own ratio"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_cell_begins_as_a_formula_does(text):
    assert plain(text) == f"'{text}"
    assert plain(-1.5) == -1.5 and plain("a=b") == "a=b"
    file = io.BytesIO()
    Sheet(file, ["a"]).add({"a": text})
    assert list(csv.reader(io.StringIO(file.getvalue().decode(), newline="")))[1] == [f"'{text}"]
