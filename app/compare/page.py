"""The Compare page: several photos, the maps of several methods side by side, and how far each can be trusted."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from app.checks import Refused
from app.compare import view
from app.compare.choices import LookChoice, all_received, look_of, selection_of
from app.compare.layout import Controls, Results, controls_below, enlarging_dialog, explanations, results_column, row_name
from app.compare.names import SHOWS, file_name
from app.compare.session import MOST_PHOTOS, CompareSession
from app.compare.shown import as_it_stands, show
from app.compare.zip_part import ZipPart
from app.page import Frame, Page, Shown, Studio, by_name
from app.queues import COMPARE, LONG, REDRAW
from app.sessions import Sessions
from app.uploads import Upload
from cternet import Classifier, Predictor
from cternet.compare import DEFAULT, METHODS, SOURCES, write

ROOT = Path(__file__).resolve().parents[2]
FORGOTTEN = "The server no longer keeps these photos; press “Resume”, or choose them again."
PICTURES = (".png", ".svg", ".pdf")
MOST_VISITORS = 64
AS_BEFORE = object()
"""In the place of photos from the page: those the session has."""
ROWS = tuple(map(row_name, range(MOST_PHOTOS)))


class ComparePage(Page):
    """Layout and handlers of the page."""

    name, title = "compare", "Compare"

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        networks = studio.networks
        self.sessions: Sessions[CompareSession] = Sessions(limit=MOST_VISITORS, max_bytes=studio.memory)
        self.methods = tuple(name for name, method in METHODS.items() if method.network not in networks.reasons)
        # Reasons name files; where this program lies is not the visitors' business.
        self.reasons = {name: text.replace(f"{ROOT}/", "") for name, text in networks.reasons.items()}
        self.zip_part = ZipPart(studio, self.methods)
        self.ticked = tuple(name for name in DEFAULT if name in self.methods)

    @classmethod
    def needs(cls, predictor: Predictor) -> str:
        if getattr(predictor.config, "several", False):
            return f"{predictor.name} predicts several emotions at once, but a map explains only one; choose another model."
        if isinstance(predictor.model, Classifier):
            return ""
        return f"{predictor.name} does not name emotions, so there are no maps to compare; choose another model."

    # --- handlers

    def ask(self, request: gr.Request, photos: Any, label: Any, **rest: Any) -> Shown:
        """Photos, methods or the class changed: note what is wanted; ``compare`` makes it."""
        look = look_of({name: rest.pop(name) for name in LookChoice.model_fields})
        session = self.sessions.get(request.session_hash) or CompareSession()
        selection = selection_of(label, rest.values(), self.methods, self.studio.networks.classes)
        if photos is not AS_BEFORE:
            session.added = tuple(all_received(photos, session))
        wanted = self.wanted(request.session_hash, session)
        before = session.photos
        session.ask(wanted[:MOST_PHOTOS], selection, look)
        self.sessions.put(request.session_hash, session)
        if len(wanted) > MOST_PHOTOS:
            gr.Info(f"This page compares at most {MOST_PHOTOS} photos; the last {len(wanted) - MOST_PHOTOS} were left out.")
        moved = [i for i in range(MOST_PHOTOS) if before[i : i + 1] != session.photos[i : i + 1]]
        text = "Waiting for the networks…" if wanted else view.summary(session)
        return show(session, text, rows=moved or ([0] if not wanted else []))

    def wanted(self, visitor: str, session: CompareSession) -> list[Upload]:
        """The visitor's open photo, then those they added here."""
        there = self.studio.photos.get(visitor)
        return ([] if there is None else [there.upload]) + list(session.added)

    def enter(self, request: gr.Request, **values: Any) -> Shown:
        """The visitor came to this page: their photo is its first row, and the emotion they look at is this page's."""
        self.studio.panels.put(request.session_hash, self.name)
        return self.show(request, **values)

    def show(self, request: gr.Request, **values: Any) -> Shown:
        """Ask for maps of the visitor's photo, once they look at this page; nothing is compared before."""
        if not self.seen_by(request):
            return {}
        there = self.studio.photos.get(request.session_hash)
        values["photos"] = AS_BEFORE  # what the page sent may be older than what the visitor has added meanwhile
        values["label"] = "" if there is None or there.emotion is None else there.emotion
        return {"label": values["label"]} | self.ask(request, **values)

    def seen_by(self, request: gr.Request) -> bool:
        """Whether the visitor looks at this page."""
        return self.studio.panels.get(request.session_hash) == self.name

    def compare(self, request: gr.Request) -> Iterator[Shown]:
        """Make the maps that are missing, photo by photo."""
        session = self.sessions.get(request.session_hash)
        if session is None:
            return
        if (work := session.take("comparing")) is not None:
            for photo in session.compare(self.studio.networks):
                if session.work != work:
                    break
                self.sessions.weigh_again(request.session_hash, session)
                index = session.photos.index(photo)
                text = f"Looking at {photo.name}: photo {index + 1} of {len(session.photos)}…"
                yield show(session, text, rows=[index], done=index, of=len(session.photos))
            if session.end(work, "done"):
                shared = session.look.scale == "shared"  # what was drawn first did not know the last photo yet
                yield show(session, view.summary(session), rows=range(len(session.photos)) if shared else ())
                if session.measuring:  # they were stopped; the handler after this one goes on
                    session.start("measuring")
                return
        if not session.working:
            yield as_it_stands(session)

    def ask_to_measure(self, request: gr.Request) -> Shown:
        session = self.session(request)
        session.measuring = True
        session.start("measuring")
        return show(session, "Waiting for the networks…", rows=range(len(session.photos)))

    def measure(self, request: gr.Request) -> Iterator[Shown]:
        """Add numbers, panel by panel."""
        session = self.sessions.get(request.session_hash)
        if session is None:
            return
        if (work := session.take("measuring")) is not None:
            for photo, done, steps in session.measure():
                if session.work != work:
                    break
                text = f"Measuring {photo.name}: {done} of {steps} maps and controls…"
                yield show(session, text, rows=[session.photos.index(photo)] if done else (), done=done, of=steps)
            if session.end(work, "measured"):
                session.measuring = False
        if not session.working:
            yield as_it_stands(session)

    def stop(self, request: gr.Request) -> Shown:
        """Give up the work under way; what was made stays."""
        session = self.session(request)
        session.start("stopped")
        return as_it_stands(session)

    def redraw(self, request: gr.Request, **look: Any) -> Shown:
        """Draw the maps that are there in another way; no network runs."""
        chosen = look_of(look)
        session = self.sessions.get(request.session_hash)
        if session is None:
            gr.Info(FORGOTTEN)
            return {}
        session.look = chosen
        return {name: view.row(session, i, chosen) for i, name in enumerate(ROWS[: len(session.photos)])}

    def examples(self, request: gr.Request, photos: Any) -> list[str]:
        """The photos so far and every example that is not among them."""
        kept = self.sessions.get(request.session_hash) or CompareSession()
        there = all_received(photos, kept)
        names = {upload.path.stem for upload in (*self.wanted(request.session_hash, kept), *there)}
        more = [str(example.path) for example in self.studio.examples if example.name not in names]
        return [*(str(upload.path) for upload in there), *more][: MOST_PHOTOS - 1]

    def download(self, ending: str) -> Callable[..., Shown]:
        def download(request: gr.Request, photos: Any) -> Shown:
            session = self.session(request) if photos else CompareSession()
            if not any(comparison.panels for comparison in session.comparisons):
                raise Refused("There are no maps yet: choose a photo and a method first.")
            look = vars(session.look) if ending in PICTURES else {}
            try:
                with self.studio.downloads.writing(request.session_hash) as folder:
                    names = [comparison.name for comparison in session.comparisons]
                    what = SHOWS.get(ending, "comparison")
                    path = folder / f"{file_name(names, self.studio.predictor.name, what)}{ending}"
                    return {"file": str(write(session.comparisons, path, models=self.models, **look))}
            except Refused:
                raise
            except ValueError as error:  # a table of nothing
                raise Refused(f"There is nothing to download: {error}.") from None

        return download

    def rest(self, session: str) -> None:
        """Give up the maps or numbers that are being made for a visitor."""
        found = self.sessions.get(session)
        if found is not None and found.working:
            found.start("stopped")
        self.zip_part.rest(session)

    def leave(self, session: str) -> None:
        """Forget a visitor."""
        super().leave(session)
        self.sessions.drop(session)
        self.zip_part.leave(session)

    # --- what handlers share

    @property
    def models(self) -> dict[str, str]:
        """Names of the networks."""
        networks = self.studio.networks
        others = {name: Path(str(source)).name for name, source in SOURCES.items() if name in networks}
        return {"cternet": networks.predictor.name, **others}

    def session(self, request: gr.Request) -> CompareSession:
        session = self.sessions.get(request.session_hash)
        if session is None:
            raise Refused(FORGOTTEN)
        return session

    def quietly(self, steps: Callable[[gr.Request], Iterator[Shown]]) -> Callable[[gr.Request], Iterator[Shown]]:
        """A handler whose end leaves texts and pictures alone.

        Gradio sends the last values of a generator once more when it ends, and empty ones where there were none: what a newer
        wish has put there meanwhile would be lost.  The buttons are said again all the same: the page takes a property that
        is not repeated out of updates it has not drawn yet.
        """

        def quiet(request: gr.Request) -> Iterator[Shown]:
            session = self.sessions.get(request.session_hash)
            yield from steps(request)
            yield {} if session is None else show(session)

        return quiet

    def here(self, steps: Callable[[gr.Request], Iterator[Shown]]) -> Callable[[gr.Request], Iterator[Shown]]:
        """A handler that does nothing while the visitor looks at another page."""

        def here(request: gr.Request) -> Iterator[Shown]:
            if self.seen_by(request):
                yield from steps(request)

        return here

    # --- layout

    def build(self, frame: Frame) -> None:
        with gr.Column(elem_id="compare"):
            results = results_column(self.ticked)
            controls = controls_below(self.studio.networks.classes, self.methods, self.ticked, self.reasons)
            self.zip_part.build(controls.groups, unavailable=self.without_table())
            explanations(self.reasons)
        enlarging_dialog()
        self.wire(controls, results, frame)

    def without_table(self) -> str:
        """Why many photos cannot be surveyed, in a sentence; empty where they can: every row of the table has Y_TE."""
        predictor = self.studio.predictor
        if predictor.model.has_counterfactual:
            return ""
        return f"A report needs the total effect, Y_TE, which {predictor.name} does not have; choose a CTERNet model."

    def wire(self, controls: Controls, results: Results, frame: Frame) -> None:
        """What happens when something is chosen, pressed or ticked."""
        photos, everything = {"photos": controls.photos}, results.shown
        quick = {"show_progress": "hidden", "api_visibility": "private"} | REDRAW
        network = {
            "trigger_mode": "multiple",  # each asks what is wanted now, and gives up once something else is
            "show_progress": "hidden",
            "api_visibility": "private",
        }
        groups = {f"group{index}": group for index, group in enumerate(controls.groups)}
        changes = [controls.photos.change, controls.label.input, everything["go_on"].click]
        changes += [group.input for group in controls.groups]
        compared = by_name(self.quietly(self.compare), {}, everything)
        wanted = photos | {"label": controls.label} | groups | controls.look
        measured = by_name(self.quietly(self.measure), {}, everything)
        asked = gr.on(changes, **by_name(self.ask, wanted, everything), preprocess=False, trigger_mode="always_last", **quick)
        asked.success(**compared, **network | COMPARE).success(**measured, **network | LONG)
        shown, raw = everything | {"label": controls.label}, quick | {"preprocess": False}
        show, enter = (raw | by_name(handler, wanted, shown) for handler in (self.show, self.enter))
        compare, measure = (by_name(self.quietly(self.here(steps)), {}, everything) for steps in (self.compare, self.measure))
        frame.on_photo(show, enter, compare | network | COMPARE, measure | network | LONG)
        everything["measure"].click(**by_name(self.ask_to_measure, {}, everything), **quick).success(
            **measured, **network | LONG
        )
        everything["stop"].click(**by_name(self.stop, {}, everything), **quick)
        rows = {name: everything[name] for name in ROWS}
        looks = [part.input for part in controls.look.values()]
        gr.on(looks, **by_name(self.redraw, controls.look, rows), trigger_mode="always_last", **quick)
        controls.clear.click(lambda: None, None, controls.photos, **quick)
        controls.examples.click(self.examples, controls.photos, controls.photos, preprocess=False, **quick)
        for ending, button in results.downloads.items():
            button.click(
                **by_name(self.download(ending), photos, {"file": results.file}),
                preprocess=False,
                show_progress="minimal",
                api_visibility="private",
                **REDRAW,
            ).success(None, js="() => document.querySelector('#compare-file').click()", api_visibility="private")
