"""A lexicon of words with their valence and arousal, through which an emotion label becomes two numbers.

The format is that of the NRC VAD lexicon (Mohammad, "Obtaining reliable human ratings of valence, arousal, and dominance for
20,000 English words", ACL 2018, https://saifmohammad.com/WebPages/nrc-vad.html): a line a word, tabs between the word, its
valence, arousal and dominance; from 0 to 1 in its first version, from -1 to 1 in its second.
"""

from collections.abc import Sequence
from pathlib import Path

from cternet.circumplex import COORDINATES, HIGHEST, LOWEST, SOURCE, Place
from training.data import DataError
from training.data.layouts.base import numbers, read_table


def read_lexicon(path: Path | None) -> dict[str, Place]:
    """Valence and arousal of words, from 1 to 9; those that come with the project where no file is given.

    Raises:
        DataError: the file cannot be read, is of another format, or has numbers out of range.
    """
    if path is None:
        return COORDINATES
    table = read_table(path, header=False, sep="\t")
    if table.shape[1] < 3:
        raise DataError(f"{path} has {table.shape[1]} columns, not a word, its valence and its arousal between tabs")
    table.columns = ["word", "valence", "arousal", *map(str, table.columns[3:])]
    if table["valence"].iloc[0].strip().lower() == "valence":  # the second version names its columns
        table = table.iloc[1:].reset_index(drop=True)
    values = numbers(table, ["valence", "arousal"], path).to_numpy()
    lowest = -1.0 if values.min() < 0 else 0.0
    if not (values.min() >= lowest and values.max() <= 1.0):
        raise DataError(f"{path} has ratings from {values.min():g} to {values.max():g}; they must lie in 0 to 1, or -1 to 1")
    scaled = LOWEST + (HIGHEST - LOWEST) * (values - lowest) / (1.0 - lowest)
    return {word.strip().lower(): Place(*map(float, row)) for word, row in zip(table["word"], scaled, strict=True)}


def places_of(classes: Sequence[str], path: Path | None) -> tuple[Place, ...]:
    """The place of each class.

    Raises:
        DataError: see ``read_lexicon``; or a class is no word of it.
    """
    lexicon = read_lexicon(path)
    missing = [name for name in classes if name not in lexicon]
    if missing:
        where = path or f"the lexicon that comes with this project ({SOURCE})"
        raise DataError(
            f"{where} has no word {', '.join(missing)}; add it, give another with --lexicon, or name other --model.classes"
        )
    return tuple(lexicon[name] for name in classes)
