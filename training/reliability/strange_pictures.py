"""Pictures that are no photos of the kind people label with emotions: blank, noise, documents, screenshots, charts, drawings.

Made by program, so that anyone can measure on the same; no two of them are alike.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIZE = (480, 360)
TEXT = "the of and to in is that for it was with be by on not he this are or from at which but have had they you"


@lru_cache
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return ImageFont.truetype(str(folder / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")), size)


def colour(noise: np.random.Generator, low: int = 0, high: int = 256) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in noise.integers(low, high, 3))
    return red, green, blue


def sentence(noise: np.random.Generator, length: int) -> str:
    return " ".join(noise.choice(TEXT.split(), length))


def blank(noise: np.random.Generator) -> Image.Image:
    """One colour, mostly white, black or grey."""
    grey = int(noise.choice([0, 255, 255, 128, noise.integers(256)]))
    return Image.new("RGB", SIZE, (grey,) * 3 if noise.random() < 0.7 else colour(noise))


def gradient(noise: np.random.Generator) -> Image.Image:
    """From one colour to another."""
    ends = noise.integers(0, 256, (2, 3))
    share = np.linspace(0, 1, SIZE[0] if noise.random() < 0.5 else SIZE[1])[:, None]
    line = ends[0] * (1 - share) + ends[1] * share
    pixels = np.broadcast_to(line[None] if len(line) == SIZE[0] else line[:, None], (SIZE[1], SIZE[0], 3))
    return Image.fromarray(np.ascontiguousarray(pixels).astype(np.uint8))


def static(noise: np.random.Generator) -> Image.Image:
    """Noise of some grain, in grey or in colour."""
    grain = int(noise.choice([1, 2, 4, 8]))
    shape = (SIZE[1] // grain, SIZE[0] // grain, 3 if noise.random() < 0.5 else 1)
    pixels = np.broadcast_to(noise.integers(0, 256, shape, dtype=np.uint8), (*shape[:2], 3))
    return Image.fromarray(np.ascontiguousarray(pixels)).resize(SIZE, Image.Resampling.NEAREST)


def document(noise: np.random.Generator) -> Image.Image:
    """A page of text."""
    page = Image.new("RGB", SIZE, (int(noise.integers(225, 256)),) * 3)
    draw, ink, size = ImageDraw.Draw(page), (int(noise.integers(0, 70)),) * 3, int(noise.integers(9, 17))
    left, y = int(noise.integers(15, 60)), int(noise.integers(10, 40))
    draw.text((left, y), sentence(noise, 4).title(), ink, font(size + 6, bold=True))
    y += size + 22
    while y < SIZE[1] - 20:
        draw.text((left, y), sentence(noise, int(noise.integers(3, 13))), ink, font(size))
        y += int(size * 1.5) if noise.random() > 0.12 else size * 3
    return page


def screenshot(noise: np.random.Generator) -> Image.Image:
    """A window with a bar, a list at its side, fields and buttons."""
    dark = noise.random() < 0.4
    back, ink = ((32, 34, 40), (220, 220, 225)) if dark else ((246, 247, 249), (40, 42, 50))
    page = Image.new("RGB", SIZE, back)
    draw, accent = ImageDraw.Draw(page), colour(noise, 40, 220)
    draw.rectangle((0, 0, SIZE[0], int(noise.integers(22, 46))), accent)
    side = int(noise.integers(70, 150))
    draw.rectangle((0, 48, side, SIZE[1]), tuple(max(0, value - 14) for value in back))
    for y in range(60, SIZE[1] - 20, int(noise.integers(20, 34))):
        draw.text((8, y), sentence(noise, 2)[:14], ink, font(10))
    for _ in range(int(noise.integers(4, 10))):
        x, y = int(noise.integers(side + 10, SIZE[0] - 120)), int(noise.integers(55, SIZE[1] - 40))
        box = (x, y, x + int(noise.integers(60, 200)), y + int(noise.integers(18, 60)))
        draw.rounded_rectangle(box, 5, fill=accent if noise.random() < 0.3 else None, outline=ink)
        draw.text((x + 6, y + 4), sentence(noise, 3), ink, font(10))
    return page


def chart(noise: np.random.Generator) -> Image.Image:
    """Bars, lines or points between axes."""
    page = Image.new("RGB", SIZE, "white")
    draw, ink = ImageDraw.Draw(page), (60, 60, 60)
    left, bottom = 50, SIZE[1] - 40
    draw.line((left, 20, left, bottom, SIZE[0] - 20, bottom), ink, 2)
    for y in np.linspace(20, bottom, 6)[:-1]:
        draw.line((left, y, SIZE[0] - 20, y), (225, 225, 225))
        draw.text((12, y - 6), f"{noise.integers(0, 100)}", ink, font(10))
    count, kind = int(noise.integers(4, 14)), noise.choice(["bars", "lines", "points"])
    for _ in range(1 if kind == "bars" else int(noise.integers(1, 4))):
        tint, xs = colour(noise, 20, 220), np.linspace(left + 15, SIZE[0] - 40, count)
        ys = noise.uniform(30, bottom - 5, count)
        if kind == "lines":
            draw.line([(float(x), float(y)) for x, y in zip(xs, ys, strict=True)], tint, 3)
        for x, y in zip(xs, ys, strict=True) if kind != "lines" else ():
            draw.rectangle((x, y, x + 14, bottom), tint) if kind == "bars" else draw.ellipse((x, y, x + 8, y + 8), tint)
    draw.text((left + 40, 2), sentence(noise, 4), ink, font(12, bold=True))
    return page


def drawing(noise: np.random.Generator) -> Image.Image:
    """Lines and plain shapes on paper, as sketches and clip art have them."""
    page = Image.new("RGB", SIZE, (int(noise.integers(235, 256)),) * 3)
    draw, filled = ImageDraw.Draw(page), noise.random() < 0.5
    for _ in range(int(noise.integers(5, 18))):
        x, y = noise.uniform(0, SIZE[0]), noise.uniform(0, SIZE[1])
        w, h = noise.uniform(20, 160, 2)
        ink, fill = colour(noise, 0, 90), colour(noise) if filled else None
        shape = noise.choice(["ellipse", "box", "arc", "curve"])
        if shape == "ellipse":
            draw.ellipse((x, y, x + w, y + h), fill, ink, 3)
        elif shape == "box":
            draw.rectangle((x, y, x + w, y + h), fill, ink, 3)
        elif shape == "arc":
            start = float(noise.uniform(0, 360))
            draw.arc((x, y, x + w, y + h), start, start + 200, ink, 3)
        else:
            steps = np.cumsum(noise.normal(0, 14, (20, 2)), axis=0) + np.array([x, y])
            draw.line([(float(a), float(b)) for a, b in steps], ink, 3)
    return page


KINDS: dict[str, Callable[[np.random.Generator], Image.Image]] = {
    made.__name__: made for made in (blank, gradient, static, document, screenshot, chart, drawing)
}


def strange_pictures(count: int, seed: int) -> Iterator[tuple[str, Image.Image]]:
    """So many pictures of each kind, and what they are."""
    for place, (kind, made) in enumerate(KINDS.items()):
        for index in range(count):
            yield kind, made(np.random.default_rng([seed, place, index]))
