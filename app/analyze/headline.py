"""The first sentence about a photo, and the facts that say how far to trust it."""

from dataclasses import dataclass

import numpy as np

from cternet import Analysis, Classified
from cternet.results.painting import Mask, paint
from cternet.show.words import place

WITHOUT_MODES = {
    "ignore": "ignoring what you painted",
    "look-elsewhere": "looking away from what you painted",
    "look-only": "looking only at what you painted",
}
UNLIKE = (
    "This picture is unlike the photos the model learnt from (it may be blank, a document, a screenshot or a drawing): "
    "do not rely on its answer."
)


@dataclass(frozen=True)
class Headline:
    """What stands first.

    Attributes:
        sure: whether it is stated as an answer; otherwise ``names`` are what it hesitates between.
        names: the emotion, or those.
        chance: of the first, as a whole per cent.
        because: the part of the photo whose attention spoke for it most; empty where none did.
        evenly: what it would say looking evenly, None where it would not answer at all, or where it has no attention.
    """

    sure: bool
    names: tuple[str, ...]
    chance: int
    because: str = ""
    evenly: str | None = None

    @property
    def turned(self) -> bool:
        """Whether where it looked decided the answer."""
        return self.evenly is not None and self.evenly != self.names[0]


def headline(result: Classified) -> Headline:
    """The headline of a photo with nothing painted."""
    sure = result.sure is not False
    names = (result.prediction,) if sure else result.candidates
    chance = round(100 * float(result.probabilities.max()))
    if not isinstance(result, Analysis):
        return Headline(sure, names, chance)
    effect = result.effect_map[result.labels.index(result.prediction)]
    because = place(effect) if effect.sum() > 0 else ""
    return Headline(sure, names, chance, because, even_answer(result))


def even_answer(analysis: Analysis) -> str | None:
    """What it would have said with the same amount of attention everywhere; None where it then has no answer.

    Whether it matters where it looked: on an equal budget even attention is the counterfactual itself, whose effect is 0.
    """
    evenly = analysis.evenly
    if analysis.answer == "y_te" and np.allclose(evenly.attended, analysis.own.mean, rtol=1e-3):
        return None
    return evenly.prediction


def facts(result: Classified) -> list[str]:
    """What the checkpoint's own evaluation says of such an answer, as sentences; none where it has none."""
    reliability = result.reliability
    if reliability is None:
        return []
    said = reliability.right_when_said.get(result.prediction)
    found = []
    if said is not None:
        found.append(f"When it says {result.prediction}, it is right {said:.0%} of the time.".replace("%", " %"))
    if result.sure:
        found.append(
            f"Answers from {reliability.sure_from:.0%} count as sure; these are right {reliability.right_when_sure:.0%} "
            f"of the time.".replace("%", " %")
        )
    else:
        found.append(f"Answers from {reliability.sure_from:.0%} count as sure; this one is below.".replace("%", " %"))
    found.append(f"Measured on {reliability.images:,} photos it had not seen.")
    return found


def with_painting(analysis: Analysis, painting: tuple[Mask, str] | None) -> str:
    """What the visitor's painting does to the answer, in a sentence; empty where there is none."""
    if painting is None:
        return ""
    mask, mode = painting
    after = paint(analysis, mask, mode)
    verb = "would still say" if after.prediction == analysis.prediction else "would say"
    chance = f"{100 * after.probabilities.max():.0f} %"
    return f"With your painting: {WITHOUT_MODES[mode]}, it {verb} {after.prediction} ({chance})."
