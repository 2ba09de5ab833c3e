"""The painting canvas as a component, and what its script may send: checked here, for anyone can send anything.

The template is constant, because a template whose output changes loses what the script put into it.  The script sends the
quantised mask with every stroke to a *server function*, which is answered without the queue.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, ClassVar

import gradio as gr
import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from app.checks import Payload, Seed, offered, one_of, real_number, says, sentence, wrong
from app.workspace.open_photo import OpenPhoto
from cternet import LEVELS
from cternet.results.painting import MODES, Mask, decode, empty

HERE = Path(__file__).parent
TEMPLATE = (HERE / "canvas.html").read_text(encoding="utf-8")
SCRIPT = (HERE / "canvas.js").read_text(encoding="utf-8")
VIEW_SCRIPT = """
const name = element.closest('[id^="whatif-"]').id;
const show = () => {
  const html = window.whatifViews?.[name];
  if (html !== undefined && props.value !== html) props.value = html;
};
element.addEventListener('whatif', show);
watch('value', show); // while the page comes up, gradio may put the first value back
show();
"""
"""A component whose HTML is what the canvas's script has last left for it, perhaps before it was there."""
KINDS = ("affective", "superpixels")
"""Where regions come from."""


def mask_of(text: Any, info: ValidationInfo) -> Mask:
    """The mask, none of which means nothing painted."""
    shape = info.context["shape"]
    if text in (None, ""):
        return empty(shape)
    if not isinstance(text, str):
        raise wrong("The painting is not text; reload the page.")
    try:
        return decode(text, shape)
    except ValueError as error:
        raise wrong(sentence(error)) from None


SceneId = Annotated[str, Field(pattern=r"^[0-9a-f]{1,32}$"), says("This painting belongs to no photo; reload the page.")]
Emotion = offered("emotions")
Allocation = offered("allocations")
Percent = Annotated[
    real_number(0, 100, "The threshold must be from 0 to 100 %."), AfterValidator(lambda percent: percent / 100)
]


class CanvasRequest(Payload):
    """What the canvas shows.  ``of`` takes ``shape``, the map's cells (H, W), ``emotions`` and ``allocations``.

    scene: which photo it was painted over.  mask: uint8 cells (H, W).  mode: a key of ``painting.MODES``.
    label: the emotion looked at.  kind, threshold: of the regions, the threshold in [0, 1].  allocation, level, seed: S*.
    """

    nonsense: ClassVar[str] = "This page sent an invalid painting; reload it."

    mode: one_of(MODES)
    label: Emotion
    kind: one_of(KINDS)
    level: one_of(LEVELS)
    allocation: Allocation
    scene: SceneId
    mask: Annotated[np.ndarray, BeforeValidator(mask_of)] = Field(validate_default=True, default=None)
    threshold: Percent
    seed: Seed

    def keep(self, photo: OpenPhoto) -> None:
        """Make it what the visitor's other pages know too."""
        photo.emotion = None if self.label == photo.analysis.prediction else self.label
        photo.reference = self.allocation, self.level, self.seed
        photo.painting = (self.mask, self.mode) if self.mask.any() else None


def painting_canvas(functions: list[Callable[..., Awaitable[Any]]]) -> gr.HTML:
    """The canvas; its value is what ``scene`` makes of a photo."""
    return gr.HTML(
        None,
        html_template=TEMPLATE,
        js_on_load=SCRIPT,
        server_functions=functions,
        apply_default_css=False,
        elem_id="whatif-canvas",
    )


def view(name: str, value: str) -> gr.HTML:
    """A part of the page that the canvas's script updates, under the id ``whatif-NAME``."""
    return gr.HTML(
        value, js_on_load=VIEW_SCRIPT, apply_default_css=False, elem_id=f"whatif-{name}", elem_classes=["whatif-view"]
    )
