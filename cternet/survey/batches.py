"""The photos of a source, decoded ahead in threads, in batches that fit in memory."""

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from cternet.photos.load import ImageError, load_image
from cternet.survey.options import Options
from cternet.survey.sources import COMMAND, Entry, Source, UnreadableMember, open_source
from cternet.survey.table import key

BATCH_PIXELS = 100_000_000
"""Pixels of decoded photos a batch holds at most, whatever its size: 300 MB."""


def sampled(source: Source, options: Options) -> Callable[[], Iterable[Entry]]:
    """The entries to take, listed anew at every call.

    A sample is those whose names hash lowest with the seed: the same whatever the order, and one of 200 holds that of 100.
    """
    if options.sample is None:
        return lambda: source

    def draw(entry: Entry) -> str:
        return key(f"{options.seed}/{entry.name}")

    lowest = heapq.nsmallest(options.sample, (draw(entry) for entry in source if not entry.reason))
    return lambda: (entry for entry in source if not entry.reason and draw(entry) <= lowest[-1])


def sampled_names(folder: Path, sample: int, seed: int) -> list[str]:
    """The names of the photos that a survey of the folder with that sample and seed takes."""
    source = open_source(folder, limits=COMMAND)
    try:
        return [entry.name for entry in sampled(source, Options(sample=sample, seed=seed))()]
    finally:
        source.close()


Opened = tuple[int, Entry, Image.Image | str]
"""A photo's place, what it is in the source, and its pixels or why there are none."""


def opened(source: Source, entries: Iterable[tuple[int, Entry]], workers: int) -> Iterator[Opened]:
    """Decode photos in threads, a few ahead of the one that is asked for."""
    with ThreadPoolExecutor(workers) as pool:
        ahead: deque[tuple[int, Entry, Future[Image.Image | str]]] = deque()
        for place, entry in entries:
            ahead.append((place, entry, pool.submit(decoded, source, entry)))
            if len(ahead) > 2 * workers:
                place, entry, photo = ahead.popleft()
                yield place, entry, photo.result()
        for place, entry, photo in ahead:
            yield place, entry, photo.result()


def decoded(source: Source, entry: Entry) -> Image.Image | str:
    """A photo's pixels, or why there are none."""
    if entry.reason:
        return entry.reason
    try:
        return load_image(source.open(entry), name=entry.name)
    except (ImageError, UnreadableMember) as error:
        return str(error)


def batches(photos: Iterator[Opened], size: int) -> Iterator[list[Opened]]:
    """Batches of at most ``size`` photos that fit in memory."""
    batch: list[Opened] = []
    pixels = 0
    for photo in photos:
        pixels += 0 if isinstance(photo[2], str) else photo[2].width * photo[2].height
        batch.append(photo)
        if len(batch) == size or pixels >= BATCH_PIXELS:
            yield batch
            batch, pixels = [], 0
    if batch:
        yield batch
