"""What a training step costs, and how fast images come.

    python -m benchmarks.train --data DATA

Medians of alternating steps in one process: forward, loss, backward, optimiser, averaged weights, on a batch in memory.
The baseline is the vanilla network on the same backbone, batch and precision, and timm's bare backbone with a mean over
its output as loss.  With --data, images/s that the loader decodes and augments with 0 to 4 worker processes.
--profile prints where the time of a cternet step goes.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import timm
import torch
import tyro
from torch import nn
from torch.profiler import ProfilerActivity, profile
from torch.utils.data import DataLoader

from cternet import CTERNetConfig
from cternet.networks.families import make_network
from cternet.networks.precision import Precision, chosen
from training.data import DataConfig, Photos, load_examples, train_transform
from training.emotions.config import TrainConfig
from training.engine.optimisation import build_average, build_optimizer


@dataclass
class Arguments:
    """What to measure."""

    data: str | None = None
    """Data set for the loader's figures."""
    backbone: str = "tf_efficientnet_b0"
    image_size: int = 224
    output_stride: int | None = 16
    batch_size: int = 32
    frozen_sections: int = 4
    train_depthwise: bool = False
    precision: Precision = "auto"
    runs: int = 10
    images: int = 640
    """Images a loader figure is taken over."""
    profile: bool = False
    """Also print the operations a cternet step spends its time on."""


def training_step(arguments: Arguments, family: str, device: torch.device) -> Callable[[], None]:
    model = CTERNetConfig(
        family=family,
        backbone=arguments.backbone,
        image_size=arguments.image_size,
        output_stride=arguments.output_stride,
        training_effect="exact",
    )
    config = TrainConfig(data="", out=Path(), model=model)
    network = make_network(model)
    network.backbone.freeze(arguments.frozen_sections, train_depthwise=arguments.train_depthwise)
    network.to(device, memory_format=torch.channels_last).train()
    network.backbone.eval()
    optimizer, average = build_optimizer(network, config), build_average(network, config)
    images = torch.randn(arguments.batch_size, 3, arguments.image_size, arguments.image_size, device=device)
    images = images.to(memory_format=torch.channels_last)
    labels = torch.randint(len(model.classes), (arguments.batch_size,), device=device)

    def step() -> None:
        with torch.autocast(device.type, torch.bfloat16, enabled=chosen(arguments.precision, device) == "bf16"):
            outputs = network(images)
        loss = sum(network.loss_terms(outputs, labels, label_smoothing=0.1).values())
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        average.update_parameters(network)

    return step


def bare_step(arguments: Arguments, device: torch.device) -> Callable[[], None]:
    """Forward and backward of timm's backbone alone, nothing frozen that the networks train."""
    options = {} if arguments.output_stride is None else {"output_stride": arguments.output_stride}
    reference = make_network(
        CTERNetConfig(family="vanilla", backbone=arguments.backbone, output_stride=arguments.output_stride)
    )
    reference.backbone.freeze(arguments.frozen_sections, train_depthwise=arguments.train_depthwise)
    trained = {name: p.requires_grad for name, p in reference.backbone.net.named_parameters()}
    net: nn.Module = timm.create_model(arguments.backbone, features_only=True, out_indices=(-1,), **options)
    for name, parameter in net.named_parameters():
        parameter.requires_grad_(trained[name])
    net.to(device, memory_format=torch.channels_last).eval()
    images = torch.randn(arguments.batch_size, 3, arguments.image_size, arguments.image_size, device=device)
    images = images.to(memory_format=torch.channels_last)

    def step() -> None:
        with torch.autocast(device.type, torch.bfloat16, enabled=chosen(arguments.precision, device) == "bf16"):
            out = net(images)[0]
        out.float().mean().backward()
        net.zero_grad()

    return step


def seconds(work: Callable[[], None], device: torch.device) -> float:
    start = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def compare_steps(arguments: Arguments, device: torch.device) -> None:
    steps = {name: training_step(arguments, name, device) for name in ("vanilla", "smad-f", "cternet")}
    steps["bare timm backbone"] = bare_step(arguments, device)
    taken: dict[str, list[float]] = {name: [] for name in steps}
    for round_number in range(arguments.runs + 2):
        for name, step in steps.items():
            elapsed = seconds(step, device)
            if round_number >= 2:  # the first ones choose kernels and fill caches
                taken[name].append(elapsed)
    base, bare = taken["vanilla"], taken["bare timm backbone"]
    for name, times in taken.items():
        ratios = [statistics.median(a / b for a, b in zip(times, other, strict=True)) for other in (base, bare)]
        print(
            f"{name}: {1000 * statistics.median(times):.0f} ms a step, {arguments.batch_size / statistics.median(times):.1f} "
            f"images/s; {ratios[0]:.3f}x vanilla, {ratios[1]:.3f}x the bare backbone"
        )
    if device.type == "cuda":
        print(f"peak memory: {torch.cuda.max_memory_allocated() / 2**30:.2f} GiB, all four networks together")
    if arguments.profile:
        activities = [ProfilerActivity.CPU] + ([ProfilerActivity.CUDA] if device.type == "cuda" else [])
        with profile(activities=activities) as recorded:
            steps["cternet"]()
        print(recorded.key_averages().table(sort_by=f"self_{device.type}_time_total", row_limit=15, max_name_column_width=48))


def compare_workers(arguments: Arguments, data: str) -> None:
    model = CTERNetConfig(image_size=arguments.image_size)
    config = replace(DataConfig(data=data), other_labels="skip")
    photos = Photos(load_examples(config, model.classes, ("train",)), train_transform(model, (0.5, 1.0)))
    keys = [(index, 0) for index in range(min(arguments.images, len(photos)))]
    rates = []
    for workers in range(5):
        loader = DataLoader(photos, batch_size=arguments.batch_size, sampler=keys, num_workers=workers)
        start = time.perf_counter()
        for _ in loader:
            pass
        rates.append(len(keys) / (time.perf_counter() - start))
        print(f"{workers} workers: {rates[-1]:.0f} images/s decoded and augmented ({rates[-1] / rates[0]:.2f}x no workers)")


def main() -> None:
    arguments = tyro.cli(Arguments, description=__doc__)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    print(
        f"torch {torch.__version__}, {device}, {torch.get_num_threads()} threads; {arguments.backbone} at "
        f"{arguments.image_size} px, stride {arguments.output_stride}, batch {arguments.batch_size}, "
        f"{chosen(arguments.precision, device)}, "
        f"{arguments.frozen_sections} sections frozen"
    )
    compare_steps(arguments, device)
    if arguments.data:
        compare_workers(arguments, arguments.data)


if __name__ == "__main__":
    main()
