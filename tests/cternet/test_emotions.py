"""Categories, polarity and colours."""

import pytest

from cternet.emotions import COLOURS, MIKELS, POLARITY, positive_mask


def test_four_of_eight_are_positive():
    positive = {name for name, side in zip(MIKELS, positive_mask(MIKELS), strict=True) if side}
    assert positive == {"amusement", "awe", "contentment", "excitement"}
    assert len(MIKELS) == 8


def test_order_is_alphabetical_as_in_the_data_folders():
    assert list(MIKELS) == sorted(MIKELS)


def test_mask_follows_the_given_order():
    assert positive_mask(("fear", "awe")) == (False, True)


def test_unknown_label_is_named():
    with pytest.raises(ValueError, match="boredom"):
        positive_mask(("awe", "boredom"))


def test_each_emotion_has_its_own_colour():
    assert set(COLOURS) == set(POLARITY) | {"surprise"}  # which has no polarity of its own
    assert len({COLOURS[name] for name in MIKELS}) == len(MIKELS)
