"""The S* a visitor can choose, in words."""

from cternet import ALLOCATIONS, CTERNetConfig, Predictor, available

LEVEL_CHOICES = {
    "attention": "attention (paper)",
    "map": "the map itself",
    "scaled-map": "map, same mean",
}


def allocations(predictor: Predictor) -> dict[str, str]:
    """The allocations this model can be given; shuffle needs a bank of other photos' attention."""
    return {name: ALLOCATIONS[name].choice for name in available(bank=predictor.bank is not None)}


def first(predictor: Predictor) -> str:
    """The allocation to begin with: the model's own, if it can be shown."""
    own = predictor.config.allocation
    offered = allocations(predictor)
    return own if own in offered else next(iter(offered))


def levels(config: CTERNetConfig) -> dict[str, str]:
    """Where they can act; on an equal budget every map has the mean of S, so the last choice would be the second again."""
    same = config.budget == "equal" and config.level != "scaled-map"
    return {name: words for name, words in LEVEL_CHOICES.items() if not (same and name == "scaled-map")}
