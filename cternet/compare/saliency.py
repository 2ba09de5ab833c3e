"""What stands out of a photo, whatever the class: RAS (``cternet.networks.ras``) and the spectral residual."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cternet.compare.sample import Sample

SIDE = 64
"""Pixels a side at which the spectral residual is taken, as in its paper."""


def ras(sample: Sample, _label: str, _stop: Callable[[], bool]) -> NDArray[Any]:
    """Probability that a place belongs to the salient object, in [0, 1]."""
    return sample.need("ras").float().cpu().numpy()


def spectral_residual(sample: Sample, _label: str, _stop: Callable[[], bool]) -> NDArray[Any]:
    """Hou & Zhang, "Saliency Detection: A Spectral Residual Approach", CVPR 2007: what the log spectrum has beyond its average.

    Of the grey photo at 64 x 64; 3 x 3 average of the log amplitude, squared magnitude, Gaussian of deviation 2.5 (the
    paper's sigma = 8 is of its own full-size display).
    """
    grey = cv2.cvtColor(sample.analysis.seen, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float64)
    if np.ptp(small) == 0:
        return np.zeros_like(small)  # its spectrum is one number, and what is left of the rest is rounding
    spectrum = np.fft.fft2(small)
    amplitude = np.log(np.abs(spectrum) + 1e-12)
    residual = amplitude - cv2.blur(amplitude, (3, 3), borderType=cv2.BORDER_WRAP)
    saliency = np.abs(np.fft.ifft2(np.exp(residual + 1j * np.angle(spectrum)))) ** 2
    return cv2.GaussianBlur(saliency, (0, 0), 2.5)
