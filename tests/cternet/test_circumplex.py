"""Valence and arousal: published coordinates, and a prediction's point among them."""

from dataclasses import replace

import numpy as np
import pytest

from cternet import Analysis, Predictor
from cternet.circumplex import COORDINATES, HIGHEST, LOWEST, circumplex_figure, places, point
from cternet.emotions import EKMAN, MIKELS, POLARITY
from cternet.show.figure import DRAWING
from tests.tiny import tiny_network, tiny_photo


@pytest.fixture
def analysis(predictor: Predictor) -> Analysis:
    return predictor.analyze(tiny_photo())


def sure(analysis: Analysis, label: str) -> Analysis:
    """An analysis that is certain of one emotion."""
    evidence = np.zeros_like(analysis.evidence)
    evidence[analysis.labels.index(label)] = 200.0
    ones = np.ones_like(analysis.s)
    own = replace(analysis.own, mean=np.zeros_like(ones))
    return replace(analysis, evidence=evidence, s=ones, attended=ones, own=own, counterfactual=own)


def test_every_emotion_of_both_sets_has_a_place_on_the_scale():
    assert set(COORDINATES) == set(MIKELS) | set(EKMAN)
    for place in COORDINATES.values():
        assert LOWEST <= place.valence <= HIGHEST
        assert LOWEST <= place.arousal <= HIGHEST


def test_the_published_ratings():
    """Warriner et al. (2013): two rows as printed in their file, and what anyone would expect of the others."""
    assert COORDINATES["amusement"] == (7.0, 4.82)
    assert COORDINATES["anger"] == (2.5, 5.93)
    for label, place in COORDINATES.items():
        if label in POLARITY:
            assert (place.valence > 5) == (POLARITY[label] == "positive"), label
    assert COORDINATES["sadness"].arousal < COORDINATES["fear"].arousal


def test_a_sure_prediction_lies_on_its_word(analysis: Analysis):
    for label in MIKELS:
        assert point(sure(analysis, label)) == pytest.approx(COORDINATES[label])


def test_the_point_is_the_mean_by_probability(analysis: Analysis):
    scores = [float(score) for score in analysis.scores]
    weights = [np.exp(score) for score in scores]
    for axis in (0, 1):
        expected = sum(w * COORDINATES[label][axis] for w, label in zip(weights, analysis.labels, strict=True)) / sum(weights)
        assert point(analysis)[axis] == pytest.approx(expected)


def test_an_intervention_moves_it(analysis: Analysis):
    after = analysis.intervene(analysis.s * 0.2)
    assert point(after) != pytest.approx(point(analysis), abs=1e-3)
    assert point(analysis.intervene("reverse")) == point(analysis), "an allocation looked at is no other prediction"


def test_classes_without_ratings():
    analysis = Predictor(tiny_network(classes=("joy", "gloom")), device="cpu").analyze(tiny_photo())
    with pytest.raises(ValueError, match="not known for gloom"):
        point(analysis)
    with pytest.raises(ValueError, match="positive"):
        places(("negative", "positive"))


def test_the_picture(analysis: Analysis):
    after = analysis.intervene(analysis.s * 0.2)
    with DRAWING:
        axes = circumplex_figure(analysis, after).axes[0]
        texts = {text.get_text() for text in axes.texts}
        assert set(MIKELS) <= texts
        drawn = {tuple(np.round((line.get_xdata()[0], line.get_ydata()[0]), 6)) for line in axes.lines}
        wanted = [*COORDINATES.values(), point(analysis), point(after)]
        shown = [place for place in wanted if tuple(np.round(place, 6)) in drawn]
        assert len(shown) == len(MIKELS) + 2
        assert "valence" in axes.get_xlabel()
        assert "arousal" in axes.get_ylabel()
        circumplex_figure(analysis).canvas.draw()
