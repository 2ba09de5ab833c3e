"""Where things are on the Intervene page."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from app.gallery import examples_gallery
from app.html import message
from app.intervene import canvas, causal_graph, draws_view, view
from cternet.results.draws import MOST

FILL_CHOICES = {"blur": "blur it", "mean": "mean colour", "inpaint": "fill in from around"}


@dataclass
class Layout:
    """The components that handlers read and write.

    Attributes:
        canvas: the photo that is painted on, with its script.
        painting: filled by script with what is on the canvas when a button is pressed.
    """

    upload: gr.UploadButton
    gallery: gr.Gallery
    notice: gr.HTML
    canvas: gr.HTML
    how: gr.Radio
    hide: gr.Button
    hiding: gr.HTML
    count: gr.Slider
    again: gr.Button
    draws: gr.HTML
    painting: gr.Textbox


def lay_out(functions: list[Callable[..., Awaitable[Any]]], examples: Sequence[Path]) -> Layout:
    """The whole page; ``functions`` are what the canvas's script can call."""
    with gr.Column(elem_id="whatif"):
        with gr.Row(elem_id="whatif-choice", equal_height=False):
            upload = gr.UploadButton(
                "Choose a photo", file_types=["image"], size="sm", scale=0, min_width=150, elem_id="whatif-upload"
            )
            gallery = examples_gallery(examples, elem_id="whatif-examples")
        notice = gr.HTML("", apply_default_css=False, elem_id="whatif-notice")
        with gr.Row(elem_id="whatif-bench", equal_height=False):
            with gr.Column(scale=7, min_width=340):
                painted = canvas.painting_canvas(functions)
            with gr.Column(scale=5, min_width=340):
                canvas.view("answer", view.empty_answer())
        views()
        with gr.Row(equal_height=False):
            with gr.Column(scale=6, min_width=340):
                how, hide, hiding = hiding_column()
            with gr.Column(scale=6, min_width=340):
                count, again, draws = draws_column()
        painting = gr.Textbox(visible=False)
    return Layout(upload, gallery, notice, painted, how, hide, hiding, count, again, draws, painting)


def views() -> None:
    """What the canvas's script keeps up to date."""
    with gr.Column():
        gr.HTML("<h2>What happened, as one picture</h2>")
        canvas.view("graph", causal_graph.empty_graph())
    with gr.Row(equal_height=False):
        with gr.Column(scale=8, min_width=340):
            gr.HTML("<h2>Which regions matter</h2>")
            canvas.view("regions", view.empty_regions())
        with gr.Column(scale=4, min_width=300):
            gr.HTML("<h2>Valence and arousal</h2>")
            canvas.view("circle", message("The prediction as a point, before and after."))


def hiding_column() -> tuple[gr.Radio, gr.Button, gr.HTML]:
    gr.HTML("<h2>Hide the pixels</h2>")
    with gr.Row():
        how = gr.Radio(
            [(words, name) for name, words in FILL_CHOICES.items()],
            value="blur",
            label="What takes the place of the painted pixels",
            elem_id="whatif-how",
        )
        hide = gr.Button("Hide it and run the network", scale=0, min_width=220, elem_id="whatif-hide")
    return how, hide, gr.HTML(view.empty_hiding(), apply_default_css=False, elem_id="whatif-hiding")


def draws_column() -> tuple[gr.Slider, gr.Button, gr.HTML]:
    gr.HTML("<h2>Spread over random S*</h2>")
    with gr.Row():
        count = gr.Slider(1, MOST, value=200, step=1, label="Draws", info="Of a random S*.", elem_id="whatif-count")
        again = gr.Button("Draw with the painting", scale=0, min_width=220, elem_id="whatif-draw")
    return count, again, gr.HTML(draws_view.empty_draws(), apply_default_css=False, elem_id="whatif-draws")
