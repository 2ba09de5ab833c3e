"""Pages as HTML: jinja2 templates with autoescape, and one way of putting a picture into them."""

import base64
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from numpy.typing import NDArray

from app.figures import gradient
from cternet import Classified
from cternet.emotions import COLOURS
from cternet.show.words import significant, where

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,  # or every stroke of a brush asks the disk whether a template has changed
)
TEMPLATES.filters |= {"significant": significant, "where": where}


def colour_of(label: str) -> str:
    """An emotion's colour, grey for one that has none."""
    return COLOURS.get(label, "#666")


def likeliest(result: Classified, most: int) -> list[tuple[str, float]]:
    """The likeliest emotions and their probabilities, in falling order."""
    return [(result.labels[i], float(result.probabilities[i])) for i in np.argsort(-result.probabilities)[:most]]


TEMPLATES.globals |= {"colour_of": colour_of, "likeliest": likeliest, "gradient": gradient}

ENCODING = {"png": [], "jpeg": [cv2.IMWRITE_JPEG_QUALITY, 90], "webp": [cv2.IMWRITE_WEBP_QUALITY, 92]}
Encoding = Literal["png", "jpeg", "webp"]


def render(template: str, /, **values: Any) -> Markup:
    """A template of ``templates/`` with its values, every one of which is escaped unless it is HTML already."""
    return Markup(TEMPLATES.get_template(template).render(**values))


def data_uri(pixels: NDArray[np.uint8], encoding: Encoding = "png") -> str:
    """RGB pixels (h, w, 3) as an address that holds them: exact as PNG, small as JPEG or WebP."""
    done, data = cv2.imencode(f".{encoding}", np.ascontiguousarray(pixels[..., ::-1]), ENCODING[encoding])
    if not done:
        raise ValueError("the picture could not be encoded")
    return f"data:image/{encoding};base64,{base64.b64encode(data).decode()}"


TEMPLATES.filters["data_uri"] = data_uri


def message(text: str, *, kind: str = "empty") -> str:
    """An empty, failed or busy state."""
    return str(render("message.html", text=text, kind=kind))
