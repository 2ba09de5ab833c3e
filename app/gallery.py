"""The example photos, to pick one from."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from app.checks import RELOAD, Refused


def examples_gallery(paths: Sequence[Path], *, elem_id: str) -> gr.Gallery:
    """Small pictures of the photos; ``select`` says which was clicked."""
    return gr.Gallery(
        [(str(path), path.stem.replace("-", " ")) for path in paths],
        label="Examples",
        show_label=False,
        columns=4,
        height="auto",
        object_fit="cover",
        allow_preview=False,
        interactive=False,
        buttons=[],
        elem_id=elem_id,
        elem_classes="examples",
    )


def clicked(event: gr.EventData, paths: Sequence[Path]) -> Path:
    """The photo that was clicked.  ``gr.SelectData`` would fail on what a page never sends.

    Raises:
        Refused: there is no such photo.
    """
    try:
        index: Any = event.index
    except (AttributeError, TypeError):
        index = None
    if type(index) is not int or not 0 <= index < len(paths):
        raise Refused(RELOAD)
    return paths[index]
