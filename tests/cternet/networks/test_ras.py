"""RAS: its equations, its maps' sizes, its checkpoints."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cternet import CheckpointError, EmotionNetwork
from cternet.networks.checkpoint import CONFIG, WEIGHTS, load_model
from cternet.networks.ras import RAS, MultiScaleContext, RASConfig, ReverseAttention
from cternet.photos.load import load_image
from cternet.photos.preprocess import preprocess
from tests.tiny import SIZE, tiny_network

Save = Callable[..., Path]

STRIDES = {
    "test_efficientnet": [2, 4, 8, 16, 32],
    "test_resnet": [2, 4, 8, 16, 32],
    "test_convnext": [4, 8, 16, 32],
    "test_mambaout": [4, 8, 16, 32],  # channels last
}


def tiny_ras(backbone: str = "test_efficientnet", **changes: object) -> RAS:
    """In eval mode, with batch norms that do something."""
    torch.manual_seed(0)
    network = RAS(RASConfig(**{"backbone": backbone, "image_size": SIZE, "channels": 16} | changes)).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.1, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    return network


def images(count: int = 2, side: int = SIZE) -> Tensor:
    return torch.randn(count, 3, side, side)


@pytest.mark.parametrize(("backbone", "strides"), STRIDES.items(), ids=STRIDES)
def test_a_map_at_every_level_finest_first(backbone: str, strides: list[int]):
    maps = tiny_ras(backbone)(images())
    assert [tuple(map.shape) for map in maps] == [(2, 1, SIZE // stride, SIZE // stride) for stride in strides]


@pytest.mark.parametrize("backbone", STRIDES)
def test_every_part_learns(backbone: str):
    network = tiny_ras(backbone).train()
    sum(map.square().mean() for map in network(images(4))).backward()
    unused = [name for name, p in network.named_parameters() if p.grad is None or not torch.isfinite(p.grad).all()]
    still = [name for name, p in network.named_parameters() if "backbone" not in name and p.grad.abs().sum() == 0]
    assert not unused
    assert not [name for name in still if not name.endswith("bias")]


def by_hand(layers: nn.Sequential, x: Tensor) -> Tensor:
    """Convolution, normalisation and ReLU from the weights, without the modules' own forward."""
    conv, norm = layers[0], layers[1]
    x = F.conv2d(x, conv.weight, padding=conv.padding, dilation=conv.dilation)
    scale = (norm.weight / (norm.running_var + norm.eps).sqrt())[:, None, None]
    return ((x - norm.running_mean[:, None, None]) * scale + norm.bias[:, None, None]).clamp(min=0)


