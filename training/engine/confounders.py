"""The dictionary of confounders that a run is given."""

from pathlib import Path

from cternet.networks.confounders import Dictionary, read_dictionary
from training.data import DataError


def dictionary_on(backbone: str, path: Path) -> Dictionary:
    """A dictionary for networks on that backbone.

    Raises:
        DataError: no such file, damaged, or of another backbone.
    """
    make = "make one with python -m training.confounders"
    if not path.is_file():
        raise DataError(f"there is no dictionary {path}; {make}")
    try:
        found = read_dictionary(path)
    except ValueError as error:
        raise DataError(f"{error}; {make}") from None
    seen_by = found.provenance.backbone
    if seen_by != backbone:
        raise DataError(
            f"{path} holds contexts as {seen_by} sees them, and this network's backbone is {backbone}; {make} and the "
            "--weights of a checkpoint on the same backbone"
        )
    return found
