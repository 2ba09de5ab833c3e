"""Train a network.

    python -m training.train --data DATA --out runs/cternet --start WEIGHTS.safetensors            (emotions)
    python -m training.train fi-paper --data DATA --out runs/paper                                  (a named recipe)
    python -m training.train saliency --data DUTS --out runs/ras --start WEIGHTS.safetensors        (another task)
    accelerate launch --num_processes 2 -m training.train --data DATA --out runs/cternet ...        (two GPUs)
    torchrun --nproc_per_node 2 -m training.train --cpu --data DATA --out runs/cternet ...          (two processes on the CPU)
    python -m training.train --data DATA --out runs/cternet ... --resume

The name of a task or a recipe in first place sets the defaults that --help shows; every setting can still be given.
"""

import sys

import tyro

from training.data import DataError
from training.engine.config import RunConfig
from training.engine.progress import Interrupted
from training.files import SaveError
from training.tasks import EMOTIONS, TASKS, task_of_config


def parse(arguments: list[str]) -> RunConfig:
    """The settings of a command line: the name of a task or of a recipe, if any, and flags."""
    if not arguments or arguments[0].startswith("-"):
        return tyro.cli(EMOTIONS.config, args=arguments, prog="python -m training.train", description=overview())
    name, *rest = arguments
    prog = f"python -m training.train {name}"
    if name in TASKS:
        task = TASKS[name]
        return tyro.cli(task.config, args=rest, prog=prog, description=f"{name}: {task.about}.")
    recipes = {key: recipe for task in TASKS.values() for key, recipe in task.recipes.items()}
    if name not in recipes:
        sys.exit(f"error: no recipe is called {name!r}; choose one of {', '.join([*recipes, *TASKS])}, or begin with --data")
    about, recipe = recipes[name]
    return tyro.cli(type(recipe), args=rest, default=recipe, prog=prog, description=f"{name}: {about}.")


def overview() -> str:
    """The module's text, and every task with its recipes."""
    parts = [__doc__.rstrip()]
    for task in TASKS.values():
        parts.append(f"\n{task.name}: {task.about}; recipes:")
        parts += [f"  {name}: {about}" for name, (about, _) in task.recipes.items()]
    return "\n".join(parts)


def main() -> None:
    """Make a run, train it and say what came of it; what goes wrong ends the program with a sentence."""
    config = parse(sys.argv[1:])
    try:
        run = task_of_config(config).run(config)
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


if __name__ == "__main__":
    main()
