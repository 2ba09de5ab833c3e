"""One training run, whatever it learns: data in order, steps, evaluation, checkpoints, exact resume.

A task says in a subclass of ``Run`` what is learnt from what (``training.tasks``).
"""

import json
import shutil
import signal
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import torch
from accelerate.utils import ProjectConfiguration
from torch import nn
from tqdm.auto import tqdm

from cternet.networks.confounders import FILE as DICTIONARY
from training.data import DataError, seed_of
from training.engine.batches import Batch
from training.engine.config import RunConfig
from training.engine.learning import Learning
from training.engine.optimisation import build_average, build_optimizer, build_schedule
from training.engine.processes import accelerated
from training.engine.progress import Interrupted, Progress
from training.engine.run_folder import check_run_folder, digest, open_run_folder
from training.engine.sampler import EpochSampler
from training.engine.start_weights import dictionary_for
from training.engine.state import load_state, save_state
from training.engine.tracking import check_tracker, log_pictures
from training.files import write_folder


class Run(Learning):
    """Everything a training run holds.  ``train()`` does the work.

    A subclass says what is learnt: the examples, the network, the batches, the loss, and the figures on val.

    Raises:
        DataError: the data or the start weights cannot be used.
        SaveError: a checkpoint could not be written.
    """

    def __init__(self, config: RunConfig) -> None:
        self.config = config
        self.progress = Progress()
        self.stop_signal: int | None = None
        self.complete_settings()
        self.start_processes()
        check_run_folder(config)
        left_out = self.read_data()
        self.build_network()
        self.open_data()
        if self.main:
            open_run_folder(config, left_out)
        self.accelerator.wait_for_everyone()
        if config.resume:
            load_state(self.accelerator, self.progress, config.out)
        self.start_tracker()

    # --- before the first step

    def complete_settings(self) -> None:
        """Settings that files determine; before they are compared with those of a run to resume.

        Raises:
            DataError: a file cannot be used.
        """
        dictionary = dictionary_for(self.config)
        if dictionary is not None:
            self.config.model.confounders = tuple(dictionary.confounders.shape)

    def start_processes(self) -> None:
        config = self.config
        check_tracker(config.tracker)
        self.accelerator = accelerated(
            config.precision,
            cpu=config.cpu,
            log_with=config.tracker,
            project_config=ProjectConfiguration(project_dir=str(config.out), logging_dir=str(config.out / "tensorboard")),
        )
        self.main = self.accelerator.is_main_process
        self.world = self.accelerator.num_processes

    def read_data(self) -> dict[Path, str]:
        """Take up the examples and what they are known by; returns what was left out and why."""
        self.examples, left_out = self.read_examples()
        self.progress.data = digest({split: map(self.identity, members) for split, members in self.examples.items()})
        self.steps = self.sampler(epoch=0, start_step=0).steps
        return left_out

    def build_network(self) -> None:
        config = self.config
        network = self.make_network()
        network.backbone.freeze(config.frozen_sections, train_depthwise=config.train_depthwise)
        network.to(memory_format=torch.channels_last)
        self.average = build_average(network, config)
        optimizer = build_optimizer(network, config)
        self.scheduler = build_schedule(optimizer, config, self.steps)
        self.network, self.optimizer = self.accelerator.prepare(network, optimizer)
        self.bare = self.accelerator.unwrap_model(self.network)
        if config.compile:
            self.network = torch.compile(self.network)
        registered = [self.progress, self.scheduler]
        if self.average is not None:
            self.average.to(self.accelerator.device)
            registered.append(self.average)
        self.accelerator.register_for_checkpointing(*registered)

    def start_tracker(self) -> None:
        config = self.config
        if self.main:
            self.accelerator.init_trackers(
                "" if config.tracker == "tensorboard" else config.out.name,
                init_kwargs={"tensorboard": {"purge_step": self.progress.total_steps if config.resume else None}},
            )

    def sampler(
        self, *, epoch: int, start_step: int, labels: Sequence[int] | None = None, balance: float = 0.0
    ) -> EpochSampler:
        config = self.config
        return EpochSampler(
            range(len(self.examples["train"])) if labels is None else labels,
            seed=config.seed,
            epoch=epoch,
            view=epoch % config.views,
            rank=self.accelerator.process_index,
            world=self.world,
            batch_size=config.batch_size * config.accumulate,
            balance=balance,
            start_step=start_step,
        )

    # --- the run

    def train(self) -> dict[str, Any]:
        """Run to the end; returns the figures of the best epoch on val.

        Raises:
            Interrupted: Ctrl-C or SIGTERM, after the state was saved.
        """
        previous = {s: signal.signal(s, self.on_signal) for s in (signal.SIGINT, signal.SIGTERM)}
        try:
            while self.progress.epoch < self.config.epochs and not self.out_of_patience():
                self.train_epoch()
                self.end_epoch()
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
            for tracker in self.accelerator.trackers:  # not end_training(): the processes may have more to do together
                tracker.finish()
        return max(self.progress.history, key=lambda entry: self.score(entry["val"]), default={})

    def on_signal(self, number: int, _frame: Any) -> None:
        self.stop_signal = number

    def out_of_patience(self) -> bool:
        """Whether the last ``patience`` epochs were no better on val than one before them."""
        patience, history = self.config.patience, [self.score(entry["val"]) for entry in self.progress.history]
        return patience is not None and len(history) > patience and max(history[-patience:]) <= max(history[:-patience])

    @property
    def weights(self) -> nn.Module:
        """The network to evaluate and keep: the averaged one where there is one."""
        return self.bare if self.average is None else self.average.module

    def train_epoch(self) -> None:
        config, progress = self.config, self.progress
        sampler = self.sampler(epoch=progress.epoch, start_step=progress.step)
        self.network.train()
        if not config.train_batch_norm:
            self.bare.backbone.eval()
        images = config.batch_size * config.accumulate * self.world
        bar = tqdm(
            total=self.steps * images,
            initial=progress.step * images,
            desc=f"epoch {progress.epoch + 1}/{config.epochs}",
            unit="img",
            disable=not self.main,
        )
        batches = self.batches(sampler, from_start=progress.step == 0)
        with bar:
            while part := [batch for _, batch in zip(range(config.accumulate), batches, strict=False)]:
                self.step(part)
                bar.set_postfix({name: f"{value / progress.step:.3f}" for name, value in progress.sums.items()}, refresh=False)
                bar.update(images)
                self.maybe_save()

    def step(self, batches: list[Batch]) -> None:
        """One optimiser step on the mean loss of ``accumulate`` batches."""
        progress = self.progress
        means: dict[str, float] = {}
        for number, batch in enumerate(batches):
            # Seeded by the step, so that a resumed run drops the same channels and draws the same S*.
            torch.manual_seed(seed_of(self.config.seed, progress.total_steps, self.accelerator.process_index, number))
            last = number == len(batches) - 1
            if last:
                terms = self.backward(batch, len(batches))
            else:
                with self.accelerator.no_sync(self.network):
                    terms = self.backward(batch, len(batches))
            for name, term in terms.items():
                means[name] = means.get(name, 0.0) + term / len(batches)
        # The gradients are those of all processes, so all of them see a norm that is no number, and stop before it does harm.
        limit = torch.inf if self.config.clip is None else self.config.clip
        if not torch.isfinite(self.accelerator.clip_grad_norm_(self.network.parameters(), limit)):
            self.stop_on_nan(means, batches)
        self.optimizer.step()
        self.scheduler.step()
        self.optimizer.zero_grad()
        if self.average is not None:
            self.average.update_parameters(self.bare)
        progress.step += 1
        progress.total_steps += 1
        for name, term in means.items():
            progress.sums[name] = progress.sums.get(name, 0.0) + term
        if progress.total_steps % 20 == 0:
            rates = dict(zip(("lr/head", "lr/trunk"), reversed(self.scheduler.get_last_lr()), strict=False))
            losses = {f"loss/{name}": term for name, term in means.items()}
            self.accelerator.log(losses | rates, step=progress.total_steps)

    def backward(self, batch: Batch, parts: int) -> dict[str, float]:
        """Gradients of one batch's share of the step; returns its loss terms."""
        loss, terms = self.loss(*batch)
        self.accelerator.backward(loss / parts)
        return {name: term.item() for name, term in terms.items()}

    def stop_on_nan(self, means: dict[str, float], batches: list[Batch]) -> NoReturn:
        photos = [self.examples["train"][index].path for _, _, indices in batches for index in indices.tolist()]
        losses = ", ".join(f"{name} {value:.3g}" for name, value in means.items())
        raise DataError(
            f"the gradient is no number in epoch {self.progress.epoch + 1}, step {self.progress.step + 1} (loss: {losses}); "
            "lower --lr and --head-lr, or use --precision no; the last checkpoint is whole. The photos of this step: "
            + ", ".join(map(str, photos))
        )

    def end_epoch(self) -> None:
        config, progress = self.config, self.progress
        figures, val = self.validate()
        losses = {name: value / self.steps for name, value in progress.sums.items()}
        entry = {"epoch": progress.epoch + 1, "loss": losses, "val": val}
        progress.history.append(entry)
        self.accelerator.log(
            {f"val/{name}": value for name, value in val.items() if value is not None}, step=progress.total_steps
        )
        self.accelerator.print(json.dumps(entry))
        if self.main and config.sample_maps:
            samples = self.examples["val"][:: max(1, len(self.examples["val"]) // config.sample_maps)]
            log_pictures(self.accelerator, partial(self.pictures, samples[: config.sample_maps]), progress.total_steps)
        progress.epoch, progress.step, progress.sums = progress.epoch + 1, 0, {}
        self.export("last", {"val": figures})
        if self.score(val) > progress.best:
            progress.best = self.score(val)
            self.export("best", {"val": figures})
        self.save()

    # --- saving

    def export(self, name: str, metrics: dict[str, Any]) -> None:
        """Keep the weights as a checkpoint folder that ``from_pretrained`` reads."""
        if self.main:
            config = asdict(self.config.model) | {"metrics": metrics}

            def write(folder: Path) -> None:
                self.weights.save_pretrained(folder, config=config)
                if self.config.confounders is not None:
                    shutil.copyfile(self.config.confounders, folder / DICTIONARY)

            write_folder(self.config.out / name, write)

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
        self.progress.world = self.world
        save_state(self.accelerator, self.progress, self.config.out)
