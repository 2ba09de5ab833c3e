"""Where a survey's photos come from: a folder or a zip."""

from pathlib import Path

from cternet.survey.archive import Archive
from cternet.survey.entries import COMMAND, PAGE, Entry, Limits, UnreadableMember
from cternet.survey.errors import SurveyError
from cternet.survey.folder import Folder

__all__ = ["COMMAND", "PAGE", "Archive", "Entry", "Folder", "Limits", "Source", "UnreadableMember", "open_source"]

Source = Folder | Archive


def open_source(path: Path, *, limits: Limits = COMMAND, without: Path | None = None) -> Source:
    """A folder or a zip.

    Args:
        without: as in ``Folder``.

    Raises:
        SurveyError: neither is there.
    """
    if path.is_dir():
        return Folder(path, without=without)
    if not path.exists():
        raise SurveyError(f"{path} does not exist; name a folder or a zip of photos")
    return Archive(path, limits)
