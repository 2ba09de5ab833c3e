"""Stage (i): sections whose composition is the backbone, freezing, loading."""

import pytest
import torch
from torch import nn

from cternet.networks.backbone import Backbone
from tests.tiny import BACKBONES, SIZE

SECTIONS = {"test_efficientnet": 6, "test_resnet": 8, "mobilenetv3_small_050": 1, "test_vit": 1}


@pytest.fixture(params=BACKBONES.items(), ids=BACKBONES.keys())
def backbone(request: pytest.FixtureRequest) -> Backbone:
    name, stride = request.param
    return Backbone(name, output_stride=stride).eval()


def images(count: int = 2) -> torch.Tensor:
    return torch.randn(count, 3, SIZE, SIZE)


def timms_answer(backbone: Backbone, x: torch.Tensor) -> torch.Tensor:
    deepest = backbone.net(x)[-1]
    return deepest.permute(0, 3, 1, 2) if getattr(backbone.net, "output_fmt", "NCHW") == "NHWC" else deepest


def test_equals_timms_deepest_features(backbone: Backbone):
    x = images()
    features = backbone(x)
    assert features.shape[:2] == (2, backbone.channels)
    assert torch.equal(features, timms_answer(backbone, x))


def test_channels_can_be_split_in_four(backbone: Backbone):
    assert backbone.channels % 4 == 0


def test_composes_at_every_section(backbone: Backbone):
    x = images()
    whole = backbone(x)
    count = len(backbone.sections())
    for cut in range(1, count):
        assert torch.equal(backbone(backbone(x, 0, cut), cut), whole)


@pytest.mark.parametrize(("name", "count"), SECTIONS.items())
def test_sections_of_each_kind(name: str, count: int):
    backbone = Backbone(name)
    assert len(backbone.sections()) == count
    inside = {id(p) for section in backbone.sections() for p in section.parameters()}
    assert inside == {id(p) for p in backbone.parameters()}


def test_grid_leaves_the_mode_as_it_was(backbone: Backbone):
    expected = tuple(backbone(images(1)).shape[-2:])
    for training in (True, False):
        backbone.train(training)
        assert backbone.grid(SIZE) == expected
        assert backbone.training is training


@pytest.mark.parametrize("name", ["test_efficientnet", "test_resnet"])
def test_output_stride(name: str):
    assert Backbone(name).grid(SIZE) == (2, 2)
    assert Backbone(name, output_stride=16).grid(SIZE) == (4, 4)


@pytest.mark.parametrize("frozen", [0, 1, 3, 6])
def test_freeze(frozen: int):
    backbone = Backbone("test_efficientnet")
    backbone.freeze(frozen)
    for index, section in enumerate(backbone.sections()):
        assert {p.requires_grad for p in section.parameters()} == {index >= frozen}


@pytest.mark.parametrize(("name", "some"), [("test_efficientnet", True), ("test_nfnet", False)])
def test_freeze_depthwise_kernels(name: str, some: bool):
    """One channel a group; the grouped kernels of a RegNet are not meant."""
    backbone = Backbone(name)
    backbone.freeze(1, train_depthwise=False)
    deep = nn.ModuleList(backbone.sections()[1:])
    fixed = {name for name, p in deep.named_parameters() if not p.requires_grad}
    depthwise = {
        f"{name}.weight" for name, m in deep.named_modules() if isinstance(m, nn.Conv2d) and 1 < m.groups == m.in_channels
    }
    assert fixed == depthwise
    assert bool(depthwise) is some


def test_load_weights():
    ours, theirs = Backbone("test_resnet"), Backbone("test_resnet")
    state = {name: tensor.half() for name, tensor in theirs.net.state_dict().items()}
    ours.load_weights(state | {"fc.weight": torch.ones(3)})  # a classifier of the start weights is left out
    for name, tensor in ours.net.state_dict().items():
        assert torch.equal(tensor, state[name].to(tensor.dtype))
    assert {p.dtype for p in ours.parameters()} == {torch.float32}


def test_load_weights_without_batch_counters():
    backbone = Backbone("test_resnet")
    state = {name: t for name, t in backbone.net.state_dict().items() if not name.endswith("num_batches_tracked")}
    backbone.load_weights(state)


def test_load_weights_of_another_backbone():
    backbone = Backbone("test_resnet")
    before = {name: tensor.clone() for name, tensor in backbone.net.state_dict().items()}
    with pytest.raises(ValueError, match=r"not for this backbone: \d+ tensors are missing \(first: \['"):
        backbone.load_weights(Backbone("test_efficientnet").net.state_dict())
    with pytest.raises(ValueError, match=r"0 tensors are missing .* 1 have another shape"):
        backbone.load_weights(before | {next(iter(before)): torch.ones(2, 2)})
    assert all(torch.equal(tensor, before[name]) for name, tensor in backbone.net.state_dict().items())
