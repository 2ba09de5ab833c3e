"""One call from settings to examples, for training, evaluation and ablations alike."""

from collections.abc import Sequence

from training.data.config import DataConfig
from training.data.readers import read
from training.data.targets import Example, examples, require_images


def load_examples(
    config: DataConfig, classes: Sequence[str], splits: Sequence[str], *, every_class: bool = False
) -> list[Example]:
    """The examples of ``splits``, in the data set's order; unreadable images are still among them.

    Args:
        config: which data.
        classes: of the network.
        splits: some of train, val, test.
        every_class: demand images of every class in each split, as training does.

    Raises:
        DataError: the data cannot be used as they are.
    """
    data = read(config)
    found = [example for example in examples(data, classes, config) if example.split in splits]
    require_images(found, classes if every_class else (), data, splits)
    return found
