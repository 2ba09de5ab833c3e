"""Models on the hub: what names one, which revision is taken, and that all that stands beside the weights comes along."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import torch
from huggingface_hub.errors import RevisionNotFoundError
from safetensors.torch import save_file

from cternet import CheckpointError, Predictor, load_model
from cternet.networks.checkpoint import BANK, WEIGHTS, load_bank
from cternet.networks.confounders import FILE, Dictionary, Provenance
from cternet.networks.hub import HubModel, called, on_hub
from cternet.networks.reliability import PhotoProbe, Reliability
from tests.hub_cache import cached
from tests.tiny import tiny_network, tiny_photo

Save = Callable[..., Path]


@pytest.mark.parametrize(
    ("source", "model"),
    [
        ("someone/some", HubModel("someone/some")),
        ("hf-hub:someone/some", HubModel("someone/some")),
        ("someone/some@v1.0", HubModel("someone/some", "v1.0")),
        ("hf-hub:someone/some@refs/pr/1", HubModel("someone/some", "refs/pr/1")),
        ("someone/some@", None),
        ("some@v1", None),
        ("resnet50.a1_in1k", None),
        ("./someone/some", None),
        ("/someone/some", None),
        ("~/some", None),
        ("a/b/c", None),
        ("someone/some@v1@v2", None),
    ],
)
def test_what_names_a_model(source: str, model: HubModel | None):
    assert on_hub(source) == model


def test_a_folder_of_that_name_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "someone" / "some@v1").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert on_hub("someone/some@v1") is None
    assert called("someone/some@v1") == "some@v1"
    assert called("someone/some@v2") == called("hf-hub:someone/some") == "some"


def test_a_revision_is_that_of_every_file(checkpoint: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Two revisions differ in all that can be loaded; the second has the weights alone."""
    network = tiny_network(allocation="shuffle")
    folder = checkpoint(network, "first")
    places = network.config.classes
    save_file({"s_out": torch.rand(3, 16, 4, 4)}, folder / BANK)
    probe = PhotoProbe(torch.rand(network.backbone.channels), 0.5)
    Reliability(1.5, 0.7, 0.5, 0.9, dict.fromkeys(places, 0.5), 100, probe).save(folder)
    Dictionary(torch.rand(2, 8), torch.tensor([0.5, 0.5]), [[], []], Provenance("b", "w", "d", 2, 0, "s", 0)).save(
        folder / FILE
    )
    (folder / "README.md").write_text("---\nlicense: mit\n---\n# First\n")
    bare = checkpoint(tiny_network(1), "second")
    (bare / "README.md").unlink(missing_ok=True)
    cached(tmp_path / "cache", monkeypatch, "someone/some", {"v1": folder, "main": bare})

    found = Predictor.from_pretrained("hf-hub:someone/some@v1", device="cpu")
    assert found.name == "some"
    assert torch.equal(found.bank, load_bank(folder))
    assert found.reliability.temperature == 1.5 and torch.equal(found.reliability.probe.weight, probe.weight)
    assert found.confounders.prior.tolist() == [0.5, 0.5]
    assert found.card == "# First"
    assert found.analyze(tiny_photo()).prediction in places
    assert torch.equal(load_bank(f"someone/some@{0:040x}"), found.bank), "a commit is a revision too"
    newest = Predictor.from_pretrained("someone/some", device="cpu")
    assert (newest.bank, newest.reliability, newest.confounders, newest.card) == (None, None, None, "")
    for one, other in ((found.model, folder), (newest.model, bare)):
        stored = load_model(other).state_dict()
        assert all(torch.equal(tensor, stored[name]) for name, tensor in one.state_dict().items())


def test_a_checkpoint_that_shares_weights_has_its_own_revision(
    checkpoint: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """What it shares is the newest of the other's."""
    base = tiny_network(family="vanilla")
    other = tiny_network(1, family="vanilla")
    other.config.base = "base"
    other.backbone.load_state_dict(base.backbone.state_dict())
    folder = checkpoint(other, "other")
    save_file({name: one for name, one in other.state_dict().items() if not name.startswith("backbone.")}, folder / WEIGHTS)
    cache = tmp_path / "cache"
    cached(cache, monkeypatch, "someone/base", {"main": checkpoint(base, "base")})
    cached(cache, monkeypatch, "someone/other", {"v1": folder})
    found = load_model("someone/other@v1").state_dict()
    assert all(torch.equal(tensor, found[name]) for name, tensor in other.state_dict().items())


def test_a_revision_that_is_not_there(tmp_path: Path, checkpoint: Save, monkeypatch: pytest.MonkeyPatch):
    cached(tmp_path / "cache", monkeypatch, "someone/some", {"main": checkpoint()})
    with pytest.raises(CheckpointError, match=r"^someone/some@v2 could not be fetched from the hub") as caught:
        load_model("someone/some@v2")
    assert "\n" not in str(caught.value)

    def refuse(*_: object, **__: object) -> str:
        answer = httpx.Response(404, request=httpx.Request("HEAD", "https://hub"))
        raise RevisionNotFoundError("404 Client Error.\n\nRevision Not Found for url: https://hub.", response=answer)

    monkeypatch.setattr("cternet.networks.hub.hf_hub_download", refuse)
    with pytest.raises(CheckpointError, match=r"^someone/some has no revision v2; name a branch, tag or commit of it.$"):
        load_model("hf-hub:someone/some@v2")
