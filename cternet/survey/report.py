"""The parts of a survey as what people read: table.parquet and table.csv, skipped.json, and a page that opens without a server.

One pass over the rows, in the order of the source; nothing but a few thousand rows is held.  Every file is replaced only by
its whole successor, so the report is valid whenever it is looked at.
"""

import json
import shutil
import zipfile
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cternet.compare import METHODS, METRICS
from cternet.emotions import COLOURS, POLARITY
from cternet.show.export import replacing
from cternet.survey.parts import merged
from cternet.survey.table import Row, Sheet, Table, controls, key, schema

TEMPLATES = Path(__file__).parent / "templates"
SKIPPED_SHOWN = 500
"""Skipped photos the page lists; skipped.json has all."""


@dataclass(frozen=True)
class Summary:
    """What a report holds.

    Attributes:
        report: its folder.
        photos: in the table.
        skipped: in skipped.json.
        complete: whether nothing of the source is left to do.
        predictions: number of photos by predicted class, in the order of the classes.
    """

    report: Path
    photos: int
    skipped: int
    complete: bool
    predictions: dict[str, int]


def finish(out: Path, *, complete: bool = True) -> Summary:
    """Write or renew the report of all parts that are there.

    Raises:
        SurveyError: a part is damaged.
    """
    settings = json.loads((out / "settings.json").read_text())
    options = settings["options"]
    columns = schema(settings["labels"], options["methods"], metrics=options["measure"])
    columns = columns.remove(columns.get_field_index("skipped"))
    predictions: Counter[str] = Counter()
    labelled: Counter[tuple[int, int]] = Counter()
    skipped: list[list[str]] = []
    hidden = 0
    with ExitStack() as files:
        data, left_out, rows, text = (
            files.enter_context(replacing(out / name)) for name in ("data.js", "skipped.json", "table.parquet", "table.csv")
        )
        table, sheet, listed = Table(rows, columns), Sheet(text, columns.names), JSONList(left_out)
        files.callback(table.close)
        data.write(b"const SURVEY = {}\nSURVEY.photos = [\n")
        for row in merged(out):
            if row["skipped"]:
                listed.add({"name": row["path"], "reason": row["skipped"]})
                skipped += [[row["path"], row["skipped"]]] if len(skipped) < SKIPPED_SHOWN else []
                continue
            table.add(row)
            sheet.add(row)
            predictions[row["prediction"]] += 1
            truth = label_of(row["path"], settings["labels"])
            if truth is not None:
                labelled[truth, settings["labels"].index(row["prediction"])] += 1
            if row["place"] < options["shown"]:
                data.write(safe(photo_of(row, settings)) + b",\n")
            else:
                hidden += 1
        listed.close()
        data.write(b"]\n")
        head = {
            **described(settings),
            "confusion": confusion(labelled, len(settings["labels"])),
            "complete": complete,
            "hidden": hidden,
            "skipped": skipped,
            "skippedCount": listed.count,
        }
        data.write(b"Object.assign(SURVEY, " + safe(head) + b")\n")
    page(out, settings)
    return Summary(
        report=out,
        photos=predictions.total(),
        skipped=listed.count,
        complete=complete,
        predictions={label: predictions[label] for label in settings["labels"]},
    )


def label_of(path: str, labels: Sequence[str]) -> int | None:
    """The emotion a photo is labelled with: the name of the folder it lies in, or of one further up; None where none is one."""
    names = [label.lower() for label in labels]
    for folder in reversed(path.split("/")[:-1]):
        if folder.lower() in names:
            return names.index(folder.lower())
    return None


def confusion(labelled: Counter[tuple[int, int]], classes: int) -> list[list[int]] | None:
    """Rows: what photos are labelled with; columns: what the model says.  None where no folder is named after an emotion."""
    return [[labelled[row, column] for column in range(classes)] for row in range(classes)] if labelled else None


class JSONList:
    """A JSON list written entry by entry."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.count = file, 0

    def add(self, entry: dict[str, str]) -> None:
        self.file.write((b",\n" if self.count else b"[\n") + json.dumps(entry).encode())
        self.count += 1

    def close(self) -> None:
        self.file.write(b"\n]\n" if self.count else b"[]\n")


def safe(value: Any) -> bytes:
    """A value as a script may hold it, whatever names it has: ASCII, and no < that could end the script."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c").encode()


def rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")


def photo_of(row: Row, settings: dict[str, Any]) -> dict[str, Any]:
    """A row as the page needs it, short."""
    methods, metrics = settings["options"]["methods"], METRICS if settings["options"]["measure"] else ()
    return {
        "key": key(row["path"]),
        "name": row["path"],
        "width": row["width"],
        "height": row["height"],
        "label": settings["labels"].index(row["prediction"]),
        "truth": label_of(row["path"], settings["labels"]),
        "probability": rounded(row["probability"]),
        "norm": rounded(row["effect_norm"]),
        "disagreement": rounded(row["disagreement"]),
        "effects": [rounded(row[f"Y_TE_{label}"]) for label in settings["labels"]],
        "maps": [
            [row[f"problem_{method}"] or [rounded(row[f"{name}_{method}"]) for name in ("smallest", "largest", "agreement")]]
            + [rounded(row[f"{metric}_{method}"]) for metric in metrics]
            for method in methods
        ],
        "controls": [[rounded(row[f"{metric}_{name}"]) for metric in metrics] for name in controls(methods) if metrics],
    }


def described(settings: dict[str, Any]) -> dict[str, Any]:
    """What all photos of a report share."""
    options = settings["options"]
    explained = list(controls(options["methods"]).values())
    return {
        "source": settings["source"],
        "model": settings["model"],
        "labels": [{"name": name, "colour": COLOURS.get(name), "polarity": POLARITY.get(name)} for name in settings["labels"]],
        "methods": [
            {
                "title": METHODS[name].title,
                "about": METHODS[name].about,
                "paper": METHODS[name].paper,
                "explains": explained.index(METHODS[name].explains),
            }
            for name in options["methods"]
        ],
        "classifiers": explained,
        "metrics": [
            {"title": metric.title, "arrow": metric.arrow, "higher": metric.higher_is_better, "about": metric.about}
            for metric in (METRICS.values() if options["measure"] else ())
        ],
        "style": options["style"],
    }


def page(out: Path, settings: dict[str, Any]) -> None:
    """index.html, and the style and script it loads from beside it."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    text = environment.get_template("index.html").render(
        source=settings["source"],
        model=settings["model"],
        methods=[METHODS[name] for name in settings["options"]["methods"]],
        metrics=METRICS.values() if settings["options"]["measure"] else (),
        style=settings["options"]["style"],
    )
    for name in ("page.css", "page.js", "index.html"):
        with replacing(out / name) as file:
            file.write(text.encode() if name == "index.html" else (TEMPLATES / name).read_bytes())


def pack(report: Path) -> Path:
    """The report as one zip beside its folder, without what only serves to go on with the survey; returns its path."""
    packed = report.with_name(f"{report.name}.zip")
    with replacing(packed) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(report.rglob("*")):
            inside = path.relative_to(report)
            if path.is_file() and inside.parts[0] != "parts" and not path.name.startswith("."):
                stored = path.suffix in (".jpg", ".npz", ".parquet")
                info = zipfile.ZipInfo(str(Path(report.name) / inside))
                info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
                with path.open("rb") as content, archive.open(info, "w", force_zip64=True) as member:
                    shutil.copyfileobj(content, member)
    return packed
