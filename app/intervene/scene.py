"""What the canvas needs to show a photo."""

from typing import Any

from app.choices import allocations, first, levels
from app.intervene.thumbs import map_picture, photo_picture
from app.workspace.open_photo import OpenPhoto
from cternet import Predictor
from cternet.results.painting import PRESETS, encode
from cternet.show.colours import shared_scale


def scene(photo: OpenPhoto, predictor: Predictor) -> dict[str, Any]:
    """The photo, its map, what can be chosen, and what the visitor has chosen and painted so far."""
    analysis, config = photo.analysis, predictor.config
    rows, columns = analysis.s.shape
    height, width = analysis.photo.shape[:2]
    allocation, level, seed = photo.reference or (first(predictor), config.level, 0)
    mask, mode = photo.painting or (None, None)
    return {
        "id": photo.id,
        "rows": rows,
        "columns": columns,
        "aspect": width / height,
        "photo": photo_picture(analysis.photo),
        "map": map_picture(analysis.s, shared_scale(analysis.s)),
        "labels": list(analysis.labels),
        "allocations": list(allocations(predictor).items()),
        "levels": list(levels(config).items()),
        "presets": {name: encode(make(analysis.s.shape)) for name, make in PRESETS.items()},
        "view": {
            "label": photo.emotion or analysis.prediction,
            "allocation": allocation,
            "level": level if level in levels(config) else config.level,
            "seed": seed,
            "mode": mode,
            "mask": None if mask is None else encode(mask),
        },
        "flag": photo.flag,
    }
