"""Figures against counting by hand."""

import pytest
import torch
from accelerate import Accelerator
from torch.utils.data import DataLoader

from tests.tiny import tiny_config, tiny_network
from tests.training.made_up import CLASSES
from training.data import DataConfig, Photos, eval_transform, load_examples
from training.evaluation import collect, evaluate, summarise
from training.evaluation.figures import figures
from training.evaluation.pictures import confusion_figure
from training.evaluation.readout import Readout

FOUR = ("amusement", "awe", "anger", "fear")


def logits_of(guesses: list[int], classes: int) -> torch.Tensor:
    return 5.0 * torch.nn.functional.one_hot(torch.tensor(guesses), classes)


def test_by_hand():
    """Truth 0 0 0 1 1 2, guesses 0 0 1 1 0 0."""
    found = figures(logits_of([0, 0, 1, 1, 0, 0], 3), torch.tensor([0, 0, 0, 1, 1, 2]), Readout(CLASSES))
    assert found["confusion_matrix"] == [[2, 1, 0], [1, 1, 0], [1, 0, 0]]
    assert found["accuracy"] == pytest.approx(3 / 6)
    per_class = found["per_class"]
    assert per_class["amusement"] == pytest.approx({"precision": 2 / 4, "recall": 2 / 3, "f1": 4 / 7, "images": 3})
    assert per_class["awe"] == pytest.approx({"precision": 1 / 2, "recall": 1 / 2, "f1": 1 / 2, "images": 2})
    assert per_class["fear"] == pytest.approx({"precision": 0, "recall": 0, "f1": 0, "images": 1})
    assert found["macro_f1"] == pytest.approx((4 / 7 + 1 / 2 + 0) / 3)
    assert found["balanced_accuracy"] == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)


def test_against_counting():
    logits, labels = torch.randn(200, 4), torch.randint(0, 4, (200,))
    found = figures(logits, labels, Readout(FOUR))
    pairs = list(zip(labels.tolist(), logits.argmax(dim=1).tolist(), strict=True))
    for k, name in enumerate(FOUR):
        hits = sum(truth == guess == k for truth, guess in pairs)
        assert found["per_class"][name]["precision"] == pytest.approx(hits / sum(guess == k for _, guess in pairs))
        assert found["per_class"][name]["recall"] == pytest.approx(hits / sum(truth == k for truth, _ in pairs))
        assert found["confusion_matrix"][k] == [sum(pair == (k, other) for pair in pairs) for other in range(4)]
    assert found["accuracy"] == pytest.approx(sum(truth == guess for truth, guess in pairs) / 200)
    side = [True, True, False, False]
    assert found["polarity_accuracy"] == pytest.approx(sum(side[truth] == side[guess] for truth, guess in pairs) / 200)


@pytest.mark.parametrize("shift", [0.0, -5.0])
def test_polarity_both_ways(shift: float):
    """The strongest emotion is negative, the positive ones together are more probable."""
    logits = torch.tensor([[1.0, 1.0, 1.5, -9.0]]) + shift
    for label, by_argmax in [(0, 0.0), (3, 1.0)]:
        found = figures(logits, torch.tensor([label]), Readout(FOUR))
        assert found["polarity_accuracy"] == by_argmax
        assert found["polarity_accuracy_by_sum"] == 1 - by_argmax


@pytest.mark.parametrize("classes", [("positive", "negative"), ("cats", "dogs", "awe")])
def test_no_polarity_where_it_means_nothing(classes: tuple[str, ...]):
    """A two-class model is trained as such and not comparable; other labels have no side."""
    found = figures(torch.randn(5, len(classes)), torch.zeros(5, dtype=torch.long), Readout(classes))
    assert not [name for name in found if "polarity" in name]


def test_a_class_without_images_or_guesses():
    found = figures(logits_of([0, 0], 3), torch.tensor([0, 0]), Readout(CLASSES))
    assert found["per_class"]["fear"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "images": 0}
    assert found["accuracy"] == found["balanced_accuracy"] == 1, "an absent class has no recall to balance"


def test_every_answer_is_measured_and_the_prediction_named():
    logits, labels = torch.randn(6, 3), torch.arange(6) % 3
    readout = Readout(CLASSES)
    found = summarise({"v": -logits, "y": 0 * logits, "y_te": logits}, labels, readout, "y")
    assert found["prediction"] == "y"
    assert found["images"] == 6
    assert found["y_te"] == figures(logits, labels, readout)
    assert found["v"] == figures(-logits, labels, readout)


@pytest.mark.parametrize(
    ("family", "answers"),
    [("vanilla", {"y"}), ("wscnet", {"v", "y"}), ("smad-f", {"v", "y"}), ("cternet", {"v", "y", "y_te"})],
)
def test_evaluate_equals_image_by_image(photos, family: str, answers: set[str]):
    """All images once, whatever the batches; in eval mode, without a gradient."""
    config = tiny_config(classes=CLASSES)
    network = tiny_network(family=family, classes=CLASSES, dropout=0.5).train()
    dataset = Photos(load_examples(DataConfig(data=str(photos)), CLASSES, ("train", "val")), eval_transform(config))
    accelerator = Accelerator(cpu=True)
    loader = DataLoader(dataset, batch_size=7, sampler=[(index, 0) for index in range(len(dataset))])
    found = evaluate(network, accelerator.prepare_data_loader(loader), accelerator, CLASSES)
    assert set(found) - {"prediction", "images", "attention"} == answers
    assert ("attention" in found) is (family in ("smad-f", "cternet"))
    assert found["images"] == len(dataset)
    network.eval()
    with torch.no_grad():
        logits = torch.cat([network(dataset[index, 0][0][None]).prediction for index in range(len(dataset))])
    labels = torch.tensor([example.label for example in dataset.examples])
    assert found[found["prediction"]] == figures(logits, labels, Readout(CLASSES))


def test_flips_average_the_logits_of_both_views(photos):
    network = tiny_network(classes=CLASSES)
    dataset = Photos(load_examples(DataConfig(data=str(photos)), CLASSES, ("val",)), eval_transform(network.config))
    accelerator = Accelerator(cpu=True)
    loader = DataLoader(dataset, batch_size=4, sampler=[(index, 0) for index in range(len(dataset))])
    flipped, labels = collect(network, accelerator.prepare_data_loader(loader), accelerator, flip=True)
    images = torch.stack([dataset[index, 0][0] for index in range(len(dataset))])
    with torch.no_grad():
        one, other = network(images), network(images.flip(3))
    assert labels.tolist() == [example.label for example in dataset.examples]
    for name, values in flipped.items():
        straight, mirrored = getattr(one, name), getattr(other, name)
        assert not torch.allclose(straight, mirrored, atol=1e-3)
        torch.testing.assert_close(values, (straight + mirrored) / 2, atol=1e-4, rtol=1e-4)


def test_the_picture_shows_the_shares_of_each_label():
    found = {"confusion_matrix": [[2, 1, 0], [0, 4, 0], [0, 0, 0]]}
    axes = confusion_figure(found, CLASSES, "title").axes[0]
    assert [text.get_text() for text in axes.texts] == ["0.67", "0.33", "0.00", "0.00", "1.00", *["0.00"] * 4]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["amusement (3)", "awe (4)", "fear (0)"]
