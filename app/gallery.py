"""The example photos, to pick one from."""

from collections.abc import Sequence
from pathlib import Path

import gradio as gr


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
