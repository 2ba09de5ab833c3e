"""The Analyze page of a model that rates: how pleasant and exciting a photo is, and which parts of it say so."""

from typing import Any

from app.analyze import view
from app.analyze.contexts import contexts_view
from app.analyze.plain import Look, PlainPage
from app.html import render
from app.plane import plane
from app.workspace.open_photo import OpenPhoto
from cternet import Predictor, Rated, Rater
from cternet.circumplex import SOURCE, Place
from cternet.show.colours import DIVERGING, signed_scale

STEPS = ((3.5, "{low}"), (4.5, "rather {low}"), (5.5, "neither {low} nor {high}"), (6.5, "rather {high}"), (9.1, "{high}"))
"""What to call a rating below each number."""
MAPS = {
    "valence": ("Valence", "red: more pleasant than the middle; blue: less"),
    "arousal": ("Arousal", "red: more exciting than the middle; blue: calmer"),
}
"""Titles and captions."""


class RatedPage(PlainPage):
    """Valence and arousal as a point, and what each place says of them."""

    shows = "ratings"
    explanation = """
This model does not name emotions. It rates a photo as people did in a study: **valence**, how pleasant it is, and
**arousal**, how exciting, each from 1 to 9 with 5 in the middle. The maps show what each place adds: a rating comes from its
map's mean, so red places raise it and blue ones lower it. Each place sees more of the photo than it covers.

It learnt the average of many people's ratings: you may feel differently.
"""

    @classmethod
    def needs(cls, predictor: Predictor) -> str:
        return "" if isinstance(predictor.model, Rater) else f"{predictor.name} does not rate photos."

    def answer(self, photo: OpenPhoto) -> str:
        return answer_view(photo, self.studio.predictor.config.metrics)

    def maps(self, photo: OpenPhoto, chosen: Any) -> str:
        return maps_view(rated(photo), chosen)


def rated(photo: OpenPhoto) -> Rated:
    assert isinstance(photo.result, Rated)
    return photo.result


def called(value: float, low: str, high: str) -> str:
    """A rating in words."""
    return next(words for limit, words in STEPS if value < limit).format(low=low, high=high)


def answer_view(photo: OpenPhoto, metrics: dict[str, Any]) -> str:
    """The ratings in words and as a point, and how far to trust them."""
    result = rated(photo)
    words = {label: Place(*place) for label, place in zip(result.labels, result.places, strict=False)}
    here = Place(result.valence, result.arousal)
    return render(
        "analyze/rated.html",
        photo=photo.id,
        result=result,
        valence=called(result.valence, "unpleasant", "pleasant").capitalize(),
        arousal=called(result.arousal, "calm", "exciting"),
        plane=plane(words, f"this photo ◇ {here.valence:.2f}, {here.arousal:.2f}", here),
        source=SOURCE,
        facts=facts(metrics),
        contexts=contexts_view(result),
    )


def facts(metrics: dict[str, Any]) -> list[str]:
    """What the checkpoint's own evaluation says, as sentences; none where it has none."""
    found = metrics.get("test")
    if not found or "valence" not in found:
        return []
    valence, arousal = found["valence"], found["arousal"]
    return [
        f"On {found['images']:,} photos it had not seen, its ratings correlate with people's at r = {valence['r']:.2f} "
        f"(valence) and {arousal['r']:.2f} (arousal), where 1 is perfect and 0 is chance.",
        f"It is typically off by {valence['rmse']:.1f} and {arousal['rmse']:.1f} points.",
    ]


def maps_view(result: Rated, chosen: Look) -> str:
    """What each place says of valence and arousal, over the photo."""
    maps = []
    for name, values in result.own_maps.items():
        title, caption = MAPS.get(name, (name, "red: more, blue: less"))
        picture = view.map_picture(result.photo, title, values, signed_scale(values), cmap=DIVERGING, **chosen.model_dump())
        maps.append((title, caption, picture))
    return render("analyze/rated_maps.html", maps=maps, cmap=DIVERGING)
