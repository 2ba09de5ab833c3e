"""Photos for a network in training, or what the frozen sections of its backbone make of them, kept in a cache."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2
from tqdm.auto import tqdm

from cternet.networks.backbone import Backbone
from training.data import LABEL, Example, Photos, Target, eval_transform, train_transform
from training.engine.batches import Batch, evaluation_loader, training_loader
from training.engine.cache import FeatureCache
from training.engine.config import RunConfig
from training.engine.sampler import EpochSampler


class Features:
    """Batches for training and evaluation, behind the frozen sections.

    Args:
        config: of the run.
        backbone: whose first ``config.frozen_sections`` sections never change.
        examples: to train on.
        accelerator: of the run.
        cache: folder in which to keep what the frozen sections put out.
        target: what is to be learnt of an example.
        subjects: the network is shown where the person is that an example is about.
    """

    def __init__(
        self,
        config: RunConfig,
        backbone: Backbone,
        examples: Sequence[Example],
        accelerator: Accelerator,
        *,
        cache: Path | None = None,
        target: Target = LABEL,
        subjects: bool = False,
    ) -> None:
        self.config, self.backbone, self.accelerator, self.root = config, backbone, accelerator, cache
        self.target, self.subjects = target, subjects
        transform = train_transform(config.model, config.crop_scale)
        self.photos = Photos(examples, transform, config.view_seed, target, subjects=subjects)
        self.keeps = bool(cache and config.frozen_sections)
        self.cache = self.open_cache(examples, transform, config.view_seed) if self.keeps else None

    @property
    def dtype(self) -> torch.dtype:
        """Of what the frozen sections put out."""
        return torch.bfloat16 if self.accelerator.mixed_precision == "bf16" else torch.float32

    @torch.no_grad()
    def frozen(self, images: Tensor) -> Tensor:
        """What the frozen sections make of images; part of the network, but outside the gradient."""
        for section in self.backbone.sections()[: self.config.frozen_sections]:
            section.eval()  # these alone: the others' batch norms may be in training
        with self.accelerator.autocast():
            x = self.backbone(images.to(memory_format=torch.channels_last), 0, self.config.frozen_sections)
        return x.to(self.dtype)

    def training(self, sampler: EpochSampler, *, from_start: bool) -> Iterator[Batch]:
        """The batches of an epoch; one that is seen ``from_start`` to its end fills the cache for its view."""
        config, view = self.config, sampler.view
        # One process looks: another run may finish the same view at any moment.
        cached = broadcast_object_list([self.cache is not None and self.cache.has(view)])[0]
        writing = self.cache is not None and not cached and from_start
        if writing:
            if self.accelerator.is_main_process:
                self.cache.create(view)
            self.accelerator.wait_for_everyone()
            memory = self.cache.open_partial(view)
        data = self.cache.dataset(self.target) if cached else self.photos
        loader = training_loader(data, sampler, batch_size=config.batch_size, workers=0 if cached else config.workers)
        for inputs, targets, indices in loader:
            inputs, targets = inputs.to(self.accelerator.device), targets.to(self.accelerator.device)
            if config.frozen_sections and not cached:
                inputs = self.frozen(inputs)
            if writing:
                self.cache.write(memory, indices, inputs)
            yield inputs.to(memory_format=torch.channels_last), targets, indices
        if writing:
            self.accelerator.wait_for_everyone()
            if self.accelerator.is_main_process:
                self.store(self.cache, self.photos, sampler.left_out, "caching the rest")
                self.cache.finish(view)
            self.accelerator.wait_for_everyone()

    def evaluation(self, examples: Sequence[Example]) -> tuple[DataLoader, int]:
        """Images without augmentation, or their cached features, and the backbone section these go into."""
        config, transform = self.config, eval_transform(self.config.model)
        data: Dataset = Photos(examples, transform, target=self.target, subjects=self.subjects)
        start = 0
        if self.keeps:
            cache = self.open_cache(examples, transform, 0)
            if self.accelerator.is_main_process and not cache.has(0):
                cache.create(0)
                self.store(cache, data, [(index, 0) for index in range(len(examples))], "caching")
                cache.finish(0)
            self.accelerator.wait_for_everyone()
            data, start = cache.dataset(self.target), config.frozen_sections
        loader = evaluation_loader(data, batch_size=2 * config.batch_size, workers=0 if start else config.workers)
        return self.accelerator.prepare_data_loader(loader), start

    def open_cache(self, examples: Sequence[Example], transform: v2.Transform, view_seed: int) -> FeatureCache:
        size = self.config.model.image_size
        probe = torch.zeros(1, 3, size, size, device=self.accelerator.device)
        return FeatureCache(
            self.root,
            examples,
            self.backbone.frozen_parts(self.config.frozen_sections),
            transform=transform,
            view_seed=view_seed,
            shape=tuple(self.frozen(probe).shape[1:]),
            dtype=self.dtype,
            owner=str(self.config.out.resolve()),
        )

    def store(self, cache: FeatureCache, photos: Photos, keys: Sequence[tuple[int, int]], title: str) -> None:
        memory = cache.open_partial(keys[0][1]) if keys else None
        loader = DataLoader(photos, batch_size=self.config.batch_size, sampler=keys, num_workers=self.config.workers)
        for images, _, indices in tqdm(loader, desc=title, leave=False):
            cache.write(memory, indices, self.frozen(images.to(self.accelerator.device)))
