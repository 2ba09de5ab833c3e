"""Strategies that damage files: bytes, lengths, parts, two files in one, and nonsense that begins as a file does."""

import struct
import zlib
from collections.abc import Callable
from itertools import pairwise

from hypothesis import strategies as st

from cternet.photos.png import chunks
from tests.fuzz.seeds import seeds

NUMBERS = (0, 1, 2, 0x7F, 0xFF, 0x100, 0x3FFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
"""What breaks sizes, counts and offsets."""
STARTS = (
    *(b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xc0\0\x11\x08", b"\xff\xd8\xff\xda", b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"),
    *(b"GIF89a", b"GIF87a\xff\xff\xff\xff\xf7", b"BM", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"II+\0\x08\0\0\0", b"MM\0+"),
    *(
        b"RIFF\xff\xff\xff\xffWEBPVP8 ",
        b"RIFF\0\1\0\0WEBPVP8L",
        b"RIFF\0\1\0\0WEBPVP8X",
        b"\0\0\0\x18ftypavif",
        b"\0\0\0\x18ftypheic",
    ),
)
LONGEST = 200_000
"""Bytes of a damaged file: parts are repeated no further."""
Damage = Callable[[bytes], bytes]
place = st.floats(0, 1, exclude_max=True)
"""Where in a file, as a share of its length."""


@st.composite
def flips(draw: st.DrawFn) -> Damage:
    changes = draw(st.lists(st.tuples(place, st.integers(0, 255)), min_size=1, max_size=8))

    def damage(data: bytes) -> bytes:
        found = bytearray(data)
        for where, value in changes if found else ():
            found[int(where * len(found))] = value
        return bytes(found)

    return damage


@st.composite
def numbers(draw: st.DrawFn) -> Damage:
    """A number of 16 or 32 bits in the place of what is there: mostly near the start, where sizes are."""
    where, early, number = draw(place), draw(st.booleans()), draw(st.sampled_from(NUMBERS))
    form = draw(st.sampled_from(("<H", ">H", "<I", ">I")))

    def damage(data: bytes) -> bytes:
        at = int(where * min(len(data), 120 if early else len(data)))
        packed = struct.pack(form, number & (0xFFFF if form[1] == "H" else 0xFFFFFFFF))
        return data[:at] + packed + data[at + len(packed) :]

    return damage


@st.composite
def parts(draw: st.DrawFn) -> Damage:
    """A part of the file left out, emptied, or there several times."""
    first, second, times = draw(place), draw(place), draw(st.sampled_from((0, 0, -1, 2, 3, 50, 3000)))

    def damage(data: bytes) -> bytes:
        start, end = sorted((int(first * len(data)), int(second * len(data))))
        part = data[start:end]
        return data[:start] + (bytes(len(part)) if times < 0 else (part * times)[:LONGEST]) + data[end:]

    return damage


@st.composite
def insertions(draw: st.DrawFn) -> Damage:
    where, more = draw(place), draw(st.binary(min_size=1, max_size=40))
    return lambda data: data[: int(where * len(data))] + more + data[int(where * len(data)) :]


@st.composite
def cuts(draw: st.DrawFn) -> Damage:
    where = draw(place)
    return lambda data: data[: int(where * len(data))]


@st.composite
def splices(draw: st.DrawFn) -> Damage:
    other, first, second = draw(st.sampled_from(list(seeds().values()))), draw(place), draw(place)
    return lambda data: data[: int(first * len(data))] + other[int(second * len(other)) :]


@st.composite
def repeated_chunks(draw: st.DrawFn) -> Damage:
    """A PNG's chunk or a JPEG's segment, whole, several times."""
    which, times = draw(st.integers(0, 30)), draw(st.sampled_from((2, 5, 60, 500)))

    def damage(data: bytes) -> bytes:
        if data.startswith(b"\x89PNG"):
            bounds = [(start - 8, end + 4) for _, start, end in chunks(data)]
        else:
            marks = [at for at in range(len(data) - 1) if data[at] == 0xFF and data[at + 1] not in (0, 0xFF)]
            bounds = list(pairwise(marks))
        if not bounds:
            return data
        start, end = bounds[which % len(bounds)]
        return data[:end] + (data[start:end] * times)[:LONGEST] + data[end:]

    return damage


def with_checksums(data: bytes) -> bytes:
    """A PNG's chunks with the checksums they should have: its decoder goes no further than the first wrong one."""
    found = bytearray(data)
    for _, start, end in chunks(data):
        if end + 4 <= len(data):
            found[end : end + 4] = struct.pack(">I", zlib.crc32(data[start - 4 : end]))
    return bytes(found)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A whole file and what happened to it."""
    data = whole = draw(st.sampled_from(list(seeds().values())))
    kinds = (flips(), numbers(), parts(), insertions(), cuts(), splices(), repeated_chunks())
    for damage in draw(st.lists(st.one_of(*kinds), min_size=1, max_size=3)):
        data = damage(data)
    if draw(st.integers(0, 9)):  # a file that no longer begins as one is refused for that alone
        data = whole[:16] + data[16:]
    if data.startswith(b"\x89PNG") and draw(st.booleans()):
        data = with_checksums(data)
    return data[: 2 * LONGEST]


nonsense = st.builds(lambda start, rest: start + rest, st.sampled_from(STARTS), st.binary(max_size=300))
"""What begins as a file does and goes on as none."""
files = st.one_of(damaged(), damaged(), damaged(), damaged(), nonsense)
