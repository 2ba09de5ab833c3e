"""Photo in, result out: owns the transform, the device and inference mode; keeps nothing of any photo."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from cternet.networks.allocations import ALLOCATIONS
from cternet.networks.backbone_network import BackboneNetwork
from cternet.networks.checkpoint import load_bank, load_card, load_confounders, load_model, load_reliability
from cternet.networks.classifier import Outputs
from cternet.networks.clef import CLEFOutputs
from cternet.networks.confounders import Dictionary
from cternet.networks.cternet import CounterfactualOutputs, CTERNet
from cternet.networks.hub import called
from cternet.networks.network import Network, Ratings
from cternet.networks.reliability import Reliability
from cternet.networks.sentiment_map import Pooling
from cternet.photos.load import Photo, incomplete, open_photo
from cternet.photos.preprocess import covered, preprocess
from cternet.results.analysis import Analysis
from cternet.results.counterfactual import Counterfactual, counterfactual
from cternet.results.debiased import Debiased
from cternet.results.passes import Inputs, Passed, Passes
from cternet.results.result import Classified, Context, Rated, Result
from cternet.stopping import Stop, never


@dataclass(frozen=True)
class Prepared:
    """A photo made ready for a network.

    photo: as it was opened.  seen: as the network sees it.  inputs: what goes in, by the arguments of ``forward_features``.
    """

    photo: Image.Image
    seen: Image.Image
    inputs: dict[str, Tensor]


class Predictor:
    """Runs a network on photos.

    Args:
        model: of any such family.
        name: what results call the model.
        device: torch device; by default a GPU where there is one.
        bank: S_out of other images (M, D, H, W), for the shuffle allocation.
        reliability: how far its answers can be trusted; None where that was not measured.
        confounders: what its CCIM's are, where it has one and that is told.
        card: its model card, in Markdown; empty where there is none.

    Attributes:
        elsewhere: asked before every forward pass; where it gives what ``run`` would, the network here does not run.

    Raises:
        ValueError: torch has no such device.
    """

    def __init__(
        self,
        model: Network,
        *,
        name: str = "cternet",
        device: str | torch.device | None = None,
        bank: Tensor | None = None,
        reliability: Reliability | None = None,
        confounders: Dictionary | None = None,
        card: str = "",
    ) -> None:
        self.model = model
        self.move(device)
        self.model.eval().requires_grad_(False)
        self.config: Any = model.config
        self.name = name
        self.bank = bank
        self.reliability = reliability
        self.confounders = confounders
        self.card = card
        self.passes = Passes(self.run)
        self.elsewhere: Callable[[Inputs], Passed | None] | None = None
        if isinstance(model, CTERNet):
            with torch.inference_mode():
                weight, bias, budget = model.sentiment_map.pooling
                self.pooling = Pooling(weight.float().cpu(), bias.float().cpu(), budget)
                self.bias = model.bias.float().cpu().numpy()

    @classmethod
    def from_pretrained(
        cls, source: str | Path, *, device: str | torch.device | None = None, kind: type[Network] = Network
    ) -> "Predictor":
        """From a checkpoint folder, a hub id (``owner/name``, or ``owner/name@revision``), or a name of timm.

        Args:
            kind: the class of network that is needed: ``CTERNet`` for one whose results are ``Analysis``.

        Raises:
            CheckpointError: the folder is missing, incomplete, damaged or of another family; the message says how to fix it.
        """
        model, name, bank = load_model(source, kind), called(source), load_bank(source)
        about: dict[str, Any] = {"reliability": load_reliability(source), "confounders": load_confounders(source)}
        return cls(model, name=name, device=device, bank=bank, card=load_card(source), **about)

    def move(self, device: str | torch.device | None = None) -> None:
        """Have the network run on a torch device; by default a GPU where there is one.

        Raises:
            ValueError: torch has no such device.
        """
        try:
            self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
            self.model = self.model.to(self.device).to(memory_format=torch.channels_last)
        except (AssertionError, RuntimeError) as error:  # a name torch does not know, or hardware that is not there
            said = str(error).strip().splitlines()[0]
            raise ValueError(f"torch cannot use the device {device}: {said}; leave it out, or use cpu") from None

    def __repr__(self) -> str:
        """Its name, family, and where it runs."""
        return f"Predictor({self.name}, {self.model.family}, {self.device})"

    def prepare(self, photo: Photo) -> Prepared:
        """What the network is given of a photo: a path, a PIL image, an array or a tensor (``photos.arrays`` says which).

        Raises:
            ImageError: the photo cannot be read.
        """
        opened = open_photo(photo)
        seen, image = preprocess(opened, self.config)
        return Prepared(opened, seen, self.model.inputs(image))

    def analyze(self, photo: Photo, *, stop: Stop = never) -> Any:
        """What the network says of one photo: an ``Analysis`` of CTERNet, a ``Debiased`` of
        CLEF, a ``Classified`` of another classifier, a ``Rated`` of a network that rates.

        Raises:
            ImageError: the photo cannot be read.
            Stopped: ``stop()`` said so before the network saw it.
        """
        return self.analyze_features([photo], stop=stop)[0][0]

    def analyze_batch(self, photos: Sequence[Photo]) -> list[Any]:
        """What the network says of several photos, in one forward pass."""
        return self.analyze_features(photos)[0]

    def analyze_features(self, photos: Sequence[Photo], *, stop: Stop = never) -> tuple[list[Any], Tensor]:
        """``analyze_batch``, and the features X (B, C, H, W) on the predictor's device, for methods that explain the head."""
        prepared = [self.prepare(photo) for photo in photos]
        inputs = {name: torch.stack([one.inputs[name] for one in prepared]) for name in prepared[0].inputs}
        passed = self.forward(inputs, stop)
        x, outputs, maps = passed.x, passed.outputs, passed.maps
        strange, contexts = self.strangeness(x), self.contexts(x)
        found = [
            self.assemble(outputs, maps, index, one, strange[index], contexts[index]) for index, one in enumerate(prepared)
        ]
        return found, x

    @torch.inference_mode()
    def pooled(self, x: Tensor) -> Tensor:
        """The mean over places of X (B, C, H, W), or what is of its shape: (B, C) on the CPU."""
        return self.model.on_grid(x).float().mean(dim=(2, 3)).cpu()

    def strangeness(self, x: Tensor) -> list[float | None]:
        """How unlike the training photos each picture is, above 0 where it is; None where that was not measured."""
        if self.reliability is None or self.reliability.probe is None:
            return [None] * len(x)
        found: list[float | None] = self.reliability.probe.strangeness(self.pooled(x)).tolist()
        return found

    @torch.inference_mode()
    def contexts(self, x: Tensor) -> list[tuple[Context, ...]]:
        """The confounders that CCIM weighed for each photo; none without it."""
        ccim = self.model.ccim if isinstance(self.model, BackboneNetwork) else None
        if ccim is None:
            return [()] * len(x)
        weights = ccim.weights(x.float().mean(dim=(2, 3))) * ccim.prior
        shares = (weights / weights.sum(dim=1, keepdim=True)).tolist()
        known, prior = self.confounders, ccim.prior.tolist()
        about: list[dict[str, Any]] = [{"prior": one} for one in prior]
        if known is not None:
            pictures = [None] * len(prior) if known.thumbnails is None else list(known.thumbnails.numpy())
            for one, examples, picture in zip(about, known.examples, pictures, strict=True):
                one |= {"examples": tuple(examples), "thumbnail": picture}
        return [tuple(Context(share, **one) for share, one in zip(row, about, strict=True)) for row in shares]

    def forward(self, inputs: Inputs, stop: Stop = never) -> Passed:
        """What the network makes of batches of what ``prepare`` gives: ``elsewhere``, or in its turn among ``passes``.

        Raises:
            Stopped: ``stop()`` said so before its turn came.
        """
        found = None if self.elsewhere is None else self.elsewhere(inputs)
        return self.passes(inputs, stop) if found is None else found

    @torch.inference_mode()
    def run(self, inputs: Inputs) -> Passed:
        """One pass; its features stay on the device."""
        # channels_last is the faster layout for convolutions
        there = {name: one.to(self.device, memory_format=torch.channels_last) for name, one in inputs.items()}
        x = self.model.forward_features(**there)
        outputs = self.model.forward_head(x, evidence=True)
        maps = {} if self.model.has_counterfactual else self.model.maps(x, outputs)  # an Analysis has better ones
        kept: dict[str, Any] = {name: None if one is None else one.float().cpu() for name, one in vars(outputs).items()}
        return Passed(x, type(outputs)(**kept), {name: one.float().cpu() for name, one in maps.items()})

    def assemble(
        self,
        outputs: Outputs | Ratings,
        maps: dict[str, Tensor],
        index: int,
        prepared: Prepared,
        strangeness: float | None = None,
        contexts: tuple[Context, ...] = (),
    ) -> Result:
        """The result of image ``index`` of a batch."""
        config, opened = self.config, prepared.photo
        about: dict[str, Any] = {
            "photo": np.asarray(covered(opened, config)),
            "seen": np.asarray(prepared.seen),
            "geometry": {
                "mode": config.geometry,
                "width": opened.width,
                "height": opened.height,
                "input": config.image_size,
                **({"incomplete": True} if incomplete(opened) else {}),
            },
            "model": self.name,
            "own_maps": {name: one[index].numpy() for name, one in maps.items()},
            "contexts": contexts,
        }
        if isinstance(outputs, Ratings):
            about |= {"labels": config.classes, "places": getattr(config, "places", ())}
            return Rated(**about, valence=outputs.valence[index].item(), arousal=outputs.arousal[index].item())
        about |= {"labels": config.classes, "reliability": self.reliability, "strangeness": strangeness}
        about |= {"several": getattr(config, "several", False)}
        if isinstance(outputs, CounterfactualOutputs):
            return self.analysis(outputs, index, about)
        about |= {"scores": outputs.prediction[index].double().numpy()}
        if isinstance(outputs, CLEFOutputs):
            logits = {"factual": outputs.y_ce, "context_only": outputs.y_c, "direct_effect": outputs.nde}
            about |= {name: one[index].double().numpy() for name, one in logits.items()}
            return Debiased(**about, subject=prepared.inputs["images"][3].numpy() > 0)
        return Classified(**about)

    def analysis(self, outputs: CounterfactualOutputs, index: int, about: dict[str, Any]) -> Analysis:
        """The ``Analysis`` of image ``index`` of a batch; ``about`` is what any result has."""
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
        assert outputs.evidence is not None
        return Analysis(
            **about,
            v=outputs.v[index].numpy(),
            s=s,
            s_out=s_out,
            evidence=outputs.evidence[index].numpy(),
            bias=self.bias,
            pooling=self.pooling,
            answer=config.answer,
            own=own,
            counterfactual=own,
            attended=s,
            bank=self.bank,
        )

    def with_bank(self, photos: Sequence[Photo]) -> "Predictor":
        """The same predictor with the attention of ``photos`` as its shuffle bank.

        Raises:
            ValueError: the network has no S*.
        """
        if not self.model.has_counterfactual:
            raise ValueError(f"{self.name} cannot use another photo's attention as S*; use a CTERNet model")
        s_out = [torch.from_numpy(analysis.s_out) for analysis in self.analyze_batch(photos)]
        about: dict[str, Any] = {"reliability": self.reliability, "confounders": self.confounders, "card": self.card}
        return Predictor(self.model, name=self.name, device=self.device, bank=torch.stack(s_out), **about)
