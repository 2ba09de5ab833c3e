"""The networks that maps come from, each loaded once; one that cannot be used says why."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torchvision.transforms.v2.functional import normalize

from cternet.networks.checkpoint import SHIPPED, CheckpointError, load_model
from cternet.networks.classifier import Classifier
from cternet.networks.families import family_of
from cternet.networks.hub import called
from cternet.networks.network import Rater
from cternet.networks.precision import has_fast_bfloat16
from cternet.networks.ras import RAS
from cternet.results.predictor import Predictor

SOURCES: dict[str, str | Path] = {
    "vanilla": SHIPPED / "vanilla-fi",
    "wscnet": SHIPPED / "wscnet-fi",
    "ras": SHIPPED / "ras",
    "valence-arousal": SHIPPED / "va-oasis",
}
"""Where the networks beside CTERNet come from: checkpoint folders or hub ids."""
OTHERS = tuple(SOURCES)


def place_of(family: str) -> str:
    """The network that a family is in a comparison: a classifier that has no methods of its own is a plain one."""
    return family if family in ("cternet", *SOURCES) else "vanilla"


def loaded_name(name: str, source: str | Path) -> str:
    """Under which a network is shared by several ``Networks``."""
    return f"{name} {source}"


class Networks:
    """A classifier, CTERNet or another, and the networks it is compared with; they keep nothing of any image.

    A network that rates stands alone: it has no classes whose maps could be compared.

    Args:
        predictor: the classifier, which also says what every map is drawn over and which class is looked at by default.
        sources: of the names of ``SOURCES``; one that cannot be loaded or seen side by side is left out.
        loaded: networks by their ``loaded_name``, where several of these share them; those that are missing are put there.

    Attributes:
        all: the networks that are there, by name.
        main: the name of the predictor's network, ``cternet`` or what else ``place_of`` says.
        reasons: why a network is not there, by name.
        names: what the checkpoints are called, by name.
        compiled: the classifiers as ``quicken`` made them, by name.
    """

    def __init__(
        self,
        predictor: Predictor,
        sources: Mapping[str, str | Path] = SOURCES,
        *,
        loaded: dict[str, Any] | None = None,
    ) -> None:
        network = predictor.model
        self.predictor, self.device = predictor, predictor.device
        self.loaded = {} if loaded is None else loaded
        self.main = place_of(network.family)
        self.all: dict[str, Classifier | RAS | Rater] = {}
        self.reasons: dict[str, str] = {}
        self.names = {self.main: predictor.name}
        self.compiled: dict[str, Callable[[Tensor], Tensor]] = {}
        if not isinstance(network, Classifier):
            alone = f"{predictor.name} does not name emotions, so there are no maps to compare"
            self.reasons = dict.fromkeys(("cternet", *OTHERS), alone)
            return
        self.all[self.main] = network
        if self.main != "cternet":
            self.reasons["cternet"] = f"{predictor.name} is {family_of(network.family).about}, not CTERNet"
        for name, source in sources.items():
            if name == self.main:
                continue
            try:
                self.add(name, source)
            except (CheckpointError, ValueError) as error:
                self.reasons[name] = str(error).replace(str(source), called(source))  # pages show it: no path of the machine
        for name in set(OTHERS) - {*sources, self.main}:
            self.reasons[name] = f"no weights were given for {name}"

    def add(self, name: str, source: str | Path) -> None:
        place = loaded_name(name, source)
        if place not in self.loaded:
            network = load_model(source, family_of(name).network)
            self.loaded[place] = network.to(self.device, memory_format=torch.channels_last).eval().requires_grad_(False)
        network = self.loaded[place]
        if network.config.geometry != self.predictor.config.geometry:
            raise ValueError(
                f"{source} sees another part of a photo than {self.predictor.name} "
                f"({network.config.geometry}, not {self.predictor.config.geometry}); their maps cannot be compared"
            )
        if isinstance(network, Classifier) and set(network.config.classes) != set(self.predictor.config.classes):
            raise ValueError(f"{source} has different classes from {self.predictor.name}: {', '.join(network.config.classes)}")
        self.all[name] = network
        self.names[name] = called(source)

    def __contains__(self, name: str) -> bool:
        return name in self.all

    @property
    def classifiers(self) -> dict[str, Classifier]:
        """Those that classify, by name."""
        return {name: network for name, network in self.all.items() if isinstance(network, Classifier)}

    @property
    def called(self) -> str:
        """What sentences call the predictor's network."""
        return "CTERNet" if self.main == "cternet" else self.predictor.name

    @property
    def classes(self) -> tuple[str, ...]:
        """The predictor's classes, in the order of its logits."""
        return self.predictor.config.classes

    def class_index(self, name: str, label: str) -> int:
        """Place of a class in the logits of a network: two networks may have them in another order."""
        return self.classifiers[name].config.classes.index(label)

    def config(self, name: str) -> Any:
        """How a network sees photos (image size, geometry, normalisation)."""
        return self.all[name].config

    @property
    def views(self) -> dict[int, Any]:
        """How the networks see photos, one for each input size."""
        return {self.config(name).image_size: self.config(name) for name in ("cternet", *OTHERS) if name in self}

    @torch.inference_mode()
    def forward(self, name: str, images: Tensor) -> Tensor:
        """Images (B, 3, size, size) with values in [0, 1] to X (B, C, H, W), or to the saliency (B, h, w) of RAS."""
        network, images = self.all[name], self.normalised(name, images)
        return network.saliency(images) if isinstance(network, RAS) else network.forward_features(images)

    def normalised(self, name: str, images: Tensor) -> Tensor:
        """Images (B, 3, size, size) with values in [0, 1] as a network's input, on the device."""
        config = self.config(name)
        images = normalize(images.to(self.device), list(config.mean), list(config.std))
        return images.to(memory_format=torch.channels_last)  # the faster layout for convolutions

    def quicken(self) -> None:
        """Compile the classifiers and let them answer altered photos in what the device is fast in: for measuring many photos.

        Answers in bfloat16 differ from float32's in the third digit; maps stay as they are.  Takes half a minute a network.
        """
        for name, network in self.classifiers.items():

            def answer(images: Tensor, network: Classifier = network) -> Tensor:
                return network(images).prediction

            self.compiled[name] = torch.compile(answer, options={"freezing": True})

    def probabilities(self, name: str, images: Tensor) -> Tensor:
        """Answers of a classifier (B, K), softmaxed, in the order of its own classes, to images with values in [0, 1]."""
        images = self.normalised(name, images)
        if name in self.compiled:  # what is compiled under inference mode cannot be frozen
            with torch.no_grad(), torch.autocast(self.device.type, torch.bfloat16, enabled=has_fast_bfloat16(self.device)):
                return self.compiled[name](images).float().softmax(dim=1)
        with torch.inference_mode():
            return self.classifiers[name](images).prediction.float().softmax(dim=1)
