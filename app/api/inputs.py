"""What programs send: checked here, for the types of an endpoint only describe; gradio hands over whatever JSON came."""

from typing import Annotated, Any

import numpy as np
from PIL import Image
from pydantic import AfterValidator, Field, TypeAdapter, ValidationError, ValidationInfo, model_validator

from app.checks import Payload, Refused, Seed, wrong
from app.uploads import received
from cternet import middle_square
from cternet.compare import METHODS
from cternet.results.painting import Mask, Shape, from_image

QUICK = tuple(name for name, method in METHODS.items() if not method.slow)
"""Methods a program can ask for; the slow ones would keep everybody waiting."""
MOST_MEASURED = 8
"""Methods measured in one call: each takes seconds."""
CELLS = TypeAdapter(list[list[Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]]])


def among_offered(value: Any, info: ValidationInfo) -> str:
    choices = info.context[info.field_name]
    if not isinstance(value, str) or value not in choices:
        raise wrong(f"The argument {info.field_name} must be one of {', '.join(choices)}.")
    return value


def among_offered_or_none(value: Any, info: ValidationInfo) -> str:
    return "" if value in ("", None) else among_offered(value, info)


def true_or_false(value: Any, info: ValidationInfo) -> bool:
    if not isinstance(value, bool):
        raise wrong(f"The argument {info.field_name} must be true or false.")
    return value


def methods_of(value: Any, info: ValidationInfo) -> tuple[str, ...]:
    """Names of methods, each once."""
    if not isinstance(value, list) or not 0 < len(value) <= len(METHODS):
        raise wrong(f"The argument methods must be a list of names from {', '.join(QUICK)}.")
    for name in value:
        if isinstance(name, str) and name in METHODS and name not in QUICK:
            raise wrong(f"The method {name} takes too long to be offered here; use python -m cternet.compare.")
        among_offered(name, info)
    return tuple(dict.fromkeys(value))


Offered = Annotated[Any, AfterValidator(among_offered)]
OfferedOrNone = Annotated[Any, AfterValidator(among_offered_or_none)]
Flag = Annotated[Any, AfterValidator(true_or_false)]
Methods = Annotated[Any, AfterValidator(methods_of)]


class AnalyzeArguments(Payload):
    """``of`` takes what may be chosen of each."""

    allocation: Offered
    level: Offered
    seed: Seed
    emotion: OfferedOrNone
    maps: Flag
    figure: Flag


class NeededArguments(Payload):
    """What is told of the smallest sets of cells."""

    hide: Flag
    maps: Flag


class InterveneArguments(Payload):
    """One of ``mask``, an uploaded picture, and ``cells``; which of them is looked into once the map's shape is known."""

    mode: Offered
    maps: Flag
    mask: Any
    cells: Any

    @model_validator(mode="after")
    def one_painting(self) -> "InterveneArguments":
        if bool(self.mask) == bool(self.cells):
            raise wrong("Give the painting either as mask, a picture, or as cells, a list of rows.")
        return self


class CompareArguments(Payload):
    """``of`` takes what may be chosen of each."""

    methods: Methods
    emotion: OfferedOrNone
    measure: Flag
    maps: Flag

    @model_validator(mode="after")
    def few_to_measure(self) -> "CompareArguments":
        if self.measure and len(self.methods) > MOST_MEASURED:
            raise wrong(f"One call measures at most {MOST_MEASURED} methods, not {len(self.methods)}; split it.")
        return self


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
            '{"path": PATH, "meta": {"_type": "gradio.FileData"}}, as Gradio clients do.'
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
            f"{size[0]} x {size[1]}, or that scaled evenly, or {shape[1]} x {shape[0]}, one per cell."
        )
    return from_image(picture if geometry == "squash" else middle_square(picture), shape)


def mask_from_cells(cells: Any, shape: Shape) -> Mask:
    """Rows of numbers from 0 to 1 as a mask.

    Raises:
        Refused: they are not.
    """
    rows, columns = shape
    try:
        found = CELLS.validate_python(cells)
        fits = len(found) == rows and all(len(row) == columns for row in found)
    except ValidationError:
        fits = False
    if not fits:
        raise Refused(f"The argument cells must be {rows} rows of {columns} numbers from 0 to 1.")
    return np.round(255 * np.array(found, np.float64)).astype(np.uint8)
