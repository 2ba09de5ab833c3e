"""What a report is made with, kept beside it, so that it goes on only with the same."""

import json
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import Any

import torch
from torch import nn

from cternet.compare import Networks
from cternet.disk import writing
from cternet.show.export import replacing
from cternet.survey.errors import SurveyError
from cternet.survey.options import FREE_TO_CHANGE, Options
from cternet.survey.report import finish
from cternet.survey.sources import COMMAND, Limits, open_source


def begin(source: Path, out: Path, networks: Networks, options: Options, *, limits: Limits = COMMAND) -> None:
    """Make the report's folder, or make sure that it was begun with the same settings.

    Raises:
        SurveyError: see its message.
        WriteError: the folder cannot be written to.
    """
    open_source(source, limits=limits).close()  # before anything is made for nothing
    now = settings(source, networks, options)
    path = out / "settings.json"
    if path.exists():
        try:
            before = json.loads(path.read_text())
        except ValueError:
            raise SurveyError(f"{path} is damaged, so its settings cannot be checked; choose another --out") from None
        changed = [name for name in now if name != "options" and now[name] != before.get(name)]
        changed += [name for name, value in now["options"].items() if value != before.get("options", {}).get(name)]
        if changed:
            raise SurveyError(
                f"{out} was started with other settings ({', '.join(changed)}); use the same, or choose another --out"
            )
    elif out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise SurveyError(f"{out} is not a report folder; choose another --out")
    with writing(out):
        for folder in ("parts", "pictures", *(["maps"] if options.maps else [])):
            (out / folder).mkdir(parents=True, exist_ok=True)
        for left in out.glob("*/.*.new"):  # by a process that was killed
            left.unlink()
        with replacing(path) as file:
            file.write(json.dumps(now, indent=2).encode())
        if not (out / "index.html").exists():
            finish(out, complete=False)  # so that there is a page to open from now on


def settings(source: Path, networks: Networks, options: Options) -> dict[str, Any]:
    """What a report is made with, without paths of the machine, as JSON values."""
    kept = {name: value for name, value in asdict(options).items() if name not in FREE_TO_CHANGE}
    return {
        "source": source.resolve().name,
        "source_id": blake2b(str(source.resolve()).encode("utf-8", "surrogateescape"), digest_size=8).hexdigest(),
        "model": networks.predictor.name,
        "labels": list(networks.classes),
        "weights": {name: fingerprint(model) for name, model in networks.all.items()},
        "options": json.loads(json.dumps(kept)),
    }


def fingerprint(network: nn.Module) -> str:
    """Tells whether two networks have the same weights."""
    found = blake2b(digest_size=8)
    for name, tensor in network.state_dict().items():
        found.update(name.encode())
        found.update(tensor.cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return found.hexdigest()