@torch.no_grad()
def test_the_maps_are_those_of_the_equations():
    """y_i = u + convs(sigmoid(-u) * conv1x1(x_i)), u the coarser map brought to this level's size."""
    network, x = tiny_ras(), images()
    levels = network.backbone.levels(x)
    context = network.context
    deepest = by_hand(context.reduce, levels[-1])
    y = torch.cat([by_hand(second, by_hand(first, deepest)) for first, second in context.branches], dim=1)
    y = F.conv2d(y, context.score.weight, context.score.bias, padding=1)
    expected = [y]
    for block, features in list(zip(network.refinements, levels, strict=False))[::-1]:
        u = F.interpolate(y, scale_factor=2, mode="bilinear")
        z = by_hand(block.reduce, features) / (1 + u.exp())
        for layers in block.residual[:-1]:
            z = by_hand(layers, z)
        y = u + F.conv2d(z, block.residual[-1].weight, block.residual[-1].bias, padding=1)
        expected.insert(0, y)
    for ours, theirs in zip(network(x), expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_the_scales_of_the_context():
    """A point spreads as far as kernel and dilation of the widest branch reach: (7 - 1) / 2 + 6, and 1 for the last 3 x 3."""
    context = MultiScaleContext(8, 16).eval()
    sizes = [(first[0].kernel_size[0], second[0].dilation[0]) for first, second in context.branches]
    assert sizes == [(1, 1), (3, 2), (5, 4), (7, 6)]
    x, point = torch.randn(1, 8, 41, 41), torch.zeros(1, 8, 41, 41)
    point[..., 20, 20] = 5
    touched = (context(x + point) - context(x)).abs()[0, 0] > 1e-7
    rows = touched.any(dim=1).nonzero()
    assert (rows.min().item(), rows.max().item()) == (20 - 10, 20 + 10)


@torch.no_grad()
def test_what_is_salient_already_is_left_alone():
    """Where u is large the features cannot change the map; where it is small they do."""
    block = ReverseAttention(8, 8).eval()
    ours, theirs = torch.randn(2, 1, 8, 16, 16)
    for u, alone in ((30.0, True), (-30.0, False)):
        coarser = torch.full((1, 1, 8, 8), u)
        assert torch.allclose(block(ours, coarser), block(theirs, coarser), atol=1e-5) == alone


@torch.no_grad()
def test_saliency_is_the_finest_map_at_the_photos_size():
    network, x = tiny_ras(), images(3)
    saliency = network.saliency(x)
    assert saliency.shape == (3, SIZE, SIZE)
    assert 0 <= saliency.min() < saliency.max() <= 1
    expected = F.interpolate(network(x)[0], size=(SIZE, SIZE), mode="bilinear").sigmoid()[:, 0]
    torch.testing.assert_close(saliency, expected)


def test_other_sizes():
    assert tiny_ras().saliency(images(1, 96)).shape == (1, 96, 96)


def test_levels_with_few_channels_keep_their_number():
    network = tiny_ras(channels=40)
    assert network.backbone.level_channels == [16, 24, 32, 48, 64]
    assert [block.reduce[0].out_channels for block in network.refinements] == [16, 24, 32, 40]


@pytest.mark.parametrize("changes", [{"geometry": "center"}, {"channels": 0}])
def test_settings_that_cannot_be(changes: dict):
    with pytest.raises(ValueError, match="|".join(changes)):
        RASConfig(**changes)


# --- checkpoints


def test_round_trip(checkpoint: Save):
    network = tiny_ras()
    network.config.metrics = {"val": {"mae": 0.1}}
    network.config.training_data = "photos with masks"
    again = load_model(checkpoint(network))
    assert again.config == network.config
    assert not again.training
    x = images()
    with torch.no_grad():
        assert torch.equal(network.saliency(x), again.saliency(x))


def test_half_precision_on_disk_is_single_precision_in_memory(checkpoint: Save):
    again = load_model(checkpoint(tiny_ras().half()))
    assert {tensor.dtype for tensor in again.state_dict().values()} == {torch.float32, torch.int64}


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / WEIGHTS).unlink(), "is missing"),
        (lambda folder: (folder / WEIGHTS).write_bytes(b"broken"), "is damaged"),
        (lambda folder: (folder / CONFIG).write_text("{"), "not valid JSON"),
        (lambda folder: (folder / CONFIG).write_text('{"backbone": "no_such_model"}'), "does not describe a network"),
        (lambda folder: (folder / CONFIG).write_text('{"backbone": "test_resnet"}'), "does not fit"),
        (lambda folder: (folder / CONFIG).write_text('{"geometry": "center"}'), "does not describe a network"),
    ],
)
def test_damaged_checkpoints(checkpoint: Save, damage: Callable[[Path], None], words: str):
    folder = checkpoint(tiny_ras())
    damage(folder)
    with pytest.raises(CheckpointError, match=words) as caught:
        load_model(folder)
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_other_kind_is_refused(checkpoint: Save):
    with pytest.raises(CheckpointError, match=r"emotions holds CTERNet, .*; give a checkpoint of the family ras\.$"):
        load_model(checkpoint(tiny_network(), "emotions"), RAS)
    with pytest.raises(CheckpointError, match=r"saliency holds RAS, .* the family vanilla, wscnet, smad-f, cternet or clef\.$"):
        load_model(checkpoint(tiny_ras(), "saliency"), EmotionNetwork)


def test_a_folder_from_before_families(checkpoint: Save):
    """Its config names none: what has no classes is of this one."""
    folder = checkpoint(tiny_ras())
    config = json.loads((folder / CONFIG).read_text())
    assert config.pop("family") == "ras"
    (folder / CONFIG).write_text(json.dumps(config))
    assert load_model(folder, RAS).config == tiny_ras().config


# --- what ships


ASSETS = Path(__file__).resolve().parents[3] / "assets"


def test_the_shipped_weights_are_small_and_find_the_object():
    """A cat and a cup stand out from what surrounds them; the border of these photos does not."""
    folder = ASSETS / "weights" / "ras"
    assert sum(path.stat().st_size for path in folder.iterdir()) < 20 * 2**20
    network = load_model(folder)
    assert network.config.metrics["test"]["mae"] <= 0.06
    assert network.config.metrics["test"]["max_f"] >= 0.85
    for name in ("cat", "coffee", "dahlia"):
        seen = preprocess(load_image(ASSETS / "examples" / f"{name}.jpg"), network.config)[1][None]
        with torch.no_grad():
            saliency = network.saliency(seen)[0]
        side = network.config.image_size
        inner = saliency[side // 4 : -side // 4, side // 4 : -side // 4]
        corners = torch.stack(
            [saliency[rows][:, columns] for rows in (slice(8), slice(-8, None)) for columns in (slice(8), slice(-8, None))]
        )
        assert inner.mean() > 0.5, name
        assert corners.mean() < 0.25, name
