"""Many photos in a zip: the part of the Compare page that takes a zip and gives back a report to browse and a table."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradio as gr

from app.checks import Flag, Payload, Refused, offered
from app.compare.names import file_name
from app.html import message, render
from app.page import Shown, Studio, by_name
from app.queues import LONG, REDRAW
from app.sessions import Sessions
from app.uploads import received
from cternet import MAX_BYTES
from cternet.compare import METHODS
from cternet.survey import PAGE, Options, Summary, SurveyError, finish, pack, surveying

BOUNDS = (
    "A zip of at most {megabytes} MB with up to "
    f"{PAGE.photos} photos, each at most {MAX_BYTES // 2**20} MB, {PAGE.total_bytes // 2**20} MB in all once unpacked."
)
SKIPPED_SHOWN = 50


Method = offered("methods")


class Wanted(Payload):
    """What is asked for of the photos."""

    methods: tuple[Method, ...]
    measure: Flag


@dataclass(eq=False)
class ZipSurvey:
    """A visitor's survey.

    Attributes:
        work: which one was asked for last; any other gives up as soon as it notices.
        skipped: names and reasons so far.
    """

    work: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)

    def start(self) -> Callable[[], bool]:
        """A new one; returns its ``stop``."""
        self.work += 1
        self.skipped = []
        mine = self.work
        return lambda: self.work != mine

    def stop(self) -> None:
        self.work += 1


class ZipPart:
    """Layout and handlers.

    Args:
        studio: what the pages share.
        methods: those that can be had here.
    """

    def __init__(self, studio: Studio, methods: Sequence[str]) -> None:
        self.studio = studio
        self.methods = tuple(name for name in methods if not METHODS[name].slow)
        self.sessions: Sessions[ZipSurvey] = Sessions()

    # --- handlers

    def run(self, request: gr.Request, photos: Any, **rest: Any) -> Iterator[Shown]:
        """Survey the zip; the report so far can be had whenever it ends."""
        measure = rest.pop("measure")
        ticked = [name for group in rest.values() for name in (group if isinstance(group, list | tuple) else [group])]
        chosen = Wanted.of({"methods": [name for name in ticked if name is not None], "measure": measure}, methods=METHODS)
        methods = tuple(name for name in self.methods if name in chosen.methods)
        if photos is None or not methods:
            words = "Choose a zip of photos first." if photos is None else "Tick at least one method that is not slow."
            yield self.show(message(words, kind="error"), running=False)
            return
        session, upload = request.session_hash, received(photos)
        survey = self.sessions.get(session) or ZipSurvey()
        stop = survey.start()
        self.sessions.put(session, survey)
        yield self.show(progress("Reading the zip…", 0, 1), running=True)
        try:
            with self.studio.downloads.writing(session) as folder:
                name = file_name([upload.name], self.studio.predictor.name, "report")
                out = Path(tempfile.mkdtemp(prefix="survey-", dir=folder)) / name
                options = Options(methods=methods, measure=chosen.measure, batch_size=self.studio.batch)
                for step in surveying(upload.path, out, self.studio.networks, options, limits=PAGE, stop=stop):
                    if "skipped" in step.row:
                        survey.skipped.append((step.row["path"], step.row["skipped"]))
                    text = f"{step.row['path']}: {step.done} of {step.total}"
                    yield self.show(progress(text, step.done, step.total) + skipped_view(survey.skipped), running=True)
                summary = finish(out, complete=not stop())
                packed = pack(out) if summary.photos else None
        except SurveyError as error:
            path, name = upload.path, upload.name
            words = str(error).replace(str(path), name).replace(path.name, name)
            yield self.show(message(words, kind="error"), running=False)
        except Refused as error:
            if session in self.sessions.kept:  # else the visitor has left, and their files with them
                yield self.show(message(str(error), kind="error"), running=False)
        else:
            address = self.studio.reports.open(session, out) if packed is not None and session in self.sessions.kept else ""
            html = summary_view(summary, address) + skipped_view(survey.skipped)
            yield self.show(html, running=False, report=packed)

    def stop(self, request: gr.Request) -> None:
        """Finish with the photos done so far."""
        self.rest(request.session_hash)

    def rest(self, session: str) -> None:
        """Give up a visitor's survey."""
        survey = self.sessions.get(session)
        if survey is not None:
            survey.stop()

    def leave(self, session: str) -> None:
        """Forget a visitor."""
        self.rest(session)
        self.sessions.drop(session)

    @staticmethod
    def show(html: str, *, running: bool, report: Path | None = None) -> Shown:
        return {
            "result": html,
            "start": gr.update(interactive=not running),
            "stop": gr.update(interactive=running),
            "report": gr.update(value=None if report is None else str(report), interactive=report is not None),
        }

    # --- layout

    def build(self, groups: Sequence[gr.CheckboxGroup], *, unavailable: str = "") -> None:
        """Lay it out and wire it.

        Args:
            groups: hold the methods ticked on the page.
            unavailable: why there is nothing to lay out.
        """
        if unavailable:
            with gr.Accordion("Many photos", open=False, elem_id="many"):
                gr.HTML(message(unavailable))
            return
        with gr.Accordion("Many photos", open=False, elem_id="many"):
            gr.HTML(
                f"<p>{BOUNDS.format(megabytes=self.studio.upload_megabytes)} You get a page to browse and sort offline, and a "
                "table. It uses the methods ticked above, except slow ones.</p>"
            )
            source = gr.File(label="A zip of photos", file_types=[".zip"], height=150, elem_id="many-zip")
            measure = gr.Checkbox(
                False, label="Measure every map", info="Seconds per photo and method.", elem_id="many-measure"
            )
            with gr.Row():
                start = gr.Button("Survey", size="sm", elem_id="many-start")
                stop = gr.Button("Stop", size="sm", interactive=False, elem_id="many-stop")
                report = gr.DownloadButton("⤓ Report (zip)", size="sm", interactive=False, elem_id="many-report")
            result = gr.HTML(elem_id="many-result")
        wanted = {"photos": source, "measure": measure} | {f"group{index}": group for index, group in enumerate(groups)}
        start.click(
            **by_name(self.run, wanted, {"result": result, "start": start, "stop": stop, "report": report}),
            preprocess=False,
            show_progress="hidden",
            api_visibility="private",
            **LONG,
        )
        stop.click(self.stop, show_progress="hidden", api_visibility="private", **REDRAW)


def progress(text: str, done: int, total: int) -> str:
    return render("compare/zip_progress.html", text=text, done=done, total=total)


def summary_view(summary: Summary, address: str = "") -> str:
    """What the report holds, in words, and the report itself where it has an address."""
    counts = sorted(((count, label) for label, count in summary.predictions.items() if count), reverse=True)
    return render("compare/zip_summary.html", summary=summary, counts=counts, address=address)


def skipped_view(skipped: Sequence[tuple[str, str]]) -> str:
    """What was left out, and why."""
    return render("compare/zip_skipped.html", skipped=skipped, shown=SKIPPED_SHOWN)
