"""How good saliency maps are: mean absolute error and maximal F-measure, by the protocol of the field.

Each map is brought to its mask's own size and compared there, photo by photo.

- MAE: the mean over pixels of |map - mask|, then over photos; the mask as it is, in [0, 1].
- max F (Achanta et al., CVPR 2009): the map is cut at each of 256 thresholds and compared with the mask cut at one half.
  Precision and recall are averaged over photos at each threshold; F = (1 + b^2) P R / (b^2 P + R) with b^2 = 0.3 of the two
  means, and the largest of the 256 counts.  Photos whose mask has no pixel above one half have no recall and are left out of F.

Maps are not stretched to [0, 1] one by one, as some evaluations do: a map of a photo without a salient object may stay dark.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from accelerate import Accelerator
from torch import Tensor
from torch.utils.data import DataLoader
from torchmetrics.functional.classification import binary_precision_recall_curve
from tqdm.auto import tqdm

from cternet.networks.ras import RAS
from training.saliency.pairs import Pair, load_mask

BETA_SQUARED = 0.3
THRESHOLDS = 256


@torch.no_grad()
def evaluate(network: RAS, pairs: Sequence[Pair], loader: DataLoader, accelerator: Accelerator) -> dict[str, Any]:
    """Figures of the network on all pairs, over all processes.

    Args:
        loader: a prepared one over ``WholePhotos`` of the same pairs.

    Returns:
        See ``summarise``.
    """
    network.eval()
    errors: list[Tensor] = []
    curves: list[Tensor] = []
    for images, indices in tqdm(loader, desc="evaluating", leave=False, disable=not accelerator.is_main_process):
        with accelerator.autocast():
            maps = network.saliency(images.to(memory_format=torch.channels_last))
        scores = [compare(one, pairs[index].mask) for one, index in zip(maps.float().cpu(), indices.tolist(), strict=True)]
        found = [torch.stack(values).to(accelerator.device) for values in zip(*scores, strict=True)]
        batch_errors, batch_curves = accelerator.gather_for_metrics(found)
        errors.append(batch_errors.cpu())
        curves.append(batch_curves.cpu())
    return summarise(torch.cat(errors), torch.cat(curves))


def compare(saliency: Tensor, mask_file: Path) -> tuple[Tensor, Tensor]:
    """One map (h, w) in [0, 1] and its mask -> absolute error (), precision and recall (2, 256).

    The latter are NaN where the mask has no pixel above one half.
    """
    mask = torch.from_numpy(np.array(load_mask(mask_file), np.float32) / 255)
    resized = F.interpolate(saliency[None, None], size=mask.shape, mode="bilinear", antialias=True)[0, 0].clamp(0, 1)
    error = (resized - mask).abs().mean()
    salient = mask > 0.5
    if not salient.any():
        return error, torch.full((2, THRESHOLDS), torch.nan)
    precision, recall, _ = binary_precision_recall_curve(resized, salient.int(), thresholds=THRESHOLDS)
    # Where nothing is above the threshold, precision counts 0; the last point is (1, 0) by convention, no threshold's.
    return error, torch.stack([precision.nan_to_num(0.0), recall])[:, :-1]


def summarise(errors: Tensor, curves: Tensor) -> dict[str, Any]:
    """Figures of a split.

    Args:
        errors: of every photo (M,).
        curves: precision and recall of every photo (M, 2, 256).

    Returns:
        ``mae`` and ``max_f`` in [0, 1], the ``threshold`` of the latter, ``images``, and how many of them are
        ``without_object`` and count for the error alone.
    """
    known = ~curves.isnan().all(dim=(1, 2))
    precision, recall = curves[known].double().mean(dim=0)
    f = (1 + BETA_SQUARED) * precision * recall / (BETA_SQUARED * precision + recall).clamp(min=1e-12)
    best = int(f.argmax())
    return {
        "mae": errors.double().mean().item(),
        "max_f": f[best].item(),
        "threshold": best / (THRESHOLDS - 1),
        "images": len(errors),
        "without_object": int((~known).sum()),
    }
