"""What is being looked at, as the parameters of a link: nothing is stored anywhere, the link itself is the state.

A link names its model and its image and cannot carry the photo; whoever opens it needs the same example or the same file.

| key | what | values |
| --- | --- | --- |
| ``link`` | version of this table | ``1`` |
| ``model`` | checkpoint | its name |
| ``image`` | photo | ``example-NAME``, or ``sha256-`` and 16 hexadecimal digits of the file |
| ``allocation``, ``level``, ``seed`` | S* | as in ``Analysis.intervene`` |
| ``emotion`` | class looked at | a class name, or none for the prediction |
| ``panel`` | what is shown | a name of the page's |
| ``mode``, ``mask`` | painting, both or neither | a key of ``painting.MODES``; ``painting.encode`` |
"""

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

import numpy as np
from pydantic import AfterValidator, Field, TypeAdapter, ValidationInfo, model_validator

from app.checks import MAX_SEED, Payload, Refused, says, wrong
from cternet import LEVELS, available
from cternet.results.painting import MODES, Mask, Shape, decode, encode

VERSION = "1"
LONGEST = 80
"""Characters of a value other than the mask."""
LINKED = available(bank=True)
"""Allocations a link can ask for; one painted by hand would need a second mask."""
KEYS = ("link", "model", "image", "allocation", "level", "seed", "emotion", "panel", "mode", "mask")
"""Every key there is; others in the same address are not ours and stay unread."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)


class LinkError(ValueError):
    """The link cannot be followed; the message says why, for the person who opened it."""


@dataclass(frozen=True)
class State:
    """What is being looked at.  The mask is held as its text, so that states compare.

    model, image: what is analysed.  allocation, level, seed: S*.  emotion: None for the prediction.  panel: what is shown.
    mode, mask: the painting, or None.
    """

    model: str
    image: str
    allocation: str = "random"
    level: str = "attention"
    seed: int = 0
    emotion: str | None = None
    panel: str | None = None
    mode: str | None = None
    mask: str | None = None

    def painting(self, shape: Shape) -> Mask | None:
        """The mask as uint8 cells (H, W), or None.

        Raises:
            ValueError: it is made for another grid.
        """
        return None if self.mask is None else decode(self.mask, shape)


def example(name: str) -> str:
    """The id of an example image, by its file name without ending."""
    return f"example-{name}"


def upload(data: bytes) -> str:
    """The id of a file, by its bytes."""
    return f"sha256-{hashlib.sha256(data).hexdigest()[:16]}"


def to_params(state: State) -> dict[str, str]:
    """The state as parameters of a link, without those that are not set."""
    values = {
        "link": VERSION,
        "model": state.model,
        "image": state.image,
        "allocation": state.allocation,
        "level": state.level,
        "seed": str(state.seed),
        "emotion": state.emotion,
        "panel": state.panel,
        "mode": state.mode,
        "mask": state.mask,
    }
    return {key: value for key, value in values.items() if value is not None}


def to_query(state: State) -> str:
    """The state as the query string of a link, without the question mark."""
    return urlencode(to_params(state))


def with_painting(mask: Mask, mode: str) -> dict[str, str]:
    """The fields of ``State`` that a painting sets; none for an empty one."""
    return {"mode": mode, "mask": encode(mask)} if np.any(mask) else {}


def complete(values: Any, info: ValidationInfo) -> Any:
    """A link of this version that lacks nothing."""
    rows, columns = info.context["shape"]
    for key, value in values.items():
        longest = -(-rows * columns * 4 // 3) if key == "mask" else LONGEST
        if isinstance(value, str) and 0 < len(value) <= longest:
            continue
        if key == "mask":
            raise wrong(f"The link's painting does not fit this map of {rows}x{columns} cells.")
        raise wrong(f"The link's {key} is empty or too long: the link was cut or changed.")
    if values["link"] != VERSION:
        raise wrong("The link was made by another version of this page and cannot be opened.")
    missing = [key for key in ("model", "image", "allocation", "level", "seed") if key not in values]
    if missing:
        raise wrong(f"The link is missing its {' and its '.join(missing)}: it was cut or changed.")
    return values


def this_model(value: str, info: ValidationInfo) -> str:
    model = info.context["model"]
    if value != model:
        other = f" ({value})" if NAME.fullmatch(value) else ""
        raise wrong(f"The link was made with another model{other}; this page runs {model}.")
    return value


def known(value: str, info: ValidationInfo) -> str:
    """One of what is offered for this key."""
    key = info.field_name
    if value not in info.context["offered"][key]:
        raise wrong(f"The link asks for a{'n' if key[0] in 'ae' else ''} {key} that this page does not know.")
    return value


def usable(link: "LinkParams", info: ValidationInfo) -> "LinkParams":
    """Half a painting is none; and what a mode makes of a mask counts too: an empty or a full one cannot be used everywhere."""
    if (link.mode is None) != (link.mask is None):
        raise wrong("The link holds half a painting: it was cut or changed.")
    if link.mode is not None:
        shape = info.context["shape"]
        try:
            MODES[link.mode](np.ones(shape, np.float32), decode(link.mask, shape))
        except ValueError as error:
            raise wrong(f"The link's painting cannot be used: {error}.") from None
    return link


Known = Annotated[str, AfterValidator(known)]
Image = Annotated[
    str,
    Field(pattern=r"^(example-[A-Za-z0-9][A-Za-z0-9._-]*|sha256-[0-9a-f]{16})$"),
    says("The link does not name an image: it was cut or changed."),
]
LinkSeed = Annotated[
    str,
    Field(pattern=r"^(0|[1-9][0-9]{0,9})$"),
    AfterValidator(TypeAdapter(Annotated[int, Field(le=MAX_SEED)]).validate_python),
    says(f"The link's seed is not a whole number from 0 to {MAX_SEED}."),
]


class LinkParams(Payload):
    """The parameters of a link, as they came; ``of`` takes ``model``, ``shape`` and what is ``offered`` for each key."""

    model: Annotated[str, AfterValidator(this_model)]
    image: Image
    seed: LinkSeed
    allocation: Known
    level: Known
    emotion: Known | None = None
    panel: Known | None = None
    mode: Known | None = None
    mask: str | None = None

    complete = model_validator(mode="before")(complete)
    usable = model_validator(mode="after")(usable)


def from_params(
    params: Mapping[str, str],
    *,
    model: str,
    labels: Collection[str],
    shape: Shape,
    panels: Collection[str] = (),
) -> State | None:
    """The state a link holds, or None where the address holds no link at all.

    Args:
        params: the address's parameters, as they came; they may be anything.
        model: the checkpoint at hand.
        labels: its classes.
        shape: its map's cells (H, W).
        panels: what the page can show.

    Raises:
        LinkError: the link is of another version or model, or was cut or changed.
    """
    if "link" not in params:
        return None
    values = {key: params[key] for key in KEYS if key in params}
    offered = {"allocation": LINKED, "level": LEVELS, "emotion": labels, "panel": panels, "mode": MODES}
    try:
        found = LinkParams.of(values, model=model, shape=shape, offered=offered)
    except Refused as error:
        raise LinkError(str(error)) from None
    return State(**{name: getattr(found, name) for name in LinkParams.model_fields})
