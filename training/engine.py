"""One training run: data in order, steps, evaluation, checkpoints, exact resume."""

import json
import signal
from dataclasses import asdict
from typing import Any, NoReturn

import torch
from accelerate import Accelerator
from accelerate.utils import ProjectConfiguration
from torch import Tensor
from torch.utils.data import DataLoader
from torchvision.transforms import v2
from tqdm.auto import tqdm

from cternet.losses import loss_terms
from cternet.model import CTERNet
from training.checkpoints import drop_older_states, newest_state, saving, write_folder
from training.config import TrainConfig
from training.data import DataError, seed_of
from training.evaluation import evaluate
from training.features import Batch, Features
from training.optimisation import build_average, build_optimizer, build_schedule
from training.processes import PATIENT
from training.progress import Interrupted, Progress
from training.sampler import EpochSampler
from training.soft_labels import target_table
from training.start import check_run_folder, digest, load_start, new_network, open_run_folder, read_examples
from training.teachers import Teachers
from training.tracking import check_tracker, log_samples


class Run:
    """Everything a training run holds.  ``train()`` does the work.

    Raises:
        DataError: the data or the start weights cannot be used.
        SaveError: a checkpoint could not be written.
    """

    def __init__(self, config: TrainConfig) -> None:
        self.config = config
        check_tracker(config.tracker)
        self.accelerator = Accelerator(
            mixed_precision=config.precision,
            cpu=config.cpu,
            log_with=config.tracker,
            kwargs_handlers=[PATIENT],
            project_config=ProjectConfiguration(project_dir=str(config.out), logging_dir=str(config.out / "tensorboard")),
        )
        self.main = self.accelerator.is_main_process
        self.world = self.accelerator.num_processes
        self.progress = Progress()
        self.stop_signal: int | None = None
        check_run_folder(config)
        self.examples, left_out = read_examples(config, self.accelerator)
        self.progress.data = digest(self.examples)
        self.steps = self.sampler(epoch=0, start_step=0).steps
        self.build_network()
        classes = len(config.model.classes)
        self.targets = target_table(self.examples["train"], classes).to(self.accelerator.device) if config.soft_labels else None
        # Behind the frozen sections, so that their cached outputs serve; with none frozen it mixes the photos themselves.
        self.mix = v2.MixUp(alpha=config.mixup, num_classes=classes) if config.mixup else None
        self.teachers = self.teach() if config.teachers else None
        self.features = Features(config, self.bare.backbone, self.examples["train"], self.accelerator)
        self.val_loader, self.val_start = self.features.evaluation(self.examples["val"])
        if self.main:
            open_run_folder(config, left_out)
        self.accelerator.wait_for_everyone()
        if config.resume:
            self.load_state()
        if self.main:
            self.accelerator.init_trackers(
                "" if config.tracker == "tensorboard" else config.out.name,
                init_kwargs={"tensorboard": {"purge_step": self.progress.total_steps if config.resume else None}},
            )

    def build_network(self) -> None:
        config = self.config
        network = new_network(config)
        if config.start is not None:
            load_start(network, config.start, head=config.start_head)
        network.backbone.freeze(config.frozen_sections, train_depthwise=config.train_depthwise)
        network.to(memory_format=torch.channels_last)
        self.average = build_average(network, config)
        optimizer = build_optimizer(network, config)
        self.scheduler = build_schedule(optimizer, config, self.steps)
        self.network, self.optimizer = self.accelerator.prepare(network, optimizer)
        self.bare: CTERNet = self.accelerator.unwrap_model(self.network)
        if config.compile:
            self.network = torch.compile(self.network)
        registered = [self.progress, self.scheduler]
        if self.average is not None:
            self.average.to(self.accelerator.device)
            registered.append(self.average)
        self.accelerator.register_for_checkpointing(*registered)

    def teach(self) -> Teachers:
        config = self.config
        found = Teachers(config.teachers, self.bare, config.frozen_sections, config.teaching)
        return found.to(self.accelerator.device)

    def sampler(self, *, epoch: int, start_step: int) -> EpochSampler:
        config = self.config
        return EpochSampler(
            [example.label for example in self.examples["train"]],
            seed=config.seed,
            epoch=epoch,
            view=epoch % config.views,
            rank=self.accelerator.process_index,
            world=self.world,
            batch_size=config.batch_size * config.accumulate,
            balance=config.balance,
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
        return max(self.progress.history, key=lambda entry: entry["val"]["accuracy"], default={})

    def on_signal(self, number: int, _frame: Any) -> None:
        self.stop_signal = number

    def out_of_patience(self) -> bool:
        """Whether the last ``patience`` epochs were no better on val than one before them."""
        patience, history = self.config.patience, [entry["val"]["accuracy"] for entry in self.progress.history]
        return patience is not None and len(history) > patience and max(history[-patience:]) <= max(history[:-patience])

    @property
    def weights(self) -> CTERNet:
        """The network to evaluate and keep: the averaged one where there is one."""
        return self.bare if self.average is None else self.average.module

    def evaluate(self, loader: DataLoader, start: int) -> dict[str, Any]:
        """Figures of ``weights`` on what ``Features.evaluation`` gave."""
        return evaluate(
            self.weights, loader, self.accelerator, self.config.model.classes, start=start, surprise=self.config.surprise
        )

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
        batches = self.features.training(sampler, from_start=progress.step == 0)
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
        for number, (inputs, labels, indices) in enumerate(batches):
            # Seeded by the step, so that a resumed run drops the same channels and draws the same S*.
            torch.manual_seed(seed_of(self.config.seed, progress.total_steps, self.accelerator.process_index, number))
            last = number == len(batches) - 1
            if last:
                terms = self.backward(inputs, labels, indices, len(batches))
            else:
                with self.accelerator.no_sync(self.network):
                    terms = self.backward(inputs, labels, indices, len(batches))
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

    def backward(self, inputs: Tensor, labels: Tensor, indices: Tensor, parts: int) -> dict[str, float]:
        """Gradients of one batch's share of the step; returns its loss terms."""
        config, progress = self.config, self.progress
        if self.targets is not None:
            labels = self.targets[indices.to(self.targets.device)]
        if self.mix is not None:
            inputs, labels = self.mix(inputs, labels)
        inputs = inputs.to(memory_format=torch.channels_last)
        with self.accelerator.autocast():
            if self.teachers is not None:
                labels = self.teachers.targets(inputs, labels)
            outputs = self.network(inputs, start=config.frozen_sections)
        terms = loss_terms(outputs, labels, eq7_alone=config.eq7_alone, label_smoothing=config.label_smoothing)
        rise = progress.total_steps / (config.effect_warmup * self.steps) if config.effect_warmup else 1.0
        loss = sum(term * min(1.0, rise) if name == "y_te" else term for name, term in terms.items())
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
        figures = self.evaluate(self.val_loader, self.val_start)
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
        if self.main:
            samples = self.examples["val"][:: max(1, len(self.examples["val"]) // max(1, config.sample_maps))]
            log_samples(self.accelerator, self.weights, samples[: config.sample_maps], progress.total_steps)
        progress.epoch, progress.step, progress.sums = progress.epoch + 1, 0, {}
        self.export("last", {"val": figures})
        if chosen["accuracy"] > progress.best:
            progress.best = chosen["accuracy"]
            self.export("best", {"val": figures})
        self.save()

    # --- saving

    def export(self, name: str, metrics: dict[str, Any]) -> None:
        """Keep the weights as a checkpoint folder that ``CTERNet.from_pretrained`` reads."""
        if self.main:
            config = asdict(self.config.model) | {"metrics": metrics}
            write_folder(self.config.out / name, lambda path: self.weights.save_pretrained(path, config=config))

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
        data = self.progress.data
        try:
            self.accelerator.load_state(str(state))
        except Exception as error:  # each file's reader has its own
            raise DataError(
                f"{state} is damaged or cut short ({type(error).__name__}: {error}); start a new run in another --out, with "
                f"--start {self.config.out / 'last'} --start-head to keep what was learnt"
            ) from None
        if self.progress.data != data:
            raise DataError(
                f"the images, their labels or their split are not those {state} was saved with; "
                "resume with the same, or start anew in another --out"
            )
        if self.progress.world != self.world:
            raise DataError(
                f"{state} was saved by {self.progress.world} processes and cannot go on with {self.world}; "
                f"start it with {self.progress.world} again"
            )
        self.accelerator.print(f"resuming {state} in epoch {self.progress.epoch + 1}, step {self.progress.step}")
