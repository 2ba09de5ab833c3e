"""Train the rows of a table over several seeds and put the figures beside the paper's.

    python -m training.ablate table3 --train.data DATA --train.out runs/table3
    python -m training.ablate table4 fi-paper --train.data DATA --train.out runs/table4 --paper fi

table3: vanilla, with SMAD-F, with SMAD-C.  table4: what S* the network is trained with.  ideas: other ways to train SMAD-C.
A recipe's name may follow; every setting of a training run can be given as ``--train.FIELD``.  Finished runs are not run
again, also by another table in the same folder; an interrupted one goes on.  Writes TABLE.json and TABLE.md there after
every run: accuracy of the last weights on val and, with --test, once on test, as mean +- standard deviation over the seeds.
"""

import json
import sys
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

import tyro
from accelerate import PartialState

from cternet.disk import writing
from training.data import DataError, Example, leave_out_unreadable, load_examples
from training.emotions.config import TrainConfig
from training.emotions.presets import PRESETS
from training.emotions.run import ClassificationRun
from training.emotions.seeds import markdown, summarise
from training.engine.processes import on_main
from training.engine.progress import Interrupted
from training.engine.run_folder import changed_settings
from training.engine.state import newest_state
from training.files import SaveError, write_json

PaperColumn = Literal["fi", "emotion6", "artphoto", "twitter2"]


@dataclass(frozen=True)
class TableRow:
    """One row: settings that differ from the common ones (``model`` for the network's), and the paper's accuracies."""

    name: str
    model: dict[str, Any] = field(default_factory=dict)
    train: dict[str, Any] = field(default_factory=dict)
    paper: dict[str, float] = field(default_factory=dict)

    def apply(self, config: TrainConfig) -> TrainConfig:
        return replace(config, model=replace(config.model, **self.model), **self.train)


def in_paper(*values: float) -> dict[str, float]:
    return dict(zip(("fi", "emotion6", "artphoto", "twitter2"), values, strict=True))


def cternet(**model: Any) -> dict[str, Any]:
    return {"family": "cternet"} | model


TABLES: dict[str, tuple[TableRow, ...]] = {
    "table3": (
        TableRow("vanilla", {"family": "vanilla"}, paper=in_paper(71.45, 58.95, 76.72, 82.07)),
        TableRow("smad-f", {"family": "smad-f"}, paper=in_paper(72.31, 60.06, 78.84, 82.96)),
        TableRow("cternet", cternet(), paper=in_paper(72.71, 60.49, 79.27, 83.33)),
    ),
    "table4": (
        # The paper's row is called vanilla; its figures are those of Table 3's SMAD-F.
        TableRow("smad-f", {"family": "smad-f"}, paper=in_paper(72.31, 60.06, 78.84, 82.96)),
        TableRow("uniform", cternet(allocation="uniform"), paper=in_paper(72.58, 60.24, 79.12, 83.20)),
        TableRow("reverse", cternet(allocation="reverse"), paper=in_paper(72.36, 60.11, 78.88, 82.84)),
        TableRow("random", cternet(allocation="random"), paper=in_paper(72.71, 60.49, 79.27, 83.33)),
        TableRow("shuffle", cternet(allocation="shuffle")),  # not in the paper
    ),
    "ideas": (
        TableRow("one draw", cternet(training_effect="draw")),
        TableRow("eight draws", cternet(training_effect="draw", draws=8)),
        TableRow("exact expectation", cternet(training_effect="exact")),
        TableRow("effect warm-up", cternet(training_effect="exact"), {"effect_warmup": 2}),
        TableRow("effect x 0.3", cternet(training_effect="exact"), {"effect_weight": 0.3}),
        TableRow("Eq. 7 alone", cternet(training_effect="exact"), {"eq7_alone": True}),
        TableRow("map level", cternet(training_effect="draw", level="map")),
        TableRow("free budget", cternet(training_effect="exact", budget="free")),
        TableRow("scaled Eq. 2", cternet(training_effect="exact", scaled_attention=True)),
    ),
}


