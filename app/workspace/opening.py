"""A photo into the visitor's workspace: a new one, an example, or the one an address is for."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from PIL import Image

from app import links
from app.calls import stop
from app.choices import allocations
from app.links import LinkError, State
from app.page import Studio
from app.sessions import Sessions
from app.uploads import Upload
from app.workspace.examples import Example
from app.workspace.open_photo import OpenPhoto
from cternet import Result, load_image, preprocess

NOT_THE_ONE = "This is not the photo of the link you opened; choose that exact file to see its painting."


class Opening:
    """Opens visitors' photos.

    Args:
        panels: the names of the pages, which links may ask for.

    Attributes:
        wanted: what a visitor's link asks for, until they choose its photo.
    """

    def __init__(self, studio: Studio, panels: tuple[str, ...]) -> None:
        self.studio, self.panels = studio, panels
        self.wanted: Sessions[State] = Sessions()

    def open(self, session: str, upload: Upload) -> OpenPhoto:
        """Run the network on a photo.

        Raises:
            ImageError: it cannot be read; whatever the visitor had open stays.
        """
        result = self.studio.predictor.analyze(upload.photo(), stop=stop())
        return self.place(session, OpenPhoto(result, self.image_id(result), upload))

    def open_example(self, session: str, example: Example) -> OpenPhoto:
        """An example, which the network has seen already or sees now."""
        return self.place(session, self.studio.example_photo(example))

    def place(self, session: str, photo: OpenPhoto) -> OpenPhoto:
        """Make it the visitor's photo, with what the link they opened asks for if it is for this photo."""
        wanted = self.wanted.get(session)
        if wanted is not None and wanted.image == photo.image:
            self.wanted.drop(session)
            photo.have(wanted)
        elif wanted is not None:
            photo.flag = NOT_THE_ONE
        self.studio.photos.put(session, photo)
        return photo

    def follow(self, session: str, params: Mapping[str, Any]) -> OpenPhoto | None:
        """What an address asks for: its photo, or None where that is not on this server; no link means the first example.

        Raises:
            LinkError: the link cannot be followed.
        """
        there = self.studio.photos.get(session)
        if "link" not in params:
            self.wanted.drop(session)
            if not self.studio.examples:
                return there
            return self.open_example(session, self.studio.examples[0])
        state = self.state(params)
        self.wanted.put(session, state)
        self.studio.panels.put(session, state.panel or self.panels[0])
        if there is not None and there.image == state.image:
            return self.place(session, there.again())
        example = {links.example(example.name): example for example in self.studio.examples}.get(state.image)
        return None if example is None else self.open_example(session, example)

    def state(self, params: Mapping[str, Any]) -> State:
        """Raises LinkError where the link cannot be followed here."""
        predictor = self.studio.predictor
        state = links.from_params(
            params, model=predictor.name, labels=self.studio.networks.classes, shape=self.shape, panels=self.panels
        )
        assert state is not None  # the parameters hold a link
        if predictor.model.has_counterfactual and state.allocation not in allocations(predictor):
            raise LinkError("The link asks for an allocation that this page does not offer.")
        return state

    def image_id(self, result: Result) -> str:
        """What links call a photo: an example by its name, any other by a hash of its pixels as the model saw them."""
        pixels = links.upload(result.seen.tobytes())
        name = self.example_names.get(pixels)
        return links.example(name) if name else pixels

    @cached_property
    def example_names(self) -> dict[str, str]:
        config = self.studio.predictor.config
        seen = {example.name: np.asarray(preprocess(load_image(example.path), config)[0]) for example in self.studio.examples}
        return {links.upload(pixels.tobytes()): name for name, pixels in seen.items()}

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Cells of the model's attention; a single one where it has none, and nothing can be painted."""
        predictor = self.studio.predictor
        if not predictor.model.has_counterfactual:
            return 1, 1
        rows, columns = predictor.analyze(Image.new("RGB", (predictor.config.image_size,) * 2)).s.shape
        return rows, columns
