"""The kinds of networks there are, one registry: what a checkpoint's ``config.json`` calls its ``family``."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cternet.networks.classifier import Classifier
from cternet.networks.clef import CLEF
from cternet.networks.config import CLEFConfig, CTERNetConfig, ValenceArousalConfig
from cternet.networks.cternet import CTERNet
from cternet.networks.network import Network
from cternet.networks.ras import RAS, RASConfig
from cternet.networks.smad_f import SMADF
from cternet.networks.timm_classifier import TimmClassifier, TimmConfig
from cternet.networks.valence_arousal import ValenceArousal
from cternet.networks.vanilla import Vanilla
from cternet.networks.wscnet import WSCNet


@dataclass(frozen=True)
class Family:
    """A kind of network.  What it can do is said by its class.

    Attributes:
        about: what it is, in a sentence.
        config: the dataclass of its settings; its ``family`` is the name.
        network: its class, whose ``family`` is the name; made from a config and loaded by ``from_pretrained``.
    """

    about: str
    config: type[Any]
    network: type[Any]

    @property
    def name(self) -> str:
        """What ``config.json`` calls it."""
        return str(self.network.family)

    @property
    def classifies(self) -> bool:
        """Whether its networks classify photos, so that there is a prediction to explain."""
        return issubclass(self.network, Classifier)

    @property
    def has_evidence(self) -> bool:
        """Whether they classify by a map S in which the answer is linear."""
        return issubclass(self.network, Network) and self.network.has_evidence

    @property
    def has_counterfactual(self) -> bool:
        """Whether they have an S* beside it."""
        return issubclass(self.network, Network) and self.network.has_counterfactual


FAMILIES: dict[str, Family] = {}
"""By name."""


def register(*families: Family) -> None:
    """Make families known, so that their checkpoints load and their configs make networks.

    Raises:
        ValueError: a name that is taken.
    """
    for family in families:
        if family.name in FAMILIES:
            raise ValueError(f"the family {family.name!r} already exists; choose another name")
        FAMILIES[family.name] = family


register(
    Family("a plain classifier", CTERNetConfig, Vanilla),
    Family("WSCNet, which couples its features with a sentiment map", CTERNetConfig, WSCNet),
    Family("CTERNet without its counterfactual", CTERNetConfig, SMADF),
    Family("CTERNet, which has factual and counterfactual attention", CTERNetConfig, CTERNet),
    Family("RAS, a saliency network, which names no emotions", RASConfig, RAS),
    Family("an image classifier of timm", TimmConfig, TimmClassifier),
    Family("CLEF, which leaves out what the context alone says", CLEFConfig, CLEF),
    Family("a network that rates valence and arousal, which names no emotions", ValenceArousalConfig, ValenceArousal),
)


def family_of(name: str) -> Family:
    """The family of that name.

    Raises:
        ValueError: there is none.
    """
    if name not in FAMILIES:
        raise ValueError(f"unknown family {name!r}: choose one of {', '.join(FAMILIES)}")
    return FAMILIES[name]


def in_words(test: Callable[[Family], bool]) -> str:
    """Names of the families that pass a test, to tell someone what would do."""
    *names, last = [family.name for family in FAMILIES.values() if test(family)]
    return f"{', '.join(names)} or {last}" if names else last


def named_in(config: dict[str, Any]) -> str:
    """The family that a ``config.json`` names; older ones said ``variant``, and those of RAS nothing; timm's own have an
    ``architecture``."""
    if "architecture" in config and "backbone" not in config:
        return "timm"
    return str(config.get("family") or config.get("variant") or ("cternet" if "classes" in config else "ras"))


def make_network(config: Any, *, pretrained: bool = False) -> Any:
    """A network as its family makes it from a config, with random weights or timm's in its backbone."""
    return family_of(config.family).network(config, pretrained=pretrained)
