"""Reading one network's logits in another set's classes, against counting by hand."""

import pytest
import torch

from cternet.emotions import EKMAN, MIKELS, POLARITY_CLASSES, sides
from training.data import DataError
from training.evaluation.readout import NEITHER, Readout

FOUR = ("amusement", "anger", "awe", "surprise")


def test_surprise_has_the_side_it_is_given():
    assert sides(EKMAN) == ("negative", "negative", "negative", "positive", "negative", None)
    assert sides(("surprise", "awe"), "negative") == ("negative", "positive")
    assert sides(POLARITY_CLASSES) == POLARITY_CLASSES
    with pytest.raises(ValueError, match="boredom"):
        sides(("awe", "boredom"))


def test_summed_probability_by_hand():
    """Anger is the strongest; amusement and awe together are more probable; surprise is neither."""
    logits = torch.tensor([[0.3, 0.4, 0.2, 0.1]]).log()
    readout = Readout(FOUR, POLARITY_CLASSES)
    torch.testing.assert_close(readout.scores(logits).softmax(dim=1), torch.tensor([[0.4, 0.5]]) / 0.9)
    assert readout.side_of_argmax(logits).tolist() == [0]
    negative = Readout(FOUR, POLARITY_CLASSES, surprise="negative")
    torch.testing.assert_close(negative.scores(logits).softmax(dim=1), torch.tensor([[0.5, 0.5]]))


def test_a_side_is_chosen_where_surprise_is_strongest():
    logits = torch.tensor([[0.1, 0.2, 0.1, 0.6]]).log()
    assert Readout(FOUR).side_of_argmax(logits).tolist() == [0]
    assert Readout(FOUR, surprise="positive").side_of_argmax(logits).tolist() == [1]


def test_polarity_of_a_rated_set_by_hand():
    """Two negative and three positive photos; the strongest emotion is right on 1 + 1, the sum on 1 + 2."""
    probabilities = [  # amusement, anger, awe
        [0.1, 0.8, 0.1],  # negative: both right
        [0.5, 0.35, 0.15],  # negative: both wrong
        [0.3, 0.4, 0.3],  # positive: the strongest is wrong, the sum right
        [0.6, 0.2, 0.2],  # positive: both right
        [0.1, 0.7, 0.2],  # positive: both wrong
    ]
    labels = torch.tensor([0, 0, 1, 1, 1])
    found = Readout(("amusement", "anger", "awe"), POLARITY_CLASSES).polarity(torch.tensor(probabilities).log(), labels)
    assert found["polarity_accuracy"] == pytest.approx(2 / 5)
    assert found["polarity_accuracy_by_sum"] == pytest.approx(3 / 5)
    assert found["polarity_balanced_accuracy"] == pytest.approx((1 / 2 + 1 / 3) / 2)
    assert found["polarity_balanced_accuracy_by_sum"] == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert found["polarity_majority"] == pytest.approx(3 / 5)
    # Positive probability 0.2, 0.65 on negatives; 0.6, 0.8, 0.3 on positives: 4 of 6 pairs are in order.
    assert found["polarity_auc"] == pytest.approx(4 / 6, abs=1e-6)


def test_images_of_surprise_do_not_count():
    logits = torch.eye(4)[[0, 1, 3, 3]] * 4
    labels = torch.tensor([0, 0, 3, 1])
    found = Readout(FOUR).polarity(logits, labels)
    assert found["polarity_accuracy"] == pytest.approx(1 / 3), "the tie behind surprise goes to the first, amusement"
    assert Readout(FOUR).true_side(labels).tolist() == [1, 1, NEITHER, 0]
    assert Readout(FOUR).polarity(logits[2:3], labels[2:3]) == {}
    counted = Readout(FOUR, surprise="positive").polarity(logits, labels)
    assert counted["polarity_accuracy"] == pytest.approx(2 / 4)


def test_one_polarity_alone_has_no_balance():
    found = Readout(MIKELS).polarity(torch.randn(5, 8), torch.zeros(5, dtype=torch.long))
    assert found["polarity_majority"] == 1
    assert not {name for name in found if "balanced" in name or "auc" in name}


def test_the_same_classes_in_another_order():
    logits = torch.randn(6, 4)
    shuffled = ("awe", "surprise", "anger", "amusement")
    readout = Readout(shuffled, FOUR)
    torch.testing.assert_close(readout.scores(logits), logits[:, [3, 2, 0, 1]])
    labels = torch.tensor([0, 1, 2, 3, 0, 1])
    assert readout.true_side(labels).tolist() == [1, 0, 1, NEITHER, 1, 0]
    assert readout.polarity(logits, labels) == Readout(FOUR).polarity(logits[:, [3, 2, 0, 1]], labels)


@pytest.mark.parametrize(("network", "classes"), [(MIKELS, EKMAN), (("cats", "dogs"), POLARITY_CLASSES)])
def test_other_classes_are_refused(network: tuple[str, ...], classes: tuple[str, ...]):
    with pytest.raises(DataError, match="--polarity"):
        Readout(network, classes)
