"""Look at a data set, or make its split, before training on it.

    python -m training.data describe PATH --out FOLDER
    python -m training.data split PATH

describe prints counts per class and split, sizes, unreadable files and near-duplicates, and writes them to FOLDER as
summary.json, summary.md and contact-sheet.jpg.  split makes the split file that training would make.
"""

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from cternet.disk import writing
from training.data.config import Source
from training.data.contact_sheet import contact_sheet
from training.data.describe import describe, markdown
from training.data.layouts import read
from training.data.rows import SPLITS, DataError, DataSet
from training.data.splits import with_splits
from training.files import write_json


@dataclass(kw_only=True)
class Where(Source):
    """Which data."""

    data: tyro.conf.Positional[str]
    """Data set: a folder in any known layout, a .csv or .parquet manifest, or hf:OWNER/NAME."""

    def read(self, *, create: bool) -> DataSet:
        return with_splits(read(self), self, create=create)


@dataclass(kw_only=True)
class Describe(Where):
    """Counts, sizes, unreadable files, near-duplicates and a contact sheet."""

    out: Path | None = None
    """Folder for summary.json, summary.md and contact-sheet.jpg; without it the summary is only printed."""

    def run(self) -> None:
        if self.out is not None:
            with writing(self.out):
                self.out.mkdir(parents=True, exist_ok=True)  # before the minutes of looking, not after
        data = self.read(create=False)
        summary, found = describe(data)
        text = markdown(summary)
        print(text)
        if self.out is not None:
            sheet = contact_sheet(data, found)
            with writing(self.out):
                write_json(self.out / "summary.json", summary)
                (self.out / "summary.md").write_text(text)
                sheet.save(self.out / "contact-sheet.jpg", quality=90)
            print(f"written to {self.out}")


@dataclass(kw_only=True)
class Split(Where):
    """Make the split file, or check the one that is there."""

    def run(self) -> None:
        data = self.read(create=True)
        sizes = Counter(row.split for row in data.rows)
        print(*data.notes, ", ".join(f"{split} {sizes[split]:,}" for split in SPLITS), sep="\n")


def main() -> None:
    command = tyro.cli(
        Annotated[Describe, tyro.conf.subcommand("describe")] | Annotated[Split, tyro.conf.subcommand("split")],
        prog="python -m training.data",
        description=__doc__,
    )
    try:
        command.run()
    except (DataError, OSError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
