"""Figures of a checkpoint on a split.

    python -m training.evaluate --weights assets/weights/cternet-fi --data DATA --split test --out runs/eval
    python -m training.evaluate --weights runs/ras/best --data IMAGES --masks MASKS --split val --out runs/ras/evaluation

The checkpoint says what it has learnt; with --weights, --help lists the settings for that.  SPLIT.json in OUT has the figures;
tables and pictures stand beside it.
"""

import sys
from argparse import ArgumentParser

import tyro

from cternet.disk import writing
from cternet.networks.checkpoint import CheckpointError
from training.data import DataError
from training.engine.evaluation import EvaluationConfig
from training.engine.processes import accelerated
from training.files import write_json
from training.tasks import EMOTIONS, Task, task_of_weights


def parse(arguments: list[str]) -> tuple[Task, EvaluationConfig]:
    """The task of the checkpoint after ``--weights``, and the settings.

    Raises:
        CheckpointError: see ``task_of_weights``.
    """
    first = ArgumentParser(add_help=False, allow_abbrev=False)
    first.add_argument("--weights")
    weights = first.parse_known_args(arguments)[0].weights
    task = EMOTIONS if weights is None else task_of_weights(weights)
    return task, tyro.cli(task.evaluation, args=arguments, prog="python -m training.evaluate", description=__doc__)


def main() -> None:
    try:
        task, config = parse(sys.argv[1:])
        accelerator = accelerated(config.precision, cpu=config.cpu)
        with writing(config.out):
            config.out.mkdir(parents=True, exist_ok=True)
        report = task.evaluate(config, accelerator)
        if accelerator.is_main_process:
            with writing(config.out):
                report.write(config.out)
                write_json(config.out / f"{report.name}.json", report.figures)
            print(f"{report.summary}\n\nwritten to {config.out}")
    except (CheckpointError, DataError, OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        print("stopped; nothing was written", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
