"""What the numbers under a map are called and mean."""

from dataclasses import dataclass

SHARES = (0.1, 0.3, 0.5)
"""Of pixels ROAD removes: three of its paper's; filling a hole costs more than in proportion to its size."""


@dataclass(frozen=True)
class Metric:
    """What a number under a panel means.

    Attributes:
        title: its name.
        higher_is_better: which way a more faithful map moves it.
        formula: in plain text; p is the classifier's probability of the class looked at.
        about: what is done, for someone who never heard of it.
        paper: author and year.
        link: to the paper.
    """

    title: str
    higher_is_better: bool
    formula: str
    about: str
    paper: str
    link: str

    @property
    def arrow(self) -> str:
        """Where better values lie."""
        return "↑" if self.higher_is_better else "↓"


@dataclass(frozen=True)
class Faithfulness:
    """The numbers under a panel, all from probabilities of the class looked at; ``METRICS`` says what each is.

    Deletion and insertion are in [0, 1], ROAD in [-0.5, 0.5].
    """

    deletion_blur: float
    deletion_mean: float
    insertion_blur: float
    insertion_mean: float
    road: float

    @property
    def of_inverse(self) -> "Faithfulness":
        """The numbers of the map turned upside down, without measuring them.

        Removing first what a map ranks lowest is putting back first what it ranks highest, seen from the end: deletion and
        insertion change places, and ROAD its sign.
        """
        return Faithfulness(self.insertion_blur, self.insertion_mean, self.deletion_blur, self.deletion_mean, -self.road)


RISE = ("Petsiuk et al. 2018", "https://arxiv.org/abs/1806.07421")
BASELINES = {"blur": "a blurred copy of the photo", "mean": "the photo's mean colour"}
METRICS: dict[str, Metric] = {
    **{
        f"deletion_{name}": Metric(
            f"Deletion AUC, {name}",
            False,
            f"area under p(photo with its top share t replaced by {words}), t from 0 to 1",
            f"The map's highest-ranked places are replaced by {words}, step by step; if the classifier used them, its answer "
            "falls early and the area under it is small.",
            *RISE,
        )
        for name, words in BASELINES.items()
    },
    **{
        f"insertion_{name}": Metric(
            f"Insertion AUC, {name}",
            True,
            f"area under p({words} with the photo's top share t put back), t from 0 to 1",
            f"The map's highest-ranked places are put back first onto {words}; if they are enough for the classifier, its "
            "answer rises early and the area under it is large.",
            *RISE,
        )
        for name, words in BASELINES.items()
    },
    "road": Metric(
        "ROAD",
        True,
        f"mean over t of (p(bottom share t filled in) - p(top share t filled in)) / 2, t = {', '.join(map(str, SHARES))}",
        "Removed places are filled in from their surroundings, so nothing looks cut out: removing what the map ranks "
        "lowest should hurt the answer less than removing what it ranks highest.",
        "Rong et al. 2022",
        "https://arxiv.org/abs/2202.00449",
    ),
}
"""By field of ``Faithfulness``, in its order."""
