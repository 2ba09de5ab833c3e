"""The Compare page: several photos, the maps of several methods side by side, and how far each can be trusted."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from app.checks import Refused, choice, several
from app.compare import view
from app.compare.bench import MOST_PHOTOS, Asked, Bench, Look
from app.compare.zip_page import ManyPhotos
from app.gallery import clicked, examples_gallery
from app.queues import COMPARE, LONG, REDRAW
from app.sessions import Sessions
from app.uploads import NOT_AN_UPLOAD, Downloads, Upload, received
from cternet.compare import DEFAULT, KINDS, METHODS, Networks
from cternet.compare.export import write
from cternet.compare.networks import SOURCES
from cternet.compare.pictures import SCALES, STYLES

ROOT = Path(__file__).resolve().parents[2]
FORGOTTEN = "These photos are no longer kept on the server; press “Go on”, or choose them again."
TOOLS = 4
"""Outputs of a handler before the rows: the status and three buttons."""
EACH = "each photo's prediction"
GROUPS = tuple(dict.fromkeys(kind.group for kind in KINDS.values()))
"""What methods are offered under, by the networks they look into."""
FILES = (
    ("⤓ PNG", ".png", "the figure, 300 dots per inch"),
    ("⤓ SVG", ".svg", "the figure, to scale without loss"),
    ("⤓ PDF", ".pdf", "the figure, to print"),
    ("⤓ NPZ", ".npz", "every map's values, for numpy"),
    ("⤓ CSV", ".csv", "every number, one row per photo and method"),
    ("⤓ LaTeX", ".tex", "the means over the photos as a table"),
)
EXPLANATION = """
Each row is a photo, each column a method: **bright places** are those it points at. Methods look into different networks and
have units of their own, so read the range under each map before comparing brightness.

- **Grey maps** as in the paper's Figure 4, or **overlays** in colour on the photo; a map that has a sign is centred on 0 there.
- **Own scale**: every map from its smallest to its largest value, which hides how large it is. **Shared scale**: one for each
  method over all photos; S and S\\* share theirs.
- **Measure** tests every map on the classifier it explains: does hiding its bright places change the answer more than hiding
  places at random? That takes some seconds a map.