@dataclass
class Arguments:
    """What to train."""

    train: TrainConfig
    seeds: tuple[int, ...] = (0, 1, 2)
    rows: tuple[str, ...] = ()
    """Only these rows."""
    test: bool = False
    """Also report the test split, once, from the last weights of each run."""
    paper: PaperColumn | None = None
    """The data set whose figures in the paper to put beside."""


def run_one(config: TrainConfig, test: bool) -> dict[str, Any]:
    """Figures of one run on val (and test), from its averaged weights after the last epoch.

    Raises:
        DataError: a finished run in that folder has other settings, or see ``training.engine.run.Run``.
    """
    done = config.out / "figures.json"
    if done.exists():
        changed = changed_settings(config)
        figures = json.loads(done.read_text())
        if changed or (test and "test" not in figures):
            why = f"with other settings ({', '.join(changed)})" if changed else "without --test"
            raise DataError(f"{config.out} was finished {why}; choose another --train.out, or delete that folder")
        return figures
    run = ClassificationRun(replace(config, resume=newest_state(config.out) is not None))
    splits = {"val": (run.val_loader, run.val_start)}
    if test:
        splits["test"] = run.features.evaluation(on_main(run.accelerator, partial(read_test, config)))
    run.train()
    figures = {split: run.evaluate(loader, start) for split, (loader, start) in splits.items()}
    if run.main:
        write_json(done, figures)
    return figures


def read_test(config: TrainConfig) -> list[Example]:
    return leave_out_unreadable(load_examples(config, config.model.classes, ("test",)), config.on_bad_image)[0]


def parse(arguments: list[str]) -> tuple[str, Arguments]:
    """The table's name and the settings: TABLE [RECIPE] FLAGS."""
    if not arguments or arguments[0].startswith("-"):
        tyro.cli(Arguments, args=["--help"], description=__doc__)
    name, *rest = arguments
    if name not in TABLES:
        sys.exit(f"error: no table is called {name!r}; choose one of {', '.join(TABLES)}")
    default: Any = None
    if rest and not rest[0].startswith("-"):
        recipe, *rest = rest
        if recipe not in PRESETS:
            sys.exit(f"error: no recipe is called {recipe!r}; choose one of {', '.join(PRESETS)}")
        default = Arguments(train=PRESETS[recipe][1])
    prog = f"training.ablate {name}"
    return name, tyro.cli(Arguments, args=rest, prog=prog, description=__doc__, **({"default": default} if default else {}))


def main() -> None:
    name, arguments = parse(sys.argv[1:])
    out = arguments.train.out
    rows = [row for row in TABLES[name] if not arguments.rows or row.name in arguments.rows]
    unknown = set(arguments.rows) - {row.name for row in rows}
    if unknown:
        sys.exit(f"error: {name} has no row {', '.join(sorted(unknown))}; it has {', '.join(r.name for r in TABLES[name])}")
    paper = {row.name: row.paper[arguments.paper] for row in rows if arguments.paper in row.paper}
    results: dict[str, list[dict[str, Any]]] = {}
    text = ""
    try:
        for seed in arguments.seeds:
            for row in rows:
                folder = out / f"{row.name.replace(' ', '-').replace(',', '').replace('.', '')}-{seed}"
                config = row.apply(replace(arguments.train, seed=seed, out=folder))
                results.setdefault(row.name, []).append(run_one(config, arguments.test))
                summary = summarise(results)
                text = markdown(summary, paper)
                if PartialState().is_main_process:
                    write_json(out / f"{name}.json", summary)
                    with writing(out):
                        (out / f"{name}.md").write_text(text)
    except (DataError, SaveError, OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    except Interrupted as message:
        print(message, file=sys.stderr)
        sys.exit(130)
    if PartialState().is_main_process:
        print(text)
    PartialState().destroy_process_group()


if __name__ == "__main__":
    main()
