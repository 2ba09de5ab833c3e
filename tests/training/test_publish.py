"""What is shipped: half precision, the run's own figures, a card; and a hub that takes it or says why not."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from huggingface_hub import ModelCard
from huggingface_hub.errors import LocalTokenNotFoundError

from cternet import load_model
from tests.training.conftest import Command, Train
from tests.training.made_up import CLASSES
from training import evaluate, publish
from training.about import read_about
from training.evaluation.report import attention_table


@pytest.fixture
def tested(train: Train, with_test: Path, tmp_path: Path, command: Command) -> Path:
    """The folder of a run whose best weights were evaluated on a test split."""
    train(epochs=2, data=with_test)
    run = tmp_path / "run"
    data = ["--data", with_test, "--workers", 0, "--cpu"]
    assert command(evaluate, "--weights", run / "best", "--out", run / "evaluation", "--attention", *data) is None
    return run


def test_folder(tested: Path, tmp_path: Path, command: Command):
    out = tmp_path / "shipped"
    assert command(publish, tested, "--out", out, "--about", "fi", "--start", "random weights") is None
    network, original = load_model(out), load_model(tested / "best")
    test = json.loads((tested / "evaluation" / "test.json").read_text())
    assert network.config.classes == CLASSES
    assert network.config.metrics["test"]["y_te"]["accuracy"] == pytest.approx(test["y_te"]["accuracy"], abs=1e-6)
    assert (out / "model.safetensors").stat().st_size < 0.6 * (tested / "best" / "model.safetensors").stat().st_size
    for name, tensor in network.state_dict().items():
        assert (tensor == original.state_dict()[name].half().to(tensor.dtype)).all()
    card = ModelCard.load(out / "README.md")
    assert attention_table(test) in card.text
    assert network.config.metrics["test"]["attention"]["idle"] is test["attention"]["idle"]
    assert f"{100 * test['y_te']['accuracy']:.2f}" in card.text
    assert str(tmp_path) not in card.content
    assert {round(result.metric_value, 4) for result in card.data.eval_results} == {
        round(test["y_te"][key], 4) for key in ("accuracy", "polarity_accuracy")
    }
    assert "research" in (out / "LICENSE").read_text()
    assert all((out / name).stat().st_size > 5000 for name in ("confusion.png", "curves.png"))


def test_a_run_that_was_not_tested(train: Train, tmp_path: Path, command: Command):
    """Its card has the figures on val and says so; nothing about a test split."""
    train(epochs=1)
    assert command(publish, tmp_path / "run") is None
    card = (tmp_path / "run" / "published" / "README.md").read_text()
    assert "Validation split, 9 photos" in card
    assert "test split" not in card
    assert "not stated by the publisher" in card
    assert not (tmp_path / "run" / "published" / "evaluation-test.json").exists()


class Hub:
    """A stand-in for the hub; ``calls`` is what it was asked for."""

    calls: list
    logged_in = True

    def whoami(self) -> dict:
        if not self.logged_in:
            raise LocalTokenNotFoundError("no token")
        return {"name": "someone"}

    def create_repo(self, repo: str, **options: object) -> None:
        self.calls.append(("create", repo, options))

    def upload_folder(self, folder_path: Path, repo_id: str, **_: object) -> str:
        self.calls.append(("upload", repo_id, sorted(path.name for path in Path(folder_path).iterdir())))
        return f"https://hub/{repo_id}"


def test_hub(
    train: Train, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    train(epochs=1)
    hub = SimpleNamespace(calls=[])
    monkeypatch.setattr(Hub, "calls", hub.calls, raising=False)
    monkeypatch.setattr(publish, "HfApi", Hub)
    arguments = [tmp_path / "run", "--to", "hub"]
    assert "--repo OWNER/NAME" in command(publish, *arguments)
    assert command(publish, *arguments, "--repo", "someone/mine", "--private") is None
    assert "https://hub/someone/mine" in capsys.readouterr().out
    created, uploaded = hub.calls
    assert created == ("create", "someone/mine", {"private": True, "exist_ok": True})
    assert {"model.safetensors", "config.json", "README.md", "LICENSE"} <= set(uploaded[2])
    assert "# mine" in (tmp_path / "run" / "published" / "README.md").read_text()


def test_hub_without_a_login(train: Train, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch):
    train(epochs=1)
    monkeypatch.setattr(publish, "HfApi", Hub)
    monkeypatch.setattr(Hub, "logged_in", False)
    error = command(publish, tmp_path / "run", "--to", "hub", "--repo", "someone/mine")
    assert "hf auth login" in error
    assert (tmp_path / "run" / "published" / "model.safetensors").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "no such file, and no description of that name; there are fi"),
        ("{", "is not YAML"),
        ("colour: red", "may hold texts called training_data"),
        ("- a\n- b", "may hold texts called training_data"),
        ("data: 7", "may hold texts called training_data"),
    ],
)
def test_descriptions_that_cannot_be_read(tmp_path: Path, text: str | None, said: str):
    path = tmp_path / "mine.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ValueError, match=said):
        read_about(str(path))


def test_no_run(tmp_path: Path, command: Command):
    assert command(publish, tmp_path / "gone").startswith("error: ")
