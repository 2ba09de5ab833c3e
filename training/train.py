"""Train a network.

python -m training.train --data DATA --out runs/cternet --start WEIGHTS.safetensors
accelerate launch --num_processes 2 -m training.train --data DATA --out runs/cternet ...   (two GPUs)
torchrun --nproc_per_node 2 -m training.train --cpu --data DATA --out runs/cternet ...      (two processes on the CPU)
python -m training.train --data DATA --out runs/cternet ... --resume
"""

import sys

import tyro

from training.checkpoints import SaveError
from training.config import TrainConfig
from training.data import DataError
from training.engine import Run
from training.progress import Interrupted


def main() -> None:
    config = tyro.cli(TrainConfig, description=__doc__)
    try:
        run = Run(config)
        best = run.train()
    except (DataError, SaveError, ValueError) as error:
        sys.exit(f"error: {error}")
    except Interrupted as message:
        print(message, file=sys.stderr)
        sys.exit(130)
    if run.main:
        print(f"best epoch on val: {best}")
        print(f"weights: {config.out / 'best'}")


if __name__ == "__main__":
    main()
