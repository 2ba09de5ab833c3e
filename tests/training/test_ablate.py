"""Tables of several rows and seeds: resumed, never run twice, beside the paper's figures."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.processes import run
from tests.tiny import tiny_config
from tests.training.conftest import Command, Flags
from training import ablate
from training.ablate import TABLES
from training.emotions.config import TrainConfig
from training.emotions.seeds import markdown, summarise


@pytest.fixture
def prefixed(flags: Flags, with_test: Path) -> list[str]:
    """Flags of a table."""
    found = flags("table", epochs=1, data=with_test)
    return [flag.replace("--", "--train.", 1) if flag.startswith("--") else flag for flag in found]


def cells(line: str) -> list[str]:
    """Of a row of a Markdown table."""
    return [cell.strip() for cell in line.split("|")[1:-1]]


def test_table(prefixed: list[str], tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch):
    """Three rows, two seeds; what is finished is not run again, and not mixed with other settings."""
    arguments = ["table3", *prefixed, "--seeds", "0", "1", "--test", "--paper", "emotion6"]
    assert command(ablate, *arguments) is None
    out = tmp_path / "table"
    table = json.loads((out / "table3.json").read_text())
    assert list(table) == ["vanilla", "smad-f", "cternet"]
    assert set(table["cternet"]["test"]) == {"v", "y", "y_te"}
    found = table["cternet"]["val"]["y_te"]["accuracy"]
    assert len(found["runs"]) == 2
    assert found["mean"] == pytest.approx(sum(found["runs"]) / 2)
    text = (out / "table3.md").read_text()
    rows = [cells(line) for line in text.splitlines()]
    assert [row[-1] for row in rows if row[1:3] == ["val", "y_te"]] == ["60.49"]
    assert [row[-1] for row in rows if row[:3] == ["smad-f", "test", "v"]] == [""]
    with monkeypatch.context() as context:
        context.setattr(ablate, "ClassificationRun", None)
        assert command(ablate, *arguments) is None
        assert json.loads((out / "table3.json").read_text()) == table
        error = command(ablate, *arguments, "--train.lr", "0.5")
        assert "vanilla-0 was finished with other settings (lr); choose another --train.out" in error


def test_goes_on_with_an_interrupted_row(
    prefixed: list[str], tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
):
    from training.engine.run import Run

    arguments = ["table3", *prefixed, "--rows", "vanilla", "--seeds", "3"]
    step = Run.step

    def stop(self: Run, batches: list) -> None:
        step(self, batches)
        if self.progress.total_steps == 3:
            self.stop_signal = 15

    with monkeypatch.context() as context:
        context.setattr(Run, "step", stop)
        assert command(ablate, *arguments) == 130
    assert not (tmp_path / "table" / "table3.json").exists()
    taken = []
    monkeypatch.setattr(Run, "step", lambda self, batches: (taken.append(1), step(self, batches)))
    assert command(ablate, *arguments) is None
    assert len(taken) == 3
    assert list(json.loads((tmp_path / "table" / "table3.json").read_text())) == ["vanilla"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["table5"], "no table is called 'table5'; choose one of table3, table4, ideas"),
        (["table3", "fi-papr"], "no recipe is called 'fi-papr'; choose one of fi-paper"),
        (
            ["table4", "--train.data", "x", "--train.out", "y", "--rows", "vanila"],
            "table4 has no row vanila; it has smad-f, uniform",
        ),
    ],
)
def test_says_what_is_wrong(command: Command, arguments: list[str], said: str):
    assert said in command(ablate, *arguments)


@pytest.mark.parametrize("row", [row for rows in TABLES.values() for row in rows], ids=lambda row: row.name)
def test_every_row_is_a_network(row: ablate.TableRow):
    config = row.apply(TrainConfig(data="data", out=Path("out"), model=replace(tiny_config(), family="vanilla")))
    assert config.model != replace(tiny_config(), family="vanilla") or row.name == "vanilla"


def test_mean_and_standard_deviation():
    runs = [{"val": {"y": {"accuracy": a, "polarity_accuracy": 0.8, "macro_f1": 0.5}}} for a in (0.5, 0.6, 0.7)]
    summary = summarise({"vanilla": runs})
    assert summary["vanilla"]["val"]["y"]["accuracy"]["mean"] == pytest.approx(0.6)
    assert summary["vanilla"]["val"]["y"]["accuracy"]["std"] == pytest.approx(0.1)
    row = ["vanilla", "val", "y", "60.00 ± 10.00", "80.00 ± 0.00"]
    assert row in map(cells, markdown(summary).splitlines())
    assert [*row, "71.45"] in map(cells, markdown(summary, {"vanilla": 71.45}).splitlines())


def test_accuracy_with_s_replaced_stands_beside_that_of_y():
    audit = {"flat": {"accuracy": 0.4}, "reversed": {"accuracy": 0.3}}
    figures = {"accuracy": 0.5, "polarity_accuracy": 0.8, "macro_f1": 0.5}
    runs = [{"val": {"v": figures, "y": figures, "attention": audit}}]
    lines = [cells(line) for line in markdown(summarise({"smad-f": runs})).splitlines()]
    assert lines[0][-2:] == ["S spread evenly", "S turned around"]
    assert lines[2] == ["smad-f", "val", "v", "50.00 ± 0.00", "80.00 ± 0.00", "–", "–"]
    assert lines[3] == ["smad-f", "val", "y", "50.00 ± 0.00", "80.00 ± 0.00", "40.00 ± 0.00", "30.00 ± 0.00"]


def test_two_processes(prefixed: list[str], tmp_path: Path):
    """Runs follow each other in the same processes; one of them writes the table."""
    log = tmp_path / "log"
    arguments = ["table3", *prefixed, "--rows", "vanilla", "cternet", "--seeds", "0", "--test"]
    assert run("training.ablate", arguments, log, world=2) == [0, 0], log.read_text()
    assert [cells(line)[:3] for line in log.read_text().splitlines()].count(["cternet", "test", "y_te"]) == 1
    assert set(json.loads((tmp_path / "table" / "table3.json").read_text())) == {"vanilla", "cternet"}
