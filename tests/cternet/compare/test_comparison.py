import numpy as np
import pytest

from cternet.compare import METHODS, Comparison, Networks, Panel, Sample, Stopped, compare, load_samples, make_map, measure
from cternet.compare.faithfulness import faithfulness
from cternet.compare.pixel_ranking import random_map
from tests.tiny import tiny_photo

SHOWN = ("cam", "s", "spectral-residual", "wscnet", "ras")


@pytest.fixture(autouse=True)
def few_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """How many images a number takes is not what is tested here."""
    monkeypatch.setattr("cternet.compare.faithfulness.STEPS", 2)
    monkeypatch.setattr("cternet.compare.faithfulness.SHARES", (0.3,))


def finished(sample: Sample, comparison: Comparison) -> Comparison:
    return list(measure(sample, comparison))[-1]


def test_panels_are_the_maps_in_the_order_asked_for(sample: Sample) -> None:
    found = compare(sample, SHOWN)
    assert [panel.method for panel in found.panels] == list(SHOWN)
    for panel in found.panels:
        np.testing.assert_array_equal(panel.values, make_map(sample, panel.method, found.label))
        assert not panel.problem and panel.numbers is None
    assert found.label == found.prediction == sample.analysis.prediction
    assert found.photo is sample.analysis.photo and not found.controls


def test_another_class_is_looked_at(sample: Sample) -> None:
    label = next(label for label in sample.analysis.labels if label != sample.analysis.prediction)
    found = compare(sample, ["cam", "s"], label)
    assert found.label == label and found.prediction == sample.analysis.prediction
    np.testing.assert_array_equal(found.panels[0].values, make_map(sample, "cam", label))
    assert not np.array_equal(found.panels[0].values, make_map(sample, "cam", sample.analysis.prediction))


def test_an_unknown_class_is_named_with_the_choices(sample: Sample) -> None:
    with pytest.raises(ValueError, match=r"unknown emotion 'boredom': choose one of .*" + sample.analysis.labels[-1]):
        compare(sample, SHOWN, "boredom")


def test_panels_with_nothing_to_see_say_why_and_the_others_go_on(sample: Sample) -> None:
    sample.maps["s", None] = np.full((4, 4), 2.5, np.float32)
    sample.maps["spectral-residual", None] = np.array([[0, np.nan], [1, 2]], np.float32)
    found = finished(sample, compare(sample, ["s", "spectral-residual", "cam"]))
    flat, broken, cam = found.panels
    assert flat.problem == "this map is the same everywhere (2.5), so it singles out no place"
    assert broken.problem == "this map has non-finite values, so it cannot be shown"
    assert flat.values is broken.values is flat.numbers is broken.numbers is None
    assert cam.values is not None and cam.numbers is not None
    assert set(found.controls) == {"vanilla"}


def test_a_network_that_is_not_there_is_a_panel_that_says_so(networks: Networks, sources: dict) -> None:
    few = Networks(networks.predictor, {"vanilla": sources["vanilla"]})
    sample = load_samples(few, [tiny_photo(5)])[0]
    found = compare(sample, ["wscnet", "ras", "s"])
    assert [panel.problem for panel in found.panels] == [
        "no weights were given for wscnet",
        "no weights were given for ras",
        "",
    ]


def test_numbers_come_one_after_the_other_controls_first(sample: Sample) -> None:
    states = list(measure(sample, compare(sample, SHOWN)))
    assert [list(state.controls) for state in states[:3]] == [
        ["vanilla"],
        ["vanilla", "cternet"],
        ["vanilla", "cternet", "wscnet"],
    ]
    measured = [[panel.method for panel in state.panels if panel.numbers] for state in states]
    assert measured == [[]] * 3 + [list(SHOWN[:count]) for count in range(1, len(SHOWN) + 1)]


def test_each_map_is_measured_on_the_classifier_it_explains_beside_that_ones_control(sample: Sample) -> None:
    found = finished(sample, compare(sample, SHOWN))
    explained = {"cam": "vanilla", "s": "cternet", "spectral-residual": "cternet", "wscnet": "wscnet", "ras": "cternet"}
    noise = random_map(sample.analysis.s.shape, sample.analysis.seen)
    for panel in found.panels:
        classifier = explained[panel.method]
        assert METHODS[panel.method].explains == classifier
        assert panel.numbers == faithfulness(sample, classifier, found.label, panel.values)
        assert found.control(panel.method) == faithfulness(sample, classifier, found.label, noise)


def test_what_was_measured_is_not_measured_again(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    first = finished(sample, compare(sample, SHOWN))

    def refuse(*_arguments: object) -> None:
        raise AssertionError("a network ran again")

    monkeypatch.setattr(sample.networks, "probabilities", refuse)
    again = finished(sample, compare(sample, SHOWN[::-1]))
    assert again.controls == first.controls
    assert [panel.numbers for panel in again.panels] == [panel.numbers for panel in first.panels[::-1]]


def test_another_class_has_numbers_of_its_own(sample: Sample) -> None:
    one, other = (finished(sample, compare(sample, ["s"], label)) for label in sample.analysis.labels[:2])
    np.testing.assert_array_equal(one.panels[0].values, other.panels[0].values)
    assert one.panels[0].numbers != other.panels[0].numbers and one.controls != other.controls


def test_stopping_keeps_what_was_measured(sample: Sample) -> None:
    comparison, states = compare(sample, ["s", "spectral-residual"]), []
    with pytest.raises(Stopped):
        for state in measure(sample, comparison, stop=lambda: len(states) == 2):
            states.append(state)
    assert states[-1].panels[0].numbers is not None and states[-1].panels[1].numbers is None
    assert set(sample.measured) == {(method, "cternet", comparison.label) for method in ("random", "s")}


def test_agreement_with_the_others_leaves_out_the_map_itself_and_missing_ones(sample: Sample) -> None:
    found = compare(sample, ["s", "spectral-residual", "cam", "ras"])
    row = found.agreement[1]
    assert found.agreement_with_others("spectral-residual") == pytest.approx((row[0] + row[2] + row[3]) / 3)
    missing = (*found.panels[:2], Panel("cam", problem="gone"))
    few = Comparison(found.name, found.label, found.prediction, found.photo, missing)
    assert few.agreement_with_others("spectral-residual") == row[0]
    assert np.isnan(few.agreement_with_others("cam"))
    alone = Comparison(found.name, found.label, found.prediction, found.photo, found.panels[:1])
    assert np.isnan(alone.agreement_with_others("s"))


def test_controls_are_none_until_measured(sample: Sample) -> None:
    assert compare(sample, ["s"]).control("s") is None
