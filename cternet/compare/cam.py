"""Class activation maps of a classifier's last features; all but CAM itself by the grad-cam package.

The package computes weights and maps from activations and gradients; the backbone's forward is shared with every other map, and
the gradients need the head alone.  Maps stay on the head's grid and on their own scale: the package's own stretching of each
map to [0, 1] would hide how large it is.  It is imported where it is needed: it brings scikit-learn, half a second for all who
want no such map.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cternet.compare.errors import MapError
from cternet.compare.sample import Sample
from cternet.networks.backbone_network import BackboneNetwork
from cternet.stopping import Stopped

Make = Callable[[Sample, str, Callable[[], bool]], NDArray[Any]]

FAMILY = {
    "grad-cam": "GradCAM",
    "grad-cam++": "GradCAMPlusPlus",
    "layer-cam": "LayerCAM",
    "hires-cam": "HiResCAM",
    "eigen-cam": "EigenCAM",
}
"""The package's classes."""


def cam(sample: Sample, label: str, _stop: Callable[[], bool]) -> NDArray[Any]:
    """w_c . X_p (Zhou et al. 2016), signed: its mean and the bias make the logit of ``vanilla``.

    Raises:
        MapError: the classifier has another head.
    """
    x, network = sample.need("vanilla"), sample.networks.classifiers["vanilla"]
    plain = network.plain_classifier
    if plain is None:
        raise MapError("CAM needs a head of one linear layer on pooled features; use Grad-CAM for others")
    if isinstance(network, BackboneNetwork):
        x = network.ready(x[None])[0]
    weight = plain.weight[sample.networks.class_index("vanilla", label)]
    return torch.einsum("chw,c->hw", x.float(), weight.float()).cpu().numpy()


def from_features(kind: str, network: str) -> Make:
    """A method of ``FAMILY`` on the last features of ``network``; where it finds nothing for the class, 0."""

    def make(sample: Sample, label: str, _stop: Callable[[], bool]) -> NDArray[Any]:
        import pytorch_grad_cam
        from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

        x = sample.need(network).float()[None]
        index = sample.networks.class_index(network, label)
        model = sample.networks.classifiers[network]
        method = getattr(pytorch_grad_cam, FAMILY[kind])(model, [])
        features = model.on_grid(x).cpu().numpy()
        gradients = np.zeros_like(features)
        if method.uses_gradients:
            with torch.enable_grad():
                leaf = x.clone().requires_grad_()  # a clone: what inference mode made has no gradients
                score = model.forward_head(leaf).prediction[0, index]
                gradients = model.on_grid(torch.autograd.grad(score, leaf)[0]).cpu().numpy()
        found = method.get_cam_image(None, None, [ClassifierOutputTarget(index)], features, gradients, False)[0]
        if kind == "eigen-cam":
            found = towards_strength(found, features[0])
        return np.maximum(found, 0)  # as the package does before it stretches

    return make


def towards_strength(projection: NDArray[Any], features: NDArray[Any]) -> NDArray[Any]:
    """A projection (H, W) on a principal component of features (C, H, W), with the sign that is larger where they are strong.

    The sign of a singular vector is arbitrary, and the half below 0 is cut off: with the other sign the map would show the
    background alone.  Strong means a large norm over the channels.
    """
    strength = np.linalg.norm(features, axis=0)
    return projection if (projection * (strength - strength.mean())).sum() >= 0 else -projection


class Answers(nn.Module):
    """Images to the logits the network predicts with; gives up between batches when told to."""

    def __init__(self, network: nn.Module, stop: Callable[[], bool]) -> None:
        super().__init__()
        self.network, self.stop = network, stop

    def forward(self, images: Tensor) -> Tensor:
        if self.stop():
            raise Stopped
        return self.network(images.to(memory_format=torch.channels_last)).prediction


def score_cam(sample: Sample, label: str, stop: Callable[[], bool]) -> NDArray[Any]:
    """Score-CAM (Wang et al. 2020) of ``vanilla``: a forward for every channel, in batches.

    Raises:
        Stopped: ``stop()`` said so before a batch.
    """
    from pytorch_grad_cam import ScoreCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    networks = sample.networks
    x, index = sample.need("vanilla").float()[None], networks.class_index("vanilla", label)
    image = networks.normalised("vanilla", sample.pixels("vanilla")[None])
    model = networks.classifiers["vanilla"]
    method = ScoreCAM(Answers(model, stop), [])
    method.batch_size = 32
    features = model.on_grid(x).cpu().numpy()
    found = method.get_cam_image(image, None, [ClassifierOutputTarget(index)], features, None, False)
    return np.maximum(found[0], 0)
