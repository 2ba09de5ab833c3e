"""A data set of the Hugging Face hub, ``hf:OWNER/NAME`` or ``hf:OWNER/NAME:CONFIG``, or a folder its library can read.

Loaded with the ``datasets`` library; its images are then written once, with a manifest, to a folder of the library's cache
(``HF_DATASETS_CACHE``) named after the data's fingerprint, and read from there ever after, also offline.
"""

import io
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image
from tqdm.auto import tqdm

from training.data.config import Source
from training.data.labels import EMOTIONS, canonical
from training.data.layouts import manifest
from training.data.layouts.base import SPLIT_WORDS, Layout
from training.data.rows import DataError, DataSet

PREFIX = "hf:"
LABELS = ("label", "labels", "emotion", "sentiment", "category")


def matches(root: Path) -> bool:
    return str(root).startswith(PREFIX)


def read(root: Path, config: Source) -> DataSet:
    """The manifest of the exported images; the column of type Image, and a label of class names or words.

    Raises:
        DataError: not on the hub or in the cache, no image, or no label.
    """
    import datasets  # seconds to import, and for hub data sets only

    name, _, part = config.data.removeprefix(PREFIX).partition(":")
    try:
        found = datasets.load_dataset(name, part or None)
    except Exception as error:  # the library raises errors of many kinds: of the hub, of files, of its own
        reason = (str(error).splitlines() or [""])[0]
        raise DataError(
            f"{config.data} cannot be loaded ({type(error).__name__}: {reason}); check the name, and the network or that it "
            "was fetched before"
        ) from None
    unknown = [split for split in found if split.lower() not in SPLIT_WORDS]
    if unknown and len(found) > 1:
        raise DataError(f"{config.data} has the splits {', '.join(found)}, not train, validation, test; choose hf:NAME:CONFIG")
    fingerprint = "-".join(data._fingerprint for data in found.values())[:48]
    folder = Path(datasets.config.HF_DATASETS_CACHE) / "exported-images" / name.strip("/").replace("/", "--") / fingerprint
    if not (folder / manifest.NAMES[0]).is_file():
        export(config.data, found, folder)
    read_back = manifest.read(folder, config)
    notes = [f"images exported to {folder}"]
    if len(found) == 1:
        notes.append("the only split of a hub data set is always called train: taken as no split")
    return DataSet(folder, "hub", read_back.rows, scale=config.valence_scale, notes=notes)


def export(name: str, found: Any, folder: Path) -> None:
    """Write images and manifest to a folder beside, then rename it: it is whole or not there."""
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        lines = [
            line
            for split, data in found.items()
            for line in export_split(name, data, partial, split if len(found) > 1 else None)
        ]
        pd.DataFrame(lines).to_csv(partial / manifest.NAMES[0], index=False)
        partial.replace(folder)
    except OSError as error:
        raise DataError(f"{name} cannot be exported to {folder} ({error}); set HF_DATASETS_CACHE to another folder") from None


def export_split(name: str, data: Any, folder: Path, split: str | None) -> list[dict[str, Any]]:
    import datasets

    kinds = data.features
    image = next((column for column, kind in kinds.items() if isinstance(kind, datasets.Image)), None)
    if image is None:
        raise DataError(f"{name} has no column of images, only {', '.join(kinds)}; choose another data set")
    label = next((column for column in LABELS if column in kinds), None)
    shares = [column for column in kinds if canonical(column) in (*EMOTIONS, *manifest.RATINGS)]
    names = getattr(kinds[label], "names", None) if label else None
    if (label is None and not shares) or (label and names is None and kinds[label].dtype != "string"):
        raise DataError(f"{name} has no column of class names ({', '.join(LABELS)}), only {', '.join(kinds)}; write a manifest")
    lines = []
    data = data.cast_column(image, datasets.Image(decode=False))  # the bytes as they came, not decoded and coded again
    for number, record in enumerate(tqdm(data, desc=f"exporting {name}", unit="img", leave=False)):
        line: dict[str, Any] = {"path": store(record[image], folder, f"{split or 'all'}-{number:06d}"), "split": split}
        if label:
            value = record[label]
            line["label"] = None if value is None or value == -1 else names[value] if names else value
        lines.append(line | {canonical(column): record[column] for column in shares})
    return lines


def store(image: dict[str, Any], folder: Path, stem: str) -> str:
    """Write an image and return its path for the manifest; one that lies on this machine is left where it is."""
    if image["bytes"] is None:
        return str(Path(image["path"]).resolve())
    suffix = Path(image["path"] or "").suffix.lower()
    if not suffix:
        with Image.open(io.BytesIO(image["bytes"])) as opened:
            suffix = f".{(opened.format or 'png').lower()}"
    (folder / f"{stem}{suffix}").write_bytes(image["bytes"])
    return f"{stem}{suffix}"


LAYOUT = Layout("hub", "hf:OWNER/NAME (Hugging Face)", matches, read)
