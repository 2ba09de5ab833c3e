"""Names of models on the hub: ``owner/name``, and ``@revision`` where a branch, tag or commit is meant."""

import re
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import constants, hf_hub_download
from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

WRITTEN = re.compile(r"(?:hf-hub:)?(?P<model>[^/@:\s~.][^/@:\s]*/[^/@:\s]+)(?:@(?P<revision>[^@:\s]+))?")


@dataclass(frozen=True)
class HubModel:
    """A model on the hub.

    Attributes:
        model: ``owner/name``.
        revision: a branch, tag or commit; None for the newest of its main branch.
    """

    model: str
    revision: str | None = None

    @property
    def name(self) -> str:
        """Without its owner and revision."""
        return self.model.split("/")[1]

    def fetch(self, file: str) -> Path:
        """One of its files, from the cache where it is there.

        Raises:
            HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled, HFValidationError, OSError: the hub does not give it.
        """
        return Path(hf_hub_download(self.model, file, revision=self.revision))


def on_hub(source: str | Path) -> HubModel | None:
    """The model that a source names unless it is a file or folder; None where it cannot be one."""
    found = WRITTEN.fullmatch(str(source))
    return None if found is None or Path(source).exists() else HubModel(found["model"], found["revision"])


def called(source: str | Path) -> str:
    """What a checkpoint is called: the folder's name, or the model's without owner and revision."""
    model = on_hub(source)
    return Path(str(source)).name if model is None else model.name


def beside(source: str | Path, file: str) -> Path | None:
    """A file that need not be there, of a checkpoint folder or a model on the hub.

    Raises:
        HfHubHTTPError, LocalEntryNotFoundError, HFValidationError, OSError: the hub does not answer.
    """
    model = on_hub(source)
    if model is not None:
        try:
            return model.fetch(file)
        except LocalEntryNotFoundError:
            if not constants.HF_HUB_OFFLINE:  # the hub does not answer, and the file may be there
                raise
            return None
        except EntryNotFoundError:
            return None
    path = Path(source) / file
    return path if path.is_file() else None
