"""Small networks and photos for tests; random weights, a 4x4 map, milliseconds a forward pass."""

from pathlib import Path

import numpy as np
import timm
import torch
from PIL import Image
from timm.models import save_for_hf

from cternet import CTERNetConfig, EmotionNetwork
from cternet.networks.clef import CLEF
from cternet.networks.config import CLEFConfig, ValenceArousalConfig
from cternet.networks.families import make_network
from cternet.networks.valence_arousal import ValenceArousal
from cternet.photos.preprocess import preprocess

BACKBONES: dict[str, int | None] = {
    "test_efficientnet": 16,  # stem and blocks
    "test_resnet": 16,  # the children of a FeatureListNet
    "test_byobnet": 16,
    "test_convnext": 16,
    "mobilenetv3_small_050": 16,  # one section
    "test_vit": None,  # one section, tokens
    "test_mambaout": None,  # channels last
}
"""A timm model of each kind, with the output stride it is built with."""

SIZE = 64
TIMM: dict[str, dict] = {
    "test_efficientnet": {},
    "test_convnext": {},
    "test_vit": {},  # answers by its class token
    "test_vit2": {},  # by the mean of its tokens
    "swin_tiny_patch4_window7_224": {
        "img_size": 64,
        "patch_size": 2,
        "window_size": 2,
        "embed_dim": 16,
        "depths": (1, 1, 1, 1),
        "num_heads": (1, 1, 2, 2),
    },
}
"""A timm classifier of each kind, and what makes it small."""


def tiny_config(**changes) -> CTERNetConfig:
    settings = {
        "backbone": "test_efficientnet",
        "output_stride": 16,
        "image_size": SIZE,
        "attention_channels": 16,
        "reduced_channels": 12,
        "maps_per_class": 3,
        "dropout": 0.0,
    }
    return CTERNetConfig(**settings | changes)


FINDER = {"backbone": "test_efficientnet", "channels": 8, "image_size": SIZE}
"""A saliency network."""
PLACES = ((7.0, 5.0), (2.5, 6.0))
"""Valence and arousal of two classes."""


def tiny_rater(**changes) -> ValenceArousal:
    """In eval mode; its ratings differ from photo to photo and its maps from place to place."""
    settings = {"backbone": "test_efficientnet", "output_stride": 16, "image_size": SIZE, "dropout": 0.0}
    settings |= {"classes": ("amusement", "anger"), "places": PLACES}
    torch.manual_seed(0)
    network = make_network(ValenceArousalConfig(**settings | changes)).eval()
    with torch.no_grad():
        network.rate.weight.mul_(20)
    return network


def tiny_clef(**changes) -> CLEF:
    """In eval mode; its branches say different things of a photo, and its subjects are part of one."""
    settings = {"backbone": "test_efficientnet", "output_stride": 16, "image_size": SIZE, "dropout": 0.0, "finder": FINDER}
    torch.manual_seed(0)
    network = make_network(CLEFConfig(**settings | changes)).eval()
    photos = torch.cat([photo_tensor(network.config, tiny_photo(seed)) for seed in range(4)])
    with torch.no_grad():
        finder = network.backbone.finder
        finder.context.score.weight.mul_(30)
        logits = finder(photos)[0]
        finder.context.score.bias.sub_(logits.median())
        for head in (network.context, network.ensemble):
            head.weight.mul_(20)
        network.inference.e_star.fill_(0.4)
    return network


def tiny_network(seed: int = 0, **changes) -> EmotionNetwork:
    """In eval mode, with maps of order 1 that vary over places and images, so that no term of any equation is hidden."""
    if changes.get("family") == "clef":
        return tiny_clef(**changes)
    torch.manual_seed(seed)
    network = make_network(tiny_config(**changes)).eval()
    if network.config.family == "vanilla":
        return network
    x = network.backbone(torch.cat([photo_tensor(network.config, tiny_photo(n)) for n in range(100, 108)])).detach()
    if network.config.family == "wscnet":
        standardise(network.wscnet.sentiment_map.conv, x)
        return network
    for group, branch in enumerate(network.situation.branches):
        standardise(branch, x if network.situation.full_view else x.chunk(4, dim=1)[group])
    standardise(network.coupling.reduce, x)
    with torch.no_grad():
        network.deployment.phi.fill_(0.4)
        network.sentiment_map.conv.weight.uniform_(-1.5, 1.5)
        network.sentiment_map.conv.bias.uniform_(-0.25, 0.25)
        network.coupling.classifier.weight.mul_(3)
        if hasattr(network, "shuffle_mean"):
            network.shuffle_mean.uniform_(0.5, 1.5)
    return network


@torch.no_grad()
def standardise(conv: torch.nn.Conv2d, x: torch.Tensor) -> None:
    """Scale and shift each kernel so that what it makes of x has mean 0 and deviation 1."""
    out = conv(x)
    spread = out.std(dim=(0, 2, 3)).clamp(min=1e-6)
    conv.weight.div_(spread[:, None, None, None])
    conv.bias.copy_((conv.bias - out.mean(dim=(0, 2, 3))) / spread)


def tiny_photo(seed: int = 0, width: int = 90, height: int = 70) -> Image.Image:
    """A photo with structure at several scales."""
    noise = np.random.default_rng(seed)
    coarse = Image.fromarray(noise.integers(0, 256, (5, 6, 3), dtype=np.uint8)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    fine = noise.integers(-20, 21, (height, width, 3))
    return Image.fromarray(np.clip(np.asarray(coarse) + fine, 0, 255).astype(np.uint8))


def photo_tensor(config: CTERNetConfig, photo: Image.Image) -> torch.Tensor:
    """(1, 3, size, size), as the predictor makes it."""
    return preprocess(photo, config)[1][None]


def tiny_timm(folder: Path, name: str, labels: tuple[str, ...] | None) -> tuple[Path, torch.nn.Module]:
    """A classifier of three classes of ``TIMM`` in eval mode, and the folder that timm's own function saved it in."""
    torch.manual_seed(0)
    side = {"input_size": (3, SIZE, SIZE)} if "img_size" in TIMM[name] else None
    net = timm.create_model(name, num_classes=3, pretrained_cfg_overlay=side, **TIMM[name]).eval()
    named = {} if labels is None else {"label_names": list(labels)}
    save_for_hf(net, folder, model_config=named, model_args=TIMM[name] or None, safe_serialization=True)
    return folder, net
