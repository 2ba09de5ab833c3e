"""The Analyze page: a photo, where the model looked, where it might have looked, and what the difference did."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from app.analyze import view as render
from app.checks import Refused, choice, number
from app.choices import allocations, first, levels
from app.gallery import clicked, examples_gallery
from app.queues import PHOTO, REDRAW
from app.sessions import Sessions
from app.uploads import Downloads, received
from cternet import ALLOCATIONS, LEVELS, Analysis, CTERNetConfig, ImageError, Predictor
from cternet.show.colours import SEQUENTIAL
from cternet.show.export import write

MAX_SEED = 2**31 - 1
EXPLANATION = """
**S** is the model's own attention: bright places count more in its answer. **S\\*** is attention it did *not* pay: random,
even, reversed, or borrowed from another photo. The model answers once with S and once with S\\*, from the same photo.
The difference, **Y_TE**, is what its attention did to the answer. {answer} Choosing another S\\* shows other effects, never
another prediction.

{audit}{budget}
- Total effect: $Y_{{TE}} = E[Y(S, X) - Y(S^*, X)]$ (Eq. 6). $Y$ is linear in $S$, so the expectation and its spread over all
  draws are {spread}. The picture of a random S\\* is one draw.
- Effect map: $T_p = (S_p - E[S^*])\\cdot g_p / N$; its cells sum to $Y_{{TE}}$ of the chosen emotion exactly. Cells see
  more of the photo than they cover, so this proves nothing about single pixels.
