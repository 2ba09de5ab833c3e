"""One training run: data in order, steps, evaluation, checkpoints, exact resume."""

import json
import signal
from dataclasses import asdict
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import ProjectConfiguration, broadcast_object_list
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2
from tqdm.auto import tqdm

from cternet.losses import loss_terms
from cternet.model import CTERNet
from training.cache import FeatureCache
from training.checkpoints import drop_older_states, newest_state, saving, write_folder
from training.config import TrainConfig
from training.data import DataError, Example, Photos, eval_transform, seed_of, train_transform
from training.evaluation import evaluate
from training.progress import Interrupted, Progress
from training.sampler import EpochSampler
from training.start import check_run_folder, load_head, open_run_folder, read_examples, start_weights


class Run:
    """Everything a training run holds.  ``train()`` does the work.

    Raises:
        DataError: the data or the start weights cannot be used.
        SaveError: a checkpoint could not be written.
    """

    def __init__(self, config: TrainConfig) -> None:
        self.config = config
        self.accelerator = Accelerator(
            mixed_precision=config.precision,
            cpu=config.cpu,
            log_with="tensorboard",
            project_config=ProjectConfiguration(project_dir=str(config.out), logging_dir=str(config.out / "tensorboard")),
        )
        self.main = self.accelerator.is_main_process
        self.world = self.accelerator.num_processes
        self.progress = Progress()
        self.stop_signal: int | None = None
        check_run_folder(config)
        self.examples, left_out = read_examples(config, self.accelerator)
        self.build_network()
        self.build_loaders()
        if self.main:
            open_run_folder(config, left_out)
        self.accelerator.wait_for_everyone()
        if config.resume:
            self.load_state()
        if self.main:
            self.accelerator.init_trackers(
                "", init_kwargs={"tensorboard": {"purge_step": self.progress.total_steps if config.resume else None}}
            )

    # --- set-up

    def build_network(self) -> None:
        config = self.config
        torch.manual_seed(config.seed)
        network = CTERNet(config.model, pretrained=config.pretrained)
        if config.start is not None:
            network.backbone.load_weights(start_weights(config.start))
            if config.start_head:
                load_head(network, config.start)
        network.backbone.freeze(config.frozen_sections, train_depthwise=config.train_depthwise)
        network.to(memory_format=torch.channels_last)
        trunk = [p for p in network.backbone.parameters() if p.requires_grad]
        head = [p for name, p in network.named_parameters() if not name.startswith("backbone.")]
        self.optimizer = torch.optim.AdamW(
            [{"params": trunk, "lr": config.lr}, {"params": head, "lr": config.head_lr}]
            if trunk
            else [{"params": head, "lr": config.head_lr}],
            weight_decay=config.weight_decay,
        )
        self.steps = EpochSampler(
            len(self.examples["train"]), seed=0, epoch=0, view=0, rank=0, world=self.world, batch_size=config.batch_size
        ).steps
        self.scheduler = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer,
            max_lr=[group["lr"] for group in self.optimizer.param_groups],
            total_steps=config.epochs * self.steps,
            pct_start=config.warmup,
        )
        self.average = (
            AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(config.ema)).requires_grad_(False) if config.ema else None
        )
        self.network, self.optimizer = self.accelerator.prepare(network, self.optimizer)
        self.bare: CTERNet = self.accelerator.unwrap_model(self.network)
        if self.average is not None:
            self.average.to(self.accelerator.device)
        registered = [self.progress, self.scheduler] + ([self.average] if self.average is not None else [])
        self.accelerator.register_for_checkpointing(*registered)

    def build_loaders(self) -> None:
        config = self.config
        transform = train_transform(config.model, config.crop_scale)
        # Behind the frozen sections, so that their cached outputs serve; with none frozen it mixes the photos themselves.
        self.mix = v2.MixUp(alpha=config.mixup, num_classes=len(config.model.classes)) if config.mixup else None
        self.photos = Photos(self.examples["train"], transform, config.view_seed)
        self.cache = None
        if config.cache and config.frozen_sections:
            self.cache = self.feature_cache(self.examples["train"], transform, config.view_seed)
        self.val_loader, self.val_start = self.eval_loader(self.examples["val"])

    def eval_loader(self, examples: list[Example]) -> tuple[DataLoader, int]:
        """Images without augmentation, or their cached features, and the backbone section these go into."""
        config, transform = self.config, eval_transform(self.config.model)
        data: Dataset = Photos(examples, transform)
        start = 0
        if config.cache and config.frozen_sections:
            cache = self.feature_cache(examples, transform, 0)
            if not cache.has(0) and self.main:
                cache.create(0)
                self.store(cache, data, [(index, 0) for index in range(len(examples))], "caching")
                cache.finish(0)
            self.accelerator.wait_for_everyone()
            data, start = cache.dataset(), config.frozen_sections
        loader = DataLoader(
            data,
            batch_size=2 * config.batch_size,
            sampler=[(index, 0) for index in range(len(examples))],
            num_workers=0 if start else config.workers,
        )
        return self.accelerator.prepare_data_loader(loader), start

    def feature_cache(self, examples: list[Example], transform: Any, view_seed: int) -> FeatureCache:
        size = self.config.model.image_size
        with torch.no_grad(), self.accelerator.autocast():
            probe = torch.zeros(1, 3, size, size, device=self.accelerator.device)
            shape = tuple(self.frozen(probe).shape[1:])
        dtype = torch.bfloat16 if self.config.precision == "bf16" else torch.float32
        return FeatureCache(
            self.config.cache,
            examples,
            self.bare.backbone.sections()[: self.config.frozen_sections],
            transform=transform,
            view_seed=view_seed,
            shape=shape,
            dtype=dtype,
            owner=str(self.config.out.resolve()),
        )

    def frozen(self, images: Tensor) -> Tensor:
        """What the frozen sections make of images; part of the network, but outside the gradient."""
        for section in self.bare.backbone.sections()[: self.config.frozen_sections]:
            section.eval()  # these alone: the others' batch norms may be in training
        with torch.no_grad(), self.accelerator.autocast():
            x = images.to(memory_format=torch.channels_last)
            x = self.bare.backbone(x, 0, self.config.frozen_sections)
        return x.to(torch.bfloat16) if self.config.precision == "bf16" else x

    def store(self, cache: FeatureCache, photos: Photos, keys: list[tuple[int, int]], title: str) -> None:
        memory = cache.open_partial(keys[0][1]) if keys else None
        loader = DataLoader(photos, batch_size=self.config.batch_size, sampler=keys, num_workers=self.config.workers)
        for images, _, indices in tqdm(loader, desc=title, leave=False):
            cache.write(memory, indices, self.frozen(images.to(self.accelerator.device)))

    # --- the run

    def train(self) -> dict[str, Any]:
        """Run to the end; returns the figures of the best epoch on val.

        Raises:
            Interrupted: Ctrl-C or SIGTERM, after the state was saved.
        """
        previous = {s: signal.signal(s, self.on_signal) for s in (signal.SIGINT, signal.SIGTERM)}
        try:
            while self.progress.epoch < self.config.epochs:
                self.train_epoch()
                self.end_epoch()
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
            self.accelerator.end_training()
        return max(self.progress.history, key=lambda entry: entry["val"]["accuracy"], default={})

    def on_signal(self, number: int, _frame: Any) -> None:
        self.stop_signal = number

    def train_epoch(self) -> None:
        config, progress = self.config, self.progress
        view = progress.epoch % config.views
        sampler = EpochSampler(
            len(self.examples["train"]),
            seed=config.seed,
            epoch=progress.epoch,
            view=view,
            rank=self.accelerator.process_index,
            world=self.world,
            batch_size=config.batch_size,
            start_step=progress.step,
        )
        # One process looks: another run may finish the same view at any moment.
        cached = broadcast_object_list([self.cache is not None and self.cache.has(view)])[0]
        writing = self.cache is not None and not cached and progress.step == 0
        if writing:
            if self.main:
                self.cache.create(view)
            self.accelerator.wait_for_everyone()
            memory = self.cache.open_partial(view)
        loader = DataLoader(
            self.cache.dataset() if cached else self.photos,
            batch_size=config.batch_size,
            sampler=sampler,
            num_workers=0 if cached else config.workers,
            generator=torch.Generator(),  # its own, so that the network's draws do not depend on the number of workers
        )
        self.network.train()
        if not config.train_batch_norm:
            self.bare.backbone.eval()
        bar = tqdm(
            total=self.steps * config.batch_size * self.world,
            initial=progress.step * config.batch_size * self.world,
            desc=f"epoch {progress.epoch + 1}/{config.epochs}",
            unit="img",
            disable=not self.main,
        )
        for inputs, labels, indices in loader:
            inputs, labels = inputs.to(self.accelerator.device), labels.to(self.accelerator.device)
            if config.frozen_sections and not cached:
                inputs = self.frozen(inputs)
            if writing:
                self.cache.write(memory, indices, inputs)
            self.step(inputs, labels)
            bar.set_postfix({name: f"{value / progress.step:.3f}" for name, value in progress.sums.items()}, refresh=False)
            bar.update(config.batch_size * self.world)
            self.maybe_save()
        bar.close()
        if writing:
            self.accelerator.wait_for_everyone()
            if self.main:
                self.store(self.cache, self.photos, sampler.left_out, "caching the rest")
                self.cache.finish(view)
            self.accelerator.wait_for_everyone()

    def step(self, inputs: Tensor, labels: Tensor) -> None:
        config, progress = self.config, self.progress
        # Seeded by the step, so that a resumed run drops the same channels and draws the same S*.
        torch.manual_seed(seed_of(config.seed, progress.total_steps, self.accelerator.process_index))
        if self.mix is not None:
            inputs, labels = self.mix(inputs, labels)
        inputs = inputs.to(memory_format=torch.channels_last)
        with self.accelerator.autocast():
            outputs = self.network(inputs, start=config.frozen_sections)
        terms = loss_terms(outputs, labels, eq7_alone=config.eq7_alone, label_smoothing=config.label_smoothing)
        loss = sum(terms.values())
        if not torch.isfinite(loss):
            raise DataError(
                f"the loss is {loss.item()} in epoch {progress.epoch + 1}, step {progress.step + 1}; "
                "lower --lr and --head-lr, or use --precision no; the last checkpoint is whole"
            )
        self.accelerator.backward(loss)
        self.accelerator.clip_grad_norm_(self.network.parameters(), config.clip)
        self.optimizer.step()
        self.scheduler.step()
        self.optimizer.zero_grad()
        if self.average is not None:
            self.average.update_parameters(self.bare)
        progress.step += 1
        progress.total_steps += 1
        for name, term in terms.items():
            progress.sums[name] = progress.sums.get(name, 0.0) + term.item()
        if progress.total_steps % 20 == 0:
            rates = dict(zip(("lr/trunk", "lr/head"), self.scheduler.get_last_lr()[-2:], strict=False))
            self.accelerator.log(
                {f"loss/{name}": term.item() for name, term in terms.items()} | rates, step=progress.total_steps
            )

    def end_epoch(self) -> None:
        config, progress = self.config, self.progress
        network = self.average.module if self.average is not None else self.bare
        figures = evaluate(network, self.val_loader, self.accelerator, config.model.classes, start=self.val_start)
        chosen = figures[figures["prediction"]]
        entry = {
            "epoch": progress.epoch + 1,
            "loss": {name: value / self.steps for name, value in progress.sums.items()},
            "val": {"accuracy": chosen["accuracy"], "polarity_accuracy": chosen.get("polarity_accuracy")}
            | {f"accuracy_{name}": figures[name]["accuracy"] for name in ("v", "y", "y_te") if name in figures},
        }
        progress.history.append(entry)
        self.accelerator.log(
            {f"val/{name}": value for name, value in entry["val"].items() if value is not None}, step=progress.total_steps
        )
        self.accelerator.print(json.dumps(entry))
        progress.epoch, progress.step, progress.sums = progress.epoch + 1, 0, {}
        if chosen["accuracy"] > progress.best:
            progress.best = chosen["accuracy"]
            self.export(network, {"val": figures})
        self.save()

    # --- saving

    def export(self, network: CTERNet, metrics: dict[str, Any]) -> None:
        """Keep the best weights as a checkpoint folder that ``CTERNet.from_pretrained`` reads."""
        if self.main:
            config = asdict(self.config.model) | {"metrics": metrics}
            write_folder(self.config.out / "best", lambda path: network.save_pretrained(path, config=config))

    def maybe_save(self) -> None:
        stop = self.accelerator.reduce(torch.tensor(float(self.stop_signal or 0), device=self.accelerator.device), "sum")
        if stop.item():
            self.save()
            raise Interrupted(
                f"stopped in epoch {self.progress.epoch + 1}, step {self.progress.step}; saved, go on with --resume"
            )
        if self.progress.step % self.config.save_every == 0:
            self.save()

    def save(self) -> None:
        """Write the whole training state to ``state/step-N`` and drop older ones."""
        self.progress.world = self.world
        target = self.config.out / "state" / f"step-{self.progress.total_steps}"
        self.accelerator.wait_for_everyone()
        if self.world == 1:
            write_folder(target, lambda path: self.accelerator.save_state(str(path)))
        else:
            temporary = target.with_name(f".{target.name}.shared")
            with saving(target, temporary):
                self.accelerator.save_state(str(temporary))
            self.accelerator.wait_for_everyone()
            if self.main:
                write_folder(target, lambda path: [child.rename(path / child.name) for child in temporary.iterdir()])
        if self.main:
            lines = [json.dumps(entry) for entry in self.progress.history]
            metrics = self.config.out / "metrics.jsonl"
            temporary = metrics.with_name(".metrics.jsonl.new")
            with saving(metrics, temporary):
                temporary.write_text("".join(line + "\n" for line in lines))
                temporary.replace(metrics)
            drop_older_states(self.config.out)
        self.accelerator.wait_for_everyone()

    def load_state(self) -> None:
        state = newest_state(self.config.out)
        self.accelerator.load_state(str(state))
        if self.progress.world != self.world:
            raise DataError(
                f"{state} was saved by {self.progress.world} processes and cannot go on with {self.world}; "
                f"start it with {self.progress.world} again"
            )
        self.accelerator.print(f"resuming {state} in epoch {self.progress.epoch + 1}, step {self.progress.step}")
