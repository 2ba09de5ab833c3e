"""A data set in one picture: a row a class, some of its images spread over the set."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from cternet.photos.load import load_image
from training.data.inspection import Inspection
from training.data.labels import ordered
from training.data.rows import DataSet
from training.data.splits import strata_of

SIDE, GAP, MARGIN = 112, 6, 150
"""Pixels: a thumbnail, the space between two, and the column of names."""
COLUMNS, MOST_ROWS = 12, 40


def contact_sheet(data: DataSet, found: Sequence[Inspection]) -> Image.Image:
    """Up to twelve whole images a class, or a level of valence where there are no classes; unreadable ones are not shown."""
    strata = strata_of(data.rows)
    readable = np.array([one.problem is None for one in found])
    names = ordered(strata)[:MOST_ROWS]
    height = max(1, len(names)) * (SIDE + GAP) + GAP
    sheet = Image.new("RGB", (MARGIN + COLUMNS * (SIDE + GAP), height), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=14)
    for line, name in enumerate(names):
        members = np.flatnonzero((strata == name) & readable)
        top = GAP + line * (SIDE + GAP)
        draw.multiline_text((GAP, top + SIDE / 2), f"{name}\n{len(members):,}", fill="black", font=font, anchor="lm")
        chosen = np.linspace(0, len(members) - 1, min(COLUMNS, len(members))).round().astype(int)
        for column, index in enumerate(members[chosen]):
            thumbnail = ImageOps.pad(load_image(data.rows[index].path), (SIDE, SIDE), color="white")
            sheet.paste(thumbnail, (MARGIN + column * (SIDE + GAP), top))
    return sheet
