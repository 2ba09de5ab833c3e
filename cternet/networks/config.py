"""What a checkpoint needs to be run as it was trained; stored as ``config.json``."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from cternet.emotions import MIKELS, TABLES
from cternet.networks.allocations import AllocationName, Level
from cternet.networks.sentiment_map import BUDGETS, Budget


def triple(values: Iterable[float]) -> tuple[float, float, float]:
    """One number for each of red, green and blue; JSON has lists.

    Raises:
        ValueError: more or fewer.
    """
    red, green, blue = values
    return red, green, blue


@dataclass
class EmotionConfig:
    """Settings of every network that tells emotions apart; a family with more of them has a subclass."""

    family: str
    """What kind of network it is, a key of ``cternet.networks.families.FAMILIES``."""
    backbone: str = "tf_efficientnet_b0"
    """A timm model name; the paper's is res2net101d."""
    output_stride: int | None = 16
    """Input pixels a map cell; None for the backbone's own."""
    classes: tuple[str, ...] = MIKELS
    """Class names, in the order of the logits; mikels, ekman, polarity, caer and emotic stand for the classes of that name."""
    several: bool = False
    """Whether several classes may hold of a photo at once, as in EMOTIC: each then has a probability of its own."""
    image_size: int = 224
    """Side of the square input in pixels."""
    geometry: Literal["squash", "center"] = "squash"
    """squash: the whole photo, without its aspect ratio; center: the middle square."""
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    """Input normalisation, RGB in [0, 1]."""
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    """Input normalisation, RGB in [0, 1]."""
    dropout: float = 0.2
    """Share of the channels of X dropped in training, before every head."""
    deconfound: Literal["dot-product", "additive"] | None = None
    """Put CCIM between backbone and head, with this kind of intervention."""
    confounders: tuple[int, int] | None = None
    """How many confounders CCIM knows, and their channels; comes from the dictionary."""
    base: str | None = None
    """Name of the checkpoint beside this one whose backbone it shares: its own file holds only what differs."""
    training_data: str = ""
    """What the weights were trained on, in words."""
    metrics: dict[str, Any] = field(default_factory=dict)
    """Figures of this checkpoint, by split."""

    def __post_init__(self) -> None:
        self.classes, self.mean, self.std = tuple(self.classes), triple(self.mean), triple(self.std)
        if len(self.classes) == 1:
            self.classes = TABLES.get(self.classes[0], self.classes)
        if self.confounders is not None:
            number, channels = self.confounders
            self.confounders = number, channels
        if len(self.classes) < 2:
            raise ValueError(f"at least two classes are needed, or one of the names {', '.join(TABLES)}")


@dataclass
class CTERNetConfig(EmotionConfig):
    """Settings of CTERNet and of the networks it is compared with, which share its recipe."""

    family: Literal["vanilla", "wscnet", "smad-f", "cternet"] = "cternet"
    """vanilla: GAP and a linear layer; smad-f: no counterfactual; cternet: all (Table 3's rows); wscnet: that method."""
    attention_channels: int = 64
    """D."""
    reduced_channels: int | None = None
    """R; None for C where C is at most 512, else 32 as in the authors' code."""
    maps_per_class: int = 4
    """l."""
    full_view: bool = False
    """Let every kernel of Eq. 1 see all channels, as in the authors' code."""
    scaled_attention: bool = False
    """Divide Eq. 2's products by sqrt(N)."""
    allocation: AllocationName = "random"
    """What S* the network is trained and predicts with."""
    level: Level = "attention"
    """Where the allocation acts."""
    training_effect: Literal["draw", "exact"] = "draw"
    """In training, Y(S*) of draws or its exact expectation (random and uniform)."""
    draws: int = 1
    """In training, draws of S* a step, averaged."""
    budget: Budget = "free"
    """equal: S and every S* are never negative and have mean 1 over the cells, so that they differ in where alone; free: as
    they come, which is how checkpoints were made that do not say."""
    answer: Literal["y", "y_te"] = "y_te"
    """What cternet answers with: Y_TE, as in the paper, or Y(S)."""

    def __post_init__(self) -> None:
        choices = {"family": ("vanilla", "wscnet", "smad-f", "cternet"), "budget": BUDGETS, "answer": ("y", "y_te")}
        for name, known in (choices | {"allocation": get_args(AllocationName)}).items():
            if getattr(self, name) not in known:
                raise ValueError(f"unknown {name} {getattr(self, name)!r}: choose one of {', '.join(known)}")
        super().__post_init__()
        if self.draws < 1:
            raise ValueError("draws must be at least 1")


@dataclass
class ValenceArousalConfig(EmotionConfig):
    """Settings of a network that rates photos."""

    family: str = "valence-arousal"
    """What kind of network it is."""
    categories: bool = False
    """Whether it also has a head that tells the classes apart, trained beside the ratings (multi-task)."""
    places: tuple[tuple[float, float], ...] = ()
    """Valence and arousal of each class, from 1 to 9, as a lexicon of words has them: what labels stood for in training, and
    by which a class is told from ratings."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.places = tuple((float(valence), float(arousal)) for valence, arousal in self.places)
        if self.places and len(self.places) != len(self.classes):
            raise ValueError(f"there are {len(self.classes)} classes but {len(self.places)} places")


@dataclass
class CLEFConfig(EmotionConfig):
    """Settings of CLEF."""

    family: str = "clef"
    """What kind of network it is."""
    finder: dict[str, Any] = field(default_factory=dict)
    """Settings of the saliency network that finds the subject (``RASConfig``); come from its checkpoint."""
    finder_base: str | None = None
    """Name of the checkpoint beside this one that is the saliency network, where this one's file leaves it out."""
