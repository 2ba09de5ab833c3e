"""The folder of a run: its settings, and whether it may be started or resumed there."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cternet.disk import writing
from cternet.networks.families import named_in
from cternet.networks.precision import chosen, device_for
from training.data import DataError
from training.engine.config import RunConfig
from training.engine.state import newest_state
from training.files import write_json


def settings_of(config: RunConfig) -> dict[str, Any]:
    """The settings as JSON values, with the precision that is used here."""
    used = chosen(config.precision, device_for(cpu=config.cpu))
    return json.loads(json.dumps(asdict(config) | {"precision": used}, default=str))


def in_this_version(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings of a run as they are called now: older runs said ``variant`` for the family, or nothing."""
    model = settings.get("model", {})
    return settings | {"model": {"family": named_in(model)} | model}


def changed_settings(config: RunConfig) -> list[str]:
    """Names of the settings that matter and are not those the run in ``config.out`` was started with."""
    path = config.out / "settings.json"
    try:
        before, now = in_this_version(json.loads(path.read_text())), settings_of(config)
    except (OSError, ValueError):
        raise DataError(
            f"{path} is missing or damaged, so its settings cannot be checked; start anew in another --out"
        ) from None
    model = before.get("model", {})
    flat = [(key, now[key], before.get(key)) for key in now if key not in config.FREE_TO_CHANGE | {"model"}]
    flat += [(f"model.{key}", value, model.get(key)) for key, value in now["model"].items()]
    return [key for key, ours, theirs in flat if ours != theirs]


def digest(identities: dict[str, Iterable[str]]) -> str:
    """Tells whether two runs see the same examples and split, by what each split's examples are known by."""
    found = hashlib.sha256()
    for split, members in identities.items():
        for identity in members:
            found.update(f"{split}/{identity}\n".encode())
    return found.hexdigest()


def check_run_folder(config: RunConfig) -> None:
    """Refuse to overwrite a run, or to resume one with other settings.

    Raises:
        DataError: see its message.
    """
    out = config.out
    if not config.resume:
        # What a run leaves that was stopped before its first checkpoint may be written over.
        beginnings = {"settings.json", "skipped.json", "tensorboard", "state"}
        if (out / "settings.json").exists():
            beginnings |= {"last", "best"}
        left = [path.name for path in out.iterdir() if not path.name.startswith(".")] if out.exists() else []
        if newest_state(out) or set(left) - beginnings:
            raise DataError(f"{out} already holds a run; go on with --resume, or choose another --out")
        return
    if newest_state(out) is None:
        raise DataError(f"{out} has no checkpoint to resume from; start it without --resume")
    changed = changed_settings(config)
    if changed:
        raise DataError(
            f"{out} was started with other settings ({', '.join(changed)}); resume with the same, or use another --out"
        )


def open_run_folder(config: RunConfig, left_out: dict[Path, str]) -> None:
    """Make the folder of a new run, with its settings and the images it leaves out."""
    if config.resume:
        return
    with writing(config.out):
        config.out.mkdir(parents=True, exist_ok=True)
    write_json(config.out / "settings.json", settings_of(config))
    if left_out:
        write_json(config.out / "skipped.json", {str(path): why for path, why in left_out.items()})
