"""What is seen in a comparison's figure, in sentences below it."""

from collections.abc import Mapping, Sequence

from cternet.compare.methods import METHODS
from cternet.compare.pictures import ScaleOf, Style


def caption(
    methods: Sequence[str],
    style: Style,
    scale: ScaleOf,
    metrics: Sequence[str],
    models: Mapping[str, str],
) -> str:
    """What is seen, in sentences."""
    used = dict.fromkeys(METHODS[method].network or "" for method in methods)
    if metrics:
        used |= dict.fromkeys(METHODS[method].explains for method in methods)
    names = [f"{models[kind]} ({kind})" for kind in used if kind in models]
    ends = "Black and white" if style == "grey" else "The two end colours"
    of = (
        "each map's own smallest and largest value, so shades are not comparable between panels"
        if scale == "own"
        else "each method's smallest and largest value over all photos (S and S* together), so a column's shades are comparable"
    )
    sentences = [f"Networks: {', '.join(names)}."] if names else []
    sentences.append(f"{ends} are {of}; the values are under the bars.")
    signed = [METHODS[method].title for method in methods if METHODS[method].signed]
    if signed:
        which = "bright is for the class, dark against it" if style == "grey" else "the colours are centred on 0"
        sentences.append(f"{' and '.join(signed)} {'is' if len(signed) == 1 else 'are'} signed: {which}; the tick marks 0.")
    if metrics:
        sentences.append(
            "Under the maps: how faithful each is to the classifier it explains for the class looked at (↓ lower is better, "
            "↑ higher is better), in parentheses a random map's, bold where the map is better; agreement: mean rank "
            "correlation with the other maps of the photo."
        )
    return " ".join(sentences)
