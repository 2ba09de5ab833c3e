"""The example photos: which there are, what each teaches, and the small pictures to pick one from."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from app.checks import RELOAD, Refused

LIST = "examples.json"


@dataclass(frozen=True)
class Example:
    """A photo to try: where it lies, and in a few words what it shows."""

    path: Path
    caption: str

    @property
    def name(self) -> str:
        """What links call it."""
        return self.path.stem


def read_examples(folder: Path) -> list[Example]:
    """Those of ``examples.json``, in its order; the first one is shown to whoever opens the page."""
    return [Example(folder / entry["file"], entry["caption"]) for entry in json.loads((folder / LIST).read_text())]


def examples_gallery(examples: Sequence[Example], *, elem_id: str) -> gr.Gallery:
    """Small pictures of the photos; ``select`` says which was clicked."""
    return gr.Gallery(
        [(str(example.path), f"{example.name.replace('-', ' ')}: {example.caption}") for example in examples],
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


def clicked(event: gr.EventData, examples: Sequence[Example]) -> Example:
    """The photo that was clicked.  ``gr.SelectData`` would fail on what a page never sends.

    Raises:
        Refused: there is no such photo.
    """
    try:
        index: Any = event.index
    except (AttributeError, TypeError):
        index = None
    if type(index) is not int or not 0 <= index < len(examples):
        raise Refused(RELOAD)
    return examples[index]
