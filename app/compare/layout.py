"""Where things are on the Compare page."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from app.compare import view
from app.compare.session import MOST_PHOTOS, CompareSession
from cternet.compare import KINDS, METHODS

EACH = "each photo's prediction"
GROUPS = tuple(dict.fromkeys(kind.group for kind in KINDS.values()))
"""What methods are offered under, by the networks they look into."""
FILES = {".png": "⤓ PNG", ".svg": "⤓ SVG", ".pdf": "⤓ PDF", ".npz": "⤓ NPZ", ".csv": "⤓ CSV", ".tex": "⤓ LaTeX"}
"""Words on the button of each download, by its ending."""
BUTTONS = {"measure": "Measure", "stop": "Stop", "go_on": "Resume"}
EXPLANATION = """
Each row is a photo, each column a method: **bright places** are those it points at. Methods explain different networks in
their own units, so read the range under each map before comparing brightness.

- **Grey maps** as in the paper's Figure 4, or **overlays** in colour on the photo; signed maps are centred on 0 there.
- **Own scale**: each map runs from its smallest to its largest value, which hides its size. **Shared scale**: one per
  method across all photos; S and S\\* share one.
- **Measure** tests every map on the classifier it explains: does hiding its bright places change the answer more than hiding
  random places? It takes a few seconds per map.
"""


@dataclass
class Controls:
    """What is compared, and how it is drawn.

    Attributes:
        groups: the methods to tick, by network.
        look: style, scale and smoothness, by name.
    """

    photos: gr.File
    clear: gr.Button
    examples: gr.Button
    label: gr.Dropdown
    look: dict[str, gr.components.Component]
    groups: list[gr.CheckboxGroup]


@dataclass
class Results:
    """What is shown and written.

    Attributes:
        shown: the status, three buttons and the rows, by name.
        downloads: the buttons, by the files' endings.
        file: what the browser fetches a download through.
    """

    shown: dict[str, gr.components.Component]
    downloads: dict[str, gr.Button]
    file: gr.DownloadButton


def controls_below(classes: Sequence[str], methods: Sequence[str], ticked: Sequence[str], reasons: dict[str, str]) -> Controls:
    """More photos, how maps are drawn, and the methods, side by side."""
    with gr.Row(elem_id="compare-controls", equal_height=False):
        with gr.Column(scale=3, min_width=230):
            photos = gr.File(
                label=f"More photos, up to {MOST_PHOTOS - 1}",
                file_count="multiple",
                file_types=["image"],
                height=150,
                elem_id="compare-photos",
            )
            with gr.Row(elem_id="compare-more"):
                clear = gr.Button("Remove them", size="sm", min_width=90, elem_id="compare-clear")
                examples = gr.Button("Add all examples", size="sm", min_width=90, elem_id="compare-examples")
        with gr.Column(scale=3, min_width=230, elem_id="compare-options"):
            label = gr.Dropdown(
                [(EACH, ""), *classes],
                value="",
                label="Maps of",
                info="The emotion, for methods with a map for each.",
                elem_id="compare-label",
            )
            look = look_controls()
        with gr.Column(scale=4, min_width=260, elem_id="compare-methods"):
            groups = [methods_to_tick(words, methods, ticked) for words in GROUPS]
            gr.HTML(view.unavailable(reasons))
    return Controls(photos, clear, examples, label, look, groups)


def look_controls() -> dict[str, gr.components.Component]:
    """How maps are drawn."""
    style = gr.Radio(
        [("grey maps", "grey"), ("overlays", "overlay")],
        value="grey",
        label="Style",
        info="Grey as in the paper's Figure 4, or colours on the photo.",
        elem_id="compare-style",
    )
    scale = gr.Radio(
        [("own", "own"), ("shared", "shared")],
        value="own",
        label="Scale",
        info="Shared: one per method across all photos; S and S* share one.",
        elem_id="compare-scale",
    )
    smooth = gr.Checkbox(True, label="Smooth", info="Off: show the cells of each map.", elem_id="compare-smooth")
    return {"style": style, "scale": scale, "smooth": smooth}


def methods_to_tick(words: str, methods: Sequence[str], ticked: Sequence[str]) -> gr.CheckboxGroup:
    """The methods of a group."""
    offered = [name for name in methods if METHODS[name].group == words]
    return gr.CheckboxGroup(
        [(METHODS[name].title + (" (slow: one pass per channel)" if METHODS[name].slow else ""), name) for name in offered],
        value=[name for name in offered if name in ticked],
        label=words,
        visible=bool(offered),
    )


def results_column(ticked: Sequence[str]) -> Results:
    """The status and its buttons, the rows, and the downloads."""
    gr.HTML("<h2>The same photo by several methods</h2>")
    with gr.Row(elem_id="compare-tools"):
        nothing = CompareSession()
        shown = {
            "status": gr.HTML(view.status(nothing, view.summary(nothing)), elem_id="compare-status", min_width=260),
            "measure": gr.Button(
                BUTTONS["measure"], size="sm", interactive=False, min_width=90, scale=0, elem_id="compare-measure"
            ),
            "stop": gr.Button(BUTTONS["stop"], size="sm", interactive=False, min_width=70, scale=0, elem_id="compare-stop"),
            "go_on": gr.Button(BUTTONS["go_on"], size="sm", interactive=False, min_width=80, scale=0, elem_id="compare-go-on"),
        }
    with gr.Column(elem_id="compare-rows"):
        for index in range(MOST_PHOTOS):
            shown[row_name(index)] = gr.HTML("" if index else view.empty(ticked), elem_classes="row-slot")
    with gr.Row(elem_id="compare-downloads"):
        downloads = {
            ending: gr.Button(words, size="sm", min_width=80, elem_id=f"compare-get-{ending[1:]}")
            for ending, words in FILES.items()
        }
        # The browser fetches through this one; it stays out of sight and out of the tab order.
        file = gr.DownloadButton("download", elem_id="compare-file", visible="hidden")
    return Results(shown, downloads, file)


def row_name(index: int) -> str:
    """What handlers call the place of a photo."""
    return f"row{index}"


def explanations(reasons: dict[str, str]) -> None:
    with gr.Accordion("What do the numbers mean?", open=False, elem_id="compare-numbers"):
        gr.HTML(view.glossary())
    with gr.Accordion("What am I seeing?", open=False):
        gr.Markdown(EXPLANATION)
    with gr.Accordion("What are the methods?", open=False):
        gr.HTML(view.methods_view(reasons))


def enlarging_dialog() -> None:
    """Opens a panel large."""
    gr.HTML(
        html_template='<dialog id="large"><button type="button" class="close" aria-label="Close">✕</button>'
        '<div class="content"></div></dialog>',
        js_on_load=Path(__file__).with_name("enlarge.js").read_text(),
        elem_id="compare-dialog",
    )
