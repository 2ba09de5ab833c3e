"""The study's tables against numbers one can see through."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cternet.compare import METRICS
from training.study import __main__ as command
from training.study.faithfulness import differences_table, gain, mean_interval, measured, read_tables, report


def frame(photos: int = 40) -> pd.DataFrame:
    """CAM as good as random, S better by 0.2 on its own classifier and the photos' difficulty in common."""
    draw = np.random.default_rng(0)
    columns: dict[str, np.ndarray] = {"path": np.array([f"{n}.jpg" for n in range(photos)])}
    hardness = draw.uniform(0.2, 0.6, photos)
    for metric, about in METRICS.items():
        sign = 1 if about.higher_is_better else -1
        columns[f"{metric}_random_vanilla"] = columns[f"{metric}_random_cternet"] = hardness
        columns[f"{metric}_cam"] = hardness + np.tile([0.01, -0.01], photos // 2)
        columns[f"{metric}_s"] = hardness + sign * 0.2 + draw.normal(0, 0.01, photos)
        columns[f"{metric}_ras"] = hardness - sign * 0.1 + draw.normal(0, 0.01, photos)
    return pd.DataFrame(columns)


def cells(text: str, name: str) -> list[str]:
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {name} ")]
    return [cell.strip() for cell in line.split("|")[1:-1]]


def test_gains_are_positive_where_a_map_is_better_whichever_way_the_metric_points():
    data = frame()
    for metric in METRICS:
        assert gain(data, "s", metric).mean() == pytest.approx(0.2, abs=0.01)
        assert gain(data, "ras", metric).mean() == pytest.approx(-0.1, abs=0.01)
    assert measured(data) == ["cam", "ras", "s"]


def test_verdicts():
    text = differences_table(frame(), ["cam", "ras", "s"], None)
    assert all(cell.endswith("ties") for cell in cells(text, "CAM")[2:])
    assert all(cell.endswith("loses") for cell in cells(text, "RAS")[2:])
    assert all(cell.endswith("wins") for cell in cells(text, "S")[2:])
    assert cells(text, "S")[1] == "cternet" and cells(text, "CAM")[1] == "vanilla"


def test_against_cam_the_gains_are_compared():
    text = differences_table(frame(), ["cam", "s"], "cam")
    assert "| CAM" not in text
    assert all(cell.startswith("+0.20") or cell.startswith("+0.19") for cell in cells(text, "S")[2:])


def test_intervals_are_those_of_the_mean():
    values = np.random.default_rng(1).normal(3, 2, 400)
    mean, low, high = mean_interval(np.append(values, np.nan))
    assert mean == pytest.approx(values.mean())
    assert (low, high) == pytest.approx((mean - 1.96 * values.std() / 20, mean + 1.96 * values.std() / 20), abs=0.02)
    assert np.isnan(mean_interval(np.array([np.nan, 1.0]))[1])


def test_missing_numbers_are_left_out():
    data = frame()
    data.loc[:9, "road_s"] = np.nan
    assert "+0.2" in cells(differences_table(data, ["s"], None), "S")[-1]


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    frame().to_parquet(tmp_path / "table.parquet")
    monkeypatch.setattr(sys, "argv", ["study", "faithfulness", str(tmp_path), "--out", str(tmp_path / "out")])
    command.main()
    assert (tmp_path / "out" / "faithfulness.md").read_text().strip() in capsys.readouterr().out
    assert "## Faithfulness over 40 photos" in report(frame())


def test_surveys_of_the_same_photos_are_one_table(tmp_path: Path):
    data = frame()
    ours = [column for column in data if not column.endswith("_s")]
    theirs = ["path", *(column for column in data if column.endswith(("_s", "_random_cternet")))]
    for name, columns, rows in (("one", ours, slice(None)), ("other", theirs, slice(5, None))):
        (tmp_path / name).mkdir()
        data.iloc[rows][columns].to_parquet(tmp_path / name / "table.parquet")
    joined = read_tables([tmp_path / "one", tmp_path / "other"])
    assert list(joined["path"]) == list(data["path"][5:]) and measured(joined) == ["cam", "ras", "s"]
    np.testing.assert_array_equal(gain(joined, "s", "road"), gain(data, "s", "road")[5:])


@pytest.mark.parametrize(
    ("columns", "said"), [(None, "does not exist; make it with"), ({"path": ["a.jpg"]}, "nothing in this survey was measured")]
)
def test_what_cannot_be_studied(columns: dict | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    if columns:
        pd.DataFrame(columns).to_parquet(tmp_path / "table.parquet")
    monkeypatch.setattr(sys, "argv", ["study", "faithfulness", str(tmp_path)])
    with pytest.raises(SystemExit, match=f"error: .*{said}"):
        command.main()
