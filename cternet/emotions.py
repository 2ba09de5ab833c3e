"""Emotion categories, their order, polarity and colours.

Mikels et al., "Emotional category data on images from the International Affective Picture System", 2005:
four positive and four negative categories.  The order is pinned by name here and nowhere else.
"""

from collections.abc import Sequence

__all__ = [
    "ALIASES",
    "CAER",
    "COLOURS",
    "EKMAN",
    "EMOTIC",
    "MIKELS",
    "POLARITY",
    "POLARITY_CLASSES",
    "TABLES",
    "positive_mask",
    "sides",
]

MIKELS: tuple[str, ...] = (
    "amusement",
    "anger",
    "awe",
    "contentment",
    "disgust",
    "excitement",
    "fear",
    "sadness",
)

EKMAN: tuple[str, ...] = ("anger", "disgust", "fear", "joy", "sadness", "surprise")
"""Ekman's six, in the order of Emotion6's table."""

POLARITY_CLASSES: tuple[str, ...] = ("negative", "positive")

CAER: tuple[str, ...] = ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")
"""The seven of CAER and CAER-S, by the names the others have."""

EMOTIC: tuple[str, ...] = (
    "affection",
    "anger",
    "annoyance",
    "anticipation",
    "aversion",
    "confidence",
    "disapproval",
    "disconnection",
    "disquietment",
    "doubt/confusion",
    "embarrassment",
    "engagement",
    "esteem",
    "excitement",
    "fatigue",
    "fear",
    "happiness",
    "pain",
    "peace",
    "pleasure",
    "sadness",
    "sensitivity",
    "suffering",
    "surprise",
    "sympathy",
    "yearning",
)
"""The 26 categories of EMOTIC, of which several hold together."""

TABLES: dict[str, tuple[str, ...]] = {
    "mikels": MIKELS,
    "ekman": EKMAN,
    "polarity": POLARITY_CLASSES,
    "caer": CAER,
    "emotic": EMOTIC,
}
"""Named sets of classes; a name stands for its classes wherever classes are asked for."""

ALIASES: dict[str, str] = {
    "amused": "amusement",
    "angry": "anger",
    "content": "contentment",
    "disgusted": "disgust",
    "excited": "excitement",
    "fearful": "fear",
    "happiness": "joy",
    "happy": "joy",
    "sad": "sadness",
    "surprised": "surprise",
}
"""Other words for the same class, as data sets use them."""

POLARITY: dict[str, str] = {
    "amusement": "positive",
    "awe": "positive",
    "contentment": "positive",
    "excitement": "positive",
    "joy": "positive",
    "anger": "negative",
    "disgust": "negative",
    "fear": "negative",
    "sadness": "negative",
    "positive": "positive",
    "negative": "negative",
}

# Paul Tol's "muted" scheme: told apart with the common colour-vision deficiencies.
COLOURS: dict[str, str] = {
    "amusement": "#ddaa33",
    "anger": "#882255",
    "awe": "#44aa99",
    "contentment": "#117733",
    "disgust": "#999933",
    "excitement": "#cc6677",
    "fear": "#332288",
    "joy": "#ee8866",
    "sadness": "#4477aa",
    "surprise": "#bb5577",
    "positive": "#117733",
    "negative": "#882255",
}


def positive_mask(labels: tuple[str, ...]) -> tuple[bool, ...]:
    """Which of ``labels`` are positive; raises ``ValueError`` for a label without a known polarity."""
    unknown = [label for label in labels if label not in POLARITY]
    if unknown:
        raise ValueError(f"no polarity is known for {', '.join(unknown)}; add it to cternet/emotions.py")
    return tuple(POLARITY[label] == "positive" for label in labels)


def sides(labels: Sequence[str], surprise: str = "skip") -> tuple[str | None, ...]:
    """The polarity of each label; None for one that has none.

    Args:
        surprise: the polarity to count surprise as; ``skip``: none.

    Raises:
        ValueError: a label other than surprise without a known polarity.
    """
    known = POLARITY | {"surprise": None if surprise == "skip" else surprise}
    unknown = [label for label in labels if label not in known]
    if unknown:
        raise ValueError(f"no polarity is known for {', '.join(unknown)}; add it to cternet/emotions.py")
    return tuple(known[label] for label in labels)
