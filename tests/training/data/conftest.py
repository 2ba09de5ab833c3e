"""Every made-up data set, written once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.training.data.made_up import MADE

Place = Callable[[str], Path]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Name of a made-up data set -> where it is; not to be changed."""
    places: dict[str, Path] = {}

    def place(name: str) -> Path:
        if name not in places:
            places[name] = MADE[name].write(tmp_path_factory.mktemp("made"))
        return places[name]

    return place
