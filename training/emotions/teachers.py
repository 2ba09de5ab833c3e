"""Learning from trained networks: their mean answer softens the label (Hinton et al., https://arxiv.org/abs/1503.02531).

Emotion labels are opinions of a few people; what several networks make of the very same view of a photo says how sure one
can be of them.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cternet.networks.checkpoint import CheckpointError, load_model
from cternet.networks.emotion import EmotionNetwork
from training.data import DataError


class Teachers:
    """Trained networks that see what the frozen sections put out, like the one in training.

    Args:
        folders: their checkpoints.
        network: the one in training, whose first ``frozen_sections`` sections must be theirs.
        share: of their answer in the target, in [0, 1]; the rest is the label.

    Raises:
        DataError: a checkpoint cannot be loaded, or has other classes or other frozen sections.
    """

    def __init__(self, folders: Sequence[Path], network: EmotionNetwork, frozen_sections: int, share: float) -> None:
        self.frozen_sections, self.share = frozen_sections, share
        self.classes = len(network.config.classes)
        self.networks = [self.load(folder, network) for folder in folders]

    def load(self, folder: Path, network: EmotionNetwork) -> EmotionNetwork:
        try:
            teacher = load_model(folder, EmotionNetwork)
        except CheckpointError as error:
            raise DataError(f"--teachers: {error}") from None
        if teacher.config.classes != network.config.classes:
            raise DataError(f"--teachers: {folder} tells other classes apart: {', '.join(teacher.config.classes)}")
        for name in ("image_size", "geometry", "mean", "std"):
            if getattr(teacher.config, name) != getattr(network.config, name):
                raise DataError(f"--teachers: {folder} sees photos differently ({name} is {getattr(teacher.config, name)})")
        ours, theirs = (net.backbone.sections()[: self.frozen_sections] for net in (network, teacher))
        # Their printed form has the strides, which the weights do not.
        if repr(ours) != repr(theirs) or not same_weights(ours, theirs):
            raise DataError(f"--teachers: {folder} has other frozen sections; use one that came from the same start")
        return teacher.eval().requires_grad_(False).to(memory_format=torch.channels_last)

    def to(self, device: torch.device) -> "Teachers":
        for teacher in self.networks:
            teacher.to(device)
        return self

    @torch.no_grad()
    def targets(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """Inputs (B, ...) behind the frozen sections and labels, (B,) or shares (B, K), -> targets (B, K)."""
        if labels.ndim == 1:
            labels = F.one_hot(labels, self.classes).float()
        answers = [teacher(inputs, start=self.frozen_sections).prediction.float().softmax(dim=1) for teacher in self.networks]
        return torch.lerp(labels, torch.stack(answers).mean(dim=0), self.share)


def same_weights(ours: Sequence[nn.Module], theirs: Sequence[nn.Module]) -> bool:
    pairs = zip(ours, theirs, strict=True)
    return all(torch.equal(value, b.state_dict()[name]) for a, b in pairs for name, value in a.state_dict().items())
