"""Several processes, one voice: what only one of them should do, and the rest should know."""

import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from accelerate import Accelerator
from accelerate.utils import InitProcessGroupKwargs, broadcast_object_list

from cternet.networks.precision import Precision, about, chosen, device_for

T = TypeVar("T")

PATIENT = InitProcessGroupKwargs(timeout=timedelta(hours=6))
"""Processes wait for each other while one decodes every image or fills a cache; the default is ten minutes."""


def accelerated(precision: Precision, *, cpu: bool, **options: Any) -> Accelerator:
    """An accelerator with the precision that was asked for; says on the main process what ``auto`` is, and what is slow."""
    device = device_for(cpu=cpu)
    accelerator = Accelerator(mixed_precision=chosen(precision, device), cpu=cpu, kwargs_handlers=[PATIENT], **options)
    if accelerator.is_main_process and (words := about(precision, device)):
        print(words, file=sys.stderr)
    return accelerator


def on_main(accelerator: Accelerator, work: Callable[[], T]) -> T:
    """Do ``work`` on the main process; all of them get its result, or raise its error."""
    found: T | Exception | None = None
    if accelerator.is_main_process:
        try:
            found = work()
        except Exception as error:
            found = error
    found = broadcast_object_list([found])[0]
    if isinstance(found, Exception):
        raise found
    return found
