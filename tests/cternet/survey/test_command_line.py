"""``python -m cternet.survey``: killed at any instant it goes on; two processes make what one makes."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cternet.survey.__main__ import main
from tests.cternet.survey.conftest import NAMES
from tests.cternet.survey.processes import run
from tests.cternet.survey.test_run import assert_same_rows, rows

KILL, TERM, INTERRUPT = int(signal.SIGKILL), int(signal.SIGTERM), int(signal.SIGINT)
Flags = Callable[..., list[str]]


@pytest.fixture
def flags(folder: Path, checkpoint: Callable[..., Path], sources: dict[str, Path], tmp_path: Path) -> Flags:
    weights = checkpoint()

    def make(*more: str, out: str = "report") -> list[str]:
        given = ["--weights", weights, "--out", tmp_path / out, "--device", "cpu", "--methods", "s,cam", "--panel", 32]
        return [str(flag) for flag in (folder, *given, "--vanilla", sources["vanilla"], "--batch-size", 2, *more)]

    return make


def test_killed_at_every_rename_it_goes_on(flags: Flags, tmp_path: Path):
    """Before every file that takes its name, the process is killed; what is there is a valid report, and grows."""
    log, report = tmp_path / "log", tmp_path / "report"
    photos = [0]
    for attempt in range(12):
        (code,) = run(flags(), log, die=("rename", 7 if attempt == 0 else attempt % 3 + 2, KILL))
        if (report / "table.parquet").exists():
            photos.append(len(rows(report)))
        if code == 0:
            break
        assert code == -KILL, log.read_text()
    (code,) = run(flags(), log)
    assert code == 0, log.read_text()
    assert not list(report.rglob(".*.new"))
    assert photos == sorted(photos)
    run(flags(out="whole"), log)
    assert_same_rows(rows(report), rows(tmp_path / "whole"))


@pytest.mark.parametrize("number", [INTERRUPT, TERM])
def test_a_signal_stops_it_in_order(flags: Flags, tmp_path: Path, number: int):
    log = tmp_path / "log"
    assert run(flags(), log, die=("photo", 2, number)) == [130], log.read_text()
    assert "to resume" in log.read_text()
    assert [row["path"] for row in rows(tmp_path / "report")] == list(NAMES[:3])
    assert run(flags(), log) == [0]
    assert len(rows(tmp_path / "report")) == 7


def test_two_processes_make_what_one_makes(flags: Flags, tmp_path: Path):
    log = tmp_path / "log"
    assert run(flags(out="two"), log, world=2) == [0, 0], log.read_text()
    assert run(flags(out="one"), log) == [0]
    assert_same_rows(rows(tmp_path / "two"), rows(tmp_path / "one"))
    parts = [set(pq.read_table(part)["place"].to_pylist()) for part in (tmp_path / "two" / "parts").iterdir()]
    assert all(len({place % 2 for place in part}) == 1 for part in parts)


def test_one_process_goes_on_for_two(flags: Flags, tmp_path: Path):
    log = tmp_path / "log"
    assert run(flags(), log, world=2, die=("photo", 2, TERM)) == [130, 130], log.read_text()
    assert len(rows(tmp_path / "report")) == 6
    assert run(flags(), log) == [0]
    assert [row["path"] for row in rows(tmp_path / "report")] == list(NAMES)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--methods", "nobody"], "unknown method: nobody"),
        (["--batch-size", "0"], "batch-size must be at least 1"),
        (["--weights", "gone"], "not a checkpoint folder"),
        (["--out", __file__], "is not a report folder"),
    ],
)
def test_what_cannot_be_done_is_said(
    flags: Flags, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], more: list[str], words: str
):
    monkeypatch.setattr(sys, "argv", ["survey", *flags(*more)])
    try:
        status = main()
    except SystemExit as end:  # what is wrong with the options themselves
        status = end.code
    assert status == 2
    assert words in capsys.readouterr().err
