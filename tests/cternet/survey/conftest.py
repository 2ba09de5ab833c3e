"""Small folders and zips of photos, good and bad."""

from pathlib import Path

import pytest

from tests.cternet.compare.conftest import networks, sources
from tests.tiny import tiny_photo

__all__ = ["networks", "sources"]

NAMES = ("a.png", "b/first.jpg", "b/second.png", "c.webp", "d.png", "e/f/g.bmp", "h.png")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Seven photos in subfolders, and a letter that is none."""
    root = tmp_path / "photos"
    for seed, name in enumerate(NAMES):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        tiny_photo(seed, 60 + seed, 50).save(root / name)
    (root / "letter.jpg").write_text("no photo")
    return root
