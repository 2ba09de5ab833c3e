"""The methods whose maps are compared, one registry."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cternet.compare import attention, cam, ratings, saliency
from cternet.compare.errors import require_contrast
from cternet.compare.sample import Array, Sample
from cternet.stopping import never


@dataclass(frozen=True)
class NetworkKind:
    """What must be known of a network that methods look into.

    Attributes:
        words: what sentences call it.
        group: under what its methods are offered.
        classifies: whether it answers with emotions, so that maps can be tested on it.
    """

    words: str
    group: str
    classifies: bool = True


OTHERS = "Other networks, and none"
KINDS: dict[str, NetworkKind] = {
    "cternet": NetworkKind("CTERNet", "CTERNet's own answer"),
    "vanilla": NetworkKind("the plain classifier", "A plain classifier's answer"),
    "wscnet": NetworkKind("WSCNet", OTHERS),
    "ras": NetworkKind("RAS", OTHERS, classifies=False),
    "valence-arousal": NetworkKind("the rating network", OTHERS, classifies=False),
}
"""The networks of a comparison, by name."""


@dataclass(frozen=True)
class Method:
    """A way to make a map.

    Attributes:
        title: over its panel.
        make: (sample, class, stop) -> map (H, W), larger where the method sees more; on its own scale and grid.
        network: whose features or maps it uses, a key of ``KINDS``, or None.
        about: what it shows, for someone who never heard of it.
        paper: author and year.
        link: to the paper.
        per_class: whether the map depends on the class.
        signed: whether values below 0 speak against the class.
        slow: whether it costs a forward for every channel.
        control: whether it shows where the network did not look, and is never called better or worse than chance.

    Raises:
        ValueError: a network that is not in ``KINDS``.
    """

    title: str
    make: Callable[[Sample, str, Callable[[], bool]], NDArray[Any]]
    network: str | None
    about: str
    paper: str
    link: str
    per_class: bool = True
    signed: bool = False
    slow: bool = False
    control: bool = False

    def __post_init__(self) -> None:
        if self.network is not None and self.network not in KINDS:
            raise ValueError(f"the method {self.title} looks into an unknown network {self.network!r}; add it to KINDS")

    @property
    def explains(self) -> str:
        """The classifier whose answer the map can be tested on; CTERNet where the map belongs to no classifier."""
        return self.network if self.network is not None and KINDS[self.network].classifies else "cternet"

    @property
    def group(self) -> str:
        """Under what the method is offered."""
        return OTHERS if self.network is None else KINDS[self.network].group


ZHANG = ("Zhang et al., CTERNet", "https://github.com/anonymousaaai2025/CTERNet")
TWO_STAGES = ("Lee et al. 2025", "https://doi.org/10.1109/TCDS.2024.3465602")
FAMILY_WORDS = {
    "grad-cam": (
        "Grad-CAM",
        "channels weighted by how much the answer rises with them on average",
        ("Selvaraju et al. 2017", "https://arxiv.org/abs/1610.02391"),
    ),
    "grad-cam++": (
        "Grad-CAM++",
        "like Grad-CAM, with more weight on places that raise the answer",
        ("Chattopadhay et al. 2018", "https://arxiv.org/abs/1710.11063"),
    ),
    "layer-cam": (
        "Layer-CAM",
        "every place of every channel weighted by its own positive gradient",
        ("Jiang et al. 2021", "https://doi.org/10.1109/TIP.2021.3089943"),
    ),
    "hires-cam": (
        "HiResCAM",
        "every place of every channel weighted by its own gradient",
        ("Draelos & Carin 2020", "https://arxiv.org/abs/2011.08891"),
    ),
    "eigen-cam": (
        "Eigen-CAM",
        "the first principal component of the features, independent of the class",
        ("Muhammad & Yeasin 2020", "https://arxiv.org/abs/2008.00299"),
    ),
}


def family(network: str, suffix: str, words: str) -> dict[str, Method]:
    """The grad-cam package's methods on the last features of a network."""
    return {
        f"{kind}{suffix}": Method(
            f"{title}{words}",
            cam.from_features(kind, network),
            network,
            f"From {network}'s last features: {about}.",
            *paper,
            per_class=kind != "eigen-cam",
        )
        for kind, (title, about, paper) in FAMILY_WORDS.items()
    }