- This changes the model's attention, not the world: "counterfactual" says nothing about what people would feel.
"""
ANSWERED = {
    "y": "The model **answers with Y(S)**, the emotion that is largest with the attention it paid; Y_TE shows what that "
    "attention did to the answer.",
    "y_te": "The model **answers with Y_TE**, the emotion its attention did most for, under the S\\* it was trained with.",
}
BUDGETED = {
    "equal": "- S and every S\\* hold the same amount of attention, 1 on average, and are never negative: only the place "
    "differs. Above 1 a place counts for more than if the model looked evenly, below 1 for less.",
    "free": "- S and S\\* may hold different amounts of attention: a difference need not come from the place.",
}
SPREAD_KNOWN = {
    "equal": "known without drawing: the expectation exactly, the spread from a fixed sample of draws",
    "free": "exact; nothing is sampled",
}
AUDITED = (
    "- Does it matter where it looks? On {images:,} photos it had not seen, looking evenly would have changed {changed:.1%} of "
    "its answers. Right answers lost: {flat:.1f} in 100 looking evenly, {another:.1f} with another photo's attention, "
    "{reversed:.1f} with its own turned around. The fullest quarter of S holds {top:.0%} of it; 25% would be even.\n"
)
"""What is said of a checkpoint that was audited (``training.evaluate --attention``), idle or not."""
IDLE = (
    "This model's attention is idle: on {images:,} photos it had not seen, looking evenly would have changed {changed:.1%} of "
    "its answers and made them no less accurate, as far as these tell. S shows where it looks, and next to nothing of why it "
    "answers so."
)
"""What is said of a checkpoint whose own audit (``training.evaluate --attention``) found so."""
FORGOTTEN = "This photo's analysis is no longer kept on the server; choose the photo again to see it."


@dataclass
class View:
    """What the visitor chose to look at; the components' values in order.  They come from outside: checked here.

    Raises:
        Refused: a value the page does not offer.
    """

    allocation: str
    level: str
    seed: int
    share: float
    label: str | None
    cmap: str
    opacity: float
    shared: bool
    smooth: bool

    def __post_init__(self) -> None:
        self.seed = int(
            number(self.seed or 0, 0, MAX_SEED, f"The seed must be a whole number from 0 to {MAX_SEED}.", whole=True)
        )
        self.share = number(self.share, 0, 100, "The slider of λ goes from 0 to 100.") / 100
        self.opacity = number(self.opacity, 0, 1, "The slider of the opacity goes from 0 to 1.")
        choice(self.allocation, ALLOCATIONS)
        choice(self.level, LEVELS)
        choice(self.cmap, SEQUENTIAL)
        self.shared, self.smooth = bool(self.shared), bool(self.smooth)

    def look(self, analysis: Analysis) -> Analysis:
        if self.label is not None:
            choice(self.label, analysis.labels, "This model does not know that emotion; reload the page.")
        return analysis.intervene(self.allocation, level=self.level, seed=self.seed)


class AnalyzePage:
    """Layout and handlers of the page.

    Args:
        predictor: runs the network; shared by all visitors, keeps nothing of them.
        sessions: keeps each visitor's analysis.
        downloads: where visitors' files are written.
        examples: photos to pick from.
    """

    def __init__(self, predictor: Predictor, sessions: Sessions[Analysis], downloads: Downloads, examples: list[Path]) -> None:
        self.predictor, self.sessions, self.downloads, self.examples = predictor, sessions, downloads, examples

    # --- handlers

    def analyze(self, request: gr.Request, payload: Any, *view: Any) -> tuple[Any, ...]:
        """A new photo: run the network once and show everything."""
        session, chosen = request.session_hash, View(*view)
        if payload is None:
            self.sessions.drop(session)
            return self.blank(render.empty_answer())
        try:
            analysis = self.predictor.analyze(received(payload).photo())
        except (Refused, ImageError) as error:
            self.sessions.drop(session)
            return self.blank(render.message(str(error), kind="error"))
        self.sessions.put(session, analysis)
        chosen.label = analysis.prediction
        return (*self.show(analysis, chosen), analysis.prediction)

    def example(self, event: gr.EventData) -> str:
        """The example photo that was clicked."""
        return str(clicked(event, self.examples))

    def blank(self, answer: str) -> tuple[Any, ...]:
        return answer, render.empty_attention(), render.empty_effect(), "", gr.skip()

    def show(self, analysis: Analysis, view: View) -> tuple[str, str, str, str]:
        looked = view.look(analysis)
        return (
            render.answer_view(looked, view.share),
            self.attention(looked, view),
            self.effect(looked, view),
            render.seen_view(looked),
        )

    @staticmethod
    def attention(looked: Analysis, view: View) -> str:
        return render.attention_view(
            looked, share=view.share, cmap=view.cmap, opacity=view.opacity, shared=view.shared, smooth=view.smooth
        )

    @staticmethod
    def effect(looked: Analysis, view: View) -> str:
        return render.effect_view(looked, view.label or looked.prediction, opacity=view.opacity, smooth=view.smooth)

    def with_analysis(self, parts: Callable[[Analysis, View], tuple[str, ...]], outputs: int) -> Callable[..., Any]:
        """A handler that redraws ``parts`` from the visitor's own analysis; the network does not run."""

        def handler(request: gr.Request, *view: Any) -> Any:
            analysis = self.sessions.get(request.session_hash)
            if analysis is None:
                gr.Info(FORGOTTEN)
                return gr.skip() if outputs == 1 else [gr.skip()] * outputs
            chosen = View(*view)
            found = parts(chosen.look(analysis), chosen)
            return found[0] if outputs == 1 else found

        return handler

    def leave(self, request: gr.Request) -> None:
        """Forget a visitor."""
        self.sessions.drop(request.session_hash)

    def download(self, ending: str) -> Callable[..., str]:
        def handler(request: gr.Request, *view: Any) -> str:
            analysis = self.sessions.get(request.session_hash)
            if analysis is None:
                raise Refused(FORGOTTEN)
            chosen = View(*view)
            looked = chosen.look(analysis)
            with self.downloads.writing(request.session_hash) as folder:
                return str(
                    write(
                        looked,
                        folder / f"cternet-{analysis.prediction}{ending}",
                        label=chosen.label,
                        cmap=chosen.cmap,
                        opacity=chosen.opacity,
                        shared=chosen.shared,
                        smooth=chosen.smooth,
                    )
                )

        return handler

    # --- layout

    def build(self) -> None:
        """Lay the page out and wire it; call inside ``gr.Blocks``."""
        config = self.predictor.config
        with gr.Row(elem_id="workbench", equal_height=False):
            with gr.Column(scale=3, min_width=260, elem_id="photo-column"):
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
                examples = examples_gallery(self.examples, elem_id="examples")
                seen = gr.HTML(elem_id="seen")
            with gr.Column(scale=6, min_width=320, elem_id="attention-column"):
                gr.HTML("<h2>Where the model looked, and where it might have looked instead</h2>")
                if words := idle_words(config):
                    gr.HTML(render.message(words, kind="note"), elem_id="idle")
                attention = gr.HTML(render.empty_attention(), elem_id="attention")
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
                        [(words, name) for name, words in allocations(self.predictor).items()],
                        value=first(self.predictor),
                        label="Counterfactual attention S*",
                        info="What the model is given in place of its own attention.",
                        scale=3,
                        min_width=190,
                        elem_id="allocation",
                    )
                    level = gr.Dropdown(
                        [(words, name) for name, words in levels(config).items()],
                        value=config.level,
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
            with gr.Column(scale=3, min_width=290, elem_id="answer-column"):
                answer = gr.HTML(render.empty_answer(), elem_id="answer")
        with gr.Row(elem_id="effect-row", equal_height=False):
            with gr.Column(scale=6, min_width=320):
                gr.HTML("<h2>What that difference did to the answer, place by place</h2>")
                effect = gr.HTML(render.empty_effect(), elem_id="effect")
            with gr.Column(scale=6, min_width=320):
                label = gr.Dropdown(
                    list(config.classes),
                    value=config.classes[0],
                    label="Emotion",
                    info="Whose total effect is mapped; the predicted one after each new photo.",
                    elem_id="label",
                )
                with gr.Row():
                    opacity = gr.Slider(
                        0, 1, value=0.6, step=0.05, label="Opacity", info="Of the maps over the photo.", elem_id="opacity"
                    )
                    cmap = gr.Dropdown(
                        list(SEQUENTIAL),
                        value=SEQUENTIAL[0],
                        label="Colours",
                        info="Of S and S*; grey as in the paper's Figure 4.",
                        elem_id="cmap",
                    )
                with gr.Row():
                    shared = gr.Checkbox(
                        True, label="One colour scale for S and S*", info="Off: each map fills its own.", elem_id="shared"
                    )
                    smooth = gr.Checkbox(True, label="Smooth", info="Off: show the map's own cells.", elem_id="smooth")
                with gr.Row():
                    downloads = [
                        (gr.Button(words, size="sm", min_width=110, elem_id=f"get-{ending[1:]}"), ending)
                        for words, ending in (
                            ("⤓ Figure (PNG)", ".png"),
                            ("⤓ Arrays (NPZ)", ".npz"),
                            ("⤓ Numbers (JSON)", ".json"),
                        )
                    ]
                    # The browser fetches through this one; it stays out of sight and out of the tab order.
                    file = gr.DownloadButton("download", elem_id="file", visible="hidden")
                with gr.Accordion("What am I seeing?", open=False):
                    gr.Markdown(explanation(config), latex_delimiters=[{"left": "$", "right": "$", "display": False}])

        view = [allocation, level, seed, share, label, cmap, opacity, shared, smooth]
        everything = [answer, attention, effect, seen, label]
        photo.change(
            self.analyze,
            [photo, *view],
            everything,
            preprocess=False,
            **PHOTO,
            trigger_mode="always_last",
            show_progress_on=[answer, attention, effect],
            api_visibility="private",
        )
        examples.select(self.example, None, photo, show_progress="hidden", api_visibility="private")
        live = {"trigger_mode": "always_last", "api_visibility": "private"} | REDRAW

        def redraw(components: list[gr.components.Component], parts: Callable, outputs: list[gr.HTML]) -> None:
            gr.on(
                [component.input for component in components],
                self.with_analysis(parts, len(outputs)),
                view,
                outputs,
                show_progress="hidden",
                **live,
            )

        redraw(
            [allocation, level, seed],
            lambda looked, v: (render.answer_view(looked, v.share), self.attention(looked, v), self.effect(looked, v)),
            [answer, attention, effect],
        )
        redraw([share], lambda looked, v: (render.answer_view(looked, v.share), self.attention(looked, v)), [answer, attention])
        redraw([label], lambda looked, v: (self.effect(looked, v),), [effect])
        redraw([cmap, shared], lambda looked, v: (self.attention(looked, v),), [attention])
        redraw([opacity, smooth], lambda looked, v: (self.attention(looked, v), self.effect(looked, v)), [attention, effect])
        for button, ending in downloads:
            button.click(self.download(ending), view, file, show_progress="minimal", **live).success(
                None, js="() => document.querySelector('#file').click()", api_visibility="private"
            )


def explanation(config: CTERNetConfig) -> str:
    """What the page shows, for this checkpoint."""
    return EXPLANATION.format(
        answer=ANSWERED[config.answer],
        audit=audit_words(config),
        budget=BUDGETED[config.budget],
        spread=SPREAD_KNOWN[config.budget],
    )


def audit_words(config: CTERNetConfig) -> str:
    """What a checkpoint's own audit says of its attention; nothing where it has none, or one of an earlier version."""
    test = config.metrics.get("test", {})
    audit = test.get("attention", {})
    if "lost" not in audit:
        return ""
    lost = {name: 100 * value for name, value in audit["lost"].items()}
    return AUDITED.format(images=test["images"], changed=audit["changed_by_flat"], top=audit["top_quarter"], **lost)


def idle_words(config: CTERNetConfig) -> str:
    """What the audit in a checkpoint says of its attention, if it is idle; nothing where it is not, or was not audited."""
    test = config.metrics.get("test", {})
    audit = test.get("attention", {})
    return IDLE.format(images=test["images"], changed=audit["changed_by_flat"]) if audit.get("idle") else ""
