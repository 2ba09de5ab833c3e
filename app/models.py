"""The models a server offers: where they come from, and at which address the pages of each are."""

import json
import logging
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch

from cternet import CheckpointError, Predictor
from cternet.compare import SOURCES, Networks, loaded_name

SHIPPED = Path(__file__).resolve().parent.parent / "assets" / "weights"
"""Checkpoints that come with the program."""
EVERY_SHIPPED_MODEL = os.pathsep.join(map(str, (SHIPPED / "cternet-fi", SHIPPED)))
"""Where nothing is named; CTERNet comes first."""
CONFIG = "config.json"
"""What makes a folder a checkpoint."""
NOT_IN_PATHS = re.compile(r"[^A-Za-z0-9._-]")
BATCH = (4, 16)
"""Most photos of different visitors in one pass of the network, on the CPU and elsewhere."""
log = logging.getLogger(__name__)


def listed(named: str) -> list[str]:
    """The parts of a list like that of a PATH; the colon in ``hf-hub:owner/name``, as timm writes it, divides nothing."""
    return [part for part in re.split(rf"(?<!hf-hub){re.escape(os.pathsep)}", named) if part]


def sources(named: str) -> list[str]:
    """Checkpoint folders and hub ids in a list like that of a PATH, a folder of checkpoint folders standing for all of them.

    Raises:
        CheckpointError: nothing is named.
    """
    found: list[str] = []
    for source in listed(named):
        folder = Path(source)
        inside = sorted(path.parent for path in folder.glob(f"*/{CONFIG}"))
        found += map(str, inside) if inside and not (folder / CONFIG).is_file() else [source]
    if not found:
        raise CheckpointError("CTERNET_WEIGHTS names no model; give one or more checkpoint folders.")
    return list(dict.fromkeys(found))


def load_models(
    named: str, *, device: str | None = None, threads: int | None = None, batch: int | None = None
) -> list[Networks]:
    """Every model of a list of sources, each loaded once, as are the networks they are compared with.

    Where a source is a folder of folders, those that say nothing of a photo as a whole are left out with a word in the log.

    Args:
        device: torch device; by default a GPU where there is one.
        threads: of the networks; by default one a core.
        batch: most photos of different visitors in one pass; by default ``BATCH``.

    Raises:
        CheckpointError: a model cannot be loaded, or none is there.
        ValueError: torch has no such device.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    with one_thread():
        models = load_each(named, device)
    for networks in models:
        networks.predictor.passes.most = batch or BATCH[networks.predictor.device.type != "cpu"]
    return models


@contextmanager
def one_thread() -> Iterator[None]:
    """Within, torch works in one thread: to share out the small tensors of a start takes longer than to copy them, and many
    times as long where other programs have the cores."""
    usual = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(usual)


def load_each(named: str, device: str | None) -> list[Networks]:
    """``load_models``, in the threads that torch has."""
    asked, predictors = listed(named), {}
    for source in sources(named):
        try:
            predictor = Predictor.from_pretrained(source, device=device)
        except CheckpointError as error:
            if source in asked:
                raise
            log.log(logging.INFO if Path(source).parent == SHIPPED else logging.WARNING, "left out: %s", error)
            continue
        predictor.name = free(predictor.name, [other.name for other in predictors.values()])
        predictors[Path(source).resolve()] = predictor
    if not predictors:
        raise CheckpointError(f"{named} holds no model that this app can show; name a folder with a classifier.")
    places = {loaded_name(name, source): Path(source).resolve() for name, source in SOURCES.items()}
    shared = {place: predictors[path].model for place, path in places.items() if path in predictors}
    return [Networks(predictor, loaded=shared) for predictor in predictors.values()]


def free(name: str, taken: Iterable[str]) -> str:
    """The name, numbered if another model has it."""
    taken, number, found = set(taken), 1, name
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    return found


def paths(models: Sequence[Networks]) -> dict[str, str]:
    """The path of each model's pages below the server's address, by name; the first model's is empty."""
    found: dict[str, str] = {}
    for networks in models:
        name = networks.predictor.name
        found[name] = free(NOT_IN_PATHS.sub("-", name), found.values()) if found else ""
    return found


def follow_link(model: str, models: Mapping[str, str]) -> str:
    """Script that takes a link for another model to that model's pages."""
    paths, this = json.dumps(dict(models)), json.dumps(model)
    return f"""() => {{
        const paths = {paths};
        const wanted = new URLSearchParams(location.search).get('model');
        if (wanted !== null && wanted !== {this} && Object.hasOwn(paths, wanted)) {{
            location.replace('./' + paths[wanted] + location.search);
        }}
    }}"""
