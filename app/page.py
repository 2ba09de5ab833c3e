"""What a page is, and what the pages of one model share."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from inspect import isgeneratorfunction
from typing import Any, ClassVar

import gradio as gr

from app import links
from app.html import message
from app.reports import Reports
from app.sessions import Sessions
from app.uploads import Downloads, Upload
from app.workspace.examples import Example
from app.workspace.open_photo import OpenPhoto
from cternet import Predictor, Result, load_image
from cternet.compare import Networks

Shown = dict[str, Any]
"""What components are to show, by their names on the page; the others stay as they are."""


@dataclass(eq=False)
class Studio:
    """What the pages of one model share.

    Attributes:
        networks: the model, which ``predictor`` runs, and those it is compared with; they keep nothing of visitors.
        examples: photos to pick from; the first is shown to whoever comes.
        downloads: where visitors' files are written.
        memory: bytes that each store of visitors' data may take.
        models: every model of the server, by name, with its path; this one among them.
        reports: where reports of many photos are looked at.
        upload_megabytes: the largest file a visitor may send.
        batch: photos of a zip that go through the network together.
        photos: each visitor's photo.
        panels: which page each visitor looks at, by its name.
        heard: told of visitors who do something without the queue.
    """

    networks: Networks
    examples: Sequence[Example] = ()
    downloads: Downloads = field(default_factory=Downloads)
    memory: int = 2**30
    models: Mapping[str, str] = field(default_factory=dict)
    reports: Reports = field(default_factory=Reports)
    upload_megabytes: int = 100
    batch: int = 4
    photos: Sessions[OpenPhoto] = field(init=False)
    panels: Sessions[str] = field(default_factory=Sessions)
    heard: Callable[[str], None] = field(default=lambda _session: None)
    known: dict[Example, Result] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        self.photos = Sessions(max_bytes=self.memory)

    @property
    def predictor(self) -> Predictor:
        return self.networks.predictor

    def example_result(self, example: Example) -> Result:
        """What the model says of an example; it is asked once."""
        if example not in self.known:
            self.known[example] = self.predictor.analyze(load_image(example.path))
        return self.known[example]

    def example_photo(self, example: Example) -> OpenPhoto:
        """An example as it is opened."""
        upload = Upload(example.path, example.path.name)
        return OpenPhoto(self.example_result(example), links.example(example.name), upload, example.caption)

    def leave(self, session: str) -> None:
        """Forget a visitor."""
        self.photos.drop(session)
        self.panels.drop(session)


@dataclass(frozen=True)
class Frame:
    """What surrounds a page.

    Attributes:
        demo: the app, which loads.
        tabs: all pages, one of which is selected.
        tab: this page's.
        listeners: what every page does once a photo was opened, step by step, as gradio's events take it.
    """

    demo: gr.Blocks
    tabs: gr.Tabs
    tab: gr.Tab
    listeners: list[list[dict[str, Any]]]

    def on_photo(self, show: dict[str, Any], enter: dict[str, Any], *then: dict[str, Any]) -> None:
        """Call one handler when a photo is opened, another when the visitor comes to this page; ``then`` follows both."""
        quiet = {"show_progress": "hidden", "api_visibility": "private", "trigger_mode": "always_last"}
        self.listeners.append([quiet | show, *then])
        one_by_one(self.tab.select, [quiet | enter, *then])


def one_by_one(event: Callable[..., Any], steps: Sequence[dict[str, Any]]) -> None:
    """Call a handler on an event, and each of the others once the one before has succeeded."""
    first, *others = steps
    done = event(**first)
    for step in others:
        done = done.success(**step)


class Page(ABC):
    """A page about one model: its layout, its handlers, and what it keeps of visitors.

    Handlers take values by the names of the components they come from, and give ``Shown``.

    Attributes:
        name: what links call it; the tab's id.
        title: over its tab.
    """

    name: ClassVar[str]
    title: ClassVar[str]

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    @classmethod
    @abstractmethod
    def needs(cls, predictor: Predictor) -> str:
        """Why this page can do nothing with the model, in a sentence; empty where it can."""

    @abstractmethod
    def build(self, frame: Frame) -> None:
        """Lay the page out and wire it; called inside its tab."""

    def rest(self, session: str) -> None:  # noqa: B027 - most pages work on nothing
        """Give up what is being worked on for a visitor; what was made stays."""

    def leave(self, session: str) -> None:
        """Forget a visitor."""
        self.rest(session)
        self.studio.leave(session)


class UnavailablePage(Page):
    """In the place of a page that can do nothing with the model: the reason."""

    def __init__(self, studio: Studio, page: type[Page], reason: str) -> None:
        super().__init__(studio)
        self.name, self.title, self.reason = page.name, page.title, reason  # type: ignore[misc]

    @classmethod
    def needs(cls, predictor: Predictor) -> str:
        return ""

    def build(self, frame: Frame) -> None:
        gr.HTML(message(self.reason), elem_classes="unavailable-page")


def fitting(pages: Sequence[type[Page]], studio: Studio) -> list[Page]:
    """The pages of a model, each title once: the first page of a title whose needs it meets, or why there is none."""
    found: dict[str, Page] = {}
    for page in pages:
        reason = page.needs(studio.predictor)
        if not reason and isinstance(found.get(page.title), UnavailablePage | None):
            found[page.title] = page(studio)
        elif reason:
            found.setdefault(page.title, UnavailablePage(studio, page, reason))
    return list(found.values())


def by_name(
    handler: Callable[..., Any], inputs: Mapping[str, gr.components.Component], outputs: Mapping[str, gr.components.Component]
) -> dict[str, Any]:
    """A handler as gradio's events take it: ``fn``, ``inputs`` and ``outputs`` in order.

    Args:
        handler: takes the request, then values by the names of ``inputs``; gives what outputs show, by name, or yields it.
    """
    names, places = tuple(inputs), tuple(outputs)

    def listed(shown: Shown) -> Any:
        values = [shown.get(place, gr.skip()) for place in places]
        return values[0] if len(values) == 1 else values

    def answer(request: gr.Request, *values: Any) -> Any:
        return listed(handler(request, **dict(zip(names, values, strict=True))))

    def answers(request: gr.Request, *values: Any) -> Iterator[Any]:
        for shown in handler(request, **dict(zip(names, values, strict=True))):
            yield listed(shown)

    inner = handler.func if isinstance(handler, partial) else handler
    found = answers if isgeneratorfunction(inner) else answer
    found.__name__ = inner.__name__  # gradio names what it serves by it
    return {"fn": found, "inputs": list(inputs.values()), "outputs": list(outputs.values())}
