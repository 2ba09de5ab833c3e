"""Names of emotions as data sets write them, in one spelling and one order."""

from collections.abc import Iterable, Mapping

from cternet.emotions import ALIASES, EKMAN, MIKELS, POLARITY_CLASSES, TABLES

EMOTIONS: tuple[str, ...] = tuple(dict.fromkeys((*MIKELS, *EKMAN, "neutral", *POLARITY_CLASSES)))
"""Every name that a column of a table of ratings may have."""


def canonical(name: str) -> str:
    """``Sad`` -> ``sadness``: the name in the tables for another word or spelling of it."""
    name = name.strip().lower()
    return ALIASES.get(name, name)


def ordered(names: Iterable[str]) -> tuple[str, ...]:
    """In the order of the first named table that holds them all (neutral comes last), unknown names at the end."""
    names = set(names)
    table = next((table for table in TABLES.values() if names - {"neutral"} <= set(table)), EMOTIONS)
    known = [name for name in dict.fromkeys((*table, "neutral")) if name in names]
    return (*known, *sorted(names - set(known)))


def shares_of_votes(votes: Mapping[str, float]) -> dict[str, float] | None:
    """Votes as shares that sum to 1; None without any vote."""
    total = sum(votes.values())
    return {name: vote / total for name, vote in votes.items()} if total > 0 else None


def largest(shares: Mapping[str, float]) -> tuple[str, bool]:
    """The emotion with the largest share, the first in the table's order among equals, and whether there are equals."""
    top = max(shares.values())
    winners = [name for name in ordered(shares) if shares[name] == top]
    return winners[0], len(winners) > 1
