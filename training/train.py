"""Train a network.

python -m training.train --data DATA --out runs/cternet --start WEIGHTS.safetensors
python -m training.train fi-paper --data DATA --out runs/paper                                  (a named recipe)
accelerate launch --num_processes 2 -m training.train --data DATA --out runs/cternet ...        (two GPUs)
torchrun --nproc_per_node 2 -m training.train --cpu --data DATA --out runs/cternet ...          (two processes on the CPU)
python -m training.train --data DATA --out runs/cternet ... --resume

A recipe's name in first place sets the defaults that --help shows; every setting can still be given.
"""

import sys

import tyro

from training.data import DataError
from training.emotions.config import TrainConfig
from training.emotions.presets import PRESETS
from training.emotions.run import ClassificationRun
from training.engine.config import RunConfig
from training.engine.progress import Interrupted
from training.engine.run import Run
from training.files import SaveError


def parse(arguments: list[str]) -> TrainConfig:
    """The settings of a command line: a recipe's name, if any, and flags."""
    recipes = "\n".join(f"  {name}: {about}" for name, (about, _) in PRESETS.items())
    description = f"{__doc__}\nRecipes:\n{recipes}"
    if not arguments or arguments[0].startswith("-"):
        return tyro.cli(TrainConfig, args=arguments, description=description)
    name, *rest = arguments
    if name not in PRESETS:
        sys.exit(f"error: no recipe is called {name!r}; choose one of {', '.join(PRESETS)}, or begin with --data")
    about, recipe = PRESETS[name]
    return tyro.cli(TrainConfig, args=rest, default=recipe, prog=f"training.train {name}", description=f"{name}: {about}.")


def run_to_the_end(kind: type[Run], config: RunConfig) -> None:
    """Make a run, train it and say what came of it; what goes wrong ends the program with a sentence."""
    try:
        run = kind(config)
        best = run.train()
    except (DataError, SaveError, OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    except Interrupted as message:
        print(message, file=sys.stderr)
        sys.exit(130)
    if run.main:
        print(f"best epoch on val: {best}")
        print(f"weights: {config.out / 'best'}")
    run.accelerator.state.destroy_process_group()


def main() -> None:
    run_to_the_end(ClassificationRun, parse(sys.argv[1:]))


if __name__ == "__main__":
    main()
