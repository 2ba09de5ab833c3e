"""From pixels as a file stores them to the sRGB of 8 bits that a screen shows, as browsers do it; libvips does the sums."""

import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import ImageColor

from cternet.photos.png import profile_of
from cternet.photos.vips import pyvips

SRGB_PRIMARIES = ((0.64, 0.33), (0.3, 0.6), (0.15, 0.06))
SRGB_WHITE = (0.3127, 0.329)
NEAR = 0.05
"""Relative difference from 1/2.2 of a gamma that browsers take for sRGB, where it stands without primaries."""
SAME = 3
"""Steps of 255 by which the many versions of sRGB's profile differ."""


@dataclass(frozen=True)
class Encoding:
    """How a PNG without a profile says its numbers are meant.

    gamma: exponent of the samples (gAMA), near 1/2.2.  white, primaries: chromaticities x, y (cHRM).
    """

    gamma: float
    white: tuple[float, float] = SRGB_WHITE
    primaries: Sequence[tuple[float, float]] = SRGB_PRIMARIES


def encoding_of(chunks: dict[bytes, bytes]) -> Encoding | None:
    """What gAMA and cHRM say, where neither a profile nor sRGB stands above them; None for sRGB."""
    if profile_of(chunks) or b"sRGB" in chunks or len(chunks.get(b"gAMA", b"")) != 4:
        return None
    gamma = struct.unpack(">I", chunks[b"gAMA"])[0] / 100_000
    numbers = (
        [number / 100_000 for number in struct.unpack(">8I", chunks[b"cHRM"])] if len(chunks.get(b"cHRM", b"")) == 32 else []
    )
    return encoding(gamma, numbers)


def encoding(gamma: float, numbers: Sequence[float] = ()) -> Encoding | None:
    """By gAMA and the eight numbers of cHRM, white first; None where it stands for sRGB, or makes no sense."""
    if not 0.01 < gamma < 10:
        return None
    if len(numbers) != 8 or min(numbers[1::2]) <= 0:
        return None if abs(gamma * 2.2 - 1) < NEAR else Encoding(gamma)
    white, *primaries = zip(numbers[::2], numbers[1::2], strict=True)
    return Encoding(gamma, white, primaries)


def to_srgb(image: Any, background: str, encoding: Encoding | None = None) -> Any:
    """A libvips image of any kind as three bands of 8 bits, sRGB, what is transparent over the background."""
    alpha = to_8_bit(image[image.bands - 1]) if image.hasalpha() else None
    colour = image[: image.bands - 1] if alpha is not None else image
    colour = in_srgb(colour.copy(interpretation=image.interpretation), encoding)
    colour = colour[0].bandjoin([colour[0]] * 2) if colour.bands < 3 else colour[:3]
    if alpha is None:
        return colour
    paper = list(ImageColor.getrgb(background))[:3]
    return colour.bandjoin(alpha).copy(interpretation="srgb").flatten(background=paper, max_alpha=255)


def in_srgb(colour: Any, encoding: Encoding | None) -> Any:
    """Colour bands of any depth to sRGB (or grey) of 8 bits; a profile that cannot be used is ignored, as browsers do."""
    profile = colour.get("icc-profile-data") if colour.get_typeof("icc-profile-data") else b""
    if profile and not changes_nothing(profile, colour.bands):
        with suppress(pyvips.Error):
            return by_profile(colour, profile)
    if colour.interpretation == "cmyk" and colour.bands == 4:
        return cmyk_to_rgb(to_8_bit(colour))
    if colour.interpretation in ("lab", "labs", "labq", "xyz"):
        return colour.colourspace("srgb")
    if encoding is not None and colour.format in ("uchar", "ushort"):
        return decoded_by(encoding, colour)
    return to_8_bit(colour)


def by_profile(colour: Any, profile: bytes) -> Any:
    if colour.bands == 1 and BANDS[profile[16:20]] == 3:  # grey in the colours of a scanner or an editor
        colour = colour.bandjoin([colour] * 2).copy(interpretation="rgb16" if colour.format == "ushort" else "srgb")
    return colour.icc_transform("srgb", embedded=True, intent="perceptual", depth=8)


BANDS = {b"RGB ": 3, b"GRAY": 1, b"CMYK": 4}
"""Of the pictures that a profile is for, by what its header says."""


@lru_cache(maxsize=64)
def changes_nothing(profile: bytes, bands: int) -> bool:
    """Whether a profile changes nothing that can be seen of a picture of so many bands: it is sRGB's, as that of most photos,
    which are then read faster, and exactly; or it is for other pictures, and browsers pass it over."""
    meant = BANDS.get(profile[16:20])
    if meant != bands and (meant, bands) != (3, 1):
        return True
    if meant == 4:
        return False
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    cube = np.stack(np.meshgrid(*[steps] * bands), axis=-1).reshape(1, -1, bands)
    image = pyvips.Image.new_from_array(cube, interpretation="srgb" if bands == 3 else "b-w").copy()
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    try:
        return bool(np.abs(by_profile(image, profile).numpy().astype(int) - cube).max() <= SAME)
    except pyvips.Error:
        return False


def cmyk_to_rgb(ink: Any) -> Any:
    """Without a profile, browsers take ink for what it keeps of the light."""
    return ((255 - ink[:3]) * (255 - ink[3]) / 255).rint().cast("uchar")


def to_8_bit(image: Any) -> Any:
    """Samples of 16 or 32 bits, or floats, as 8 bits.

    16 bits are scaled by 257 whatever the picture holds; 32 bits hold photos of 8, 16 or more; no range is agreed on for
    floats: the darkest is black, the brightest white.
    """
    if image.format == "uchar":
        return image
    low, high = 0.0, 65535.0
    if image.format != "ushort":
        image = image.copy_memory()  # its pixels are gone through twice
        if image.format in ("float", "double"):
            image = image.eval_nan() if hasattr(image, "eval_nan") else (image == image).ifthenelse(image, 0)
            low, high = float(image.min()), float(image.max())
        else:
            most = float(image.max())
            high = next(top for top in (255.0, 65535.0, most) if most <= top)
    return ((image - low) * (255.0 / max(high - low, 1e-9))).rint().cast("uchar")


def decoded_by(encoding: Encoding, colour: Any) -> Any:
    """gAMA and cHRM to sRGB, through linear light."""
    levels = 256 if colour.format == "uchar" else 65536
    light = (np.arange(levels, dtype=np.float32) / (levels - 1)) ** np.float32(1 / encoding.gamma)
    linear = colour.maplut(pyvips.Image.new_from_array(light[None]))
    linear = linear[:3] if linear.bands >= 3 else linear[0].bandjoin([linear[0]] * 2)
    matrix = np.linalg.inv(to_xyz(SRGB_WHITE, SRGB_PRIMARIES)) @ to_xyz(encoding.white, encoding.primaries)
    if not np.allclose(matrix, np.eye(3), atol=1e-3):
        linear = linear.recomb(matrix.tolist())
    return linear.copy(interpretation="scrgb").colourspace("srgb")


def to_xyz(white: tuple[float, float], primaries: Sequence[tuple[float, float]]) -> np.ndarray:
    """Linear RGB -> XYZ relative to its own white, (3, 3)."""
    columns = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in primaries]).T
    x, y = white
    target = np.array([x / y, 1.0, (1 - x - y) / y])
    return (columns * np.linalg.solve(columns, target)) / target[:, None]
