"""What no first page needs: imported a moment after the start, so that neither the start nor its first user waits for it."""

import threading
from importlib import import_module

PACKAGES = ("pytorch_grad_cam", "scipy.stats", "scipy.optimize", "skimage.segmentation.slic_superpixels")
"""Of Compare's maps and its numbers, of the smallest sets of cells, of superpixels."""
AFTER = 1.0
"""Seconds in which the server comes up, and whoever waits for it gets the first page."""


def import_packages() -> None:
    for name in PACKAGES:
        import_module(name)


def import_later() -> None:
    """``import_packages`` in ``AFTER`` seconds, beside all else."""
    timer = threading.Timer(AFTER, import_packages)
    timer.daemon = True
    timer.start()
