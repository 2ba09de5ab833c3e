"""Maps against markings drawn by hand, and the network's maps against its own sums."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from accelerate import Accelerator
from PIL import Image

from cternet.show.overlay import resize_map
from tests.tiny import photo_tensor, tiny_config, tiny_network, tiny_photo
from training.data import DataError, Example
from training.evaluation.localisation import FIGURES, binary, compare, controls, load_marking, localise, network_maps, stretched


def named(values: np.ndarray) -> dict[str, float]:
    return dict(zip(FIGURES, values.tolist(), strict=True))


def square(size: tuple[int, int], rows: slice, columns: slice) -> np.ndarray:
    found = np.zeros(size)
    found[rows, columns] = 1
    return found


def test_overlapping_squares_by_hand():
    """The map finds 8 of 16 marked pixels and 24 others, of 100."""
    marking = square((10, 10), slice(0, 4), slice(0, 4))
    predicted = 7 * square((10, 10), slice(0, 4), slice(2, 10)) - 3
    found = named(compare(predicted, marking, margin=0))
    assert found["precision"] == 8 / 32
    assert found["recall"] == 8 / 16
    assert found["f1"] == pytest.approx(2 * 8 / (32 + 16))
    assert found["mae"] == pytest.approx((8 + 24) / 100)
    assert found["pointing_game"] == 8 / 32, "of the tied places a quarter lies on the marking"


def test_soft_maps_by_hand():
    """Stretched to 0, 0.5 and 1 before they are subtracted."""
    marking, predicted = np.array([[0.0, 0.0, 0.4, 0.4]]), np.array([[2.0, 2.0, 3.0, 4.0]])
    assert named(compare(predicted, marking, margin=0))["mae"] == pytest.approx(0.5 / 4)


@pytest.mark.parametrize(("margin", "hit"), [(3.9, 0), (4, 1)])
def test_pointing_may_miss_by_the_margin(margin: float, hit: int):
    """The largest value lies four pixels beside the marking."""
    predicted = np.zeros((20, 20))
    predicted[5, 13] = 1
    assert named(compare(predicted, square((20, 20), slice(4, 8), slice(4, 10)), margin))["pointing_game"] == hit


def test_binary_is_otsus():
    values = stretched(np.random.default_rng(0).normal(size=(30, 40)) ** 2)
    eight_bit = np.round(values * 255).astype(np.uint8)
    between = []  # Otsu: the threshold with the largest variance between the two parts
    for threshold in range(255):
        low, high = eight_bit[eight_bit <= threshold], eight_bit[eight_bit > threshold]
        between.append(low.size * high.size * (low.mean() - high.mean()) ** 2 if low.size and high.size else 0)
    assert (binary(values) == (eight_bit > int(np.argmax(between)))).all()
    assert binary(np.full((3, 3), 0.5)).all()


def test_the_controls_know_nothing_of_the_photo():
    marking = square((40, 60), slice(10, 30), slice(20, 40))
    maps = controls((40, 60))
    uniform, centre = named(compare(maps["uniform"], marking, 0)), named(compare(maps["centre"], marking, 0))
    assert uniform["precision"] == uniform["pointing_game"] == pytest.approx(400 / 2400), "the share that is marked"
    assert uniform["recall"] == 1
    assert centre["pointing_game"] == 1
    corner = square((40, 60), slice(0, 5), slice(0, 5))
    assert named(compare(maps["centre"], corner, 0))["pointing_game"] == 0


def test_network_maps_are_the_networks_own():
    network = tiny_network()
    images = torch.cat([photo_tensor(network.config, tiny_photo(seed)) for seed in range(3)])
    maps = network_maps(network, images)
    with torch.no_grad():
        outputs = network(images, evidence=True)
    assert torch.equal(maps["s"], outputs.s[:, 0])
    for row, label in enumerate(outputs.y_te.argmax(dim=1).tolist()):
        effect = (outputs.s - outputs.s_star)[row, 0] * outputs.evidence[row, label]
        torch.testing.assert_close(effect.mean(), outputs.y_te[row, label], atol=1e-3, rtol=1e-3)
        torch.testing.assert_close(maps["effect"][row], effect.clamp(min=0))


def test_wscnet_has_its_sentiment_map_alone():
    network = tiny_network(family="wscnet")
    images = photo_tensor(network.config, tiny_photo(0))
    maps = network_maps(network, images)
    assert set(maps) == {"s"}
    torch.testing.assert_close(maps["s"], network(images).s[:, 0])


def test_vanilla_has_a_class_activation_map():
    network = tiny_network(family="vanilla")
    images = photo_tensor(network.config, tiny_photo(0))
    x = network.forward_features(images)
    logits = network.forward_head(x).y
    label = int(logits.argmax())
    cam = sum(weight * plane for weight, plane in zip(network.classifier.weight[label], x[0], strict=True))
    torch.testing.assert_close(cam.mean() + network.classifier.bias[label], logits[0, label], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(network_maps(network, images)["cam"][0], cam.detach().clamp(min=0), atol=1e-4, rtol=1e-4)


@pytest.fixture
def marked(tmp_path: Path) -> list[Example]:
    """Photos of two shapes, three with a marking, one with an empty one, one without."""
    found = []
    for index, (width, height) in enumerate([(90, 70), (60, 80), (90, 70), (90, 70), (90, 70)]):
        photo, marking = tmp_path / f"{index}.png", tmp_path / f"{index}-marking.png"
        tiny_photo(index, width, height).save(photo)
        grey = 200 * square((height, width), slice(5 * index, 30 + 5 * index), slice(10, 40))
        Image.fromarray((grey * (index != 3)).astype(np.uint8)).save(marking)
        found.append(Example(photo, 0, None, None, None if index == 4 else marking))
    return found


@pytest.mark.parametrize("geometry", ["squash", "center"])
def test_localise_equals_photo_by_photo(marked: list[Example], geometry: str):
    network = tiny_network(geometry=geometry)
    found = localise(network, marked, Accelerator(cpu=True), batch_size=2)
    assert (found["images"], found["unmarked"]) == (3, 1)
    rows = []
    for index, example in enumerate(marked[:3]):
        photo, grey = Image.open(example.path), cv2.imread(str(example.stimulus_map), cv2.IMREAD_GRAYSCALE)
        height, width = grey.shape
        if geometry == "center":
            top, left = (height - min(grey.shape)) // 2, (width - min(grey.shape)) // 2
            grey = grey[top : top + min(grey.shape), left : left + min(grey.shape)]
        maps = network_maps(network, photo_tensor(network.config, photo))
        rows.append(compare(resize_map(maps["s"][0].numpy(), grey.shape), grey))
        assert grey.max() == 200, index
    assert found["maps"]["s"] == pytest.approx(named(np.mean(rows, axis=0)), abs=2e-3)
    assert list(found["maps"]) == ["s", "effect", "uniform", "centre"]


def test_nothing_to_compare(marked: list[Example]):
    network, accelerator = tiny_network(family="vanilla"), Accelerator(cpu=True)
    assert localise(network, marked[4:], accelerator) is None
    assert localise(network, marked[3:4], accelerator) is None, "the marking is empty"


def test_a_missing_marking_is_named(tmp_path: Path):
    example = Example(tmp_path / "photo.png", 0, None, None, tmp_path / "gone.png")
    with pytest.raises(DataError, match=r"gone\.png"):
        load_marking(example, tiny_config())
