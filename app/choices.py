"""The S* a visitor can choose, in words."""

from cternet import ALLOCATIONS, CTERNetConfig, Predictor

ALLOCATION_CHOICES = {
    "random": "random: dice",
    "uniform": "uniform: the same everywhere",
    "reverse": "reverse: most where there was least",
    "shuffle": "shuffle: another photo's",
}
LEVEL_CHOICES = {
    "attention": "attention (paper)",
    "map": "the map itself",
    "scaled-map": "map, same mean",
}


def allocations(predictor: Predictor) -> dict[str, str]:
    """The allocations this model can be given; shuffle needs a bank of other photos' attention."""
    return {
        name: ALLOCATION_CHOICES[name]
        for name in ALLOCATIONS
        if name in ALLOCATION_CHOICES and (name != "shuffle" or predictor.bank is not None)
    }


def first(predictor: Predictor) -> str:
    """The allocation to begin with: the model's own, if it can be shown."""
    own = predictor.config.allocation
    return own if own in allocations(predictor) else "random"


def levels(config: CTERNetConfig) -> dict[str, str]:
    """Where they can act; on an equal budget every map has the mean of S, so the last choice would be the second again."""
    same = config.budget == "equal" and config.level != "scaled-map"
    return {name: words for name, words in LEVEL_CHOICES.items() if not (same and name == "scaled-map")}
