"""Emotion categories, their order, polarity and colours.

Mikels et al., "Emotional category data on images from the International Affective Picture System", 2005:
four positive and four negative categories.  The order is pinned by name here and nowhere else.
"""

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

POLARITY: dict[str, str] = {
    "amusement": "positive",
    "awe": "positive",
    "contentment": "positive",
    "excitement": "positive",
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
    "sadness": "#4477aa",
    "positive": "#117733",
    "negative": "#882255",
}


def positive_mask(labels: tuple[str, ...]) -> tuple[bool, ...]:
    """Which of ``labels`` are positive; raises ``ValueError`` for a label without a known polarity."""
    unknown = [label for label in labels if label not in POLARITY]
    if unknown:
        raise ValueError(f"no polarity is known for {', '.join(unknown)}; add it to cternet/emotions.py")
    return tuple(POLARITY[label] == "positive" for label in labels)
