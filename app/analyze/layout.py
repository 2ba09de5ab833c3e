"""Where things are on the Analyze page."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from app.analyze import view
from app.analyze.words import explanation, idle_words
from app.checks import MAX_SEED
from app.choices import allocations, first, levels
from app.html import message, render
from cternet import Predictor
from cternet.show.colours import SEQUENTIAL

DOWNLOADS = {".png": "⤓ Figure (PNG)", ".npz": "⤓ Arrays (NPZ)", ".json": "⤓ Numbers (JSON)"}
"""Words on the button of each file."""
OPACITY = 0.6


@dataclass
class Layout:
    """The components.

    Attributes:
        components: what an analysis is looked at with and shown in, by name.
        buttons: of the downloads, by the files' endings.
        file: what the browser fetches a download through.
    """

    components: dict[str, gr.components.Component] = field(default_factory=dict)
    buttons: dict[str, gr.Button] = field(default_factory=dict)
    file: gr.DownloadButton | None = None


def lay_out(predictor: Predictor, opens: dict[str, str]) -> Layout:
    """The whole page; call inside its tab.

    Args:
        opens: what stands in the components before anyone has clicked, by name.
    """
    config, layout = predictor.config, Layout()
    with gr.Row(elem_id="workbench", equal_height=False):
        with gr.Column(scale=6, min_width=320, elem_id="picture-column"):
            layout.components["effect"] = gr.HTML(opens["effect"], elem_id="effect")
            layout.components |= look_controls(config.classes, opens["label"])
        with gr.Column(scale=5, min_width=300, elem_id="answer-column"):
            if words := idle_words(config):
                gr.HTML(message(words, kind="note"), elem_id="idle")
            layout.components["answer"] = gr.HTML(opens["answer"], elem_id="answer")
            layout.buttons, layout.file = download_row()
            gr.HTML(render("analyze/method_button.html"), elem_id="method-button")
    with gr.Column(elem_id="method", elem_classes="method"):
        layout.components |= method_parts(predictor, opens)
    return layout


def look_controls(classes: Sequence[str], label: str) -> dict[str, Any]:
    """Whose effect is shown, and how maps are drawn."""
    with gr.Row(elem_id="look"):
        emotion = gr.Dropdown(
            list(classes),
            value=label,
            label="Show the effect on",
            scale=2,
            min_width=150,
            elem_id="label",
        )
        opacity = gr.Slider(0, 1, value=OPACITY, step=0.05, label="Overlay opacity", min_width=150, elem_id="opacity")
        smooth = gr.Checkbox(True, label="Smooth", min_width=90, scale=1, elem_id="smooth")
    return {"label": emotion, "opacity": opacity, "smooth": smooth}


def method_parts(predictor: Predictor, opens: dict[str, str]) -> dict[str, Any]:
    """What S and S* are, and the numbers: for those who want to know how it is done."""
    parts: dict[str, Any] = {}
    gr.HTML("<h2>Where the model looked, where it might have looked instead, and what the difference did</h2>")
    parts["attention"] = gr.HTML(opens["attention"], elem_id="attention")
    with gr.Row(equal_height=False):
        with gr.Column(scale=6, min_width=320):
            parts["chart"] = gr.HTML(opens["chart"], elem_id="chart")
        with gr.Column(scale=6, min_width=320):
            parts |= counterfactual_controls(predictor)
            parts["seen"] = gr.HTML(opens["seen"], elem_id="seen")
    with gr.Accordion("What am I seeing?", open=False):
        gr.Markdown(explanation(predictor.config), latex_delimiters=[{"left": "$", "right": "$", "display": False}])
    return parts


def counterfactual_controls(predictor: Predictor) -> dict[str, Any]:
    """What S* is, the way from S to S*, and the colours of both."""
    with gr.Row():
        allocation = gr.Dropdown(
            [(words, name) for name, words in allocations(predictor).items()],
            value=first(predictor),
            label="Counterfactual attention S*",
            info="Takes the place of the model's own attention.",
            scale=3,
            min_width=190,
            elem_id="allocation",
        )
        level = gr.Dropdown(
            [(words, name) for name, words in levels(predictor.config).items()],
            value=predictor.config.level,
            label="What it replaces",
            info="Where in the network attention is replaced.",
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
    share = gr.Slider(
        0,
        100,
        value=0,
        step=1,
        label="λ, from factual S (0 %) to counterfactual S* (100 %)",
        info="Moves the last map along S_λ = (1 − λ)·S + λ·S*; the answer changes exactly linearly.",
        elem_id="share",
    )
    with gr.Row():
        cmap = gr.Dropdown(
            list(SEQUENTIAL),
            value=SEQUENTIAL[0],
            label="Colours",
            info="For S and S*; grey as in the paper's Figure 4.",
            elem_id="cmap",
        )
        shared = gr.Checkbox(True, label="One colour scale for S and S*", info="Off: one scale per map.", elem_id="shared")
    return {"allocation": allocation, "level": level, "seed": seed, "share": share, "cmap": cmap, "shared": shared}


def download_row() -> tuple[dict[str, gr.Button], gr.DownloadButton]:
    """Buttons by the files' endings, and the one that the browser fetches through: out of sight and of the tab order."""
    with gr.Row(elem_id="downloads"):
        buttons = {
            ending: gr.Button(words, size="sm", min_width=110, elem_id=f"get-{ending[1:]}")
            for ending, words in DOWNLOADS.items()
        }
        return buttons, gr.DownloadButton("download", elem_id="file", visible="hidden")


def nothing() -> dict[str, str]:
    """What stands there without a photo."""
    return {
        "answer": view.empty_answer(),
        "effect": view.empty_effect(),
        "attention": "",
        "chart": "",
        "seen": "",
    }
