"""What the downloads of the Compare page are called."""

from collections.abc import Sequence
from pathlib import Path

from app.workspace.open_photo import NOT_IN_NAMES

SHOWS = {".npz": "maps", ".csv": "numbers", ".tex": "numbers"}
"""What a file holds, by its ending; the others are the figure."""


def file_name(files: Sequence[str], model: str, what: str) -> str:
    """After the first photo (and how many more there are), the model, and what it shows; without an ending."""
    stem = NOT_IN_NAMES.sub("-", Path(files[0]).stem).strip("-")[:60] or "photo"
    more = [f"and-{len(files) - 1}-more"] if len(files) > 1 else []
    return "-".join([stem, *more, NOT_IN_NAMES.sub("-", model), what])
