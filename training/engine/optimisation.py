"""Optimiser, schedule and averaged weights of a run."""

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR, StepLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from training.engine.config import RunConfig


def build_optimizer(network: nn.Module, config: RunConfig) -> Optimizer:
    """Trunk and head as two groups with their own learning rates; the trunk's is missing where all of it is frozen."""
    trunk = [p for p in network.backbone.parameters() if p.requires_grad]
    head = [p for name, p in network.named_parameters() if not name.startswith("backbone.")]
    groups = [{"params": trunk, "lr": config.lr}] if trunk else []
    groups.append({"params": head, "lr": config.head_lr})
    if config.optimizer == "sgd":
        return torch.optim.SGD(groups, momentum=config.momentum, weight_decay=config.weight_decay)
    return torch.optim.AdamW(groups, weight_decay=config.weight_decay)


def build_schedule(optimizer: Optimizer, config: RunConfig, steps: int) -> LRScheduler:
    """One cycle over the run, or a tenth of the learning rate every so many epochs; one call a step.

    Args:
        steps: optimiser steps an epoch.
    """
    if config.schedule == "step":
        return StepLR(optimizer, step_size=config.step_epochs * steps, gamma=0.1)
    total = max(config.epochs * steps, 2)
    return OneCycleLR(
        optimizer,
        max_lr=[group["lr"] for group in optimizer.param_groups],
        total_steps=total,
        pct_start=min(max(config.warmup, 1.5 / total), 1.0),  # a rise of exactly one step would divide by zero
    )


def build_average(network: nn.Module, config: RunConfig) -> AveragedModel | None:
    """Exponential moving average of the weights and buffers, or None where the last ones are kept."""
    if not config.ema:
        return None
    # Buffers too: the statistics of a batch norm are those of the weights before it, and the last ones do not fit the average.
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(config.ema), use_buffers=True)
    return average.requires_grad_(False)
