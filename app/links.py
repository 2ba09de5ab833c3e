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
from urllib.parse import urlencode

import numpy as np

from cternet.networks.allocations import LEVELS, available
from cternet.results.painting import MODES, Mask, Shape, decode, encode

VERSION = "1"
MAX_SEED = 2**31 - 1
"""Largest seed of a draw."""
LONGEST = 80
"""Characters of a value other than the mask."""
LINKED = available(bank=True)
"""Allocations a link can ask for; one painted by hand would need a second mask."""
KEYS = ("link", "model", "image", "allocation", "level", "seed", "emotion", "panel", "mode", "mask")
"""Every key there is; others in the same address are not ours and stay unread."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
IMAGE = re.compile(r"example-[A-Za-z0-9][A-Za-z0-9._-]*|sha256-[0-9a-f]{16}", re.ASCII)
WHOLE = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)


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
    limit = {"mask": -(-shape[0] * shape[1] * 4 // 3)}
    for key, value in values.items():
        if not isinstance(value, str) or not 0 < len(value) <= limit.get(key, LONGEST):
            if key == "mask":
                raise LinkError(f"The link's painting does not fit this map of {shape[0]}x{shape[1]} cells.")
            raise LinkError(f"The link's {key} is empty or too long: the link was cut or changed.")
    if values["link"] != VERSION:
        raise LinkError("The link was made by another version of this page and cannot be followed.")
    missing = [key for key in ("model", "image", "allocation", "level", "seed") if key not in values]
    if missing:
        raise LinkError(f"The link lacks its {' and its '.join(missing)}: it was cut or changed.")
    if values["model"] != model:
        other = f" ({values['model']})" if NAME.fullmatch(values["model"]) else ""
        raise LinkError(f"The link was made with another model{other}; this page runs {model}.")
    if not IMAGE.fullmatch(values["image"]):
        raise LinkError("The link does not name an image: it was cut or changed.")
    if not WHOLE.fullmatch(values["seed"]) or int(values["seed"]) > MAX_SEED:
        raise LinkError(f"The link's seed is not a whole number from 0 to {MAX_SEED}.")
    choices = {"allocation": LINKED, "level": LEVELS, "emotion": labels, "panel": panels, "mode": MODES}
    for key, known in choices.items():
        if key in values and values[key] not in known:
            raise LinkError(f"The link asks for a{'n' if key[0] in 'ae' else ''} {key} that this page does not know.")
    if ("mode" in values) != ("mask" in values):
        raise LinkError("The link holds half a painting: it was cut or changed.")
    state = State(
        model=model,
        image=values["image"],
        allocation=values["allocation"],
        level=values["level"],
        seed=int(values["seed"]),
        emotion=values.get("emotion"),
        panel=values.get("panel"),
        mode=values.get("mode"),
        mask=values.get("mask"),
    )
    try:
        # Not only the mask's text but what the mode makes of it: an empty or a full one cannot be used everywhere.
        if state.mode is not None:
            MODES[state.mode](np.ones(shape, np.float32), state.painting(shape))
    except ValueError as error:
        raise LinkError(f"The link's painting cannot be used: {error}.") from None
    return state
