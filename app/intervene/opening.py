"""A photo onto the canvas: a new one, that of the Analyze page, or the one a link is for."""

from functools import cached_property
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from app import links
from app.choices import allocations
from app.html import message
from app.intervene.photo import CanvasPhoto
from app.intervene.view import empty_hiding
from app.links import LinkError, State
from app.page import Shown, Studio
from app.sessions import Sessions
from app.uploads import Upload
from cternet import Analysis, ImageError, load_image, preprocess

ELSEWHERE = "This link is for a photo that is not on this server: choose the same file, and its painting appears over it."
NOT_THE_ONE = "This is not the photo of the link you opened; its painting appears once you choose that very file."


class Opening:
    """Puts visitors' photos on their canvas.

    Args:
        photos: where they are kept.
        panel: what links call the page.

    Attributes:
        wanted: what a visitor's link asks for, until they choose its photo.
    """

    def __init__(self, studio: Studio, photos: Sessions[CanvasPhoto], panel: str) -> None:
        self.studio, self.photos, self.panel = studio, photos, panel
        self.wanted: Sessions[State] = Sessions()

    def image_id(self, analysis: Analysis) -> str:
        """What links call a photo: an example by its name, any other by a hash of its pixels as the model saw them."""
        pixels = links.upload(analysis.seen.tobytes())
        name = self.example_names.get(pixels)
        return links.example(name) if name else pixels

    @cached_property
    def example_names(self) -> dict[str, str]:
        config = self.studio.predictor.config
        seen = {path: np.asarray(preprocess(load_image(path), config)[0]) for path in self.studio.examples}
        return {links.upload(pixels.tobytes()): path.stem for path, pixels in seen.items()}

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Of the model's maps; known once a photo went through it."""
        size = self.studio.predictor.config.image_size
        return self.studio.predictor.analyze(Image.new("RGB", (size, size))).s.shape

    def place(self, session: str, analysis: Analysis, *, origin: Analysis | None = None) -> Shown:
        """Put an analysed photo on the visitor's canvas, with the painting of a link they opened if it is for this photo."""
        photo = CanvasPhoto(analysis, self.image_id(analysis), origin)
        self.photos.put(session, photo)
        state = self.wanted.get(session)
        fits = state is not None and state.image == photo.image
        if fits:
            self.wanted.drop(session)
        flag = NOT_THE_ONE if state is not None and not fits else ""
        sent = photo.sent(self.studio.predictor, state if fits else None, flag)
        return {"canvas": sent, "notice": "", "hiding": empty_hiding()}

    def open(self, session: str, upload: Upload) -> Shown:
        """A photo: run the network once; one that cannot be read leaves the canvas as it is."""
        try:
            analysis = self.studio.predictor.analyze(upload.photo())
        except ImageError as error:
            return {"notice": message(str(error), kind="error")}
        return self.place(session, analysis)

    def restore(self, session: str, params: dict[str, Any]) -> Shown:
        """What the parameters of an address ask for: the page to show, and its photo if it is on this server."""
        if "link" not in params:
            return {}
        here = {"tabs": gr.Tabs(selected=self.panel)}
        try:
            state = self.state(params)
        except LinkError as error:
            return here | {"notice": message(str(error), kind="error")}
        self.wanted.put(session, state)
        path = {links.example(path.stem): path for path in self.studio.examples}.get(state.image)
        if path is None:
            return here | {"notice": message(ELSEWHERE)}
        return here | self.open(session, Upload(path, path.name))

    def state(self, params: dict[str, Any]) -> State:
        """Raises LinkError where the link cannot be followed here."""
        predictor = self.studio.predictor
        state = links.from_params(
            params, model=predictor.name, labels=predictor.config.classes, shape=self.shape, panels=(self.panel,)
        )
        assert state is not None  # the parameters hold a link
        if state.allocation not in allocations(predictor):
            raise LinkError("The link asks for an allocation that this page does not offer.")
        return state
