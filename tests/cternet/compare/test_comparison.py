import numpy as np
import pytest

from cternet.compare import METHODS, Comparison, Networks, Panel, Scene, Stopped, compare, measure
from cternet.compare.faithfulness import faithfulness
from cternet.compare.ranking import random_map
from tests.tiny import tiny_photo

SHOWN = ("cam", "s", "spectral-residual", "wscnet", "ras")


@pytest.fixture(autouse=True)
def few_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """How many images a number takes is not what is tested here."""
    monkeypatch.setattr("cternet.compare.faithfulness.STEPS", 2)
    monkeypatch.setattr("cternet.compare.faithfulness.SHARES", (0.3,))


def finished(scene: Scene, comparison: Comparison) -> Comparison:
    return list(measure(scene, comparison))[-1]


def test_panels_are_the_maps_in_the_order_asked_for(scene: Scene) -> None:
    found = compare(scene, SHOWN)
    assert [panel.method for panel in found.panels] == list(SHOWN)
    for panel in found.panels:
        np.testing.assert_array_equal(panel.values, scene.map(panel.method, found.label))
        assert not panel.problem and panel.numbers is None
    assert found.label == found.prediction == scene.analysis.prediction
    assert found.photo is scene.analysis.photo and not found.controls


def test_another_class_is_looked_at(scene: Scene) -> None:
    label = next(label for label in scene.analysis.labels if label != scene.analysis.prediction)
    found = compare(scene, ["cam", "s"], label)
    assert found.label == label and found.prediction == scene.analysis.prediction
    np.testing.assert_array_equal(found.panels[0].values, scene.map("cam", label))
    assert not np.array_equal(found.panels[0].values, scene.map("cam", scene.analysis.prediction))


def test_an_unknown_class_is_named_with_the_choices(scene: Scene) -> None:
    with pytest.raises(ValueError, match=r"unknown emotion 'boredom': choose one of .*" + scene.analysis.labels[-1]):
        compare(scene, SHOWN, "boredom")


def test_panels_with_nothing_to_see_say_why_and_the_others_go_on(scene: Scene) -> None:
    scene.maps["s", None] = np.full((4, 4), 2.5, np.float32)
    scene.maps["spectral-residual", None] = np.array([[0, np.nan], [1, 2]], np.float32)
    found = finished(scene, compare(scene, ["s", "spectral-residual", "cam"]))
    flat, broken, cam = found.panels
    assert flat.problem == "this map is the same everywhere (2.5), so it tells no place from another"
    assert broken.problem == "this map has non-finite values, so there is nothing to see"
    assert flat.values is broken.values is flat.numbers is broken.numbers is None
    assert cam.values is not None and cam.numbers is not None
    assert set(found.controls) == {"vanilla"}


def test_a_network_that_is_not_there_is_a_panel_that_says_so(networks: Networks, sources: dict) -> None:
    few = Networks(networks.predictor, {"vanilla": sources["vanilla"]})
    scene = few.look([tiny_photo(5)])[0]
    found = compare(scene, ["wscnet", "ras", "s"])
    assert [panel.problem for panel in found.panels] == [
        "no weights were given for wscnet",
        "no weights were given for ras",
        "",
    ]


def test_numbers_come_one_after_the_other_controls_first(scene: Scene) -> None:
    states = list(measure(scene, compare(scene, SHOWN)))
    assert [list(state.controls) for state in states[:3]] == [
        ["vanilla"],
        ["vanilla", "cternet"],
        ["vanilla", "cternet", "wscnet"],
    ]
    measured = [[panel.method for panel in state.panels if panel.numbers] for state in states]
    assert measured == [[]] * 3 + [list(SHOWN[:count]) for count in range(1, len(SHOWN) + 1)]


def test_each_map_is_measured_on_the_classifier_it_explains_beside_that_ones_control(scene: Scene) -> None:
    found = finished(scene, compare(scene, SHOWN))
    explained = {"cam": "vanilla", "s": "cternet", "spectral-residual": "cternet", "wscnet": "wscnet", "ras": "cternet"}
    noise = random_map(scene.analysis.s.shape, scene.analysis.seen)
    for panel in found.panels:
        classifier = explained[panel.method]
        assert METHODS[panel.method].explains == classifier
        assert panel.numbers == faithfulness(scene, classifier, found.label, panel.values)
        assert found.control(panel.method) == faithfulness(scene, classifier, found.label, noise)


def test_what_was_measured_is_not_measured_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    first = finished(scene, compare(scene, SHOWN))

    def refuse(*_arguments: object) -> None:
        raise AssertionError("a network ran again")

    monkeypatch.setattr(scene.networks, "probabilities", refuse)
    again = finished(scene, compare(scene, SHOWN[::-1]))
    assert again.controls == first.controls
    assert [panel.numbers for panel in again.panels] == [panel.numbers for panel in first.panels[::-1]]


def test_another_class_has_numbers_of_its_own(scene: Scene) -> None:
    one, other = (finished(scene, compare(scene, ["s"], label)) for label in scene.analysis.labels[:2])
    np.testing.assert_array_equal(one.panels[0].values, other.panels[0].values)
    assert one.panels[0].numbers != other.panels[0].numbers and one.controls != other.controls


def test_stopping_keeps_what_was_measured(scene: Scene) -> None:
    comparison, states = compare(scene, ["s", "spectral-residual"]), []
    with pytest.raises(Stopped):
        for state in measure(scene, comparison, stop=lambda: len(states) == 2):
            states.append(state)
    assert states[-1].panels[0].numbers is not None and states[-1].panels[1].numbers is None
    assert set(scene.measured) == {(method, "cternet", comparison.label) for method in ("random", "s")}


def test_agreement_with_the_others_leaves_out_the_map_itself_and_missing_ones(scene: Scene) -> None:
    found = compare(scene, ["s", "spectral-residual", "cam", "ras"])
    row = found.agreement[1]
    assert found.agreement_with_others("spectral-residual") == pytest.approx((row[0] + row[2] + row[3]) / 3)
    missing = (*found.panels[:2], Panel("cam", problem="gone"))
    few = Comparison(found.name, found.label, found.prediction, found.photo, missing)
    assert few.agreement_with_others("spectral-residual") == row[0]
    assert np.isnan(few.agreement_with_others("cam"))
    alone = Comparison(found.name, found.label, found.prediction, found.photo, found.panels[:1])
    assert np.isnan(alone.agreement_with_others("s"))


def test_controls_are_none_until_measured(scene: Scene) -> None:
    assert compare(scene, ["s"]).control("s") is None
