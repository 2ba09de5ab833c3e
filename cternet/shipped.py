"""What comes with the package: its weights and its version, in a checkout and once installed."""

import re
from importlib import metadata, resources
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
"""Folder of the checkout, where this is one."""


def weights_folder() -> Path:
    """The folder of the shipped checkpoints: the checkout's, or else the installed package's."""
    source = CHECKOUT / "assets" / "weights"
    return source if source.is_dir() else Path(str(resources.files("cternet") / "weights"))


def version() -> str:
    """The version as pyproject.toml of the checkout has it, or else the installed package's."""
    source = CHECKOUT / "pyproject.toml"
    if source.is_file() and (found := re.search(r'^version = "(.+)"$', source.read_text(encoding="utf-8"), re.MULTILINE)):
        return found[1]
    return metadata.version("cternet-studio")
