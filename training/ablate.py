"""Train the same recipe with several variants and seeds, and put the figures side by side.

    python -m training.ablate --train.data DATA --train.out runs/table3 --variants vanilla smad-f cternet --seeds 0 1 2

Every field of a training run can be given as ``--train.FIELD``.  Runs that are finished are not run again; one that was
interrupted goes on.  Writes runs/table3/table.json and table.md: accuracy on val of the last epoch, and with --test on
the test split once at the end, as mean +- standard deviation over the seeds.
"""

import json
import statistics
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import tyro

from cternet.model import Variant
from training.checkpoints import SaveError, newest_state, write_json
from training.config import TrainConfig
from training.data import DataError, load_examples
from training.engine import Run
from training.evaluation import evaluate
from training.progress import Interrupted


@dataclass
class Arguments:
    """The rows of the table."""

    train: TrainConfig
    variants: tuple[Variant, ...] = ("vanilla", "smad-f", "cternet")
    seeds: tuple[int, ...] = (0, 1, 2)
    test: bool = False
    """Also report the test split, once, from the last weights of each run."""


def run_one(config: TrainConfig, test: bool) -> dict[str, Any]:
    """Figures of one run on val (and test), from its averaged weights after the last epoch."""
    done = config.out / "figures.json"
    if done.exists():
        return json.loads(done.read_text())
    run = Run(replace(config, resume=newest_state(config.out) is not None))
    run.train()
    network = run.average.module if run.average is not None else run.bare
    figures = {"val": evaluate(network, run.val_loader, run.accelerator, config.model.classes, start=run.val_start)}
    if test:
        loader, start = run.eval_loader(load_examples(config, config.model.classes, ("test",)))
        figures["test"] = evaluate(network, loader, run.accelerator, config.model.classes, start=start)
    if run.main:
        write_json(done, figures)
    return figures


def table(results: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Mean and standard deviation over seeds, of every split, answer and figure."""
    summary: dict[str, Any] = {}
    for variant, runs in results.items():
        for split in runs[0]:
            for answer in ("v", "y", "y_te"):
                for figure in ("accuracy", "polarity_accuracy", "macro_f1"):
                    values = [run[split].get(answer, {}).get(figure) for run in runs]
                    if None not in values:
                        std = statistics.stdev(values) if len(values) > 1 else 0.0
                        summary.setdefault(variant, {}).setdefault(split, {}).setdefault(answer, {})[figure] = {
                            "mean": statistics.mean(values),
                            "std": std,
                            "runs": values,
                        }
    return summary


def markdown(summary: dict[str, Any]) -> str:
    """The table, accuracies in per cent."""
    lines = ["| variant | split | answer | accuracy | polarity |", "| --- | --- | --- | --- | --- |"]
    for variant, splits in summary.items():
        for split, answers in splits.items():
            for answer, figures in answers.items():
                cells = [
                    f"{100 * figures[name]['mean']:.2f} ± {100 * figures[name]['std']:.2f}" if name in figures else "–"
                    for name in ("accuracy", "polarity_accuracy")
                ]
                lines.append(f"| {variant} | {split} | {answer} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    arguments = tyro.cli(Arguments, description=__doc__)
    out = arguments.train.out
    results: dict[str, list[dict[str, Any]]] = {}
    try:
        for seed in arguments.seeds:
            for variant in arguments.variants:
                config = replace(
                    arguments.train,
                    seed=seed,
                    out=out / f"{variant}-{seed}",
                    model=replace(arguments.train.model, variant=variant),
                )
                results.setdefault(variant, []).append(run_one(config, arguments.test))
                summary = table(results)
                write_json(out / "table.json", summary)
                (out / "table.md").write_text(markdown(summary))
    except (DataError, SaveError, ValueError) as error:
        sys.exit(f"error: {error}")
    except Interrupted as message:
        print(message, file=sys.stderr)
        sys.exit(130)
    print(Path(out / "table.md").read_text())


if __name__ == "__main__":
    main()
