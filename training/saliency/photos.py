"""Pairs as tensors; a photo and its mask go through the same crop and flip."""

from collections.abc import Sequence

from torch import Tensor
from torch.utils.data import Dataset
from torchvision import tv_tensors
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F

from cternet.networks.ras import RASConfig
from cternet.photos.load import load_image
from cternet.photos.preprocess import to_input
from training.data import draws_of, eval_transform
from training.saliency.pairs import Pair, load_mask


class MaskedPhotos(Dataset):
    """(index, view) -> (tensor (3, s, s), mask (1, s, s) in [0, 1], index), augmented.

    The augmentation is a function of (seed, view, index) alone.
    """

    def __init__(self, pairs: Sequence[Pair], config: RASConfig, crop_scale: tuple[float, float], seed: int = 0) -> None:
        self.pairs, self.seed = list(pairs), seed
        self.augment = v2.Compose(
            [v2.RandomResizedCrop(config.image_size, scale=crop_scale, antialias=True), v2.RandomHorizontalFlip()]
        )
        self.to_input = to_input(config)

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, key: tuple[int, int]) -> tuple[Tensor, Tensor, int]:
        index, view = key
        pair = self.pairs[index]
        photo = load_image(pair.path)
        mask = load_mask(pair.mask).resize(photo.size)  # the crop is in pixels
        with draws_of(self.seed, view, index):
            photo, mask = self.augment(photo, tv_tensors.Mask(F.pil_to_tensor(mask)))
        return self.to_input(photo), mask.as_subclass(Tensor).float() / 255, index


class WholePhotos(Dataset):
    """(index, _) -> (tensor (3, s, s), index), as the network sees photos outside training; masks keep their own size."""

    def __init__(self, pairs: Sequence[Pair], config: RASConfig) -> None:
        self.pairs, self.transform = list(pairs), eval_transform(config)

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, key: tuple[int, int]) -> tuple[Tensor, int]:
        return self.transform(load_image(self.pairs[key[0]].path)), key[0]
