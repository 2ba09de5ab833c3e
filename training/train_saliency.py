"""Train RAS, which finds the salient objects of a photo.

python -m training.train_saliency --data DUTS --out runs/ras --start BACKBONE.safetensors                   (as published)
python -m training.train_saliency --data IMAGES --masks MASKS --out runs/ras --start BACKBONE.safetensors   (two trees)
python -m training.train_saliency --data DUTS --out runs/ras ... --resume

The run is measured on val after every epoch; ``python -m training.evaluate_saliency`` measures it on any split.
"""

import sys

import tyro

from training.saliency.config import SaliencyConfig
from training.saliency.run import SaliencyRun
from training.train import run_to_the_end


def main() -> None:
    run_to_the_end(SaliencyRun, tyro.cli(SaliencyConfig, args=sys.argv[1:], description=__doc__))


if __name__ == "__main__":
    main()