"""


class ComparePage:
    """Layout and handlers of the page.

    Args:
        networks: CTERNet and those it is compared with; shared by all visitors, keep nothing of them.
        sessions: keeps each visitor's bench.
        downloads: where visitors' files are written.
        examples: photos to pick from.
    """

    def __init__(self, networks: Networks, sessions: Sessions[Bench], downloads: Downloads, examples: list[Path]) -> None:
        self.networks, self.sessions, self.downloads, self.examples = networks, sessions, downloads, examples
        self.methods = tuple(name for name, method in METHODS.items() if method.network not in networks.reasons)
        # Reasons name files; where this program lies is not the visitors' business.
        self.reasons = {name: text.replace(f"{ROOT}/", "") for name, text in networks.reasons.items()}
        self.many = ManyPhotos(networks, downloads, self.methods)
        self.checked = tuple(name for name in DEFAULT if name in self.methods)

    # --- handlers

    def ask(self, request: gr.Request, photos: Any, label: Any, *rest: Any) -> list[Any]:
        """Photos, methods or the class changed: note what is wanted; ``compare`` makes it."""
        *groups, style, scale, smooth = rest
        bench = self.sessions.get(request.session_hash) or Bench()
        asked, look, wanted = self.asked(label, groups), self.look(style, scale, smooth), all_received(photos, bench)
        before = bench.places
        bench.start("comparing" if wanted else "idle")
        bench.asked, bench.look = asked, look
        bench.lay(wanted[:MOST_PHOTOS])
        self.sessions.put(request.session_hash, bench)
        if len(wanted) > MOST_PHOTOS:
            gr.Info(f"This page compares {MOST_PHOTOS} photos at most; the last {len(wanted) - MOST_PHOTOS} were left out.")
        moved = [i for i in range(MOST_PHOTOS) if before[i : i + 1] != bench.places[i : i + 1]]
        text = "Waiting for the networks…" if wanted else view.summary(bench)
        return self.show(bench, text, rows=moved or ([0] if not wanted else []))

    def compare(self, request: gr.Request) -> Iterator[list[Any]]:
        """Make the maps that are missing, photo by photo."""
        bench = self.sessions.get(request.session_hash)
        if bench is None:
            return
        work = bench.work
        if bench.state == "comparing":
            for place in bench.compare(self.networks):
                if bench.work != work:
                    break
                self.sessions.weigh_again(request.session_hash, bench)
                index = bench.places.index(place)
                text = f"Looking at {place.name}: photo {index + 1} of {len(bench.places)}…"
                yield self.show(bench, text, rows=[index], done=index, of=len(bench.places))
            if bench.end(work, "done"):
                shared = bench.look.scale == "shared"  # what was drawn first did not know the last photo yet
                yield self.show(bench, view.summary(bench), rows=range(len(bench.places)) if shared else ())
                return
        if not bench.working:
            yield self.as_it_stands(bench)

    def ask_to_measure(self, request: gr.Request) -> list[Any]:
        bench = self.bench(request)
        bench.start("measuring")
        return self.show(bench, "Waiting for the networks…", rows=range(len(bench.places)))

    def measure(self, request: gr.Request) -> Iterator[list[Any]]:
        """Add numbers, panel by panel."""
        bench = self.sessions.get(request.session_hash)
        if bench is None:
            return
        work = bench.work
        if bench.state == "measuring":
            for place, done, steps in bench.measure():
                if bench.work != work:
                    break
                text = f"Measuring on {place.name}: {done} of {steps} maps and controls…"
                yield self.show(bench, text, rows=[bench.places.index(place)] if done else (), done=done, of=steps)
            bench.end(work, "measured")
        if not bench.working:
            yield self.as_it_stands(bench)

    def stop(self, request: gr.Request) -> list[Any]:
        """Give up the work under way; what was made stays."""
        bench = self.bench(request)
        bench.start("stopped")
        return self.as_it_stands(bench)

    def redraw(self, request: gr.Request, style: Any, scale: Any, smooth: Any) -> list[Any]:
        """Draw the maps that are there in another way; no network runs."""
        look = self.look(style, scale, smooth)
        bench = self.sessions.get(request.session_hash)
        if bench is None:
            gr.Info(FORGOTTEN)
            return [gr.skip()] * MOST_PHOTOS
        bench.look = look
        return [view.row(bench, i, bench.look) if i < len(bench.places) else gr.skip() for i in range(MOST_PHOTOS)]

    def example(self, event: gr.EventData, photos: Any) -> list[str]:
        """The photos so far and the example that was clicked."""
        return [*(str(upload.path) for upload in all_received(photos, Bench())), str(clicked(event, self.examples))]

    def download(self, ending: str) -> Callable[[gr.Request, Any], str]:
        def handler(request: gr.Request, photos: Any) -> str:
            bench = self.bench(request) if photos else Bench()
            if not any(comparison.panels for comparison in bench.comparisons):
                raise Refused("There are no maps yet: choose a photo and a method first.")
            look = bench.look
            options = (
                {"style": look.style, "scale": look.scale, "smooth": look.smooth} if ending in (".png", ".svg", ".pdf") else {}
            )
            try:
                with self.downloads.writing(request.session_hash) as folder:
                    path = folder / f"cternet-comparison{ending}"
                    return str(write(bench.comparisons, path, models=self.models, **options))
            except Refused:
                raise
            except ValueError as error:  # a table of nothing
                raise Refused(f"There is nothing to download: {error}.") from None

        return handler

    def leave(self, request: gr.Request) -> None:
        """Forget a visitor; their work under way gives up."""
        bench = self.sessions.get(request.session_hash)
        if bench is not None:
            bench.start("stopped")
        self.sessions.drop(request.session_hash)
        self.many.leave(request)

    # --- what handlers share

    @property
    def models(self) -> dict[str, str]:
        """Names of the networks."""
        others = {name: Path(str(source)).name for name, source in SOURCES.items() if name in self.networks}
        return {"cternet": self.networks.predictor.name, **others}

    def bench(self, request: gr.Request) -> Bench:
        bench = self.sessions.get(request.session_hash)
        if bench is None:
            raise Refused(FORGOTTEN)
        return bench

    def asked(self, label: Any, groups: Sequence[Any]) -> Asked:
        """What the visitor chose, in the order of the registry.  It comes from outside: checked here."""
        chosen = [name for group in groups for name in several(group, self.methods)]
        return Asked(tuple(name for name in METHODS if name in chosen), choice(label, self.networks.classes) if label else None)

    @staticmethod
    def look(style: Any, scale: Any, smooth: Any) -> Look:
        return Look(choice(style, STYLES), choice(scale, SCALES), bool(smooth))

    def show(self, bench: Bench, text: str | None = None, *, rows: Sequence[int] = (), done: int = 0, of: int = 0) -> list[Any]:
        """Buttons, the status if there is a text, and of the rows those named; the others stay as they are."""
        shown = [gr.skip()] * MOST_PHOTOS
        for i in rows:
            if i < len(bench.places):
                shown[i] = view.row(bench, i, bench.look)
            else:
                shown[i] = "" if bench.places or i else view.empty(bench.asked.methods)
        return [
            gr.skip() if text is None else view.status(bench, text, done=done, of=of),
            gr.update(interactive=bool(bench.comparisons and bench.asked.methods) and not bench.working),
            gr.update(interactive=bench.working),
            gr.update(interactive=bool(bench.places) and not bench.working),
            *shown,
        ]

    def as_it_stands(self, bench: Bench) -> list[Any]:
        """All of it, when nothing is under way.

        Work that ends without having shown its end asks for this: answers may reach the page in another order than they were
        made, and nothing older may stay for good.
        """
        return self.show(bench, view.summary(bench), rows=range(MOST_PHOTOS))

    def quietly(self, steps: Callable[[gr.Request], Iterator[list[Any]]]) -> Callable[[gr.Request], Iterator[list[Any]]]:
        """A handler whose end leaves texts and pictures alone.

        Gradio sends the last values of a generator once more when it ends, and empty ones where there were none: what a newer
        wish has put there meanwhile would be lost.  The buttons are said again all the same: the page takes a property that
        is not repeated out of updates it has not drawn yet.
        """

        def handler(request: gr.Request) -> Iterator[list[Any]]:
            bench = self.sessions.get(request.session_hash)
            yield from steps(request)
            yield [gr.skip()] * (TOOLS + MOST_PHOTOS) if bench is None else self.show(bench)

        return handler

    # --- layout

    def build(self) -> None:
        """Lay the page out and wire it; call inside ``gr.Blocks``."""
        with gr.Row(elem_id="compare", equal_height=False):
            with gr.Column(scale=2, min_width=250, elem_id="compare-controls"):
                photos = gr.File(
                    label=f"Your photos, up to {MOST_PHOTOS}",
                    file_count="multiple",
                    file_types=["image"],
                    height=190,
                    elem_id="compare-photos",
                )
                clear = gr.Button("Clear", size="sm", elem_id="compare-clear")
                gr.HTML("<h2>Or add some of these</h2>")
                examples = examples_gallery(self.examples, elem_id="compare-examples")
                with gr.Column(elem_id="compare-options"):
                    label = gr.Dropdown(
                        [(EACH, ""), *self.networks.classes],
                        value="",
                        label="Emotion looked at",
                        info="Whose maps are shown, where a method has one for each emotion.",
                        elem_id="compare-label",
                    )
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
                        info="Shared: one for each method over all photos; S and S* share theirs.",
                        elem_id="compare-scale",
                    )
                    smooth = gr.Checkbox(True, label="Smooth", info="Off: show the maps' own cells.", elem_id="compare-smooth")
                    with gr.Accordion("Methods", open=True, elem_id="compare-methods"):
                        groups = [self.choice(words) for words in GROUPS]
                        gr.HTML(view.unavailable(self.reasons))
            with gr.Column(scale=9, min_width=320, elem_id="compare-results"):
                with gr.Row(elem_id="compare-tools"):
                    status = gr.HTML(view.status(Bench(), view.summary(Bench())), elem_id="compare-status", min_width=260)
                    measure = gr.Button(
                        "Measure", size="sm", interactive=False, min_width=90, scale=0, elem_id="compare-measure"
                    )
                    stop = gr.Button("Stop", size="sm", interactive=False, min_width=70, scale=0, elem_id="compare-stop")
                    go_on = gr.Button("Go on", size="sm", interactive=False, min_width=80, scale=0, elem_id="compare-go-on")
                with gr.Column(elem_id="compare-rows"):
                    rows = [
                        gr.HTML(view.empty(self.checked) if i == 0 else "", elem_classes="row-slot") for i in range(MOST_PHOTOS)
                    ]
                with gr.Row(elem_id="compare-downloads"):
                    buttons = [
                        (gr.Button(words, size="sm", min_width=80, elem_id=f"compare-get-{ending[1:]}"), ending)
                        for words, ending, _ in FILES
                    ]
                    # The browser fetches through this one; it stays out of sight and out of the tab order.
                    file = gr.DownloadButton("download", elem_id="compare-file", visible="hidden")
                self.many.build(groups)
                with gr.Accordion("What do the numbers mean?", open=False, elem_id="compare-numbers"):
                    gr.HTML(view.glossary())
                with gr.Accordion("What am I seeing?", open=False):
                    gr.Markdown(EXPLANATION)
                with gr.Accordion("What are the methods?", open=False):
                    gr.HTML(view.methods_view(self.reasons))
        gr.HTML(
            html_template='<dialog id="large"><button type="button" class="close" aria-label="Close">✕</button>'
            '<div class="content"></div></dialog>',
            js_on_load=Path(__file__).with_name("large.js").read_text(),
            elem_id="compare-dialog",
        )

        everything = [status, measure, stop, go_on, *rows]
        drawn = [style, scale, smooth]
        quick = {"show_progress": "hidden", "api_visibility": "private"} | REDRAW
        network = {
            "trigger_mode": "multiple",  # each asks what is wanted now, and gives up once something else is
            "show_progress": "hidden",
            "api_visibility": "private",
        }
        changes = [photos.change, label.input, go_on.click, *(group.input for group in groups)]
        wanted = [photos, label, *groups, *drawn]
        gr.on(changes, self.ask, wanted, everything, preprocess=False, trigger_mode="always_last", **quick).success(
            self.quietly(self.compare), None, everything, **network | COMPARE
        )
        measure.click(self.ask_to_measure, None, everything, **quick).success(
            self.quietly(self.measure), None, everything, **network | LONG
        )
        stop.click(self.stop, None, everything, **quick)
        gr.on([part.input for part in drawn], self.redraw, drawn, rows, trigger_mode="always_last", **quick)
        clear.click(lambda: None, None, photos, **quick)
        examples.select(self.example, photos, photos, preprocess=False, **quick)
        for button, ending in buttons:
            button.click(
                self.download(ending),
                photos,
                file,
                preprocess=False,
                show_progress="minimal",
                api_visibility="private",
                **REDRAW,
            ).success(None, js="() => document.querySelector('#compare-file').click()", api_visibility="private")

    def choice(self, words: str) -> gr.CheckboxGroup:
        """The methods of a group, to tick."""
        offered = [name for name in self.methods if METHODS[name].group == words]
        return gr.CheckboxGroup(
            [
                (METHODS[name].title + (" (slow: a forward per channel)" if METHODS[name].slow else ""), name)
                for name in offered
            ],
            value=[name for name in offered if name in self.checked],
            label=words,
            visible=bool(offered),
        )


def all_received(payloads: Any, bench: Bench) -> list[Upload]:
    """The files of a list, each as ``received``, those on the bench as they are; ``None`` is none.

    Raises:
        Refused: it is no list, or one of them is no upload.
    """
    if not isinstance(payloads, list | None):
        raise Refused(NOT_AN_UPLOAD)
    kept = [place.upload for place in bench.places]
    return [received(payload, kept) for payload in payloads or ()]
