"""What is found in a source, and how much of a zip is read."""

from dataclasses import dataclass
from typing import Any

from cternet.photos.load import MAX_BYTES

MEBIBYTE = 2**20


@dataclass(frozen=True)
class Limits:
    """How much of a zip is read.

    Attributes:
        photos: most members tried; the rest is skipped.
        member_bytes: largest member, unpacked.
        total_bytes: most unpacked in all.
        ratio: unpacked over packed size of a member, from one mebibyte on; photos hardly shrink at all.
        listing_bytes: largest list of members; it has to fit in memory, about ten times as large.
    """

    photos: int | None = None
    member_bytes: int = 256 * MEBIBYTE
    total_bytes: int | None = None
    ratio: float = 200.0
    listing_bytes: int = 512 * MEBIBYTE


COMMAND = Limits()
"""For one's own files: only what no photo has is refused."""
PAGE = Limits(photos=200, member_bytes=MAX_BYTES, total_bytes=200 * MEBIBYTE, listing_bytes=4 * MEBIBYTE)
"""For a zip a visitor of a page uploads."""


@dataclass(frozen=True)
class Entry:
    """Something found in a source.

    Attributes:
        name: relative to the source, parts divided by ``/``; to be shown, never to be opened.
        reason: why it is not read; empty where it is tried.
        handle: what the source itself finds it by.
    """

    name: str
    reason: str = ""
    handle: Any = None


class UnreadableMember(ValueError):
    """A member is not handed out; the message says why."""
