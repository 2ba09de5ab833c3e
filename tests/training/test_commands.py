"""The commands around a run: two processes by their own launcher, evaluate."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.training.conftest import Command, Flags, Train
from training import evaluate

ROOT = Path(__file__).resolve().parents[2]


def test_two_processes_by_torchrun(flags: Flags, tmp_path: Path):
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    result = subprocess.run(
        [*launcher, "-m", "training.train", *flags(epochs=1)],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    assert [path.name for path in (tmp_path / "run" / "state").iterdir()] == ["step-3"]
    assert result.stdout.count("best epoch on val") == 1


def test_evaluate(train: Train, with_test: Path, tmp_path: Path, command: Command):
    run = train(epochs=6, data=with_test)
    out = tmp_path / "figures"
    flags = ["--weights", tmp_path / "run" / "best", "--data", with_test, "--out", out, "--workers", 0, "--cpu"]
    assert command(evaluate, *flags) is None
    found = json.loads((out / "test.json").read_text())
    assert found["prediction"] == "y_te"
    assert found["y_te"]["accuracy"] == run.progress.best
    assert [sum(row) for row in found["y_te"]["confusion_matrix"]] == [3, 3, 3]
    assert found["left_out"] == {}
    assert (out / "test-confusion-y_te.png").stat().st_size > 5000


def test_evaluate_says_what_is_wrong(train: Train, photos: Path, tmp_path: Path, command: Command):
    train(epochs=1)
    flags = ["--out", tmp_path / "figures", "--workers", 0, "--cpu", "--data"]
    best = ["--weights", tmp_path / "run" / "best"]
    assert "no image in the split test" in command(evaluate, *best, *flags, photos)
    assert "not a checkpoint folder" in command(evaluate, "--weights", tmp_path / "gone", *flags, photos)
    assert "--data" in command(evaluate, *best, *flags, tmp_path / "gone")
