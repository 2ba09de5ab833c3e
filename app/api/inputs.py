"""What programs send: checked here, for the types of an endpoint only describe; gradio hands over whatever JSON came."""

from collections.abc import Collection
from typing import Any

import numpy as np
from PIL import Image

from app.checks import Refused, choice
from app.uploads import received
from cternet.compare import METHODS
from cternet.photos.preprocess import middle_square
from cternet.results.painting import Mask, Shape, from_image

QUICK = tuple(name for name, method in METHODS.items() if not method.slow)
"""Methods a program can ask for; the slow ones would keep everybody waiting."""


def checked(name: str, value: Any, choices: Collection[str]) -> None:
    """Raises Refused unless the value is one of the choices."""
    choice(value, choices, f"The argument {name} must be one of {', '.join(choices)}.")


def checked_methods(methods: Any) -> tuple[str, ...]:
    """Names of methods, each once."""
    if not isinstance(methods, list) or not 0 < len(methods) <= len(METHODS):
        raise Refused(f"The argument methods must be a list of some of {', '.join(QUICK)}.")
    for name in methods:
        if isinstance(name, str) and name in METHODS and name not in QUICK:
            raise Refused(f"The method {name} takes too long to be offered here; use python -m cternet.compare.")
        checked("methods", name, QUICK)
    return tuple(dict.fromkeys(methods))


def check_emotion(emotion: Any, emotions: Collection[str]) -> None:
    """Raises Refused for what is no emotion of the model's; an empty one is none asked for."""
    if emotion not in ("", None):
        checked("emotion", emotion, emotions)


def check_flag(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise Refused(f"The argument {name} must be true or false.")


def opened(argument: str, payload: Any, background: str = "white") -> Image.Image:
    """The picture that was sent as a file, what is transparent over the background.

    Raises:
        Refused: no file that was uploaded was sent.
        ImageError: it cannot be read.
    """
    try:
        upload = received(payload)
    except Refused:
        raise Refused(
            f"The argument {argument} must be a file: upload it and send "
            '{"path": PATH, "meta": {"_type": "gradio.FileData"}}, which clients do themselves.'
        ) from None
    return upload.photo(background)


def same_proportions(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether the first (width, height) is the second scaled evenly and rounded."""
    scale = max(one) / max(other)
    return all(abs(side - scale * whole) < 1 for side, whole in zip(one, other, strict=True))


def mask_from_picture(payload: Any, size: tuple[int, int], shape: Shape, geometry: str) -> Mask:
    """A painted picture over the part of a photo of ``size`` (width, height) that the model sees.

    Raises:
        Refused: no file was sent, or a picture that does not fit the photo.
        ImageError: it cannot be read.
    """
    picture = opened("mask", payload, "black")
    if picture.size == shape[::-1]:
        return from_image(picture, shape)
    if not same_proportions(picture.size, size):
        raise Refused(
            f"The mask has {picture.width} x {picture.height} pixels, which do not fit this photo: it needs "
            f"{size[0]} x {size[1]}, that scaled evenly, or {shape[1]} x {shape[0]}, one for each cell."
        )
    return from_image(picture if geometry == "squash" else middle_square(picture), shape)


def mask_from_cells(cells: Any, shape: Shape) -> Mask:
    """Rows of numbers from 0 to 1 as a mask.

    Raises:
        Refused: they are not.
    """
    count, columns = shape
    words = f"The argument cells must be {count} rows of {columns} numbers from 0 to 1."
    if not isinstance(cells, list) or len(cells) != count:
        raise Refused(words)
    if not all(isinstance(row, list) and len(row) == columns for row in cells):
        raise Refused(words)
    for value in (value for row in cells for value in row):
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:  # a NaN is in no range
            raise Refused(words)
    return np.round(255 * np.array(cells, np.float64)).astype(np.uint8)
