"""Analyze photos from the command line.

    python -m cternet photo.jpg --out folder/

writes folder/photo.png (the figure) and folder/photo.json (the numbers), for each photo given.
"""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro
from tqdm.auto import tqdm

from cternet.disk import WriteError, writing
from cternet.networks.allocations import AllocationName, Level
from cternet.networks.checkpoint import SHIPPED, CheckpointError
from cternet.networks.families import in_words
from cternet.photos.load import ImageError
from cternet.results.predictor import Predictor
from cternet.show.export import write


@dataclass
class Arguments:
    """What to analyze and how."""

    photos: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """Image files."""
    out: Path = field(default_factory=lambda: Path("out"))
    """Folder for the results; made if missing."""
    weights: str = str(SHIPPED / "cternet-fi")
    """Checkpoint folder or hub id of any model that describes a whole photo."""
    allocation: AllocationName | None = None
    """What S* is; by default the checkpoint's own."""
    level: Level = "attention"
    """Where the allocation acts."""
    seed: int = 0
    """Seed of the S* shown."""
    emotion: str | None = None
    """Class of the effect map; by default the prediction."""
    arrays: bool = False
    """Also write the arrays, as folder/photo.npz."""
    device: str | None = None
    """Torch device; by default a GPU if there is one."""


def main() -> int:
    arguments = tyro.cli(Arguments, description=__doc__)
    if not arguments.photos:
        print("error: name at least one photo", file=sys.stderr)
        return 2
    try:
        with writing(arguments.out):
            arguments.out.mkdir(parents=True, exist_ok=True)
        predictor = Predictor.from_pretrained(arguments.weights, device=arguments.device)
    except (CheckpointError, ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    missing = [flag for flag, asked in (("--allocation", arguments.allocation), ("--emotion", arguments.emotion)) if asked]
    if missing and not predictor.model.has_counterfactual:
        able = in_words(lambda family: family.has_counterfactual)
        print(
            f"error: {predictor.name} has no counterfactual S*; leave out {' and '.join(missing)}, or give --weights of the "
            f"family {able}",
            file=sys.stderr,
        )
        return 2
    if arguments.emotion is not None and arguments.emotion not in predictor.config.classes:
        print(
            f"error: unknown emotion {arguments.emotion}; choose one of {', '.join(predictor.config.classes)}", file=sys.stderr
        )
        return 2
    failed = 0
    names: set[str] = set()
    options = {"label": arguments.emotion} if predictor.model.has_counterfactual else {}
    for photo in tqdm(arguments.photos, unit="img", disable=len(arguments.photos) == 1):
        if photo.is_dir():
            print(
                f"error: {photo} is a folder; for its photos: python -m cternet.survey {photo} --out report/", file=sys.stderr
            )
            failed += 1
            continue
        try:
            found = predictor.analyze(photo)
            if arguments.allocation:
                found = found.intervene(arguments.allocation, level=arguments.level, seed=arguments.seed)
        except (ImageError, ValueError) as error:
            print(f"error: {error}", file=sys.stderr)
            failed += 1
            continue
        if found.note:
            print(f"note: {photo.name}: {found.note}", file=sys.stderr)
        stem = photo.stem if photo.stem not in names else photo.name.replace(".", "_")
        names.add(stem)
        endings = [".png", ".json"] + ([".npz"] if arguments.arrays else [])
        try:
            with writing(arguments.out):
                written = [write(found, arguments.out / f"{stem}{ending}", **options) for ending in endings]
        except WriteError as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        tqdm.write(f"{photo}: {found.headline} -> {', '.join(map(str, written))}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
