"""The painting canvas as a component, and what its script may send: checked here, for anyone can send anything.

The template is constant, because a template whose output changes loses what the script put into it.  The script sends the
quantised mask with every stroke to a *server function*, which is answered without the queue.
"""

import re
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from app.checks import Refused, choice, number, sentence
from app.links import MAX_SEED
from cternet import ALLOCATIONS, LEVELS
from cternet.results.painting import MODES, Mask, Shape, decode, empty

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
SCENE = re.compile(r"[0-9a-f]{1,32}", re.ASCII)


@dataclass(frozen=True)
class Asked:
    """What the canvas shows.

    scene: which photo it was painted over.  mask: uint8 cells (H, W).  mode: a key of ``painting.MODES``.
    label: the emotion looked at.  kind, threshold: of the regions, the threshold in [0, 1].  allocation, level, seed: S*.
    """

    scene: str
    mask: Mask
    mode: str
    label: str
    kind: str
    threshold: float
    allocation: str
    level: str
    seed: int


def checked(payload: Any, *, shape: Shape, labels: Collection[str], allocations: Collection[str] = tuple(ALLOCATIONS)) -> Asked:
    """What was sent, if it is what the canvas sends.

    Args:
        payload: anything.
        shape: the map's cells (H, W).
        labels: the model's classes.
        allocations: those offered.

    Raises:
        Refused: it is not.
    """
    if not isinstance(payload, dict):
        raise Refused("This page sent something that is no painting; reload it.")
    known = {"mode": MODES, "label": labels, "kind": KINDS, "level": LEVELS, "allocation": allocations}
    chosen = {name: choice(payload.get(name), choices) for name, choices in known.items()}
    if not isinstance(payload.get("scene"), str) or not SCENE.fullmatch(payload["scene"]):
        raise Refused("This painting belongs to no photo; reload the page.")
    return Asked(
        scene=payload["scene"],
        mask=mask_of(payload.get("mask"), shape),
        threshold=number(payload.get("threshold"), 0, 100, "The threshold is a number from 0 to 100 %.") / 100,
        seed=int(
            number(payload.get("seed"), 0, MAX_SEED, f"The seed must be a whole number from 0 to {MAX_SEED}.", whole=True)
        ),
        **chosen,
    )


def mask_of(text: Any, shape: Shape) -> Mask:
    """The mask, none of which means nothing painted."""
    if text in (None, ""):
        return empty(shape)
    if not isinstance(text, str):
        raise Refused("The painting is not text; reload the page.")
    try:
        return decode(text, shape)
    except ValueError as error:
        raise Refused(sentence(error)) from None


async def session_of(request: Any) -> str | None:
    """The visitor of a call to a server function: gradio gives these the bare request, whose body it has read already."""
    try:
        body = await request.json()
    except ValueError:  # a form instead of JSON, which the canvas never sends
        return None
    session = body.get("session_hash") if isinstance(body, dict) else None
    return session if isinstance(session, str) else None


def painting_canvas(functions: list[Callable[..., Awaitable[Any]]]) -> gr.HTML:
    """The canvas; its value is a scene, as ``intervene.Scene.sent`` makes it."""
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
