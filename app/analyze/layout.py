"""Where things are on the Analyze page."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradio as gr

from app.analyze import view
from app.analyze.words import explanation, idle_words
from app.checks import MAX_SEED
from app.choices import allocations, first, levels
from app.gallery import examples_gallery
from app.html import message
from cternet import Predictor
from cternet.show.colours import SEQUENTIAL

DOWNLOADS = {".png": "⤓ Figure (PNG)", ".npz": "⤓ Arrays (NPZ)", ".json": "⤓ Numbers (JSON)"}
"""Words on the button of each file."""


@dataclass
class Layout:
    """The components.

    Attributes:
        components: what an analysis is looked at with and shown in, by name.
        buttons: of the downloads, by the files' endings.
        file: what the browser fetches a download through.
    """

    photo: gr.Image
    gallery: gr.Gallery
    components: dict[str, gr.components.Component] = field(default_factory=dict)
    buttons: dict[str, gr.Button] = field(default_factory=dict)
    file: gr.DownloadButton | None = None


def lay_out(predictor: Predictor, examples: Sequence[Path]) -> Layout:
    """The whole page; call inside its tab."""
    config = predictor.config
    with gr.Row(elem_id="workbench", equal_height=False):
        with gr.Column(scale=3, min_width=260, elem_id="photo-column"):
            photo, gallery, seen = photo_column(examples)
        layout = Layout(photo, gallery)
        layout.components["seen"] = seen
        with gr.Column(scale=6, min_width=320, elem_id="attention-column"):
            gr.HTML("<h2>Where the model looked, and where it might have looked instead</h2>")
            if words := idle_words(config):
                gr.HTML(message(words, kind="note"), elem_id="idle")
            layout.components |= attention_column(predictor)
        with gr.Column(scale=3, min_width=290, elem_id="answer-column"):
            layout.components["answer"] = gr.HTML(view.empty_answer(), elem_id="answer")
    with gr.Row(elem_id="effect-row", equal_height=False):
        with gr.Column(scale=6, min_width=320):
            gr.HTML("<h2>What that difference did to the answer, place by place</h2>")
            layout.components["effect"] = gr.HTML(view.empty_effect(), elem_id="effect")
        with gr.Column(scale=6, min_width=320):
            layout.components |= look_controls(config.classes)
            layout.buttons, layout.file = download_row()
            with gr.Accordion("What am I seeing?", open=False):
                gr.Markdown(explanation(config), latex_delimiters=[{"left": "$", "right": "$", "display": False}])
    return layout


def photo_column(examples: Sequence[Path]) -> tuple[gr.Image, gr.Gallery, gr.HTML]:
    """The photo, examples of photos, and the photo as the model sees it."""
    photo = gr.Image(
        label="Your photo: drop, paste or camera",
        type="filepath",
        sources=["upload", "webcam", "clipboard"],
        height=280,
        buttons=["fullscreen"],
        alt_text="the photo you chose",
        elem_id="photo",
    )
    gr.HTML("<h2>Or try one of these</h2>")
    return photo, examples_gallery(examples, elem_id="examples"), gr.HTML(elem_id="seen")


def attention_column(predictor: Predictor) -> dict[str, Any]:
    """The three maps, the way between them, and what S* is."""
    attention = gr.HTML(view.empty_attention(), elem_id="attention")
    share = gr.Slider(
        0,
        100,
        value=0,
        step=1,
        label="λ, from factual S (0 %) to counterfactual S* (100 %)",
        info="Moves the middle map along S_λ = (1 − λ)·S + λ·S*; the answer follows a straight line, exactly.",
        elem_id="share",
    )
    with gr.Row():
        allocation = gr.Dropdown(
            [(words, name) for name, words in allocations(predictor).items()],
            value=first(predictor),
            label="Counterfactual attention S*",
            info="What the model is given in place of its own attention.",
            scale=3,
            min_width=190,
            elem_id="allocation",
        )
        level = gr.Dropdown(
            [(words, name) for name, words in levels(predictor.config).items()],
            value=predictor.config.level,
            label="What it replaces",
            info="Where in the network the attention is cut.",
            scale=2,
            min_width=170,
            elem_id="level",
        )
        seed = gr.Number(
            0,
            label="Seed",
            info="Which draw is shown.",
            precision=0,
            minimum=0,
            maximum=MAX_SEED,
            scale=1,
            min_width=100,
            elem_id="seed",
        )
    return {"attention": attention, "share": share, "allocation": allocation, "level": level, "seed": seed}


def look_controls(classes: Sequence[str]) -> dict[str, Any]:
    """Whose effect is shown, and how maps are drawn."""
    label = gr.Dropdown(
        list(classes),
        value=classes[0],
        label="Emotion",
        info="Whose total effect is mapped; the predicted one after each new photo.",
        elem_id="label",
    )
    with gr.Row():
        opacity = gr.Slider(0, 1, value=0.6, step=0.05, label="Opacity", info="Of the maps over the photo.", elem_id="opacity")
        cmap = gr.Dropdown(
            list(SEQUENTIAL),
            value=SEQUENTIAL[0],
            label="Colours",
            info="Of S and S*; grey as in the paper's Figure 4.",
            elem_id="cmap",
        )
    with gr.Row():
        shared = gr.Checkbox(True, label="One colour scale for S and S*", info="Off: each map fills its own.", elem_id="shared")
        smooth = gr.Checkbox(True, label="Smooth", info="Off: show the map's own cells.", elem_id="smooth")
    return {"label": label, "opacity": opacity, "cmap": cmap, "shared": shared, "smooth": smooth}


def download_row() -> tuple[dict[str, gr.Button], gr.DownloadButton]:
    """Buttons by the files' endings, and the one that the browser fetches through: out of sight and of the tab order."""
    with gr.Row():
        buttons = {
            ending: gr.Button(words, size="sm", min_width=110, elem_id=f"get-{ending[1:]}")
            for ending, words in DOWNLOADS.items()
        }
        return buttons, gr.DownloadButton("download", elem_id="file", visible="hidden")
