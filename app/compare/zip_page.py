"""Many photos: the part of the Compare page that takes a zip and gives back a report to browse and a table."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from app.analyze import view as render
from app.checks import Refused, several
from app.queues import LONG, REDRAW
from app.sessions import Sessions
from app.uploads import MAX_UPLOAD, Downloads, received
from cternet.compare import METHODS, Networks
from cternet.photos.load import MAX_BYTES
from cternet.survey import PAGE, Options, Summary, SurveyError, finish, pack, surveying

BOUNDS = (
    f"A zip of at most {MAX_UPLOAD // 2**20} MB with up to {PAGE.photos} photos, each at most {MAX_BYTES // 2**20} MB, "
    f"{PAGE.total_bytes // 2**20} MB in all once unpacked."
)
SKIPPED_SHOWN = 50


@dataclass(eq=False)
class Survey:
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


class ManyPhotos:
    """Layout and handlers.

    Args:
        networks: shared by all visitors.
        downloads: where reports are written.
        methods: those that can be had here.
    """

    def __init__(self, networks: Networks, downloads: Downloads, methods: Sequence[str]) -> None:
        self.networks, self.downloads = networks, downloads
        self.methods = tuple(name for name in methods if not METHODS[name].slow)
        self.sessions: Sessions[Survey] = Sessions()

    # --- handlers

    def run(self, request: gr.Request, payload: Any, metrics: Any, *groups: Any) -> Iterator[list[Any]]:
        """Survey the zip; the report so far can be had whenever it ends."""
        chosen = [name for group in groups for name in several(group, METHODS)]
        methods = tuple(name for name in self.methods if name in chosen)
        if payload is None or not methods:
            wanted = "Choose a zip of photos first." if payload is None else "Tick at least one method that is not slow."
            yield self.show(render.message(wanted, kind="error"), running=False)
            return
        session, upload = request.session_hash, received(payload)
        survey = self.sessions.get(session) or Survey()
        stop = survey.start()
        self.sessions.put(session, survey)
        yield self.show(progress("Reading the zip…", 0, 1), running=True)
        try:
            with self.downloads.writing(session) as folder:
                out = folder / f"survey-{survey.work}" / "cternet-report"
                out.parent.mkdir()
                options = Options(methods=methods, metrics=bool(metrics), batch_size=4)
                for step in surveying(upload.path, out, self.networks, options, limits=PAGE, stop=stop):
                    if "skipped" in step.row:
                        survey.skipped.append((step.row["path"], step.row["skipped"]))
                    text = f"{step.row['path']}: {step.done} of {step.total}"
                    yield self.show(progress(text, step.done, step.total) + skipped_view(survey.skipped), running=True)
                summary = finish(out, complete=not stop())
                packed = pack(out) if summary.photos else None
        except SurveyError as error:
            path, name = upload.path, upload.name
            words = str(error).replace(str(path), name).replace(path.name, name)
            yield self.show(render.message(words, kind="error"), running=False)
        except Refused as error:
            if session in self.sessions.kept:  # else the visitor has left, and their files with them
                yield self.show(render.message(str(error), kind="error"), running=False)
        else:
            yield self.show(summary_view(summary) + skipped_view(survey.skipped), running=False, report=packed)

    def stop(self, request: gr.Request) -> None:
        """Finish with the photos done so far."""
        survey = self.sessions.get(request.session_hash)
        if survey is not None:
            survey.stop()

    def leave(self, request: gr.Request) -> None:
        """Forget a visitor."""
        self.stop(request)
        self.sessions.drop(request.session_hash)

    @staticmethod
    def show(html: str, *, running: bool, report: Path | None = None) -> list[Any]:
        return [
            html,
            gr.update(interactive=not running),
            gr.update(interactive=running),
            gr.update(value=None if report is None else str(report), interactive=report is not None),
        ]

    # --- layout

    def build(self, groups: Sequence[gr.CheckboxGroup]) -> None:
        """Lay it out and wire it; ``groups`` hold the methods ticked on the page."""
        with gr.Accordion("Many photos", open=False, elem_id="many"):
            gr.HTML(
                f"<p>{BOUNDS} You get a page to browse and sort offline, and a table. The methods are those ticked above, "
                "without slow ones.</p>"
            )
            source = gr.File(label="A zip of photos", file_types=[".zip"], height=150, elem_id="many-zip")
            metrics = gr.Checkbox(
                False, label="Measure every map", info="Some seconds a photo and method.", elem_id="many-metrics"
            )
            with gr.Row():
                start = gr.Button("Survey", size="sm", elem_id="many-start")
                stop = gr.Button("Stop", size="sm", interactive=False, elem_id="many-stop")
                report = gr.DownloadButton("⤓ Report (zip)", size="sm", interactive=False, elem_id="many-report")
            result = gr.HTML(elem_id="many-result")
        start.click(
            self.run,
            [source, metrics, *groups],
            [result, start, stop, report],
            preprocess=False,
            show_progress="hidden",
            api_visibility="private",
            **LONG,
        )
        stop.click(self.stop, show_progress="hidden", api_visibility="private", **REDRAW)


def progress(text: str, done: int, total: int) -> str:
    return (
        f'<div class="status" role="status"><span>{escape(text)}</span>'
        f'<progress value="{done}" max="{max(total, 1)}" aria-label="photos done"></progress></div>'
    )


def summary_view(summary: Summary) -> str:
    """What the report holds, in words."""
    counts = sorted(((count, label) for label, count in summary.predictions.items() if count), reverse=True)
    feelings = ", ".join(f"{escape(label)} {count}" for count, label in counts)
    text = "Done." if summary.photos else "There is no photo in it that this page can read."
    if not summary.complete:
        text = "Stopped; the report holds what was done until then."
    photos = "1 photo" if summary.photos == 1 else f"{summary.photos} photos"
    return (
        f'<div class="status" role="status"><span>{text} {photos}, {summary.skipped} skipped.</span>'
        f"<span>{f'Predicted: {feelings}.' if feelings else 'There is nothing to report.'}</span></div>"
    )


def skipped_view(skipped: Sequence[tuple[str, str]]) -> str:
    """What was left out, and why."""
    if not skipped:
        return ""
    items = "".join(f"<li><b>{escape(name)}</b>: {escape(reason)}</li>" for name, reason in skipped[:SKIPPED_SHOWN])
    more = len(skipped) - SKIPPED_SHOWN
    rest = f"<li>and {more} more, listed in the report's skipped.json</li>" if more > 0 else ""
    return f'<details class="skipped" open><summary>{len(skipped)} skipped</summary><ul>{items}{rest}</ul></details>'
