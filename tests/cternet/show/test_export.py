"""An analysis as files: what they hold is what the analysis says."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cternet import Analysis, Predictor
from cternet.show.export import figure_of, write
from cternet.show.figure import analysis_figure
from cternet.show.words import significant
from tests.tiny import tiny_network, tiny_photo


@pytest.fixture(params=["random", "reverse", "painted"])
def analysis(request: pytest.FixtureRequest, predictor: Predictor) -> Analysis:
    found = predictor.analyze(tiny_photo())
    options = {"painting": np.ones((4, 4), np.float32)} if request.param == "painted" else {}
    return found.intervene(request.param, seed=3, **options)


def test_numbers_as_json(analysis: Analysis, tmp_path: Path):
    found = json.loads(write(analysis, tmp_path / "numbers.json").read_text())
    assert found == json.loads(json.dumps(analysis.numbers()))
    assert found["prediction"] == analysis.prediction
    assert found["polarity"] == analysis.polarity
    for name, values in [
        ("Y(S)", analysis.y_factual),
        ("E[Y(S*)]", analysis.y_counterfactual),
        ("Y_TE", analysis.total_effect),
        ("Y_TE standard deviation over draws of S*", analysis.total_effect_std),
        ("probabilities", analysis.probabilities),
    ]:
        assert list(found[name]) == list(analysis.labels)
        assert list(found[name].values()) == pytest.approx(list(values))
    assert sum(found["probabilities"].values()) == pytest.approx(1)
    assert found["counterfactual"]["allocation"] == analysis.counterfactual.allocation


def test_arrays_as_npz(analysis: Analysis, tmp_path: Path):
    with np.load(write(analysis, tmp_path / "arrays.npz"), allow_pickle=False) as file:
        found = dict(file)
    assert found.keys() == analysis.maps().keys()
    assert found["effect_map"].sum(axis=(1, 2)) == pytest.approx(analysis.total_effect)
    assert np.array_equal(found["S"], analysis.attended)
    # What is stored is enough to compute the logits again.
    flat = found["evidence"].reshape(8, -1)
    assert flat @ found["S"].ravel() / flat.shape[1] + found["bias"] == pytest.approx(found["Y_S"], abs=1e-4)


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_the_same_analysis_gives_the_same_picture(analysis: Analysis, tmp_path: Path, ending: str):
    first, second = (write(analysis, tmp_path / f"{name}.{ending}").read_bytes() for name in "ab")
    strip = [line for line in first.splitlines() if b"dc:date" not in line]
    assert strip == [line for line in second.splitlines() if b"dc:date" not in line]
    if ending == "png":
        with Image.open(tmp_path / "a.png") as image:
            assert min(image.size) > 500


@pytest.mark.parametrize("family", ["vanilla", "wscnet"])
def test_what_was_classified_without_a_counterfactual(family: str, tmp_path: Path):
    result = Predictor(tiny_network(family=family), name="tiny", device="cpu").analyze(tiny_photo())
    found = json.loads(write(result, tmp_path / "numbers.json").read_text())
    assert found["prediction"] == result.prediction
    assert list(found["probabilities"].values()) == pytest.approx(list(result.probabilities))
    with np.load(write(result, tmp_path / "arrays.npz"), allow_pickle=False) as file:
        assert {"labels", "photo", "scores", *result.own_maps} == set(file)
        assert np.array_equal(file["scores"], result.scores)
    with Image.open(write(result, tmp_path / "figure.png")) as image:
        assert min(image.size) > 500
    chart = figure_of(result).axes[1 + len(result.own_maps)]
    assert chart.get_yticklabels()[0].get_text() == result.prediction
    assert max(bar.get_width() for bar in chart.patches) == pytest.approx(result.probabilities.max())
    assert result._repr_png_().startswith(b"\x89PNG")


def test_figure_of_a_chosen_emotion(predictor: Predictor):
    analysis = predictor.analyze(tiny_photo())
    titles = [axes.get_title() for axes in analysis_figure(analysis, label="disgust").axes]
    expected = significant(analysis.total_effect[analysis.labels.index("disgust")])
    assert f"Total effect on disgust\ncells sum to {expected}" in titles
    with pytest.raises(ValueError, match=r"'boredom'.*amusement"):
        analysis_figure(analysis, label="boredom")


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (1.23456, "+1.23"), (-0.000123456, "-0.000123"), (12345.0, "+1.23e+04"), (2.0, "+2.00")]
)
def test_three_significant_digits(value: float, text: str):
    assert significant(value) == text