METHODS: dict[str, Method] = {
    "cam": Method(
        "CAM",
        cam.cam,
        "vanilla",
        "What each place adds to the answer of a plain classifier, which has no attention; negative places count against it.",
        "Zhou et al. 2016",
        "https://arxiv.org/abs/1512.04150",
        signed=True,
    ),
    "ras": Method(
        "RAS",
        saliency.ras,
        "ras",
        "Which places belong to the object that stands out, whatever it evokes: a saliency network, blind to emotion.",
        "Chen et al. 2020",
        "https://arxiv.org/abs/1807.09940",
        per_class=False,
    ),
    "wscnet": Method(
        "WSCNet",
        attention.sentiment,
        "wscnet",
        "The sentiment map of WSCNet, the method CTERNet's map comes from.",
        "She et al. 2019",
        "https://ieeexplore.ieee.org/document/8825564",
        per_class=False,
    ),
    "s": Method("S", attention.factual, "cternet", "Where CTERNet looked: its factual attention.", *ZHANG, per_class=False),
    "s-star": Method(
        "S*",
        attention.counterfactual,
        "cternet",
        "Where CTERNet might have looked instead: counterfactual attention, one draw of it where it is random.",
        *ZHANG,
        per_class=False,
        control=True,
    ),
    "effect": Method(
        "Total effect",
        attention.effect,
        "cternet",
        "What CTERNet's attention to each place did to the answer: T = (S - E[S*]) g / N, which sums to Y_TE.",
        *ZHANG,
        signed=True,
    ),
    **family("vanilla", "", ""),
    **family("cternet", "-cternet", ", CTERNet"),
    "score-cam": Method(
        "Score-CAM",
        cam.score_cam,
        "vanilla",
        "Channels weighted by the answer to the photo seen through them: no gradients, but one pass per channel.",
        "Wang et al. 2020",
        "https://arxiv.org/abs/1910.01279",
        slow=True,
    ),
    "valence": Method(
        "Valence",
        ratings.valence,
        "valence-arousal",
        "How pleasant each place is to a network that learnt people's ratings of photos; negative places are unpleasant.",
        *TWO_STAGES,
        per_class=False,
        signed=True,
    ),
    "arousal": Method(
        "Arousal",
        ratings.arousal,
        "valence-arousal",
        "How exciting each place is to a network that learnt people's ratings of photos; negative places are calm.",
        *TWO_STAGES,
        per_class=False,
        signed=True,
    ),
    "spectral-residual": Method(
        "Spectral residual",
        saliency.spectral_residual,
        None,
        "What is unusual in the photo's spectrum; no network at all.",
        "Hou & Zhang 2007",
        "https://doi.org/10.1109/CVPR.2007.383267",
        per_class=False,
    ),
}
"""By name, in the order panels are shown in."""

DEFAULT: tuple[str, ...] = ("cam", "ras", "wscnet", "s", "s-star", "effect")
GROUPS: dict[str, tuple[str, ...]] = {
    "default": DEFAULT,
    "cternet": ("s", "s-star", "effect"),
    "saliency": ("ras",),
    "fast": tuple(name for name, method in METHODS.items() if not method.slow),
    "all": tuple(METHODS),
}
"""Names that stand for several methods."""


def named(names: Sequence[str]) -> tuple[str, ...]:
    """Methods and groups to methods, each once, in the order given.

    Raises:
        ValueError: a name nobody knows.
    """
    unknown = [name for name in names if name not in METHODS and name not in GROUPS]
    if unknown:
        raise ValueError(f"unknown method: {', '.join(unknown)}; choose from {', '.join((*METHODS, *GROUPS))}")
    return tuple(dict.fromkeys(method for name in names for method in GROUPS.get(name, (name,))))


def make_map(sample: Sample, method: str, label: str, *, stop: Callable[[], bool] = never) -> Array:
    """The map (H, W) of a method for a class, on the method's own scale and grid; made once.

    Raises:
        MapError: it cannot be had, or is the same everywhere, or has non-finite values.
        Stopped: a slow method was interrupted.
    """
    chosen = METHODS[method]
    key = (method, label if chosen.per_class else None)
    if key not in sample.maps:
        sample.maps[key] = np.asarray(chosen.make(sample, label, stop), np.float32)
    return require_contrast(sample.maps[key])


def networks_of(methods: Iterable[str]) -> set[str]:
    """The networks that methods look into, keys of ``KINDS``."""
    return {network for method in methods if (network := METHODS[method].network) is not None}


def unavailable(methods: Iterable[str], reasons: Mapping[str, str]) -> dict[str, str]:
    """The methods whose network is missing, each with the reason, given the ``reasons`` of ``Networks``."""
    return {method: reasons[network] for method in methods if (network := METHODS[method].network or "") in reasons}
