"""Image in, analysis out; nothing of one image in another's."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from cternet import CheckpointError, Classified, CTERNet, ImageError, Predictor
from tests.tiny import SIZE, photo_tensor, tiny_network, tiny_photo

ARRAYS = ("v", "s", "s_out", "evidence", "bias", "attended", "photo", "seen", "scores", "effect_map", "total_effect_std")


def assert_same(ours, theirs, atol: float = 0.0) -> None:
    for name in ARRAYS:
        a, b = getattr(ours, name), getattr(theirs, name)
        assert np.array_equal(a, b) if atol == 0 else np.allclose(a, b, atol=atol), name


@pytest.mark.parametrize("allocation", ["random", "uniform", "reverse", "shuffle"])
def test_a_batch_equals_single_photos(allocation: str):
    predictor = Predictor(tiny_network(allocation=allocation), device="cpu")
    photos = [tiny_photo(seed, 40 + 30 * seed, 70) for seed in range(4)]
    together = predictor.analyze_batch(photos)
    for photo, found in zip(photos, together, strict=True):
        assert_same(found, predictor.analyze(photo), atol=1e-3)
        assert found.geometry["width"] == photo.width
    assert len({found.scores.tobytes() for found in together}) == 4


@pytest.mark.parametrize("allocation", ["random", "uniform", "reverse", "shuffle"])
def test_answers_under_the_networks_own_allocation(allocation: str):
    network = tiny_network(allocation=allocation)
    found = Predictor(network, device="cpu").analyze(tiny_photo())
    with torch.no_grad():
        tensor = torch.from_numpy(found.seen.copy()).permute(2, 0, 1)[None] / 255
        mean, std = (torch.tensor(values)[:, None, None] for values in (network.config.mean, network.config.std))
        out = network((tensor - mean) / std)
    assert np.allclose(found.scores, out.prediction[0], atol=1e-3)
    assert found.own.allocation == found.counterfactual.allocation == allocation
    assert np.allclose(found.own.mean, out.s_star[0, 0], atol=1e-3)


def test_a_photo_may_be_a_path_an_image_or_an_array(predictor: Predictor, tmp_path: Path):
    photo = tiny_photo()
    photo.save(tmp_path / "photo.png")
    found = [
        predictor.analyze(kind) for kind in (photo, np.asarray(photo), tmp_path / "photo.png", str(tmp_path / "photo.png"))
    ]
    for other in found[1:]:
        assert_same(other, found[0])


def test_an_image_with_transparency_is_read_as_a_file_would_be(predictor: Predictor, tmp_path: Path):
    clear = tiny_photo().convert("RGBA")
    clear.putalpha(128)
    clear.save(tmp_path / "clear.png")
    assert_same(predictor.analyze(clear), predictor.analyze(tmp_path / "clear.png"))


def test_a_bad_photo_is_an_image_error(predictor: Predictor, tmp_path: Path):
    (tmp_path / "letter.jpg").write_text("no photo")
    with pytest.raises(ImageError, match=r"letter\.jpg"):
        predictor.analyze_batch([tiny_photo(), tmp_path / "letter.jpg"])


def test_what_an_analysis_says_about_itself(predictor: Predictor):
    found = predictor.analyze(tiny_photo(0, 90, 70))
    assert found.geometry == {"mode": "squash", "width": 90, "height": 70, "input": SIZE}
    assert found.model == "tiny"
    assert found.seen.shape == (SIZE, SIZE, 3)
    assert found.seen.dtype == np.uint8
    assert found.s.shape == (4, 4)
    assert {getattr(found, name).dtype for name in ("v", "s", "s_out", "evidence", "bias")} == {np.dtype(np.float32)}


def test_no_state_of_an_image_stays(predictor: Predictor):
    first = predictor.analyze(tiny_photo(1))
    attributes = {name: id(value) for name, value in vars(predictor).items()}
    weights = {name: tensor.clone() for name, tensor in predictor.model.state_dict().items()}
    predictor.analyze(tiny_photo(2))
    assert {name: id(value) for name, value in vars(predictor).items()} == attributes
    assert all(torch.equal(tensor, weights[name]) for name, tensor in predictor.model.state_dict().items())
    assert_same(predictor.analyze(tiny_photo(1)), first)


def test_results_do_not_share_memory(predictor: Predictor):
    """One visitor's arrays must not be a view that another's batch can change."""
    one, two = predictor.analyze_batch([tiny_photo(1), tiny_photo(2)])
    for name in ("s", "s_out", "evidence", "v", "photo"):
        assert not np.shares_memory(getattr(one, name), getattr(two, name))


def test_many_visitors_at_once():
    """Two predictors, eight threads: each photo gets its own result."""
    predictors = [Predictor(tiny_network(seed), device="cpu") for seed in (0, 1)]
    photos = [tiny_photo(seed) for seed in range(4)]
    jobs = [(p, i) for _ in range(6) for p in range(2) for i in range(4)]
    alone = {job: predictors[job[0]].analyze(photos[job[1]]) for job in set(jobs)}

    def visit(job: tuple[int, int]):
        torch.set_num_threads(1)
        found = predictors[job[0]].analyze(photos[job[1]])
        return found, found.intervene("reverse").total_effect

    with ThreadPoolExecutor(8) as pool:
        for job, (found, reversed_effect) in zip(jobs, pool.map(visit, jobs), strict=True):
            assert_same(found, alone[job])
            assert np.array_equal(reversed_effect, alone[job].intervene("reverse").total_effect)
    assert len({found.scores.tobytes() for found in alone.values()}) == 8


@pytest.mark.parametrize(("family", "maps"), [("vanilla", {"cam"}), ("wscnet", {"s"}), ("smad-f", {"s", "effect"})])
def test_a_network_without_counterfactual_classifies(checkpoint: Callable[..., Path], family: str, maps: set[str]):
    network = tiny_network(family=family)
    found = Predictor.from_pretrained(checkpoint(network), device="cpu").analyze(tiny_photo())
    assert type(found) is Classified
    x = photo_tensor(network.config, tiny_photo())
    with torch.no_grad():
        features = network.forward_features(x)
        out = network.forward_head(features, evidence=True)
        expected = network.maps(features, out)
    np.testing.assert_allclose(found.scores, out.y[0], atol=1e-4)
    np.testing.assert_allclose(found.probabilities, out.y[0].softmax(dim=0), atol=1e-4)
    assert found.prediction == network.config.classes[out.y[0].argmax()]
    assert found.own_maps.keys() == expected.keys() == maps
    for name, values in found.own_maps.items():
        np.testing.assert_allclose(values, expected[name][0], atol=1e-3)


def test_what_a_caller_needs_is_said(checkpoint: Callable[..., Path]):
    folder = checkpoint(tiny_network(family="vanilla"))
    with pytest.raises(CheckpointError, match=r"checkpoint holds a plain classifier; .* the family cternet\.$"):
        Predictor.from_pretrained(folder, device="cpu", kind=CTERNet)
    with pytest.raises(ValueError, match=r"as S\*; use a CTERNet model"):
        Predictor.from_pretrained(folder, device="cpu").with_bank([tiny_photo()])


def test_a_photo_made_ready_is_what_goes_in(predictor: Predictor):
    prepared = predictor.prepare(tiny_photo())
    assert torch.equal(prepared.inputs["images"], photo_tensor(predictor.config, tiny_photo())[0])
    assert prepared.seen.size == (SIZE, SIZE)


def test_the_network_is_set_to_inference(network: CTERNet):
    predictor = Predictor(network.train(), device="cpu")
    assert not predictor.model.training
    assert not any(p.requires_grad for p in predictor.model.parameters())


def test_from_a_folder_with_a_bank(checkpoint: Callable[..., Path], network: CTERNet):
    from safetensors.torch import save_file

    from cternet.networks.checkpoint import BANK

    folder = checkpoint(network)
    assert Predictor.from_pretrained(folder, device="cpu").analyze(tiny_photo()).bank is None
    bank = torch.randn(3, 16, 4, 4)
    save_file({"s_out": bank.half()}, folder / BANK)
    found = Predictor.from_pretrained(folder, device="cpu").analyze(tiny_photo())
    assert torch.equal(found.bank, bank.half().float())
    assert found.model == folder.name
    assert np.isfinite(found.intervene("shuffle").total_effect).all()


@pytest.mark.parametrize("device", ["abacus", "cuda:99", "meta:x"])
def test_a_device_that_is_not_there_is_a_sentence(device: str):
    with pytest.raises(ValueError, match=rf"torch cannot use the device {device}: .*; leave it out, or use cpu$"):
        Predictor(tiny_network(), device=device)


def test_a_predictor_says_what_it_is():
    predictor = Predictor(tiny_network(), name="tiny", device="cpu")
    assert repr(predictor) == f"Predictor(tiny, {predictor.model.family}, cpu)"
