"""Where things are on the Intervene page: the canvas and the live answer, and under them what goes deeper."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.html import message
from app.intervene import canvas, causal_graph, draws_view, view
from cternet.results.draws import MOST

FILL_CHOICES = {"blur": "blur them", "mean": "mean colour", "inpaint": "fill in from around"}


@dataclass
class Layout:
    """The components that handlers read and write.

    Attributes:
        canvas: the photo that is painted on, with its script.
        draws_tab: where draws of S* are made as soon as it is opened.
        painting: filled by script with what is on the canvas when a button is pressed.
    """

    canvas: gr.HTML
    how: gr.Radio
    hide: gr.Button
    hiding: gr.HTML
    draws_tab: gr.Tab
    count: gr.Slider
    again: gr.Button
    draws: gr.HTML
    painting: gr.Textbox


def lay_out(functions: list[Callable[..., Awaitable[Any]]]) -> Layout:
    """The whole page; ``functions`` are what the canvas's script can call."""
    with gr.Column(elem_id="whatif"):
        with gr.Row(elem_id="whatif-bench", equal_height=False):
            with gr.Column(scale=7, min_width=320):
                painted = canvas.painting_canvas(functions)
            with gr.Column(scale=5, min_width=300, elem_id="whatif-answer-column"):
                canvas.view("answer", view.empty_answer())
        with gr.Tabs(elem_id="whatif-more"):
            with gr.Tab("Hide the pixels"):
                how, hide, hiding = hiding_part()
            with gr.Tab("Regions"):
                canvas.view("regions", view.empty_regions())
            with gr.Tab("How it works"):
                canvas.view("graph", causal_graph.empty_graph())
            with gr.Tab("Valence and arousal"):
                canvas.view("circle", message("The prediction as a point, before and after."))
            with gr.Tab("Draws of S*") as draws_tab:
                count, again, draws = draws_part()
        painting = gr.Textbox(visible=False)
    return Layout(painted, how, hide, hiding, draws_tab, count, again, draws, painting)


def hiding_part() -> tuple[gr.Radio, gr.Button, gr.HTML]:
    with gr.Row():
        how = gr.Radio(
            [(words, name) for name, words in FILL_CHOICES.items()],
            value="blur",
            label="How to hide the painted pixels",
            elem_id="whatif-how",
        )
        hide = gr.Button("Hide them and run again", scale=0, min_width=220, elem_id="whatif-hide")
    return how, hide, gr.HTML(view.empty_hiding(), apply_default_css=False, elem_id="whatif-hiding")


def draws_part() -> tuple[gr.Slider, gr.Button, gr.HTML]:
    with gr.Row():
        count = gr.Slider(1, MOST, value=200, step=1, label="Draws", info="Of a random S*.", elem_id="whatif-count")
        again = gr.Button("Draw with the painting", scale=0, min_width=220, elem_id="whatif-draw")
    return count, again, gr.HTML(draws_view.empty_draws(), apply_default_css=False, elem_id="whatif-draws")
