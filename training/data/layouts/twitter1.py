"""Twitter I: ``amt_result.csv`` of five raters' votes a tweeted image, or ``*{three,four,five}_agree*.txt``.

You et al., "Robust image sentiment analysis using progressively trained and domain transferred deep networks", AAAI 2015.
The images lie in ``Agg_AMT_Candidates/`` or beside the table.  Three (1,269 images), four (1,116) or all five (882) raters
agree.  The text files that many copies have in its place hold a name and 1 for positive, 0 or -1 for negative a line.
As published, there are five folds: ``{three,four,five}_agrees/test{1..5}/{train,test}.txt``; ``--fold`` chooses one, by
default the first.
"""

from collections.abc import Callable
from pathlib import Path

from training.data.config import Source
from training.data.labels import canonical, shares_of_votes
from training.data.layouts.base import Layout, find_images, first_existing, numbers, read_table
from training.data.rows import DataError, DataSet, Row

WORDS = {3: "three", 4: "four", 5: "five"}
LABELS = {"0": "negative", "-1": "negative", "1": "positive", "+1": "positive"}


def listing(root: Path, agreement: int) -> Path | None:
    """``twitter_five_agrees.txt`` and the like, also one folder down."""
    found = [*root.glob(f"*{WORDS[agreement]}_agree*.txt"), *root.glob(f"*/*{WORDS[agreement]}_agree*.txt")]
    return min(found, default=None)


def published_folds(root: Path, agreement: int) -> list[Path]:
    """The folders ``testN`` of the published folds, by their number; also one folder down."""
    found = [*root.glob(f"*{WORDS[agreement]}_agree*/test[0-9]"), *root.glob(f"*/*{WORDS[agreement]}_agree*/test[0-9]")]
    return sorted(path for path in found if (path / "train.txt").is_file() and (path / "test.txt").is_file())


def matches(root: Path) -> bool:
    if not root.is_dir():
        return False
    return first_existing(root, "amt_result.csv") is not None or any(
        listing(root, agreement) or published_folds(root, agreement) for agreement in WORDS
    )


def read(root: Path, config: Source) -> DataSet:
    """The images on which ``config.agreement`` of five raters, or more, agree, with the shares of votes if known.

    Raises:
        DataError: no file of that agreement, or columns that do not say which votes are positive.
    """
    table = first_existing(root, "amt_result.csv")
    if folds := published_folds(root, config.agreement):
        return read_fold(root, folds, config)
    rows = read_votes(root, table, config.agreement) if table else read_listing(root, config.agreement)
    return DataSet(root, "twitter1", rows, subset=f"{WORDS[config.agreement]}-agree")


def read_votes(root: Path, path: Path, agreement: int) -> list[Row]:
    table = read_table(path)
    columns = {
        side: next((column for column in table.columns if side[:3] in str(column).lower()), None)
        for side in ("positive", "negative")
    }
    if None in columns.values():
        raise DataError(
            f"{path} has the columns {', '.join(map(str, table.columns))}, which do not tell positive from negative votes; "
            "name the two columns positive and negative"
        )
    votes = numbers(table, columns.values(), path)
    image = find_images(root)
    rows = []
    for file, positive, negative in zip(table.iloc[:, 0], votes[columns["positive"]], votes[columns["negative"]], strict=True):
        if max(positive, negative) >= agreement:
            shares = shares_of_votes({"negative": negative, "positive": positive})
            rows.append(Row(path=image(file), label="positive" if positive > negative else "negative", distribution=shares))
    if not rows:
        raise DataError(f"{path} has no image on which {agreement} raters agree; use a smaller --agreement")
    return rows


def read_fold(root: Path, folds: list[Path], config: Source) -> DataSet:
    """One of the published folds: its training and test images.

    Raises:
        DataError: there is no such fold.
    """
    if not 0 <= config.fold < len(folds):
        raise DataError(f"{root} has {len(folds)} published folds; choose one with --fold 0 to --fold {len(folds) - 1}")
    folder, image = folds[config.fold], find_images(root)
    rows = [row for split in ("train", "test") for row in read_list(folder / f"{split}.txt", image, split)]
    subset = f"{WORDS[config.agreement]}-agree-{folder.name}"
    return DataSet(root, "twitter1", rows, subset=subset, notes=[f"the published fold {folder.name} (--fold {config.fold})"])


def read_listing(root: Path, agreement: int) -> list[Row]:
    path = listing(root, agreement)
    if path is None:
        raise DataError(
            f"{root} has neither amt_result.csv nor a *{WORDS[agreement]}_agree*.txt; choose another --agreement, "
            "or fetch the file"
        )
    return read_list(path, find_images(root))


def read_list(path: Path, image: Callable[[str], Path], split: str | None = None) -> list[Row]:
    """A name and a label a line, blanks or a tab between."""
    rows = []
    for line, text in enumerate(path.read_text(encoding="utf-8-sig", errors="replace").splitlines(), 1):
        if text.strip():
            file, value = [*text.strip().rsplit(maxsplit=1), ""][:2]
            label = LABELS.get(value, canonical(value))
            if label not in ("negative", "positive"):
                raise DataError(f"{path}, line {line}: {text.strip()!r} is not a name and 0 or 1; correct the line")
            rows.append(Row(path=image(file), label=label, split=split))
    return rows


LAYOUT = Layout("twitter1", "amt_result.csv or *five_agree*.txt, images one folder down (Twitter I)", matches, read)
