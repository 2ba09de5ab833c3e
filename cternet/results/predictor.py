"""Image in, ``Analysis`` out: owns the transform, the device and inference mode; keeps nothing of any image."""

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from cternet.networks.allocations import ALLOCATIONS
from cternet.networks.checkpoint import load_bank, load_model
from cternet.networks.cternet import CounterfactualOutputs, CTERNet
from cternet.networks.emotion import EmotionNetwork
from cternet.networks.sentiment_map import Pooling
from cternet.photos.load import Photo, open_photo
from cternet.photos.preprocess import covered, preprocess
from cternet.results.analysis import Analysis, Counterfactual, counterfactual


class Predictor:
    """Runs a network on photos.

    Args:
        model: of the family ``cternet``.
        name: what results call the model.
        device: torch device; by default a GPU where there is one.
        bank: S_out of other images (M, D, H, W), for the shuffle allocation.

    Raises:
        ValueError: a network without a counterfactual.
    """

    def __init__(
        self, model: CTERNet, *, name: str = "cternet", device: str | torch.device | None = None, bank: Tensor | None = None
    ) -> None:
        if not model.has_counterfactual:
            raise ValueError(f"{name} is a {model.config.family} network without counterfactual attention; use a cternet one")
        try:
            self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
            model = model.to(self.device, memory_format=torch.channels_last)
        except (AssertionError, RuntimeError) as error:  # a name torch does not know, or hardware that is not there
            said = str(error).strip().splitlines()[0]
            raise ValueError(f"torch cannot use the device {device}: {said}; leave it out, or name cpu") from None
        self.model = model.eval().requires_grad_(False)
        self.config = model.config
        self.name = name
        self.bank = bank
        self.turn = threading.Lock()
        with torch.inference_mode():
            weight, bias, budget = self.model.sentiment_map.pooling
            self.pooling = Pooling(weight.float().cpu(), bias.float().cpu(), budget)
            self.bias = self.model.bias.float().cpu().numpy()

    @classmethod
    def from_pretrained(cls, source: str | Path, *, device: str | torch.device | None = None) -> "Predictor":
        """From a checkpoint folder or a hub id.

        Raises:
            CheckpointError: the folder is missing, incomplete or damaged; the message names the file and how to fix it.
        """
        return cls(load_model(source, EmotionNetwork), name=Path(str(source)).name, device=device, bank=load_bank(source))

    def analyze(self, photo: Photo) -> Analysis:
        """Analyze one photo: a path, a PIL image, or an RGB uint8 array (h, w, 3).

        Raises:
            ImageError: the photo cannot be read.
        """
        return self.analyze_batch([photo])[0]

    def analyze_batch(self, photos: Sequence[Photo]) -> list[Analysis]:
        """Analyze several photos in one forward pass."""
        return self.analyze_features(photos)[0]

    def analyze_features(self, photos: Sequence[Photo]) -> tuple[list[Analysis], Tensor]:
        """``analyze_batch``, and the features X (B, C, H, W) on the predictor's device, for methods that explain the head."""
        opened = [open_photo(photo) for photo in photos]
        prepared = [preprocess(photo, self.config) for photo in opened]
        x, outputs = self.forward(torch.stack([tensor for _, tensor in prepared]))
        geometries = [
            {"mode": self.config.geometry, "width": photo.width, "height": photo.height, "input": self.config.image_size}
            for photo in opened
        ]
        return [
            self.assemble(outputs, index, photo, seen, geometry)
            for index, (photo, (seen, _), geometry) in enumerate(zip(opened, prepared, geometries, strict=True))
        ], x

    @torch.inference_mode()
    def forward(self, images: Tensor) -> tuple[Tensor, CounterfactualOutputs]:
        """Normalised images (B, 3, h, w) -> X (B, C, H, W) on the device, outputs with evidence as float32 on the CPU.

        One call at a time: two at once would only take cores and memory from each other.
        """
        with self.turn:
            images = images.to(self.device, memory_format=torch.channels_last)  # the faster layout for convolutions
            x = self.model.forward_features(images)
            outputs = self.model.forward_head(x, evidence=True)
        return x, CounterfactualOutputs(**{k: None if t is None else t.float().cpu() for k, t in vars(outputs).items()})

    def assemble(
        self, outputs: CounterfactualOutputs, index: int, photo: Image.Image, seen: Image.Image, geometry: dict
    ) -> Analysis:
        """The ``Analysis`` of image ``index`` of a batch."""
        config = self.config
        s, s_out = outputs.s[index, 0].numpy(), outputs.s_out[index].numpy()
        mean = outputs.s_star[index, 0].numpy()
        if ALLOCATIONS[config.allocation].needs == "bank" and self.bank is None:
            # There is no other photo's map to show, but the network keeps their mean.
            own = Counterfactual(config.allocation, config.level, None, mean=mean, shown=mean)
        else:
            own = counterfactual(
                config.allocation, config.level, s=s, s_out=s_out, pooling=self.pooling, bank=self.bank, expected=mean
            )
        return Analysis(
            labels=config.classes,
            v=outputs.v[index].numpy(),
            s=s,
            s_out=s_out,
            evidence=outputs.evidence[index].numpy(),
            bias=self.bias,
            pooling=self.pooling,
            answer=self.model.predicts_with,
            own=own,
            counterfactual=own,
            attended=s,
            photo=np.asarray(covered(photo, config)),
            seen=np.asarray(seen),
            geometry=geometry,
            model=self.name,
            bank=self.bank,
        )

    def with_bank(self, photos: Sequence[Photo]) -> "Predictor":
        """The same predictor with the attention of ``photos`` as its shuffle bank."""
        s_out = [torch.from_numpy(analysis.s_out) for analysis in self.analyze_batch(photos)]
        return Predictor(self.model, name=self.name, device=self.device, bank=torch.stack(s_out))
