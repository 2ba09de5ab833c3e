"""What the maps are worth, over many photos.

    python -m cternet.survey DATA/test --out runs/survey --sample 300 --measure --methods fast
    python -m training.study faithfulness runs/survey --out runs/study
    python -m training.study sanity runs/survey --photos DATA/test --out runs/study
    python -m training.study robustness DATA/test --out runs/study

faithfulness compares each method with a random map and with CAM on the survey's numbers, with bootstrap intervals.  sanity
makes the weights random, from the head downwards, and says how much of each map stays (Adebayo et al., NeurIPS 2018).
robustness finds the smallest set of cells which, not noticed, turns each answer, and really hides it.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import tyro
from tqdm.auto import tqdm

from cternet.compare import METHODS, Networks, named
from cternet.disk import writing
from cternet.networks.checkpoint import SHIPPED, CheckpointError
from cternet.networks.cternet import CTERNet
from cternet.photos.load import ImageError
from cternet.results.predictor import Predictor
from cternet.survey.batches import sampled_names
from training.files import write_json
from training.study.faithfulness import mean_interval, read_table, read_tables, report
from training.study.robustness import asked
from training.study.robustness import report as robustness_report
from training.study.sanity import SEED, STAGES, likeness
from training.tables import table

BANK = 64
"""Photos whose attention a random network borrows."""


@dataclass(kw_only=True)
class Faithfulness:
    """Each method against a random map and against CAM."""

    surveys: tyro.conf.Positional[tuple[Path, ...]]
    """Folders of surveys of the same photos, made with --measure, or their table.parquet."""
    out: Path | None = None
    """Folder for faithfulness.md; without it the tables are only printed."""

    def run(self) -> None:
        text = report(read_tables(self.surveys))
        print(text)
        save(self.out, "faithfulness.md", text)


@dataclass(kw_only=True)
class Sanity:
    """How much of each map stays when the weights are random."""

    survey: tyro.conf.Positional[Path]
    """A survey's folder, or its table.parquet: which photos."""
    photos: Path
    """Folder the survey was made of."""
    most: int = 100
    """Photos taken at most."""
    methods: tuple[str, ...] = ("fast",)
    """Methods, or groups of them."""
    weights: str = str(SHIPPED / "cternet-fi")
    """CTERNet's checkpoint folder or hub id."""
    seed: int = SEED
    """Of the random weights; not the one the networks were trained with."""
    device: str | None = None
    """Torch device; by default a GPU where there is one."""
    out: Path | None = None
    """Folder for sanity.md and sanity.json; without it the table is only printed."""

    def run(self) -> None:
        methods = named(self.methods)
        networks = Networks(Predictor.from_pretrained(self.weights, device=self.device, kind=CTERNet))
        for name, why in networks.reasons.items():
            print(f"note: {why}; maps of {name} are left out", file=sys.stderr)
        methods = [method for method in methods if METHODS[method].network not in networks.reasons]
        paths = [self.photos / name for name in read_table(self.survey)["path"][: self.most]]
        found = likeness(networks, tqdm(paths, unit="img"), methods, others=paths[:BANK], seed=self.seed)
        rows = []
        for method in methods:
            cells = ["{:.2f} [{:.2f}, {:.2f}]".format(*mean_interval(found[stage][method])) for stage in STAGES]
            rows.append([METHODS[method].title, *cells])
        text = (
            f"## Sanity check over {len(paths)} photos\n\n"
            "Rank correlation of a map with the one of a network in which this is random; mean and 95 % interval.\n\n"
            f"{table(['map', *STAGES], rows)}\n"
        )
        print(text)
        save(self.out, "sanity.md", text)
        if self.out is not None:
            plain = {stage: {method: np.round(v, 5).tolist() for method, v in r.items()} for stage, r in found.items()}
            write_json(self.out / "sanity.json", plain)


@dataclass(kw_only=True)
class Robustness:
    """What it takes to turn an answer, and what really hiding those pixels does."""

    photos: tyro.conf.Positional[Path]
    """Folder of photos, with its subfolders."""
    sample: int = 300
    """Photos taken, drawn as surveys draw them."""
    weights: str = str(SHIPPED / "cternet-fi")
    """CTERNet's checkpoint folder or hub id."""
    how: Literal["blur", "mean", "inpaint"] = "blur"
    """What takes the place of hidden pixels."""
    seed: int = 0
    """Of the sample and of the random cells."""
    device: str | None = None
    """Torch device; by default a GPU where there is one."""
    out: Path | None = None
    """Folder for robustness.md; without it the table is only printed."""

    def run(self) -> None:
        predictor = Predictor.from_pretrained(self.weights, device=self.device, kind=CTERNet)
        paths = [self.photos / name for name in sampled_names(self.photos, self.sample, self.seed)]
        text = robustness_report(asked(predictor, tqdm(paths, unit="img"), how=self.how, seed=self.seed))
        print(text)
        save(self.out, "robustness.md", text)


def save(out: Path | None, name: str, text: str) -> None:
    if out is not None:
        with writing(out):
            out.mkdir(parents=True, exist_ok=True)
            (out / name).write_text(text)


def main() -> None:
    command = tyro.cli(
        Annotated[Faithfulness, tyro.conf.subcommand("faithfulness")]
        | Annotated[Sanity, tyro.conf.subcommand("sanity")]
        | Annotated[Robustness, tyro.conf.subcommand("robustness")],
        prog="python -m training.study",
        description=__doc__,
    )
    try:
        command.run()
    except (CheckpointError, ImageError, OSError, ValueError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
