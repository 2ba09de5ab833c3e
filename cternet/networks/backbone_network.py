"""What the networks of this project share that say something of a whole photo: a backbone, and how checkpoints hold it."""

from pathlib import Path
from typing import Any

from huggingface_hub import PyTorchModelHubMixin
from safetensors.torch import load_file
from torch import Tensor, nn

from cternet.networks.backbone import Backbone
from cternet.networks.ccim import CCIM
from cternet.networks.config import EmotionConfig
from cternet.networks.hub import HubModel
from cternet.networks.network import Network

WEIGHTS = "model.safetensors"


class MissingBase(Exception):
    """The checkpoint that another shares weights with is not there; the message says where it belongs."""


class BackboneNetwork(Network, PyTorchModelHubMixin, library_name="cternet", license="other"):
    """A ``Backbone``, CCIM if asked for, and dropout; a subclass adds its head.

    Args:
        config: see ``EmotionConfig``.
        pretrained: start from timm's backbone weights (fetched from the hub).

    Raises:
        ValueError: a config of another family.
    """

    config: EmotionConfig

    def __init__(self, config: EmotionConfig, pretrained: bool = False) -> None:
        super().__init__()
        if config.family != self.family:
            raise ValueError(f"a {type(self).__name__} is of the family {self.family}, but the config says {config.family}")
        self.config = config
        self.backbone = self.make_backbone(config, pretrained)
        self.ccim: CCIM | None = None
        if config.deconfound is not None:
            if config.confounders is None:
                raise ValueError("CCIM needs a dictionary of confounders, but the config does not give its size")
            self.ccim = CCIM(self.backbone.channels, *config.confounders, config.deconfound)
        self.drop = nn.Dropout2d(config.dropout)

    @staticmethod
    def make_backbone(config: EmotionConfig, pretrained: bool) -> Backbone:
        return Backbone(config.backbone, output_stride=config.output_stride, pretrained=pretrained)

    def forward_features(self, images: Tensor, start: int = 0) -> Tensor:
        """Images (B, 3, h, w), or what section ``start`` of the backbone takes, -> X (B, C, H, W)."""
        return self.backbone(images, start)

    def ready(self, x: Tensor) -> Tensor:
        """X as the head takes it: de-confounded if asked for, and in training with channels dropped."""
        return self.drop(x if self.ccim is None else self.ccim(x))

    @classmethod
    def _from_pretrained(
        cls, *, model_id: str, revision: str | None = None, strict: bool = True, **options: Any
    ) -> "BackboneNetwork":
        """Weights that do not fit are an error: the mixin would leave what they lack at random.

        What the checkpoint shares with another is taken from that one (``EmotionConfig.base``).
        """
        shared = cls.shared_weights(model_id, options["config"])
        if not shared:
            return super()._from_pretrained(model_id=model_id, revision=revision, strict=strict, **options)
        network = cls(options["config"])
        network.load_state_dict(shared | load_file(weights_of(model_id, revision)), strict=strict)
        return network

    @classmethod
    def shared_weights(cls, source: str, config: EmotionConfig) -> dict[str, Tensor]:
        """What a checkpoint takes from others unless its own file has it, by name.

        Raises:
            MissingBase: another is not there.
        """
        if not config.base:
            return {}
        found = load_file(base_weights(source, config.base))
        return {name: value for name, value in found.items() if name.startswith("backbone.")}


def weights_of(source: str, revision: str | None = None) -> Path:
    """The weights of a checkpoint folder, or of an ``owner/name`` of the hub."""
    return Path(source) / WEIGHTS if Path(source).is_dir() else HubModel(source, revision).fetch(WEIGHTS)


def base_weights(source: str, base: str) -> Path:
    """The weights of the checkpoint ``base`` beside another: in the same folder, or the newest of the same owner on the hub.

    Raises:
        MissingBase: it is not there.
    """
    folder = Path(source)
    if not folder.is_dir():
        return weights_of(f"{source.split('/')[0]}/{base}")
    path = folder.resolve().parent / base / WEIGHTS
    if not path.is_file():
        raise MissingBase(f"{folder} shares weights with {base}, but {path} is missing; put that checkpoint there.")
    return path
