"""Checkpoint folders: equal to the bit when whole, a sentence naming the file and how to fix it when not."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from cternet import CheckpointError, CTERNet, EmotionNetwork, load_model
from cternet.networks.checkpoint import BANK, CONFIG, WEIGHTS, load_bank
from cternet.networks.families import FAMILIES
from tests.tiny import SIZE, tiny_network

CLASSIFYING = [name for name, family in FAMILIES.items() if issubclass(family.network, EmotionNetwork)]
Save = Callable[..., Path]


def refusal(folder: Path, *words: str) -> str:
    with pytest.raises(CheckpointError) as caught:
        load_model(folder)
    message = str(caught.value)
    for word in words:
        assert word in message
    assert "\n" not in message
    return message


def edit_config(folder: Path, **changes) -> None:
    path = folder / CONFIG
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


# --- whole ones


@pytest.mark.parametrize("family", CLASSIFYING)
def test_round_trip_is_equal_to_the_bit(checkpoint: Save, family: str):
    network = tiny_network(family=family)
    network.config.metrics = {"val": {"accuracy": 0.5}}
    network.config.training_data = "photos"
    again = load_model(checkpoint(network))
    assert again.config == network.config
    assert not again.training
    ours, theirs = network.state_dict(), again.state_dict()
    assert ours.keys() == theirs.keys()
    for name, tensor in ours.items():
        assert torch.equal(tensor, theirs[name])
        assert tensor.dtype == theirs[name].dtype
    x = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(network(x).prediction, again(x).prediction)


@pytest.mark.parametrize(
    "changes",
    [
        {"allocation": "shuffle"},
        {"classes": ("positive", "negative")},
        {"full_view": True, "attention_channels": 64},
        {"geometry": "center", "level": "map", "scaled_attention": True, "mean": (0.5, 0.5, 0.5)},
        {"backbone": "test_vit", "output_stride": None},
    ],
)
def test_round_trip_of_settings(checkpoint: Save, changes: dict):
    network = tiny_network(**changes)
    again = load_model(checkpoint(network))
    assert again.config == network.config
    assert all(torch.equal(tensor, again.state_dict()[name]) for name, tensor in network.state_dict().items())


def test_half_precision_on_disk_is_single_precision_in_memory(checkpoint: Save):
    folder = checkpoint(tiny_network().half())
    stored = load_file(folder / WEIGHTS)
    assert {t.dtype for t in stored.values() if t.is_floating_point()} == {torch.float16}
    again = load_model(folder)
    for name, tensor in again.state_dict().items():
        assert tensor.dtype in (torch.float32, torch.int64)
        assert torch.equal(tensor, stored[name].to(tensor.dtype))


def test_no_pickle_is_written(checkpoint: Save):
    names = {path.name for path in checkpoint().iterdir()}
    assert {CONFIG, WEIGHTS} <= names
    assert not [name for name in names if Path(name).suffix in {".bin", ".pth", ".pt", ".pkl"}]


def test_config_is_readable(checkpoint: Save):
    config = json.loads((checkpoint() / CONFIG).read_text())
    assert config["classes"][0] == "amusement"
    assert config["backbone"] == "test_efficientnet"
    assert config["image_size"] == 64


# --- damaged ones


def test_a_checkpoint_from_before_budgets_is_what_it_was(checkpoint: Save):
    """Its config names neither a budget nor an answer: free, and Y_TE."""
    network = tiny_network()
    folder = checkpoint(network)
    config = json.loads((folder / "config.json").read_text())
    del config["budget"], config["answer"]
    (folder / "config.json").write_text(json.dumps(config | {"normalised_map": False}))
    loaded = load_model(folder)
    assert (loaded.config.budget, loaded.config.answer) == ("free", "y_te")
    images = torch.randn(2, 3, SIZE, SIZE)
    with torch.no_grad():
        assert torch.equal(loaded(images).prediction, network(images).y_te)
    (folder / "config.json").write_text(json.dumps(config | {"normalised_map": True}))
    with pytest.raises(CheckpointError, match="retrain the network"):
        load_model(folder)


def test_missing_folder(tmp_path: Path):
    refusal(tmp_path / "gone", str(tmp_path / "gone"), "not a checkpoint folder", CONFIG, WEIGHTS)


def test_a_file_is_no_folder(tmp_path: Path):
    (tmp_path / "file").touch()
    refusal(tmp_path / "file", "not a checkpoint folder")


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS])
def test_missing_file(checkpoint: Save, name: str):
    folder = checkpoint()
    (folder / name).unlink()
    refusal(folder, str(folder / name), "missing", "restore")


@pytest.mark.parametrize("kept", [0, 4, 100, 0.5, 0.999])
def test_truncated_weights(checkpoint: Save, kept: float):
    folder = checkpoint()
    whole = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(whole[: int(kept * len(whole)) if kept < 1 else int(kept)])
    refusal(folder, str(folder / WEIGHTS), "damaged", "restore")


def test_weights_that_are_something_else(checkpoint: Save):
    folder = checkpoint()
    (folder / WEIGHTS).write_text("<html>Not found</html>")
    refusal(folder, str(folder / WEIGHTS), "damaged")


@pytest.mark.parametrize("text", ["", "{", "not json", '{"family": "cternet",}'])
def test_broken_json(checkpoint: Save, text: str):
    folder = checkpoint()
    (folder / CONFIG).write_text(text)
    refusal(folder, str(folder / CONFIG), "not valid JSON")


def test_config_that_is_not_text(checkpoint: Save):
    folder = checkpoint()
    (folder / CONFIG).write_bytes(b"\xff\xfe\x00\x81")
    refusal(folder, str(folder / CONFIG), "not valid JSON")


@pytest.mark.parametrize(
    "changes",
    [
        {"family": "nonsense"},
        {"backbone": "no_such_model"},
        {"backbone": "vgg11", "output_stride": 16},
        {"backbone": None},
        {"classes": []},
        {"classes": 8},
        {"attention_channels": 6},
        {"attention_channels": "many"},
    ],
    ids=str,
)
def test_config_of_no_network(checkpoint: Save, changes: dict):
    folder = checkpoint()
    edit_config(folder, **changes)
    refusal(folder, str(folder / CONFIG), "does not describe a network", "restore")


@pytest.mark.parametrize("text", ["[1, 2]", "3", "null", '"text"'])
def test_config_that_is_no_object(checkpoint: Save, text: str):
    folder = checkpoint()
    (folder / CONFIG).write_text(text)
    refusal(folder, str(folder / CONFIG))


@pytest.mark.parametrize(
    "changes",
    [{"attention_channels": 32}, {"backbone": "test_resnet"}, {"classes": ["awe", "fear"]}, {"family": "vanilla"}],
    ids=str,
)
def test_config_of_another_network(checkpoint: Save, changes: dict):
    folder = checkpoint()
    edit_config(folder, **changes)
    refusal(folder, str(folder / WEIGHTS), str(folder / CONFIG), "does not fit")


@pytest.mark.parametrize("change", ["missing", "more", "shape"])
def test_weights_of_another_network(checkpoint: Save, change: str):
    folder = checkpoint()
    state = load_file(folder / WEIGHTS)
    if change == "missing":
        del state["coupling.classifier.weight"]
    elif change == "more":
        state["extra"] = torch.ones(2)
    else:
        state["coupling.classifier.weight"] = torch.ones(2, 2)
    save_file(state, folder / WEIGHTS)
    refusal(folder, str(folder / WEIGHTS), "does not fit")


def test_hub_id_without_a_network_connection():
    message = refusal("nobody/no-such-network", "nobody/no-such-network", "could not be fetched")
    assert len(message) < 600


@pytest.mark.parametrize("content", [b"", b"broken", b"{}"])
def test_damaged_bank(tmp_path: Path, content: bytes):
    (tmp_path / BANK).write_bytes(content)
    with pytest.raises(CheckpointError, match=rf"{BANK}.*damaged"):
        load_bank(tmp_path)


def test_bank_without_maps(tmp_path: Path):
    save_file({"other": torch.ones(2)}, tmp_path / BANK)
    with pytest.raises(CheckpointError, match=rf"{BANK}.*damaged"):
        load_bank(tmp_path)


def test_no_bank(tmp_path: Path):
    assert load_bank(tmp_path) is None


def test_push_to_hub(network: CTERNet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What would be uploaded is a checkpoint folder; a local one stands in for the hub."""
    import shutil

    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoUrl

    asked = []

    def create_repo(_self, repo_id: str, **options) -> RepoUrl:
        asked.append((repo_id, options.get("private")))
        return RepoUrl(f"https://huggingface.co/{repo_id}")

    def upload_folder(_self, *, repo_id: str, folder_path: str | Path, **_options) -> str:
        shutil.copytree(folder_path, tmp_path / repo_id)
        return "done"

    monkeypatch.setattr(HfApi, "create_repo", create_repo)
    monkeypatch.setattr(HfApi, "upload_folder", upload_folder)
    assert network.push_to_hub("someone/tiny", private=True) == "done"
    assert asked == [("someone/tiny", True)]
    again = load_model(tmp_path / "someone" / "tiny")
    assert again.config == network.config
    assert all(torch.equal(tensor, again.state_dict()[name]) for name, tensor in network.state_dict().items())
    card = (tmp_path / "someone" / "tiny" / "README.md").read_text()
    assert "library_name: cternet" in card
    assert "license: other" in card


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_file_that_git_lfs_has_not_fetched_is_named(tmp_path: Path, name: str):
    for each in ("config.json", "model.safetensors"):
        (tmp_path / each).write_text("{}")
    (tmp_path / name).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    with pytest.raises(CheckpointError, match=rf"{name} is only a Git LFS pointer; fetch the file: git lfs pull\.$"):
        load_model(tmp_path)
